/* SPDX-License-Identifier: BSD-3-Clause */
#include "task/embed/source.h"

#include "base/banned.h"

int t2v_embed_source_init(struct t2v_embed_source *source, const t2v_embedder *embedder,
                          const struct t2v_inputs *inputs, const void *params, struct t2v_err *err)
{
    static const struct t2v_embed_params none = {.encode = {.given = true}};
    struct t2v_embed_params ours = params != NULL ? *(const struct t2v_embed_params *)params : none;
    ours.dimensions = 0;
    *source = (struct t2v_embed_source){.embedder = embedder, .inputs = *inputs};
    return t2v_embed_resolve(embedder, &ours, &source->params, err);
}

void t2v_embed_source_deinit(struct t2v_embed_source *source)
{
    t2v_walk_deinit(&source->walk);
}

int t2v_embed_source_start(void *state, size_t input, struct t2v_err *err)
{
    struct t2v_embed_source *source = state;
    t2v_walk_deinit(&source->walk);
    return t2v_walk_start(&source->walk, source->embedder, source->inputs.texts[input],
                          &source->params, err);
}

int t2v_embed_source_next(void *state, t2v_token_space *space, struct t2v_row *row, bool *more,
                          struct t2v_err *err)
{
    struct t2v_embed_source *source = state;
    return t2v_walk_next(&source->walk, space, &row->ids, more, err);
}
