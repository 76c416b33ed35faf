/* SPDX-License-Identifier: BSD-3-Clause */
#include "http/api/openai.h"

#include <string.h>

#include "base/base64.h"
#include "http/api/embedding.h"
#include "http/body.h"
#include "http/job.h"
#include "http/service.h"
#include "json/write.h"

#include "base/banned.h"

/* ---- Errors ---- */

/* The status that OpenAI's clients expect: they have no class of their own for a 422 of FastAPI. */
static int status_of(int status)
{
    return status == 422 ? 400 : status;
}

static const char *type_of(int status)
{
    if (status == 401)
        return "authentication_error";
    return status < 500 ? "invalid_request_error" : "server_error";
}

/* {"error": {"message", "type", "param", "code"}} */
static void fail(const struct t2v_fault *fault, struct t2v_reply *reply)
{
    struct t2v_buf *buf = &reply->buf;
    reply->status = status_of(fault->status);
    t2v_buf_adds(buf, "{\"error\":{\"message\":");
    t2v_fault_write_msg(fault, buf);
    t2v_buf_addf(buf, ",\"type\":\"%s\",\"param\":", type_of(reply->status));
    if (fault->loc.outer != NULL)
        t2v_json_write_str(buf, t2v_str_of(fault->loc.outer));
    else
        t2v_buf_adds(buf, "null");
    if (fault->type != NULL && strcmp(fault->type, "context_length_exceeded") == 0)
        t2v_buf_adds(buf, ",\"code\":\"context_length_exceeded\"}}");
    else
        t2v_buf_addf(buf, ",\"code\":%s}}", fault->status == 404 ? "\"model_not_found\"" : "null");
}

const struct t2v_api t2v_api_openai = {.name = "openai", .fail = fail};

/* ---- /v1/embeddings ---- */

struct embed_state {
    struct t2v_embedding embedding; /* the first member */
    bool base64;
};

static bool read_format(struct t2v_str value, struct embed_state *state, struct t2v_fault *fault)
{
    const struct t2v_loc loc = {"encoding_format", NULL, -1};
    struct t2v_str word;
    if (!t2v_texts_read_word(value, loc, "float base64", "float or base64 is needed here", &word,
                             fault))
        return false;
    state->base64 = t2v_str_is(word, "base64");
    return true;
}

static void read_embed(const struct t2v_service *service, struct t2v_str body, struct t2v_job *job)
{
    enum { INPUT, MODEL, DIMENSIONS, FORMAT, N };
    static const char *const names[N] = {"input", "model", "dimensions", "encoding_format"};
    struct t2v_str values[N] = {{NULL, 0}};
    struct embed_state *state = job->state;
    struct t2v_embedding *embedding = &state->embedding;
    struct t2v_fault *fault = &job->fault;
    embedding->member = names[INPUT];
    embedding->params.encode =
        (struct t2v_embed_encode){.given = true, .norm = T2V_NORM_YES, .empty_ok = true};
    bool ok = t2v_body_members(body, "{\"input\": \"hello\"}", names, values, N, fault) &&
              t2v_embedding_choose(service, values[MODEL], embedding, fault) &&
              t2v_embedding_read_dimensions(values[DIMENSIONS], embedding, fault) &&
              read_format(values[FORMAT], state, fault) &&
              t2v_embedding_read_texts(service, values[INPUT], embedding, fault);
    if (ok)
        t2v_embedding_check(embedding, fault);
}

static void write_vector(const struct embed_state *state, const float *vector, size_t dim,
                         struct t2v_buf *buf)
{
    if (!state->base64) {
        t2v_json_write_f32s(buf, vector, dim);
        return;
    }
    t2v_buf_adds(buf, "\"");
    t2v_base64_f32s(buf, vector, dim);
    t2v_buf_adds(buf, "\"");
}

static void write_embed(struct t2v_job *job)
{
    const struct embed_state *state = job->state;
    const struct t2v_result *result = &job->work.result;
    struct t2v_buf *buf = &job->reply.buf;
    if (!t2v_embedding_succeeded(job))
        return;
    t2v_buf_adds(buf, "{\"object\":\"list\",\"data\":[");
    for (size_t i = 0; i < job->work.n_text; i++) {
        t2v_buf_addf(
            buf, "%s{\"object\":\"embedding\",\"index\":%zu,\"embedding\":", i != 0 ? "," : "", i);
        write_vector(state, result->values + i * result->width, result->width, buf);
        t2v_buf_adds(buf, "}");
    }
    t2v_buf_adds(buf, "],\"model\":");
    t2v_json_write_str(buf, t2v_str_of(state->embedding.served->name));
    t2v_buf_addf(buf, ",\"usage\":{\"prompt_tokens\":%zu,\"total_tokens\":%zu}}", job->work.n_tok,
                 job->work.n_tok);
}

const struct t2v_operation t2v_openai_embed = {
    .api = &t2v_api_openai,
    .state_size = sizeof(struct embed_state),
    .read = read_embed,
    .plan = t2v_embedding_plan,
    .bytes = t2v_embedding_bytes,
    .is_large = t2v_embedding_is_large,
    .write = write_embed,
    .deinit = t2v_embedding_deinit,
};

/* ---- /v1/models ---- */

static void write_model(const struct t2v_served *served, struct t2v_buf *buf)
{
    t2v_buf_adds(buf, "{\"id\":");
    t2v_json_write_str(buf, t2v_str_of(served->name));
    t2v_buf_adds(buf, ",\"object\":\"model\",\"created\":0,\"owned_by\":\"t2v\"}");
}

static void answer_models(struct t2v_service *service, const struct t2v_request *request,
                          struct t2v_reply *reply, struct t2v_fault *fault)
{
    (void)request, (void)fault;
    t2v_buf_adds(&reply->buf, "{\"object\":\"list\",\"data\":");
    t2v_models_write(service->models, write_model, &reply->buf);
    t2v_buf_adds(&reply->buf, "}");
}

static void answer_model(struct t2v_service *service, const struct t2v_request *request,
                         struct t2v_reply *reply, struct t2v_fault *fault)
{
    const struct t2v_served *served = t2v_models_named(service->models, request->id);
    if (served == NULL)
        t2v_fault_set(fault, 404, "no model of this name is here: GET /v1/models lists them");
    else
        write_model(served, &reply->buf);
}

const struct t2v_operation t2v_openai_models = {.api = &t2v_api_openai, .answer = answer_models};
const struct t2v_operation t2v_openai_model = {.api = &t2v_api_openai, .answer = answer_model};
