/* SPDX-License-Identifier: BSD-3-Clause */
#include "http/api/ollama.h"

#include <inttypes.h>

#include "http/api/embedding.h"
#include "http/body.h"
#include "http/job.h"
#include "http/service.h"
#include "json/write.h"

#include "base/banned.h"

enum { FLOAT_BYTES = 20 }; /* of any number in an answer, with its comma, at most */

static void fail(const struct t2v_fault *fault, struct t2v_reply *reply)
{
    if (fault->status == 422)
        reply->status = 400; /* Ollama has no 422 */
    t2v_buf_adds(&reply->buf, "{\"error\":");
    t2v_fault_write_msg(fault, &reply->buf);
    t2v_buf_adds(&reply->buf, "}");
}

const struct t2v_api t2v_api_ollama = {.name = "ollama", .fail = fail};

struct t2v_str t2v_ollama_untagged(struct t2v_str name)
{
    static const struct t2v_str tag = T2V_STR(":latest");
    if (name.len > tag.len && t2v_str_ends(name, tag))
        name.len -= tag.len;
    return name;
}

static bool choose(const struct t2v_service *service, struct t2v_str value,
                   struct t2v_embedding *embedding, struct t2v_fault *fault)
{
    struct t2v_texts texts = {0};
    if (!t2v_texts_read_optional(&texts, value, (struct t2v_loc){"model", NULL, -1}, fault))
        return false;
    struct t2v_str name = t2v_ollama_untagged(t2v_texts_first(&texts));
    embedding->served = t2v_models_choose(service->models, name, T2V_CAN_EMBED, fault);
    t2v_texts_deinit(&texts);
    return embedding->served != NULL;
}

static void read_embed(const struct t2v_service *service, struct t2v_str body, struct t2v_job *job)
{
    enum { INPUT, MODEL, TRUNCATE, DIMENSIONS, N };
    static const char *const names[N] = {"input", "model", "truncate", "dimensions"};
    struct t2v_str values[N] = {{NULL, 0}};
    struct t2v_embedding *embedding = job->state;
    struct t2v_fault *fault = &job->fault;
    bool truncate = true;
    embedding->member = names[INPUT];
    embedding->params.encode =
        (struct t2v_embed_encode){.given = true, .norm = T2V_NORM_YES, .empty_ok = true};
    bool ok = t2v_body_members(body, "{\"model\": \"model\", \"input\": \"hello\"}", names, values,
                               N, fault) &&
              choose(service, values[MODEL], embedding, fault) &&
              t2v_body_read_bool(values[TRUNCATE], names[TRUNCATE], &truncate, fault) &&
              t2v_embedding_read_dimensions(values[DIMENSIONS], embedding, fault) &&
              t2v_embedding_read_texts(service, values[INPUT], embedding, fault);
    embedding->params.encode.keep_all = !truncate;
    if (ok)
        t2v_embedding_check(embedding, fault);
}

static void read_one(const struct t2v_service *service, struct t2v_str body, struct t2v_job *job)
{
    enum { PROMPT, MODEL, N };
    static const char *const names[N] = {"prompt", "model"};
    const struct t2v_loc loc = {names[PROMPT], NULL, -1};
    struct t2v_str values[N] = {{NULL, 0}};
    struct t2v_embedding *embedding = job->state;
    struct t2v_fault *fault = &job->fault;
    embedding->member = names[PROMPT];
    embedding->float_bytes = FLOAT_BYTES;
    embedding->params.encode = (struct t2v_embed_encode){.given = true, .empty_ok = true};
    bool ok = t2v_body_members(body, "{\"model\": \"model\", \"prompt\": \"hello\"}", names, values,
                               N, fault) &&
              choose(service, values[MODEL], embedding, fault) &&
              t2v_embedding_read_texts(service, values[PROMPT], embedding, fault);
    if (ok && embedding->texts.many)
        t2v_fault_invalid(fault, "string_type", loc, "a string is needed here, not an array");
}

/* True if the work succeeded. */
static bool succeeded(struct t2v_job *job)
{
    const struct t2v_embedding *embedding = job->state;
    if (t2v_embedding_succeeded(job))
        return true;
    if (job->fault.status == 413 && embedding->params.encode.keep_all)
        job->fault.status = 400;
    return false;
}

static void write_embed(struct t2v_job *job)
{
    const struct t2v_embedding *embedding = job->state;
    const struct t2v_work *work = &job->work;
    struct t2v_buf *buf = &job->reply.buf;
    if (!succeeded(job))
        return;
    t2v_buf_adds(buf, "{\"model\":");
    t2v_json_write_str(buf, t2v_str_of(embedding->served->name));
    t2v_buf_adds(buf, ",\"embeddings\":[");
    for (size_t i = 0; i < work->n_text; i++) {
        t2v_buf_adds(buf, i != 0 ? "," : "");
        t2v_json_write_f32s(buf, work->result.values + i * work->result.width, work->result.width);
    }
    t2v_buf_addf(buf,
                 "],\"total_duration\":%" PRIu64 ",\"load_duration\":0,\"prompt_eval_count\":%zu}",
                 work->ended_ns - work->queued_ns, work->n_tok);
}

static void write_one(struct t2v_job *job)
{
    const struct t2v_result *result = &job->work.result;
    if (!succeeded(job))
        return;
    t2v_buf_adds(&job->reply.buf, "{\"embedding\":");
    t2v_json_write_f32s(&job->reply.buf, result->values, result->width);
    t2v_buf_adds(&job->reply.buf, "}");
}

const struct t2v_operation t2v_ollama_embed = {
    .api = &t2v_api_ollama,
    .state_size = sizeof(struct t2v_embedding),
    .read = read_embed,
    .plan = t2v_embedding_plan,
    .bytes = t2v_embedding_bytes,
    .is_large = t2v_embedding_is_large,
    .write = write_embed,
    .deinit = t2v_embedding_deinit,
};

const struct t2v_operation t2v_ollama_embed_one = {
    .api = &t2v_api_ollama,
    .state_size = sizeof(struct t2v_embedding),
    .read = read_one,
    .plan = t2v_embedding_plan,
    .bytes = t2v_embedding_bytes,
    .is_large = t2v_embedding_is_large,
    .write = write_one,
    .deinit = t2v_embedding_deinit,
};
