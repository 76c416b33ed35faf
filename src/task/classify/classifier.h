/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_TASK_CLASSIFY_CLASSIFIER_H
#define T2V_TASK_CLASSIFY_CLASSIFIER_H
/*
 * Models that do not make a vector, but numbers ("logits") for what a text, or a pair of texts, is:
 * the three heads that Transformers puts on an encoder. A model directory is opened whole:
 * tokenizer, encoder, and behind it the head. Which head it is, config.json's architectures[0]
 * says.
 *
 * Read-only after t2v_head_open; any number of threads may use it. The way of a text: encode (ids,
 * types), t2v_net_forward by a team over as many sequences as there are, then for each sequence
 * t2v_head_logits on its rows. No route of the server asks for this yet.
 */
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/str.h"
#include "net/net.h"
#include "token/tokenizer.h"

enum t2v_head_kind {
    T2V_HEAD_SEQUENCE, /* ...ForSequenceClassification: a row for all of a sequence. A cross-encoder
                          (reranker) is one with a single label */
    T2V_HEAD_SPAN,     /* ...ForQuestionAnswering: two numbers a token, for "the answer begins here"
                          and "it ends here" (this token being the last of it) */
    T2V_HEAD_TOKEN     /* ...ForTokenClassification: a row for each token */
};

typedef struct t2v_head t2v_head;

/* Strings are borrowed for the call. */
struct t2v_head_options {
    const char *dir;
    const char *precision; /* of the encoder: "f32", "bf16", "int8", "auto" */
    const char *cpu;       /* cap on the instruction set; "": none */
    int threads;           /* that pack its weights; below 1: one */
};

/* T2V_EUNSUPPORTED names the model_type or architecture, T2V_EFORMAT the key or tensor. */
int t2v_head_open(const struct t2v_head_options *options, t2v_head **out, struct t2v_err *err);
void t2v_head_free(t2v_head *head);

enum t2v_head_kind t2v_head_kind(const t2v_head *head);
const t2v_net *t2v_head_encoder(const t2v_head *head);
const t2v_tokenizer *t2v_head_tokenizer(const t2v_head *head);
/* Width of a row of logits; 2 for a span. */
size_t t2v_head_n_label(const t2v_head *head);
/* The name that config.json gives to label i < n_label, "LABEL_0" where it gives none; borrowed. */
struct t2v_str t2v_head_label(const t2v_head *head, size_t i);
/* The longest sequence, special tokens included. */
size_t t2v_head_max_tok(const t2v_head *head);

/* Replaces ids and types by those of a text, or of a pair where second.ptr is not NULL (query and
 * passage, question and context), at most max_tok, which is at most t2v_head_max_tok. What is too
 * long is cut: of a span's pair the second text, else the longer one. Errors: those of
 * t2v_tokenizer_encode_pair, and T2V_EUNSUPPORTED where the encoder lacks the pair's token types.
 */
int t2v_head_encode(const t2v_head *head, t2v_token_space *space, struct t2v_str text,
                    struct t2v_str second, size_t max_tok, struct t2v_ids *ids,
                    struct t2v_ids *types, struct t2v_err *err);

/* How many rows of logits a sequence of n_tok has: 1 or n_tok. */
size_t t2v_head_n_row(const t2v_head *head, size_t n_tok);
/* logits[n_row, n_label] of one sequence, from its last hidden states, [n_tok, hidden]; n_tok is at
 * least 1. spare: 2 * n_row * hidden floats. Any thread, on rows of its own. */
void t2v_head_logits(const t2v_head *head, const float *hidden, size_t n_tok, float *spare,
                     float *logits);

/* Turns a sequence's logits[n_label] into what sentence-transformers' CrossEncoder answers: by the
 * activation that config.json names, or else the sigmoid where there is one label. In place. */
void t2v_head_score(const t2v_head *head, float *logits);
/* The largest of a row's n logits, and its share of their softmax: a token's label and how sure. */
size_t t2v_head_best(const float *logits, size_t n, float *share);

#endif
