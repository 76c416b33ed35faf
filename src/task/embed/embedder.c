/* SPDX-License-Identifier: BSD-3-Clause */
#include "task/embed/embedder.h"

#include <string.h>

#include "base/mem.h"
#include "task/embed/embedder_private.h"

#include "base/banned.h"

void t2v_embedder_free(t2v_embedder *embedder)
{
    if (embedder == NULL)
        return;
    t2v_punkt_free(embedder->punkt);
    if (!embedder->borrowed)
        t2v_model_free(embedder->model);
    t2v_arena_free(&embedder->arena);
    t2v_message_deinit(&embedder->message);
    t2v_transformer_deinit(&embedder->transformer);
    t2v_json_file_deinit(&embedder->meta);
    t2v_free(embedder);
}

/* --- what it is --- */

const struct t2v_task *t2v_embedder_task(const t2v_embedder *embedder)
{
    return &embedder->task;
}

const t2v_model *t2v_embedder_model(const t2v_embedder *embedder)
{
    return embedder->model;
}

struct t2v_str t2v_embedder_meta(const t2v_embedder *embedder)
{
    return embedder->meta.root != NULL ? embedder->meta.text : t2v_model_config(embedder->model);
}

const char *t2v_embedder_vectorizer(const t2v_embedder *embedder)
{
    return t2v_vectorizer_names[embedder->vectorizer];
}

size_t t2v_embedder_dim(const t2v_embedder *embedder)
{
    const struct t2v_pipeline *pipeline = &embedder->pipeline;
    return pipeline->cut_dim != 0 ? pipeline->cut_dim : pipeline->dim;
}

size_t t2v_embedder_max_dim(const t2v_embedder *embedder)
{
    return embedder->pipeline.dim;
}

size_t t2v_embedder_max_tok(const t2v_embedder *embedder)
{
    size_t max_tok = embedder->max_tok;
    for (int i = 0; i < T2V_N_PROMPT; i++)
        max_tok = embedder->task_tok[i] > max_tok ? embedder->task_tok[i] : max_tok;
    return max_tok;
}

bool t2v_embedder_skips_prompt(const t2v_embedder *embedder)
{
    return embedder->pipeline.skip_prompt;
}

size_t t2v_embedder_text_tok(const t2v_embedder *embedder)
{
    return embedder->max_tok;
}

const t2v_punkt *t2v_embedder_splitter(const t2v_embedder *embedder)
{
    bool whole = embedder->direct_tokenize || embedder->vectorizer != T2V_VECTORIZER_DEFAULT;
    return whole ? NULL : embedder->punkt;
}

const char *t2v_embedder_pipeline(const t2v_embedder *embedder)
{
    return embedder->described;
}

bool t2v_embedder_reads_pooling(const t2v_embedder *embedder)
{
    return embedder->vectorizer == T2V_VECTORIZER_DEFAULT &&
           !t2v_net_pools_first(t2v_model_net(embedder->model));
}

size_t t2v_embedder_n_prompt(const t2v_embedder *embedder)
{
    return embedder->pipeline.n_named;
}

struct t2v_str t2v_embedder_prompt(const t2v_embedder *embedder, size_t i, struct t2v_str *text)
{
    const struct t2v_prompt *prompt = &embedder->pipeline.named[i];
    if (text != NULL)
        *text = prompt->text;
    return prompt->name;
}

/* --- running --- */

void t2v_embedder_project(const t2v_embedder *embedder, size_t n_step, float *rows, float *spare,
                          size_t n_row)
{
    const struct t2v_pipeline *pipeline = &embedder->pipeline;
    const struct t2v_kernels *kernels = t2v_model_kernels(embedder->model);
    float *x = rows, *other = spare;
    for (size_t i = 0; i < n_step && n_row != 0; i++) {
        float *y = t2v_step_run(&pipeline->steps[i], kernels, x, other, pipeline->width, n_row);
        if (y != x) {
            other = x;
            x = y;
        }
    }
    if (x != rows)
        memcpy(rows, x, n_row * pipeline->width * sizeof *rows);
}

/* Whether the answer is made one of length 1 here. */
static bool has_length_1(const t2v_embedder *embedder, const struct t2v_embed_encode *encode)
{
    enum t2v_vectorizer vectorizer = embedder->vectorizer;
    if (encode->given && encode->norm != T2V_NORM_AS_MODEL)
        return encode->norm == T2V_NORM_YES;
    if (vectorizer == T2V_VECTORIZER_MODEL2VEC)
        return embedder->m2v.normalize;
    if (encode->given && vectorizer == T2V_VECTORIZER_SENTENCE)
        return t2v_model_is_static(embedder->model) && embedder->pipeline.unit;
    return vectorizer != T2V_VECTORIZER_DEFAULT;
}

void t2v_embedder_finish(const t2v_embedder *embedder, const struct t2v_embed_encode *encode,
                         float *vector, size_t dim, size_t divisor)
{
    bool to_length_1 = has_length_1(embedder, encode);
    if (divisor > 1) {
        for (size_t i = 0; i < dim; i++)
            vector[i] /= (float)divisor;
    }
    if (embedder->vectorizer == T2V_VECTORIZER_MODEL2VEC) {
        struct t2v_model2vec m2v = embedder->m2v;
        m2v.normalize = to_length_1;
        t2v_model2vec_finish(&m2v, vector, dim);
    } else if (to_length_1) {
        t2v_normalize(vector, dim);
    }
}
