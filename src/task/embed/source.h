/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_TASK_EMBED_SOURCE_H
#define T2V_TASK_EMBED_SOURCE_H
/*
 * The rows of a work's texts, for tasks that make something else than a vector of hidden states.
 * The state of such a work begins with struct t2v_embed_source. Texts are prepared as the embedder
 * prepares them. Private to task/.
 */
#include <stdbool.h>
#include <stddef.h>

#include "task/embed/embedder.h"
#include "task/embed/params.h"
#include "task/embed/walk.h"
#include "task/task.h"

/* A zeroed struct may be passed to t2v_embed_source_deinit. */
struct t2v_embed_source {
    const t2v_embedder *embedder;
    struct t2v_inputs inputs;
    struct t2v_embed_resolved params;
    struct t2v_walk walk;
};

/* params: a struct t2v_embed_params, of which dimensions have no effect; NULL: those of
 * SentenceTransformer.encode. Errors: t2v_embed_resolve's. */
int t2v_embed_source_init(struct t2v_embed_source *source, const t2v_embedder *embedder,
                          const struct t2v_inputs *inputs, const void *params, struct t2v_err *err);
void t2v_embed_source_deinit(struct t2v_embed_source *source);
/* Hooks of struct t2v_task_ops: `start` and `next`. */
int t2v_embed_source_start(void *state, size_t input, struct t2v_err *err);
int t2v_embed_source_next(void *state, t2v_token_space *space, struct t2v_row *row, bool *more,
                          struct t2v_err *err);

#endif
