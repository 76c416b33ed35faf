/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_TASK_ANSWER_TAGGER_H
#define T2V_TASK_ANSWER_TAGGER_H
/*
 * Entities of a text, from the result of a T2V_CLASSIFY_TOKEN model, as the token-classification
 * pipeline of transformers 4.57 finds them. Weaviate's ner-transformers container runs that
 * pipeline without aggregation, so T2V_AGGREGATE_NONE is also its list.
 *
 * A long text is cut, as there; with `stride` it is not: the work's params have windows, and the
 * stride as overlap. The library refuses stride without an aggregation; here it is possible.
 */
#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"
#include "task/classify/classifier.h"
#include "task/task.h"
#include "token/decode/decoder.h"

enum t2v_aggregation {
    T2V_AGGREGATE_NONE,    /* an entity for each token */
    T2V_AGGREGATE_SIMPLE,  /* adjacent tokens of the same tag */
    T2V_AGGREGATE_FIRST,   /* words of the same tag; a word has its first token's */
    T2V_AGGREGATE_AVERAGE, /* a word has the best of the mean scores of its tokens */
    T2V_AGGREGATE_MAX,     /* a word has that of its token with the highest score */
    T2V_N_AGGREGATION
};
/* "none", "simple", ... */
extern const char *const t2v_aggregation_names[T2V_N_AGGREGATION];

struct t2v_tagger_params {
    enum t2v_aggregation aggregation;
    const bool *ignored; /* [2 n_label]: for each label, whether entities of it are left out, and
                          * then whether groups that begin with it are. NULL: those of label "O" */
};
/* Fills ignored[2 n_label]: list has the labels (of groups: tags) that are left out. */
void t2v_tagger_ignore(const t2v_classifier *classifier, const struct t2v_str *list, size_t n,
                       bool *ignored);
/* Without aggregation, and without those of label "O". */
extern const struct t2v_tagger_params t2v_tagger_defaults;

struct t2v_entity {
    struct t2v_str label; /* "B-PER"; of a group "PER" */
    double score;         /* a softmax probability, or the mean of several */
    struct t2v_str word;  /* the token as in the vocabulary; of a group the tokens decoded */
    size_t begin, end;    /* characters of the text */
    size_t index;         /* of the token in its row; of a group that of its first token */
    size_t which;         /* index of the label; of a group that of its first label */
};

/* A list that owns its memory; the labels are the classifier's. A zeroed list is empty. */
struct t2v_entities {
    struct t2v_entity *ptr;
    size_t len, cap;
    struct t2v_arena words;
};
void t2v_entities_deinit(struct t2v_entities *entities);

/* The result of a work, one of its inputs, and the text of that. */
struct t2v_tagging {
    const struct t2v_result *result;
    size_t input;
    struct t2v_str text;
};
/* Replaces *out, zeroed or initialised, by the entities in the order of the text. decoder: the
 * model's. T2V_ENOMEM, or what t2v_tokenizer_encode_bare says; *out is empty then. */
int t2v_tagger_entities(const t2v_classifier *classifier, const t2v_decoder *decoder,
                        const struct t2v_tagging *tagging, const struct t2v_tagger_params *params,
                        struct t2v_entities *out, struct t2v_err *err);

#endif
