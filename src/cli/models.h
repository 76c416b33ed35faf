/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_CLI_MODELS_H
#define T2V_CLI_MODELS_H
/* The models of `t2v serve`, opened by what their directories hold, and one engine for all. */
#include "batch/engine.h"
#include "cli/options.h"
#include "http/models.h"
#include "task/classify/open.h"
#include "task/embed/tokens.h"
#include "task/multi/open.h"
#include "task/sparse/open.h"

/* One of --model. */
struct t2v_opened {
    char name[128];
    t2v_embedder *embedder;     /* NULL: it is a classifier */
    t2v_embedder *sentence;     /* NULL: the same as embedder */
    t2v_token_embedder *tokens; /* NULL: static embeddings */
    t2v_sparse *sparse;         /* NULL: it has no such head */
    t2v_multi *multi;           /* NULL: it is not meant for that */
    t2v_classifier *classifier;
    t2v_generator *generator; /* NULL: it generates no text */
    t2v_chat *chat;           /* NULL: a generator without chat templates, or none */
};

struct t2v_opened_models {
    struct t2v_opened opened[T2V_MAX_MODELS]; /* [list.n] */
    struct t2v_served served[T2V_MAX_MODELS];
    struct t2v_models list; /* of served */
    t2v_engine *engine;
};

/* Opens all of options->models, and an engine with a thread of its own. It is for t2v_models_close,
 * also on failure. T2V_EUSAGE: two models of one name, or a name that is too long. The errors of
 * t2v_kind_find, t2v_embedder_open, t2v_classifier_open and t2v_engine_new. */
int t2v_models_open(const struct t2v_options *options, struct t2v_opened_models *models,
                    struct t2v_err *err);
void t2v_models_close(struct t2v_opened_models *models);

#endif
