/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_POOL_MODEL_H
#define T2V_POOL_MODEL_H
/*
 * A model directory, opened whole: configuration, tokenizer, encoder, and the vectorizer that says
 * how texts become sequences and hidden states become a vector. Read-only after t2v_model_open;
 * any number of threads may use it.
 */
#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/str.h"

typedef struct t2v_model t2v_model;

/* The settings that decide how a model is run. Strings are borrowed for the call. */
struct t2v_model_options {
    const char *dir;
    const char *vectorizer; /* "auto", "default", "sentence-transformers", "onnx" */
    const char *precision;  /* "f32", "bf16", "int8", "auto"; "" when not given */
    bool direct_tokenize;
    bool sentence_transformers, onnx_runtime, query_passage_prefixes; /* upstream's environment */
};

int t2v_model_open(const struct t2v_model_options *options, t2v_model **out, struct t2v_err *err);
void t2v_model_free(t2v_model *model);

/* The text of config.json, for /meta: one JSON object. */
struct t2v_str t2v_model_config(const t2v_model *model);
const char *t2v_model_dir(const t2v_model *model);
const char *t2v_model_family(const t2v_model *model);     /* "bert" */
const char *t2v_model_vectorizer(const t2v_model *model); /* "default" */
const char *t2v_model_precision(const t2v_model *model);  /* "f32" */
/* Length of its vectors, before `dimensions` cuts them. */
size_t t2v_model_dim(const t2v_model *model);

#endif
