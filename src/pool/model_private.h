/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_POOL_MODEL_PRIVATE_H
#define T2V_POOL_MODEL_PRIVATE_H
/* What the files of pool/ know of a model. */
#include "base/arena.h"
#include "base/notes.h"
#include "pool/model.h"
#include "pool/pipeline.h"
#include "pool/transformer.h"

enum t2v_vectorizer { T2V_VECTORIZER_DEFAULT, T2V_VECTORIZER_SENTENCE, T2V_VECTORIZER_ONNX };

struct t2v_model {
    char *dir;
    char *encoder_dir;     /* where config.json, weights and tokenizer lie: nearly always dir */
    struct t2v_str config; /* the text of config.json */
    struct t2v_str meta;   /* what /meta shows for it: the same, or the marker model_config */
    t2v_json *json;        /* config.json */
    t2v_store *store;
    struct t2v_kernels kernels;
    const struct t2v_form *form; /* of the encoder's linear layers: the precision */
    t2v_encoder *encoder;
    t2v_tokenizer *tokenizer;
    t2v_punkt *punkt;
    struct t2v_arena arena;
    enum t2v_vectorizer vectorizer;
    bool direct_tokenize, prefixes;
    size_t max_tok;                     /* of a sequence, special tokens included */
    struct t2v_transformer transformer; /* under sentence-transformers; else zeroed */
    struct t2v_pipeline pipeline;
    size_t task_tok[T2V_N_PROMPT];     /* max_tok for a task */
    size_t n_prompt_tok[T2V_N_PROMPT]; /* as pooling leaves them out */
    const char *described;             /* the pipeline in words, in arena */
    struct t2v_notes notes;            /* settings of dir that earlier releases ignored */
};

/* --- choose.c --- */

extern const char *const t2v_vectorizer_names[3];

/* Reads the marker files, and sets vectorizer, direct_tokenize and prefixes. */
int t2v_choose_vectorizer(t2v_model *model, const struct t2v_model_options *options,
                          struct t2v_err *err);
/* Whether there is a marker file of that name, whatever it says. */
bool t2v_marker_exists(const t2v_model *model, const char *name);

#endif
