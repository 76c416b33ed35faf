/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_TASK_EMBED_EMBEDDER_H
#define T2V_TASK_EMBED_EMBEDDER_H
/*
 * A model directory, opened whole: configuration, tokenizer, encoder, and the vectorizer, which
 * says how a text becomes sequences of tokens and how their hidden states become one vector.
 * Read-only after t2v_model_open; any number of threads may use it.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"
#include "net/net.h"
#include "text/punkt.h"
#include "token/tokenizer.h"

typedef struct t2v_model t2v_model;

/* The settings that decide how a model is run. Strings are borrowed for the call. */
struct t2v_model_options {
    const char *dir;
    const char *vectorizer;    /* "auto", "default", "sentence-transformers", "onnx", "model2vec" */
    const char *precision;     /* "f32", "bf16", "int8", "auto"; "" when not given */
    const char *cpu;           /* cap on the instruction set; "": none */
    int threads;               /* that pack its weights; below 1: one */
    const char *bidirectional; /* "auto", "true", "false": struct t2v_net_options; NULL: auto */
    bool direct_tokenize;
    bool char_cut; /* model2vec: texts are cut as its version 0.8.1 does */
    bool sentence_transformers, onnx_runtime, query_passage_prefixes; /* upstream's environment */
};

/* Opens options->dir. *out is set on success alone, and freed by t2v_model_free. T2V_EIO, what a
 * file's reader says of it (T2V_EFORMAT, T2V_EUNSUPPORTED, T2V_ETOOLARGE) or T2V_ENOMEM, with the
 * file's name and the reason in err. */
int t2v_model_open(const struct t2v_model_options *options, t2v_model **out, struct t2v_err *err);
void t2v_model_free(t2v_model *model);

/* The text of config.json, for /meta: one JSON object. */
struct t2v_str t2v_model_config(const t2v_model *model);
const char *t2v_model_dir(const t2v_model *model);
const char *t2v_model_family(const t2v_model *model);     /* "bert" */
const char *t2v_model_vectorizer(const t2v_model *model); /* "default" */
const char *t2v_model_precision(const t2v_model *model);  /* "f32" */
const char *t2v_model_cpu(const t2v_model *model);        /* the rung of kernels: "avx2" */
/* Length of its vectors where a request asks for no other, and the most that one can ask for. They
 * differ where the model's settings cut vectors (truncate_dim). */
size_t t2v_model_dim(const t2v_model *model);
size_t t2v_model_max_dim(const t2v_model *model);
/* The longest sequence it makes, special tokens included. */
size_t t2v_model_max_tok(const t2v_model *model);
const t2v_tokenizer *t2v_model_tokenizer(const t2v_model *model);
const t2v_net *t2v_model_encoder(const t2v_model *model);
const t2v_store *t2v_model_store(const t2v_model *model);

/* "mean, Dense to 24, Normalize": what becomes of hidden states, for people. */
const char *t2v_model_pipeline(const t2v_model *model);
/* The widest row between hidden states and vector, in floats. */
size_t t2v_model_width(const t2v_model *model);

/* The tokenizer of a model directory alone, freed by the caller. *is_static: static embeddings,
 * whose ids t2v_tokenizer_encode_bare gives. */
int t2v_model_open_tokenizer(const char *dir, const char *vectorizer, t2v_tokenizer **out,
                             bool *is_static, struct t2v_err *err);

/* What a request asks for, beside its text: the `config` of /vectors. */
struct t2v_ask {
    struct t2v_str pooling; /* pooling_strategy; empty: the default */
    struct t2v_str task;    /* task_type; ptr is NULL when not given */
    int64_t dimensions;     /* 0: not given */
};

/* How the hidden states of a sequence become one row. */
enum t2v_pooling {
    T2V_POOL_CLS, /* the first token's */
    T2V_POOL_MAX,
    T2V_POOL_MEAN,
    T2V_POOL_MEAN_SQRT,     /* the sum over the root of the number of tokens */
    T2V_POOL_WEIGHTED_MEAN, /* each token weighs its place, from 1 */
    T2V_POOL_LAST,          /* the last token's */
    T2V_POOL_SUM            /* of a piece of a bag, where no modules.json can ask for it */
};
enum { T2V_MAX_MODE = 6 };

/* What an ask comes to under the model's vectorizer. Its strings are borrowed from both. */
struct t2v_plan {
    enum t2v_pooling modes[T2V_MAX_MODE]; /* their rows are laid side by side */
    size_t n_mode;
    size_t n_skip;         /* tokens at the start of a sequence that are not pooled: the prompt */
    size_t dim;            /* of the vector */
    size_t max_tok;        /* of a sequence */
    struct t2v_str task;   /* stands with ": " before the text; ptr is NULL: nothing does */
    struct t2v_str prompt; /* stands before that; may be empty */
};

/* For the command line, where nothing is ignored in silence: T2V_EUSAGE when the vectorizer ignores
 * or does not know one of the values; err names the flag (--pooling, --task, --dimensions). */
int t2v_model_check_ask(const t2v_model *model, const struct t2v_ask *ask, struct t2v_err *err);

/* T2V_EPOOLING for an unknown strategy, where the strategy counts. */
int t2v_model_plan(const t2v_model *model, const struct t2v_ask *ask, struct t2v_plan *out,
                   struct t2v_err *err);

/* A walk over the sequences of one text. A zeroed struct may be passed to t2v_walk_deinit. */
struct t2v_walk {
    const t2v_model *model;
    struct t2v_str text; /* what is cut into sequences: the caller's, or what lies in buf */
    struct t2v_buf buf;
    struct t2v_punkt_walk sentences;
    size_t max_tok; /* the plan's */
    bool whole;
    struct t2v_ids bag; /* all of the text, where the encoder takes it in pieces */
    size_t n_taken;     /* of bag */
    size_t n_seq;       /* sequences so far, those that do not count for the sum among them */
};

/* text is valid UTF-8, borrowed until the end of the walk. T2V_EEMPTY when there is no sentence. */
int t2v_walk_start(struct t2v_walk *walk, const t2v_model *model, struct t2v_str text,
                   const struct t2v_plan *plan, struct t2v_err *err);
/* Puts the next sequence into ids and sets *more, or clears *more at the end. */
int t2v_walk_next(struct t2v_walk *walk, t2v_token_space *space, struct t2v_ids *ids, bool *more,
                  struct t2v_err *err);
/* At the end of a walk: what the sum of its sequences' vectors is divided by. */
size_t t2v_walk_divisor(const struct t2v_walk *walk);
void t2v_walk_deinit(struct t2v_walk *walk);

/* out[n_mode * dim] = the pooled hidden states, [n_tok, dim], of one sequence; n_tok is at least
 * 1. */
void t2v_pool(const struct t2v_plan *plan, const float *hidden, size_t n_tok, size_t dim,
              float *out);
/* Corrects sum[dim], a float32 sum over a text's sequences, by exact[dim], the same in double:
 * what is off by more than pooling may be becomes exact's. */
void t2v_pool_settle(const struct t2v_plan *plan, const double *exact, size_t dim, float *sum);
/* Turns n_row pooled rows, t2v_model_width floats apart, into vectors of t2v_model_max_dim in
 * place. spare is as large as rows. Any thread, on rows of its own. */
void t2v_model_project(const t2v_model *model, float *rows, float *spare, size_t n_row);
/* The last step: vector[dim], the sum over a text's sequences, becomes what is answered. divisor is
 * t2v_walk_divisor's. */
void t2v_model_finish(const t2v_model *model, float *vector, size_t dim, size_t divisor);

#endif
