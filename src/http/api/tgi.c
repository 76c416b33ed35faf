/* SPDX-License-Identifier: BSD-3-Clause */
#include "http/api/tgi.h"

#include <string.h>

#include "http/api/generated.h"
#include "http/api/tgi_answer.h"
#include "http/body.h"
#include "http/job.h"
#include "http/service.h"
#include "json/write.h"

#include "base/banned.h"

enum {
    TOP_MAX = 100,    /* top_n_tokens */
    TOKEN_BYTES = 96, /* of a token in `details`, beside its text */
    STATE_BYTES_OF_TOP = TOKEN_BYTES + 16
};

/* ---- Errors ---- */

static int status_of(int status)
{
    return status == 404 || status == 500 ? 424 : status;
}

static const char *type_of(const struct t2v_fault *fault, int status)
{
    if (fault->type != NULL && strcmp(fault->type, "template_error") == 0)
        return "template_error";
    if (status == 424)
        return "generation";
    return status == 429 || status == 503 ? "overloaded" : "validation";
}

static void fail(const struct t2v_fault *fault, struct t2v_reply *reply)
{
    reply->status = status_of(fault->status);
    t2v_buf_adds(&reply->buf, "{\"error\":");
    t2v_fault_write_msg(fault, &reply->buf);
    t2v_buf_addf(&reply->buf, ",\"error_type\":\"%s\"}", type_of(fault, reply->status));
}

const struct t2v_api t2v_api_tgi = {.name = "tgi", .fail = fail};

/* ---- Reading ---- */

enum {
    BEST_OF,
    TEMPERATURE,
    REPETITION,
    FREQUENCY,
    PRESENCE,
    TOP_K,
    TOP_P,
    TYPICAL_P,
    MIN_P,
    DO_SAMPLE,
    MAX_NEW,
    FULL_TEXT,
    STOP,
    TRUNCATE,
    WATERMARK,
    DETAILS,
    PREFILL,
    SEED,
    TOP_N,
    GRAMMAR,
    ADAPTER,
    IGNORE_END,
    N_PARAM
};

static const char *const param_names[N_PARAM] = {
    [BEST_OF] = "best_of",
    [TEMPERATURE] = "temperature",
    [REPETITION] = "repetition_penalty",
    [FREQUENCY] = "frequency_penalty",
    [PRESENCE] = "presence_penalty",
    [TOP_K] = "top_k",
    [TOP_P] = "top_p",
    [TYPICAL_P] = "typical_p",
    [MIN_P] = "min_p",
    [DO_SAMPLE] = "do_sample",
    [MAX_NEW] = "max_new_tokens",
    [FULL_TEXT] = "return_full_text",
    [STOP] = "stop",
    [TRUNCATE] = "truncate",
    [WATERMARK] = "watermark",
    [DETAILS] = "details",
    [PREFILL] = "decoder_input_details",
    [SEED] = "seed",
    [TOP_N] = "top_n_tokens",
    [GRAMMAR] = "grammar",
    [ADAPTER] = "adapter_id",
    [IGNORE_END] = "ignore_eos",
};

static const struct t2v_range temperatures = {0, 1e6, true,
                                              "a number above 0 (leave it out for greedy)"};
static const struct t2v_range penalties = {0, 1e6, true, "a number above 0"};
static const struct t2v_range differences = {-2, 2, false, "a number from -2 to 2"};
static const struct t2v_range shares = {0, 1, true, "a number above 0, at most 1"};
static const struct t2v_range least_shares = {0, 1, false, "a number from 0 to 1"};

/* What comes of how the next token is chosen. */
static bool read_sampling(const struct t2v_params *p, const struct t2v_str *v,
                          struct t2v_sampling *sampling)
{
    size_t top_k = 0;
    const char *const *name = param_names;
    t2v_param_bool(p, name[DO_SAMPLE], v[DO_SAMPLE], &sampling->sample);
    t2v_param_number(p, name[TEMPERATURE], v[TEMPERATURE], &temperatures, &sampling->temperature);
    t2v_param_number(p, name[REPETITION], v[REPETITION], &penalties, &sampling->repetition_penalty);
    t2v_param_number(p, name[FREQUENCY], v[FREQUENCY], &differences, &sampling->frequency_penalty);
    t2v_param_number(p, name[PRESENCE], v[PRESENCE], &differences, &sampling->presence_penalty);
    t2v_param_count(p, name[TOP_K], v[TOP_K], 1, UINT32_MAX, &top_k);
    t2v_param_number(p, name[TOP_P], v[TOP_P], &shares, &sampling->top_p);
    t2v_param_number(p, name[TYPICAL_P], v[TYPICAL_P], &shares, &sampling->typical_p);
    t2v_param_number(p, name[MIN_P], v[MIN_P], &least_shares, &sampling->min_p);
    sampling->top_k = (uint32_t)top_k;
    /* UPSTREAM: any of these samples, even with do_sample false. */
    sampling->sample = sampling->sample || sampling->temperature < 1 || sampling->temperature > 1 ||
                       top_k != 0 || sampling->top_p < 1 || sampling->typical_p < 1 ||
                       sampling->min_p > 0;
    return p->fault->status == 0;
}

static bool read_grammar(const struct t2v_params *p, struct t2v_str value,
                         struct t2v_generation *generation)
{
    enum { TYPE, VALUE, N };
    static const char *const names[N] = {"type", "value"};
    static const char *const inner[] = {"schema"};
    struct t2v_str values[N] = {{NULL, 0}}, schema[1] = {{NULL, 0}};
    if (!t2v_body_has(value) || p->fault->status != 0)
        return p->fault->status == 0;
    if (!t2v_param_object(p, param_names[GRAMMAR], value, names, values, N))
        return false;
    if (t2v_str_is(values[TYPE], "\"json_schema\"")) {
        if (!t2v_param_object(p, param_names[GRAMMAR], values[VALUE], inner, schema, 1))
            return false;
        values[VALUE] = schema[0];
    } else if (t2v_str_is(values[TYPE], "\"regex\"")) {
        return t2v_param_wrong(p, param_names[GRAMMAR], "the type regex is not supported");
    } else if (!t2v_str_is(values[TYPE], "\"json\"")) {
        return t2v_param_wrong(p, param_names[GRAMMAR], "its type is json or json_schema");
    }
    return t2v_generation_read_schema(p, param_names[GRAMMAR], values[VALUE], generation);
}

/* Of best_of and seed: how many texts are made. */
static bool read_choices(const struct t2v_params *p, const struct t2v_str *v,
                         struct t2v_generation *generation)
{
    t2v_param_count(p, param_names[BEST_OF], v[BEST_OF], 1, T2V_TGI_BEST_OF_MAX,
                    &generation->n_each);
    t2v_param_seed(p, param_names[SEED], v[SEED], &generation->seed, &generation->seeded);
    generation->n_best = generation->n_each;
    generation->ranked = generation->n_each > 1;
    if (p->fault->status != 0 || generation->n_each == 1)
        return p->fault->status == 0;
    if (!generation->generate.sampling.sample)
        return t2v_param_wrong(p, param_names[BEST_OF],
                               "more than 1 needs sampling (do_sample), all texts would be equal");
    if (generation->seeded)
        return t2v_param_wrong(p, param_names[SEED], "not together with best_of");
    if (generation->streams)
        return t2v_param_wrong(p, param_names[BEST_OF], "more than 1 is not possible in a stream");
    return true;
}

static bool refuse_others(const struct t2v_params *p, const struct t2v_str *v)
{
    return t2v_param_refuse(p, param_names[WATERMARK], v[WATERMARK], "false",
                            "watermarks are not supported") &&
           t2v_param_refuse(p, param_names[ADAPTER], v[ADAPTER], "\"\"",
                            "adapters are not supported");
}

/* What is wanted of the answer. */
static bool read_details(const struct t2v_params *p, const struct t2v_str *v,
                         struct t2v_tgi_text *state)
{
    struct t2v_generate *generate = &state->generation.generate;
    t2v_param_bool(p, param_names[FULL_TEXT], v[FULL_TEXT], &state->full_text);
    t2v_param_bool(p, param_names[DETAILS], v[DETAILS], &state->details);
    t2v_param_bool(p, param_names[PREFILL], v[PREFILL], &generate->prompt_logprobs);
    t2v_param_bool(p, param_names[IGNORE_END], v[IGNORE_END], &generate->ignore_end);
    t2v_param_count(p, param_names[TOP_N], v[TOP_N], 0, TOP_MAX, &generate->n_top);
    if (p->fault->status == 0 && generate->prompt_logprobs && state->generation.streams)
        return t2v_param_wrong(p, param_names[PREFILL], "not possible in a stream");
    generate->prompt_logprobs = generate->prompt_logprobs && state->details;
    generate->logprobs = true; /* best_of needs them, too */
    if (!state->details && !state->generation.streams)
        generate->n_top = 0;
    state->generation.answer_bytes = state->details && !state->generation.streams
                                         ? TOKEN_BYTES + generate->n_top * STATE_BYTES_OF_TOP
                                         : 0;
    return p->fault->status == 0;
}

static bool read_parameters(struct t2v_str object, struct t2v_tgi_text *state, size_t *truncate,
                            struct t2v_fault *fault)
{
    struct t2v_str v[N_PARAM] = {{NULL, 0}};
    const struct t2v_params body = {NULL, fault}, params = {"parameters", fault}, *p = &params;
    struct t2v_generation *generation = &state->generation;
    struct t2v_sampling *sampling = &generation->generate.sampling;
    sampling->sample = !t2v_body_has(object); /* UPSTREAM: without parameters it samples */
    generation->generate.keep_stop = true;
    return t2v_param_object(&body, "parameters", object, param_names, v, N_PARAM) &&
           refuse_others(p, v) && read_sampling(p, v, sampling) && read_choices(p, v, generation) &&
           t2v_param_count(p, param_names[MAX_NEW], v[MAX_NEW], 1, SIZE_MAX,
                           &generation->generate.max_new) &&
           t2v_param_count(p, param_names[TRUNCATE], v[TRUNCATE], 1, SIZE_MAX, truncate) &&
           read_details(p, v, state) &&
           t2v_generation_read_stops(p, param_names[STOP], v[STOP], generation) &&
           read_grammar(p, v[GRAMMAR], generation);
}

static bool read_prompt(struct t2v_str value, size_t truncate, struct t2v_generation *generation,
                        struct t2v_fault *fault)
{
    const struct t2v_loc loc = {"inputs", NULL, -1};
    const struct t2v_encoding_way way = {.truncate = truncate};
    if (!t2v_body_needs_string(value, loc, fault) ||
        !t2v_texts_read_optional(&generation->prompts, value, loc, fault))
        return false;
    struct t2v_str text = t2v_texts_first(&generation->prompts);
    if (text.len == 0) {
        t2v_fault_invalid(fault, "value_error", loc, "a text is needed here, not an empty string");
        return false;
    }
    return t2v_generation_prompts(generation, 1, fault) &&
           t2v_generation_encode(generation, 0, text, way, fault);
}

static void on_token(const struct t2v_generate *generate, struct t2v_choice *choice,
                     struct t2v_str piece);

/* at_root: `stream` decides, and without it the answer is a list. */
static void read_request(const struct t2v_service *service, struct t2v_str body,
                         struct t2v_job *job, bool at_root)
{
    enum { INPUTS, PARAMETERS, STREAM, MODEL, N };
    static const char *const names[N] = {"inputs", "parameters", "stream", "model"};
    struct t2v_str values[N] = {{NULL, 0}};
    struct t2v_tgi_text *state = job->state;
    struct t2v_generation *generation = &state->generation;
    struct t2v_fault *fault = &job->fault;
    size_t truncate = 0;
    bool stream = false;
    generation->member = names[INPUTS];
    if (!t2v_body_members(body, "{\"inputs\": \"Once upon a time\"}", names, values, N, fault) ||
        !t2v_body_read_bool(values[STREAM], names[STREAM], &stream, fault))
        return;
    generation->streams = generation->streams || (at_root && stream);
    state->list = at_root && !generation->streams;
    if (t2v_generation_choose(service, values[MODEL], generation, fault) &&
        read_parameters(values[PARAMETERS], state, &truncate, fault) &&
        read_prompt(values[INPUTS], truncate, generation, fault))
        t2v_generation_make(job, T2V_SSE_TYPE, on_token);
}

static void read_generate(const struct t2v_service *service, struct t2v_str body,
                          struct t2v_job *job)
{
    read_request(service, body, job, false);
}

static void read_stream(const struct t2v_service *service, struct t2v_str body, struct t2v_job *job)
{
    struct t2v_tgi_text *state = job->state;
    state->generation.streams = true;
    read_request(service, body, job, false);
}

static void read_root(const struct t2v_service *service, struct t2v_str body, struct t2v_job *job)
{
    read_request(service, body, job, true);
}

/* ---- Streams ---- */

static void on_token(const struct t2v_generate *generate, struct t2v_choice *choice,
                     struct t2v_str piece)
{
    struct t2v_job *job = t2v_generation_job(generate);
    (void)piece; /* the token has it */
    t2v_tgi_write_event(job->state, choice, t2v_event_begin(job, T2V_EVENT_SSE));
    t2v_event_end(job, T2V_EVENT_SSE);
}

static void write_result(struct t2v_job *job)
{
    struct t2v_fault fault;
    bool ok = t2v_generation_succeeded(job, &fault);
    if (ok && job->stream == NULL)
        t2v_tgi_write_answer(job->state, &job->reply.buf);
    else if (!ok && job->fault.status == 0)
        t2v_event_put_fault(job, &t2v_api_tgi, &fault, T2V_EVENT_SSE);
}

static void cut(const struct t2v_fault *fault, struct t2v_buf *out)
{
    t2v_event_fault(&t2v_api_tgi, fault, T2V_EVENT_SSE, out);
}

#define TGI_OPERATION(read_hook)                                                                   \
    {                                                                                              \
        .api = &t2v_api_tgi, .state_size = sizeof(struct t2v_tgi_text), .read = (read_hook),       \
        .read_bytes = t2v_generation_read_bytes, .is_long = t2v_generation_is_long,                \
        .plan = t2v_generation_plan, .bytes = t2v_generation_bytes,                                \
        .is_large = t2v_generation_is_large, .write = write_result, .cut = cut,                    \
        .deinit = t2v_generation_deinit                                                            \
    }

const struct t2v_operation t2v_tgi_generate = TGI_OPERATION(read_generate);
const struct t2v_operation t2v_tgi_stream = TGI_OPERATION(read_stream);
const struct t2v_operation t2v_tgi_root = TGI_OPERATION(read_root);
