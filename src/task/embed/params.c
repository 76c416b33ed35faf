/* SPDX-License-Identifier: BSD-3-Clause */
#include "task/embed/params.h"

#include <inttypes.h>

#include "task/embed/embedder_private.h"

#include "base/banned.h"

bool t2v_embed_is_query(const struct t2v_embed_params *params)
{
    struct t2v_str name = params->encode.given ? params->encode.prompt_name : params->task;
    return name.ptr != NULL && t2v_str_is(name, "query");
}

static int read_pooling(struct t2v_str name, enum t2v_pooling *out, struct t2v_err *err)
{
    if (name.len == 0 || t2v_str_is(name, "masked_mean"))
        *out = T2V_POOL_MEAN;
    else if (t2v_str_is(name, "cls"))
        *out = T2V_POOL_CLS;
    else
        return t2v_fail(err, T2V_EPOOLING, "invalid pooling method '%.*s'", T2V_STR_ARG(name));
    return 0;
}

static void resolve_prompt(const t2v_embedder *embedder, const struct t2v_embed_params *params,
                           struct t2v_embed_resolved *out)
{
    bool query = t2v_embed_is_query(params);
    int which = query ? T2V_PROMPT_QUERY : T2V_PROMPT_DOCUMENT;
    out->side = query ? T2V_SIDE_QUERY : T2V_SIDE_DOCUMENT;
    out->prompt = embedder->pipeline.prompts[which];
    out->pool.n_skip = embedder->n_prompt_tok[which];
    out->max_tok = embedder->task_tok[which];
}

/* The prompt as SentenceTransformer.encode chooses it. */
static int resolve_named(const t2v_embedder *embedder, const struct t2v_embed_params *params,
                         struct t2v_embed_resolved *out, struct t2v_err *err)
{
    const struct t2v_pipeline *pipeline = &embedder->pipeline;
    struct t2v_str name = params->encode.prompt_name;
    size_t i = name.ptr != NULL ? 0 : pipeline->default_prompt;
    while (name.ptr != NULL && i < pipeline->n_named && !t2v_str_eq(pipeline->named[i].name, name))
        i++;
    if (name.ptr != NULL && i == pipeline->n_named)
        return t2v_fail(err, T2V_EFORMAT, "prompt_name '%.*s' is none of the model's %zu prompts",
                        T2V_STR_ARG(name), pipeline->n_named);
    if (i < pipeline->n_named) {
        out->prompt = pipeline->named[i].text;
        out->pool.n_skip = pipeline->named[i].n_tok;
    }
    return 0;
}

/* What the request says as one of encode. */
static int resolve_encode(const t2v_embedder *embedder, const struct t2v_embed_params *params,
                          struct t2v_embed_resolved *out, struct t2v_err *err)
{
    const struct t2v_embed_encode *encode = &params->encode;
    const struct t2v_pipeline *pipeline = &embedder->pipeline;
    bool steps_end_in_norm = pipeline->unit && pipeline->n_step != 0;
    if (encode->max_tok != 0 && encode->max_tok < out->max_tok)
        out->max_tok = encode->max_tok;
    if (encode->norm == T2V_NORM_NO && steps_end_in_norm)
        out->n_step--;
    if (params->dimensions < 0 || (uint64_t)params->dimensions > pipeline->dim)
        return t2v_fail(err, T2V_EFORMAT, "%" PRId64 " dimensions; the model has %zu",
                        params->dimensions, pipeline->dim);
    if (params->dimensions > 0)
        out->dim = (size_t)params->dimensions;
    return resolve_named(embedder, params, out, err);
}

/* UPSTREAM: dimensions count under sentence-transformers alone. */
int t2v_embed_resolve(const t2v_embedder *embedder, const struct t2v_embed_params *params,
                      struct t2v_embed_resolved *out, struct t2v_err *err)
{
    const struct t2v_pipeline *pipeline = &embedder->pipeline;
    *out = (struct t2v_embed_resolved){.pool.n_mode = pipeline->n_mode,
                                       .dim = t2v_embedder_dim(embedder),
                                       .max_tok = embedder->max_tok,
                                       .n_step = pipeline->n_step,
                                       .encode = params->encode};
    for (size_t i = 0; i < pipeline->n_mode; i++)
        out->pool.modes[i] = pipeline->modes[i];
    if (params->encode.given)
        return resolve_encode(embedder, params, out, err);
    if (embedder->prefixes)
        out->task = params->task;
    if (t2v_embedder_reads_pooling(embedder))
        return read_pooling(params->pooling, &out->pool.modes[0], err);
    if (embedder->vectorizer != T2V_VECTORIZER_SENTENCE)
        return 0;
    resolve_prompt(embedder, params, out);
    if (params->dimensions > 0)
        out->dim = (uint64_t)params->dimensions < pipeline->dim ? (size_t)params->dimensions
                                                                : pipeline->dim;
    return 0;
}

static int refuse_ignored(const t2v_embedder *embedder, const char *flag, struct t2v_err *err)
{
    return t2v_fail(err, T2V_EUSAGE, "--%s has no effect on %s under the vectorizer %s", flag,
                    t2v_model_family(embedder->model), t2v_embedder_vectorizer(embedder));
}

int t2v_embedder_check_params(const t2v_embedder *embedder, const struct t2v_embed_params *params,
                              struct t2v_err *err)
{
    bool sentence = embedder->vectorizer == T2V_VECTORIZER_SENTENCE;
    bool reads_pooling = t2v_embedder_reads_pooling(embedder);
    enum t2v_pooling mode;
    if (params->pooling.len != 0 && !reads_pooling)
        return refuse_ignored(embedder, "pooling", err);
    if (reads_pooling && read_pooling(params->pooling, &mode, NULL) != 0)
        return t2v_fail(err, T2V_EUSAGE, "--pooling: expected masked_mean or cls, found '%.*s'",
                        T2V_STR_ARG(params->pooling));
    if (params->dimensions != 0 && !sentence)
        return refuse_ignored(embedder, "dimensions", err);
    if (params->task.ptr == NULL || embedder->prefixes)
        return 0;
    if (!sentence)
        return refuse_ignored(embedder, "task", err);
    if (!t2v_str_is(params->task, "query") && !t2v_str_is(params->task, "passage"))
        return t2v_fail(err, T2V_EUSAGE, "--task: expected query or passage, found '%.*s'",
                        T2V_STR_ARG(params->task));
    return 0;
}
