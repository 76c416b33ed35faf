/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_TASK_EMBED_MODEL2VEC_H
#define T2V_TASK_EMBED_MODEL2VEC_H
/*
 * The vectorizer model2vec: static embeddings as model2vec 0.10 has them, which is what Weaviate's
 * model2vec-inference server answers. Unknown tokens are dropped; a text that has no others gets a
 * vector of zeros. Answers have unit norm only if the model's settings say so. Private to
 * task/embed/.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/str.h"
#include "model/model.h"
#include "token/tokenizer.h"

/* The settings that model2vec reads. */
struct t2v_model2vec {
    bool normalize;
    bool rounds;     /* means and answers are rounded to f16, sums are not: see model2vec.c */
    bool half_norm;  /* the norm of a vector is computed in f16, too; only with `rounds` */
    size_t max_char; /* of a text; SIZE_MAX: all */
    size_t max_tok;  /* of a text, unknown tokens not counted; SIZE_MAX: all */
    int32_t unk;     /* the token that is dropped; -1: none */
};

/* Reads the settings, and sets the tokenizer's truncation from them; char_cut: as version 0.8.1.
 * T2V_EFORMAT, T2V_ENOMEM. */
int t2v_model2vec_open(t2v_model *model, bool char_cut, struct t2v_model2vec *out,
                       struct t2v_err *err);
/* The beginning of a text, max_char characters at most. */
struct t2v_str t2v_model2vec_cut_text(const struct t2v_model2vec *m2v, struct t2v_str text);
/* Drops unknown tokens, then those beyond max_tok. */
void t2v_model2vec_cut_ids(const struct t2v_model2vec *m2v, struct t2v_ids *ids);
/* The mean of a text's rows becomes its answer. */
void t2v_model2vec_finish(const struct t2v_model2vec *m2v, float *vector, size_t dim);

#endif
