/* SPDX-License-Identifier: BSD-3-Clause */
#include "http/api/embedding.h"

#include "http/api/token_ids.h"
#include "http/body.h"
#include "http/job.h"
#include "http/service.h"
#include "json/write.h"

#include "base/banned.h"

enum {
    FLOATS_MAX = 8 * 1024 * 1024, /* in one answer: 32 MiB of vectors, some 100 MiB of text */
    LARGE_FLOATS = 16 * 1024,     /* above it, writing an answer takes about a millisecond */
    AROUND_BYTES = 64             /* of an answer, beside each vector */
};

static const t2v_embedder *embedder_of(const struct t2v_embedding *embedding)
{
    return embedding->served->sentence;
}

bool t2v_embedding_choose(const struct t2v_service *service, struct t2v_str name,
                          struct t2v_embedding *embedding, struct t2v_fault *fault)
{
    embedding->served = t2v_models_read(service->models, name, T2V_CAN_EMBED, fault);
    return embedding->served != NULL;
}

bool t2v_embedding_read_texts(const struct t2v_service *service, struct t2v_str value,
                              struct t2v_embedding *embedding, struct t2v_fault *fault)
{
    const struct t2v_loc loc = {embedding->member, NULL, -1};
    if (!service->options->accept_token_ids || !t2v_token_ids_are_there(value))
        return t2v_texts_read(&embedding->texts, value, loc, 0, fault);
    return t2v_token_ids_read_texts(service, embedding->served, value, loc, &embedding->texts,
                                    fault);
}

size_t t2v_embedding_most_texts(const t2v_embedder *embedder)
{
    size_t dim = t2v_embedder_max_dim(embedder);
    return FLOATS_MAX / (dim != 0 ? dim : 1);
}

bool t2v_embedding_check(const struct t2v_embedding *embedding, struct t2v_fault *fault)
{
    size_t most = t2v_embedding_most_texts(embedder_of(embedding));
    if (embedding->texts.n <= most)
        return true;
    t2v_fault_set(fault, 413, "%zu texts in one request, the limit is %zu for this model",
                  embedding->texts.n, most);
    fault->loc = (struct t2v_loc){embedding->member, NULL, -1};
    return false;
}

bool t2v_dimensions_read(struct t2v_str value, size_t most, int64_t *out, struct t2v_fault *fault)
{
    const struct t2v_loc loc = {"dimensions", NULL, -1};
    if (!t2v_body_has(value))
        return true;
    if (!t2v_body_whole(value, out)) {
        t2v_body_not_whole(fault, loc, "a whole number", value);
        return false;
    }
    if (*out >= 1 && (uint64_t)*out <= most)
        return true;
    t2v_fault_invalid(fault, "value_error", loc, "from 1 to %zu is possible, not %lld", most,
                      (long long)*out);
    return false;
}

bool t2v_embedding_read_dimensions(struct t2v_str value, struct t2v_embedding *embedding,
                                   struct t2v_fault *fault)
{
    return t2v_dimensions_read(value, t2v_embedder_max_dim(embedder_of(embedding)),
                               &embedding->params.dimensions, fault);
}

bool t2v_embedding_plan(struct t2v_service *service, struct t2v_job *job)
{
    const struct t2v_embedding *embedding = job->state;
    (void)service;
    job->work.texts = embedding->texts.list;
    job->work.n_text = embedding->texts.n;
    job->work.params = &embedding->params;
    job->work.is_query = t2v_embed_is_query(&embedding->params);
    job->work.task = t2v_embedder_task(embedder_of(embedding));
    return true;
}

size_t t2v_embedding_bytes(const struct t2v_service *service, const struct t2v_job *job)
{
    const struct t2v_embedding *embedding = job->state;
    size_t dim = t2v_embedder_max_dim(embedder_of(embedding));
    size_t written =
        embedding->float_bytes != 0 ? dim * embedding->float_bytes : t2v_json_f32s_bytes(dim);
    (void)service;
    return t2v_texts_bytes(&embedding->texts) +
           embedding->texts.n * (dim * sizeof(float) + written + AROUND_BYTES);
}

bool t2v_embedding_is_large(const struct t2v_job *job)
{
    return job->work.err.code == 0 && job->work.n_text * job->work.result.width > LARGE_FLOATS;
}

void t2v_embedding_deinit(void *state)
{
    struct t2v_embedding *embedding = state;
    t2v_texts_deinit(&embedding->texts);
}

bool t2v_embedding_succeeded(struct t2v_job *job)
{
    const struct t2v_embedding *embedding = job->state;
    const struct t2v_err *err = &job->work.err;
    bool blames_text =
        err->code == T2V_EEMPTY || err->code == T2V_ETOOLARGE || err->code == T2V_EMODEL;
    if (err->code == 0)
        return true;
    t2v_fault_work(&job->fault, err);
    if (blames_text)
        job->fault.loc = (struct t2v_loc){
            embedding->member, NULL, embedding->texts.many ? (ptrdiff_t)job->work.err_text : -1};
    return false;
}
