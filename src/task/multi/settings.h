/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_TASK_MULTI_SETTINGS_H
#define T2V_TASK_MULTI_SETTINGS_H
/*
 * What the files of a multi-vector model say of queries and documents. Private to task/multi/.
 */
#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"
#include "json/json.h"
#include "model/model.h"

enum { T2V_MULTI_QUERY, T2V_MULTI_DOCUMENT, T2V_N_MULTI };

/* What is done with the texts of one task. */
struct t2v_multi_side {
    struct t2v_str prompt; /* comes before the text, prefix included */
    size_t n_marker;       /* bytes of the prompt that are a prefix which may be one token */
    size_t max_tok;        /* 0: not given */
    bool skips;            /* the skiplist counts */
};

/* Strings are in the arena that they are read with. */
struct t2v_multi_settings {
    struct t2v_multi_side sides[T2V_N_MULTI];
    struct t2v_str *skiplist; /* [n_skip]: tokens as the vocabulary spells them */
    size_t n_skip;
    size_t expand_to;            /* tokens of an expanded query; 0: queries are not expanded */
    bool expand_fixed;           /* longer queries are cut to expand_to */
    bool attend;                 /* other tokens attend to those that are appended */
    struct t2v_str expand_token; /* ptr NULL: the tokenizer's mask token */
};

/* HF_ColBERT's: artifact.metadata, or the defaults of ColBERT without it. */
int t2v_multi_read_stanford(const char *dir, struct t2v_arena *arena,
                            struct t2v_multi_settings *out, struct t2v_err *err);
/* PyLate's and sentence-transformers' config_sentence_transformers.json and
 * sentence_bert_config.json. */
int t2v_multi_read_sentence(const t2v_model *model, struct t2v_arena *arena,
                            struct t2v_multi_settings *out, struct t2v_err *err);
/* A MultiVectorMask's config.json. */
int t2v_multi_read_mask(const char *folder, struct t2v_arena *arena, struct t2v_multi_settings *out,
                        struct t2v_err *err);

#endif
