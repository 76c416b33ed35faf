/* SPDX-License-Identifier: BSD-3-Clause */
#include "http/api/v1_text.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#include "http/api/openai.h"
#include "http/body.h"
#include "http/job.h"
#include "http/service.h"
#include "json/write.h"

#include "base/banned.h"

enum { CHOICES_MAX = 128 };

static const char *const names[T2V_N_V1] = {T2V_V1_NAMES};

static const struct t2v_range temperatures = {0, 1e6, false, "a number from 0"};
static const struct t2v_range shares = {0, 1, false, "a number from 0 to 1"};
static const struct t2v_range penalties = {0, 1e6, true, "a number above 0"};
static const struct t2v_range differences = {-2, 2, false, "a number from -2 to 2"};

/* ---- Reading ---- */

static bool read_sampling(const struct t2v_params *p, const struct t2v_str *v,
                          struct t2v_generation *generation)
{
    struct t2v_sampling *s = &generation->generate.sampling;
    size_t top_k = s->top_k;
    t2v_param_number(p, names[T2V_V1_TEMPERATURE], v[T2V_V1_TEMPERATURE], &temperatures,
                     &s->temperature);
    t2v_param_number(p, names[T2V_V1_TOP_P], v[T2V_V1_TOP_P], &shares, &s->top_p);
    t2v_param_count(p, names[T2V_V1_TOP_K], v[T2V_V1_TOP_K], 0, UINT32_MAX, &top_k);
    t2v_param_number(p, names[T2V_V1_MIN_P], v[T2V_V1_MIN_P], &shares, &s->min_p);
    t2v_param_number(p, names[T2V_V1_TYPICAL_P], v[T2V_V1_TYPICAL_P], &shares, &s->typical_p);
    t2v_param_number(p, names[T2V_V1_REPETITION], v[T2V_V1_REPETITION], &penalties,
                     &s->repetition_penalty);
    t2v_param_number(p, names[T2V_V1_FREQUENCY], v[T2V_V1_FREQUENCY], &differences,
                     &s->frequency_penalty);
    t2v_param_number(p, names[T2V_V1_PRESENCE], v[T2V_V1_PRESENCE], &differences,
                     &s->presence_penalty);
    s->top_k = (uint32_t)top_k;
    t2v_generation_settle(s);
    return t2v_generation_read_bias(p, names[T2V_V1_BIAS], v[T2V_V1_BIAS], generation) &&
           t2v_param_seed(p, names[T2V_V1_SEED], v[T2V_V1_SEED], &generation->seed,
                          &generation->seeded);
}

/* {"type": "text"}, {"type": "json_object"}, {"type": "json_schema", "json_schema": {"schema"}} */
static bool read_format(const struct t2v_params *p, struct t2v_str value,
                        struct t2v_generation *generation)
{
    enum { TYPE, SCHEMA, N };
    static const char *const of_format[N] = {"type", "json_schema"};
    static const char *const of_schema[] = {"schema"};
    const char *name = names[T2V_V1_FORMAT];
    struct t2v_str values[N] = {{NULL, 0}}, schema[1] = {{NULL, 0}};
    if (!t2v_param_object(p, name, value, of_format, values, N))
        return false;
    if (!t2v_body_has(value) || t2v_str_is(values[TYPE], "\"text\""))
        return true;
    if (t2v_str_is(values[TYPE], "\"json_object\"")) {
        generation->json = true;
        return true;
    }
    if (!t2v_str_is(values[TYPE], "\"json_schema\""))
        return t2v_param_wrong(p, name, "its type is text, json_object or json_schema");
    return t2v_param_object(p, name, values[SCHEMA], of_schema, schema, 1) &&
           t2v_generation_read_schema(p, name, schema[0], generation);
}

static bool read_stream(const struct t2v_params *p, const struct t2v_str *v,
                        struct t2v_v1_text *text)
{
    static const char *const of_options[] = {"include_usage"};
    const struct t2v_params inner = {names[T2V_V1_STREAM_OPTIONS], p->fault};
    struct t2v_str values[1] = {{NULL, 0}};
    return t2v_param_bool(p, names[T2V_V1_STREAM], v[T2V_V1_STREAM], &text->generation.streams) &&
           t2v_param_object(p, inner.outer, v[T2V_V1_STREAM_OPTIONS], of_options, values, 1) &&
           t2v_param_bool(&inner, of_options[0], values[0], &text->include_usage);
}

static void begin(struct t2v_v1_text *text)
{
    static atomic_uint_least64_t next;
    text->created = (int64_t)time(NULL);
    snprintf(text->id, sizeof text->id, "%08" PRIx32 "%08" PRIx32, (uint32_t)text->created,
             (uint32_t)atomic_fetch_add(&next, 1));
}

bool t2v_v1_text_read(const struct t2v_service *service, const struct t2v_str *values,
                      struct t2v_v1_text *text, struct t2v_fault *fault)
{
    const struct t2v_params params = {NULL, fault}, *p = &params;
    struct t2v_generation *generation = &text->generation;
    begin(text);
    if (!t2v_generation_choose(service, values[T2V_V1_MODEL], generation, fault))
        return false;
    generation->generate.sampling = *t2v_generator_defaults(generation->served->generator);
    return t2v_param_refuse(p, names[T2V_V1_ADAPTER], values[T2V_V1_ADAPTER], "\"\"",
                            "adapters are not supported") &&
           read_sampling(p, values, generation) && read_stream(p, values, text) &&
           t2v_generation_read_stops(p, names[T2V_V1_STOP], values[T2V_V1_STOP], generation) &&
           read_format(p, values[T2V_V1_FORMAT], generation) &&
           t2v_param_count(p, names[T2V_V1_N_CHOICE], values[T2V_V1_N_CHOICE], 1, CHOICES_MAX,
                           &generation->n_each) &&
           t2v_param_bool(p, names[T2V_V1_IGNORE_END], values[T2V_V1_IGNORE_END],
                          &generation->generate.ignore_end) &&
           (generation->n_best = generation->n_each) != 0;
}

bool t2v_v1_read_max(const struct t2v_params *p, const struct t2v_str *values, size_t least,
                     size_t *max)
{
    const char *name = names[T2V_V1_MAX_COMPLETION], *older = names[T2V_V1_MAX_TOKENS];
    size_t of_name = SIZE_MAX, of_older = SIZE_MAX;
    if (!t2v_param_count(p, name, values[T2V_V1_MAX_COMPLETION], least, SIZE_MAX, &of_name) ||
        !t2v_param_count(p, older, values[T2V_V1_MAX_TOKENS], least, SIZE_MAX, &of_older))
        return false;
    if (of_name != SIZE_MAX && of_older != SIZE_MAX && of_name != of_older)
        return t2v_param_wrong(p, older, "not the same as max_completion_tokens");
    if (of_name != SIZE_MAX || of_older != SIZE_MAX)
        *max = of_name < of_older ? of_name : of_older;
    return true;
}

/* ---- Writing ---- */

const char *t2v_v1_finish(enum t2v_finish finish)
{
    return finish == T2V_FINISH_LENGTH ? "length" : "stop";
}

void t2v_v1_write_begin(const struct t2v_v1_text *text, const char *prefix, const char *object,
                        struct t2v_buf *out)
{
    t2v_buf_addf(out,
                 "{\"id\":\"%s%s\",\"object\":\"%s\",\"created\":%" PRId64 ",\"model\":", prefix,
                 text->id, object, text->created);
    t2v_json_write_str(out, t2v_str_of(text->generation.served->name));
    t2v_buf_adds(out, ",\"system_fingerprint\":\"t2v\",");
}

void t2v_v1_write_usage(const struct t2v_v1_text *text, struct t2v_buf *out)
{
    size_t prompt = t2v_generation_prompt_tok(&text->generation);
    size_t completion = t2v_generation_new_tok(&text->generation);
    t2v_buf_addf(out,
                 "\"usage\":{\"prompt_tokens\":%zu,\"completion_tokens\":%zu,\"total_tokens\":%zu,"
                 "\"prompt_tokens_details\":{\"cached_tokens\":%zu}}",
                 prompt, completion, prompt + completion,
                 t2v_generation_reused_tok(&text->generation));
}

static void end_stream(struct t2v_job *job, const char *prefix, const char *object,
                       const struct t2v_fault *fault)
{
    const struct t2v_v1_text *text = job->state;
    struct t2v_buf *out;
    if (fault->status != 0) {
        t2v_event_put_fault(job, &t2v_api_openai, fault, T2V_EVENT_SSE);
        return;
    }
    if (text->include_usage) {
        out = t2v_event_begin(job, T2V_EVENT_SSE);
        t2v_v1_write_begin(text, prefix, object, out);
        t2v_buf_adds(out, "\"choices\":[],");
        t2v_v1_write_usage(text, out);
        t2v_buf_addc(out, '}');
        t2v_event_end(job, T2V_EVENT_SSE);
    }
    out = t2v_event_begin(job, T2V_EVENT_SSE);
    t2v_buf_adds(out, "[DONE]");
    t2v_event_end(job, T2V_EVENT_SSE);
}

void t2v_v1_write_result(struct t2v_job *job, const char *prefix, const char *object,
                         void (*write_answer)(struct t2v_job *job))
{
    struct t2v_fault fault;
    bool ok = t2v_generation_succeeded(job, &fault);
    if (job->stream != NULL && job->fault.status == 0)
        end_stream(job, prefix, object, &fault);
    else if (ok)
        write_answer(job);
}

void t2v_v1_cut(const struct t2v_fault *fault, struct t2v_buf *out)
{
    t2v_event_fault(&t2v_api_openai, fault, T2V_EVENT_SSE, out);
}
