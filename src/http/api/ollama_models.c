/* SPDX-License-Identifier: BSD-3-Clause */
#include "http/api/ollama_models.h"

#include "http/api/ollama.h"
#include "http/api/texts.h"
#include "http/body.h"
#include "http/job.h"
#include "http/service.h"
#include "json/write.h"

#include "base/banned.h"

/* Not known here; Ollama's clients want them to be there. */
#define NO_DATE   "\"modified_at\":\"1970-01-01T00:00:00Z\""
#define NO_DIGEST "\"digest\":\"\""

/* "F32", as Ollama writes it. */
static void write_upper(struct t2v_buf *buf, const char *word)
{
    t2v_buf_addc(buf, '"');
    for (; *word != '\0'; word++)
        t2v_buf_addc(buf, *word >= 'a' && *word <= 'z' ? (char)(*word - 'a' + 'A') : *word);
    t2v_buf_addc(buf, '"');
}

static void write_details(const struct t2v_served *served, struct t2v_buf *buf)
{
    struct t2v_str family = t2v_str_of(t2v_model_family(served->model));
    t2v_buf_adds(buf, "\"details\":{\"parent_model\":\"\",\"format\":\"safetensors\",\"family\":");
    t2v_json_write_str(buf, family);
    t2v_buf_adds(buf, ",\"families\":[");
    t2v_json_write_str(buf, family);
    t2v_buf_adds(buf, "],\"parameter_size\":\"\",\"quantization_level\":");
    write_upper(buf, t2v_model_precision(served->model));
    t2v_buf_addc(buf, '}');
}

static void write_name(const struct t2v_served *served, struct t2v_buf *buf)
{
    struct t2v_str name = t2v_str_of(served->name);
    t2v_buf_adds(buf, "{\"name\":");
    t2v_json_write_str(buf, name);
    t2v_buf_adds(buf, ",\"model\":");
    t2v_json_write_str(buf, name);
}

static void write_tag(const struct t2v_served *served, struct t2v_buf *buf)
{
    write_name(served, buf);
    t2v_buf_addf(buf, "," NO_DATE ",\"size\":%zu," NO_DIGEST ",", served->resident_bytes);
    write_details(served, buf);
    t2v_buf_addc(buf, '}');
}

/* It stays loaded: a time that is far off, but not so far that other time zones lack it. */
static void write_loaded(const struct t2v_served *served, struct t2v_buf *buf)
{
    write_name(served, buf);
    t2v_buf_addf(buf, ",\"size\":%zu," NO_DIGEST ",", served->resident_bytes);
    write_details(served, buf);
    t2v_buf_addf(buf,
                 ",\"expires_at\":\"9999-01-01T00:00:00Z\",\"size_vram\":0,\"context_length\":%zu}",
                 served->max_tok);
}

static void answer_list(const struct t2v_service *service, struct t2v_reply *reply,
                        void (*write)(const struct t2v_served *served, struct t2v_buf *buf))
{
    t2v_buf_adds(&reply->buf, "{\"models\":");
    t2v_models_write(service->models, write, &reply->buf);
    t2v_buf_adds(&reply->buf, "}");
}

static void answer_tags(struct t2v_service *service, const struct t2v_request *request,
                        struct t2v_reply *reply, struct t2v_fault *fault)
{
    (void)request, (void)fault;
    answer_list(service, reply, write_tag);
}

static void answer_ps(struct t2v_service *service, const struct t2v_request *request,
                      struct t2v_reply *reply, struct t2v_fault *fault)
{
    (void)request, (void)fault;
    answer_list(service, reply, write_loaded);
}

static void answer_version(struct t2v_service *service, const struct t2v_request *request,
                           struct t2v_reply *reply, struct t2v_fault *fault)
{
    (void)request, (void)fault;
    t2v_buf_adds(&reply->buf, "{\"version\":");
    t2v_json_write_str(&reply->buf, t2v_str_of(service->version));
    t2v_buf_adds(&reply->buf, "}");
}

/* ---- /api/show ---- */

struct show_state {
    const struct t2v_served *served;
};

static const struct t2v_served *choose(const struct t2v_models *models, struct t2v_str name)
{
    const struct t2v_served *served = t2v_models_named(models, t2v_ollama_untagged(name));
    if (served == NULL)
        served = t2v_models_first(models, T2V_CAN_GENERATE);
    return served != NULL ? served : &models->list[0];
}

static void read_show(const struct t2v_service *service, struct t2v_str body, struct t2v_job *job)
{
    enum { MODEL, NAME, N };
    static const char *const names[N] = {"model", "name"};
    struct show_state *state = job->state;
    struct t2v_str values[N] = {{NULL, 0}};
    struct t2v_texts texts[N] = {{0}};
    bool ok = t2v_body_members(body, "{\"model\": \"model\"}", names, values, N, &job->fault);
    for (int i = 0; i < N && ok; i++)
        ok = t2v_texts_read_optional(&texts[i], values[i], (struct t2v_loc){names[i], NULL, -1},
                                     &job->fault);
    int of = t2v_body_has(values[MODEL]) ? MODEL : NAME;
    if (ok)
        state->served = choose(service->models, t2v_texts_first(&texts[of]));
    for (int i = 0; i < N; i++)
        t2v_texts_deinit(&texts[i]);
}

/* "FAMILY.NAME":VALUE after a comma. */
static void write_info(const struct t2v_served *served, const char *name, size_t value,
                       struct t2v_buf *out)
{
    t2v_buf_addf(out, ",\"%s.%s\":%zu", t2v_model_family(served->model), name, value);
}

/* By Ollama's names; what it has none for, by ours. */
static void write_capabilities(const struct t2v_served *served, struct t2v_buf *out)
{
    const char *comma = "";
    for (unsigned bit = 1; bit < 1u << T2V_N_ABILITY; bit <<= 1) {
        if ((served->abilities & bit) == 0)
            continue;
        const char *name = bit == T2V_CAN_EMBED      ? "embedding"
                           : bit == T2V_CAN_GENERATE ? "completion"
                                                     : t2v_ability_name((enum t2v_ability)bit);
        t2v_buf_addf(out, "%s\"%s\"", comma, name);
        comma = ",";
    }
    if (served->chat != NULL && t2v_chat_reads(served->chat, "tools"))
        t2v_buf_adds(out, ",\"tools\"");
    if (served->chat != NULL && t2v_chat_reads(served->chat, "enable_thinking"))
        t2v_buf_adds(out, ",\"thinking\"");
}

static void write_show(struct t2v_job *job)
{
    const struct t2v_served *served = ((const struct show_state *)job->state)->served;
    struct t2v_buf *out = &job->reply.buf;
    t2v_buf_adds(out, "{\"modelfile\":\"\",\"parameters\":\"\",\"template\":\"\",");
    write_details(served, out);
    t2v_buf_adds(out, ",\"model_info\":{\"general.architecture\":");
    t2v_json_write_str(out, t2v_str_of(t2v_model_family(served->model)));
    write_info(served, "context_length", served->max_tok, out);
    if (served->sentence != NULL)
        write_info(served, "embedding_length", t2v_embedder_dim(served->sentence), out);
    t2v_buf_adds(out, "},\"capabilities\":[");
    write_capabilities(served, out);
    t2v_buf_adds(out, "]," NO_DATE "}");
}

static size_t show_bytes(const struct t2v_service *service, const struct t2v_job *job)
{
    (void)service, (void)job;
    return 0;
}

const struct t2v_operation t2v_ollama_tags = {.api = &t2v_api_ollama, .answer = answer_tags};
const struct t2v_operation t2v_ollama_ps = {.api = &t2v_api_ollama, .answer = answer_ps};
const struct t2v_operation t2v_ollama_version = {.api = &t2v_api_ollama, .answer = answer_version};

const struct t2v_operation t2v_ollama_show = {
    .api = &t2v_api_ollama,
    .state_size = sizeof(struct show_state),
    .read = read_show,
    .bytes = show_bytes,
    .write = write_show,
};
