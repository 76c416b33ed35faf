/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_TASK_EMBED_PARAMS_H
#define T2V_TASK_EMBED_PARAMS_H
/*
 * What a request may say beside its texts, and what that comes to under the model's vectorizer.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/str.h"
#include "task/embed/embedder.h"
#include "task/embed/encode.h"
#include "task/embed/pool.h"

/* What a text is for, where a request says so. */
enum t2v_side { T2V_SIDE_NONE, T2V_SIDE_QUERY, T2V_SIDE_DOCUMENT, T2V_N_SIDE };

/* What a request asks for, beside its text. The first three are the `config` of /vectors. */
struct t2v_embed_params {
    struct t2v_str pooling;         /* pooling_strategy; empty: the default */
    struct t2v_str task;            /* task_type; ptr is NULL when not given */
    int64_t dimensions;             /* 0: not given */
    struct t2v_embed_encode encode; /* if given, `task` has no effect */
};

/* Whether it says that its texts are queries. */
bool t2v_embed_is_query(const struct t2v_embed_params *params);

/* struct t2v_embed_params, resolved. Strings are borrowed from it and from the embedder. */
struct t2v_embed_resolved {
    struct t2v_pool pool;
    size_t dim;            /* of the vector */
    size_t max_tok;        /* of a sequence */
    struct t2v_str task;   /* comes with ": " before the text; ptr is NULL: nothing does */
    struct t2v_str prompt; /* comes before that; may be empty */
    enum t2v_side side;    /* under sentence-transformers */
    size_t n_step;         /* steps of the pipeline that are run */
    struct t2v_embed_encode encode;
};

/* T2V_EPOOLING for an unknown strategy, where the strategy counts; T2V_EFORMAT for an unknown
 * prompt_name, or for more dimensions than the vectors have where encode.given. */
int t2v_embed_resolve(const t2v_embedder *embedder, const struct t2v_embed_params *params,
                      struct t2v_embed_resolved *out, struct t2v_err *err);

/* For the command line, where nothing is ignored in silence: T2V_EUSAGE when the vectorizer ignores
 * or does not know one of the values; err names the flag (--pooling, --task, --dimensions). */
int t2v_embedder_check_params(const t2v_embedder *embedder, const struct t2v_embed_params *params,
                              struct t2v_err *err);

#endif
