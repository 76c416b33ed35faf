/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_TASK_ANSWER_READER_H
#define T2V_TASK_ANSWER_READER_H
/*
 * Answers of a T2V_CLASSIFY_SPAN model, as the question-answering pipeline of transformers 4.57
 * finds them:
 *
 *   texts -t2v_reader_windows-> work -engine-> logits -t2v_reader_answers-> answers
 *
 * In each window, start and end logits become probabilities by softmax over the context's tokens
 * and the [CLS] token, which is then left out. A span of at most max_answer_tok tokens scores the
 * product of its start's and its end's. The best 2 top_k + 10 spans of each window (top_k, if they
 * are not aligned) become pieces of the context; those that differ only in case are one answer,
 * with the sum of their scores and the place of the first.
 *
 * Differences: spans of probability 0 are no candidates, nor is a [CLS] that the texts spell out.
 * The question is always the first text, whatever padding_side says.
 */
#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/str.h"
#include "task/classify/classifier.h"
#include "task/task.h"

/* The parameters of t2v_reader_windows that a request leaves out. */
enum { T2V_READER_DEFAULT = 0 };
/* Sets params: windows of max_seq_tok tokens (default: the model's limit, at most 384) that share
 * doc_stride tokens of the context (default, where stride is NULL: the half of a window, at most
 * 128). */
void t2v_reader_windows(const t2v_classifier *classifier, size_t max_seq_tok, const size_t *stride,
                        struct t2v_classify_params *params);

struct t2v_reader_params {
    size_t top_k;          /* at least 1 */
    size_t max_answer_tok; /* at least 1 */
    bool impossible;       /* handle_impossible_answer: "no answer" is one of the answers */
    bool align;            /* align_to_words: answers are whole pre-tokens */
    size_t most_bytes;     /* of spans that are kept while windows are read; up to twice as much is
                            * allocated */
};
enum { T2V_READER_MOST_BYTES = 32 * 1024 * 1024 };
#define T2V_READER_PARAMS                                                                          \
    ((struct t2v_reader_params){                                                                   \
        .top_k = 1, .max_answer_tok = 15, .align = true, .most_bytes = T2V_READER_MOST_BYTES})
/* Bytes of a span that is kept, besides a copy of its text in lower case. */
enum { T2V_READER_SPAN_BYTES = 64 };

struct t2v_answer {
    double score;
    size_t begin, end;   /* characters of the context; both 0 for "no answer" */
    struct t2v_str text; /* the piece of the context; empty for "no answer" */
};
/* A list that owns its memory; the texts are borrowed from the context. */
struct t2v_answers {
    struct t2v_answer *ptr;
    size_t len;
};
void t2v_answers_deinit(struct t2v_answers *answers);

/* The result of a work with the parameters of t2v_reader_windows, or without windows; one of its
 * inputs, and the two texts of that. */
struct t2v_reading {
    const struct t2v_result *result;
    size_t input;
    struct t2v_str question, context;
};
/* The best answers, best first, at most top_k; perhaps none. T2V_ENOMEM; T2V_ETOOLARGE: different
 * answers take more than half of most_bytes; or what t2v_tokenizer_encode_bare says. *out is set on
 * success, and freed by t2v_answers_deinit. */
int t2v_reader_answers(const t2v_classifier *classifier, const struct t2v_reading *reading,
                       const struct t2v_reader_params *params, struct t2v_answers *out,
                       struct t2v_err *err);

#endif
