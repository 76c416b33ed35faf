/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_HTTP_MODELS_H
#define T2V_HTTP_MODELS_H
/*
 * The models that the server runs, and which of them answers a request: the one that the request
 * names, if it can; else the first that can. Read-only; any thread may use it.
 */
#include <stddef.h>

#include "base/buf.h"
#include "base/str.h"
#include "chat/chat.h"
#include "http/fault.h"
#include "task/classify/classifier.h"
#include "task/embed/embedder.h"
#include "task/embed/tokens.h"
#include "task/generate/generator.h"
#include "task/multi/multi.h"
#include "task/sparse/sparse.h"

/* What a model can do, as bits. */
enum t2v_ability {
    T2V_CAN_EMBED = 1,     /* a vector of a text */
    T2V_CAN_RANK = 2,      /* one score of a pair of texts */
    T2V_CAN_LABEL = 4,     /* a score for each label of a text; a reranker has one label */
    T2V_CAN_READ = 8,      /* the part of a text that answers a question */
    T2V_CAN_TAG = 16,      /* a label for each token */
    T2V_CAN_SPARSE = 32,   /* a weight for each entry of the vocabulary */
    T2V_CAN_MULTI = 64,    /* a vector for each token */
    T2V_CAN_GENERATE = 128 /* text that continues a prompt */
};
enum { T2V_N_ABILITY = 8 };

struct t2v_served {
    const char *name; /* by which clients ask for it, and which answers state */
    unsigned abilities;
    const t2v_model *model;
    size_t resident_bytes;            /* by which the process grew when it was opened; 0: unknown */
    size_t max_tok;                   /* of a sequence, special tokens included */
    const t2v_embedder *embedder;     /* T2V_CAN_EMBED: as /vectors embeds */
    const t2v_embedder *sentence;     /* T2V_CAN_EMBED: as sentence-transformers embeds; may be the
                                       * same as embedder */
    const t2v_token_embedder *tokens; /* T2V_CAN_EMBED; NULL: static embeddings */
    const t2v_sparse *sparse;         /* T2V_CAN_SPARSE */
    const t2v_multi *multi;           /* T2V_CAN_MULTI */
    const t2v_generator *generator;   /* T2V_CAN_GENERATE */
    const t2v_chat *chat;             /* its templates; NULL: it has none */
    const t2v_classifier *classifier; /* T2V_CAN_RANK, _LABEL, _READ, _TAG */
};

enum { T2V_SERVED_TASKS = 8 }; /* of a model, at most */
/* Stores the tasks of a model, and returns how many they are. */
size_t t2v_served_tasks(const struct t2v_served *served,
                        const struct t2v_task *tasks[T2V_SERVED_TASKS]);

struct t2v_models {
    const struct t2v_served *list; /* [n], n is at least 1 */
    size_t n;
};

/* The model for a request that needs this ability. name: as the request has it; one that is none of
 * ours is ignored, as is an empty one. NULL: 404 in *fault, which says what the model is and what
 * it can do. */
const struct t2v_served *t2v_models_choose(const struct t2v_models *models, struct t2v_str name,
                                           enum t2v_ability ability, struct t2v_fault *fault);
/* The same with the JSON value of the member `model`: a string, null, or missing (ptr NULL). */
const struct t2v_served *t2v_models_read(const struct t2v_models *models, struct t2v_str value,
                                         enum t2v_ability ability, struct t2v_fault *fault);
/* The first that has the ability; NULL: there is none. */
const struct t2v_served *t2v_models_first(const struct t2v_models *models,
                                          enum t2v_ability ability);
/* NULL: none has this name. */
const struct t2v_served *t2v_models_named(const struct t2v_models *models, struct t2v_str name);

/* Appends a JSON array of what `write` appends for each model. */
void t2v_models_write(const struct t2v_models *models,
                      void (*write)(const struct t2v_served *served, struct t2v_buf *buf),
                      struct t2v_buf *buf);

/* "embeddings", "rerank", "classification", "question answering", "token classification", "sparse
 * embeddings", "multi-vector", "text generation": of a single ability. Static. */
const char *t2v_ability_name(enum t2v_ability ability);

#endif
