/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_TASK_EMBED_EMBEDDER_PRIVATE_H
#define T2V_TASK_EMBED_EMBEDDER_PRIVATE_H
/* What the files of task/embed/ know of a model. */
#include "base/arena.h"
#include "base/notes.h"
#include "task/embed/embedder.h"
#include "task/embed/pipeline.h"
#include "task/embed/transformer.h"

enum t2v_vectorizer {
    T2V_VECTORIZER_DEFAULT,
    T2V_VECTORIZER_SENTENCE,
    T2V_VECTORIZER_ONNX,
    T2V_VECTORIZER_MODEL2VEC,
    T2V_N_VECTORIZER
};

/* Where weights and tokenizer are, and config.json. */
struct t2v_place {
    char dir[T2V_PATH_BYTES];
    struct t2v_str config; /* the text for /meta, owned */
    t2v_json *json;        /* the settings, owned; NULL: static embeddings without any */
    bool is_static;        /* static embeddings: a table, and tokenizer.json alone */
};

/* What model2vec reads of its settings. */
struct t2v_model2vec {
    bool normalize;
    bool rounds;     /* means and answers are rounded to f16, sums are not: see static.c */
    bool half_norm;  /* then a vector's length is computed in f16, too */
    size_t max_char; /* of a text; SIZE_MAX: all */
    size_t max_tok;  /* of a text, unknown tokens not counted; SIZE_MAX: all */
    int32_t unk;     /* the token that is dropped; -1: none */
};

struct t2v_model {
    char *dir;
    char *encoder_dir;     /* where config.json, weights and tokenizer lie: nearly always dir */
    bool is_static;        /* static embeddings */
    struct t2v_str config; /* the text of config.json */
    struct t2v_str meta;   /* what /meta shows for it: the same, or the marker model_config */
    t2v_json *json;        /* config.json */
    t2v_store *store;
    struct t2v_kernels kernels;
    const struct t2v_form *form; /* of the encoder's linear layers: the precision */
    t2v_net *encoder;
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
    struct t2v_model2vec m2v;          /* under the vectorizer model2vec */
    struct t2v_notes notes;            /* settings of dir that earlier releases ignored */
};

/* --- vectorizer.c --- */

extern const char *const t2v_vectorizer_names[T2V_N_VECTORIZER];

/* Reads the marker files, and sets vectorizer, direct_tokenize and prefixes. */
int t2v_choose_vectorizer(t2v_model *model, const struct t2v_model_options *options,
                          struct t2v_err *err);
/* Whether there is a marker file of that name, whatever it says. */
int t2v_marker_exists(const t2v_model *model, const char *name, bool *there, struct t2v_err *err);

/* --- locate.c --- */

/* Reads a file that is a JSON object. *text (t2v_free) and *json (t2v_json_free) are the caller's,
 * on failure too. */
int t2v_read_object(const char *dir, const char *name, struct t2v_str *text, t2v_json **json,
                    struct t2v_err *err);
/* Finds the parts of a model directory for a vectorizer's name, which may be "auto". *out is freed
 * with t2v_place_deinit; on failure nothing is left in it. */
int t2v_place_find(const char *dir, const char *vectorizer, struct t2v_place *out,
                   struct t2v_err *err);
void t2v_place_deinit(struct t2v_place *place);

/* --- static.c --- */

/* Reads model2vec's settings, and has the tokenizer cut as they say. */
int t2v_model2vec_open(t2v_model *model, bool char_cut, struct t2v_err *err);
/* The beginning of a text, m2v.max_char characters at most. */
struct t2v_str t2v_model2vec_cut_text(const t2v_model *model, struct t2v_str text);
/* Drops unknown tokens, then those beyond m2v.max_tok. */
void t2v_model2vec_cut_ids(const t2v_model *model, struct t2v_ids *ids);
/* The mean of a text's rows becomes its answer. */
void t2v_model2vec_finish(const t2v_model *model, float *vector, size_t dim);

#endif
