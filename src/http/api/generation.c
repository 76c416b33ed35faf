/* SPDX-License-Identifier: BSD-3-Clause */
#include "http/api/generation.h"

#include "base/mem.h"
#include "http/body.h"
#include "http/job.h"
#include "http/service.h"
#include "json/pull.h"
#include "task/generate/grammar/grammar.h"
#include "token/encode.h"

#include "base/banned.h"

enum {
    STOP_BYTES_MAX = 64 << 10, /* of all stop strings together */
    BIAS_MAX = 4096,           /* ids */
    CHOICES_MAX = 128,         /* of a request */
    READ_BYTES = 24,           /* that `read` makes of a byte of a body: texts, trees, ids */
    READ_LEAST = 256 << 10,    /* and at least so many */
    TEXT_BYTES = 16,           /* of a token's text, with escapes; most have fewer */
    LARGE_TOK = 256            /* an answer of more takes about a millisecond to write */
};

/* ---- The model and its parameters ---- */

bool t2v_generation_choose(const struct t2v_service *service, struct t2v_str name,
                           struct t2v_generation *generation, struct t2v_fault *fault)
{
    generation->served = t2v_models_read(service->models, name, T2V_CAN_GENERATE, fault);
    if (generation->served == NULL)
        return false;
    generation->decoder = t2v_generator_decoder(generation->served->generator);
    generation->generate.sampling = t2v_sampling_greedy;
    generation->generate.max_new = SIZE_MAX;
    generation->n_each = generation->n_best = 1;
    return true;
}

void t2v_generation_settle(struct t2v_sampling *sampling)
{
    sampling->sample = sampling->temperature > 0 && sampling->top_p > 0 && sampling->typical_p > 0;
    if (sampling->sample)
        return;
    sampling->temperature = sampling->top_p = sampling->typical_p = 1;
    sampling->top_k = 0;
    sampling->min_p = 0;
}

/* An array of strings, or one. */
static bool read_strings(const struct t2v_params *params, const char *name, struct t2v_str value,
                         struct t2v_texts *out)
{
    struct t2v_loc loc = t2v_param_loc(params, name);
    if (value.ptr[0] == '[')
        return t2v_texts_read_array(out, value, loc, 0, params->fault);
    return t2v_texts_read_optional(out, value, loc, params->fault);
}

bool t2v_generation_read_stops(const struct t2v_params *params, const char *name,
                               struct t2v_str value, struct t2v_generation *generation)
{
    struct t2v_texts *stops = &generation->stops;
    if (params->fault->status != 0 || !t2v_body_has(value))
        return params->fault->status == 0;
    t2v_texts_deinit(stops);
    if (!read_strings(params, name, value, stops))
        return false;
    for (size_t i = 0; i < stops->n; i++) {
        if (stops->list[i].len == 0)
            return t2v_param_wrong(params, name, "a stop string is empty");
    }
    if (stops->n > T2V_STOPS_MAX || stops->n_byte > STOP_BYTES_MAX) {
        t2v_fault_invalid(params->fault, "value_error", t2v_param_loc(params, name),
                          "%zu stop strings of %zu bytes, the limits are %d and %d", stops->n,
                          stops->n_byte, T2V_STOPS_MAX, STOP_BYTES_MAX);
        return false;
    }
    generation->generate.stops = stops->list;
    generation->generate.n_stop = stops->n;
    return true;
}

static bool read_id(struct t2v_str key, int32_t *out)
{
    int64_t id;
    if (key.len == 0 || key.len > 10 || key.ptr[0] == '-' || !t2v_body_whole(key, &id) ||
        id > INT32_MAX)
        return false;
    *out = (int32_t)id;
    return true;
}

/* One member of logit_bias. */
static bool read_bias(const struct t2v_params *params, const char *name, struct t2v_pull *pull,
                      struct t2v_generation *generation)
{
    static const struct t2v_range range = {-100, 100, false, "a number from -100 to 100"};
    struct t2v_sampling *sampling = &generation->generate.sampling;
    struct t2v_bias bias = {0, 0};
    struct t2v_str key, value;
    if (t2v_pull_key(pull, &key) != 0)
        return t2v_fault_no_memory(params->fault);
    bool is_id = read_id(key, &bias.id);
    if (t2v_pull_pass(pull, &value) != 0)
        return t2v_fault_no_memory(params->fault);
    if (!is_id)
        return t2v_param_wrong(params, name, "its names are token ids, as strings");
    if (!t2v_body_has(value))
        return t2v_param_wrong(params, name, range.says);
    if (!t2v_param_number(params, name, value, &range, &bias.bias))
        return false;
    if (sampling->n_bias == BIAS_MAX)
        return t2v_param_wrong(params, name, "more than 4096 ids, the limit");
    generation->bias[sampling->n_bias++] = bias;
    return true;
}

bool t2v_generation_read_bias(const struct t2v_params *params, const char *name,
                              struct t2v_str value, struct t2v_generation *generation)
{
    struct t2v_pull pull;
    if (params->fault->status != 0 || !t2v_body_has(value))
        return params->fault->status == 0;
    if (value.ptr[0] != '{') {
        t2v_body_wrong_type(params->fault, "dict_type", t2v_param_loc(params, name),
                            "an object of token ids and numbers", value);
        return false;
    }
    generation->bias = t2v_alloc_zero(BIAS_MAX, sizeof *generation->bias);
    if (generation->bias == NULL)
        return t2v_fault_no_memory(params->fault);
    generation->generate.sampling.bias = generation->bias;
    t2v_pull_init(&pull, value, NULL);
    bool ok = t2v_pull_open(&pull, '{') == 0;
    while (ok && t2v_pull_more(&pull, '}') == 1)
        ok = read_bias(params, name, &pull, generation);
    t2v_pull_deinit(&pull);
    return ok;
}

/* json: a JSON Schema; NULL: any object. */
static bool compile(const t2v_json *json, struct t2v_generation *generation,
                    struct t2v_fault *fault)
{
    struct t2v_err err = {0};
    int rc = t2v_schema_compile(json, &generation->schema, &err);
    if (rc != 0)
        t2v_fault_work(fault, &err);
    return rc == 0;
}

bool t2v_generation_read_schema(const struct t2v_params *params, const char *name,
                                struct t2v_str value, struct t2v_generation *generation)
{
    struct t2v_err err = {0};
    t2v_json *json;
    if (params->fault->status != 0)
        return false;
    if (!t2v_body_has(value) || value.ptr[0] != '{')
        return t2v_param_wrong(params, name, "a JSON Schema, an object, is needed here");
    if (t2v_json_parse(value, &json, &err) != 0)
        return t2v_fault_no_memory(params->fault);
    bool ok = compile(json, generation, params->fault);
    t2v_json_free(json);
    generation->json = true;
    return ok;
}

/* ---- Prompts ---- */

bool t2v_generation_prompts(struct t2v_generation *generation, size_t n, struct t2v_fault *fault)
{
    if (n > CHOICES_MAX) {
        t2v_fault_set(fault, 413, "%zu prompts in one request, the limit is %d", n, CHOICES_MAX);
        fault->loc = (struct t2v_loc){generation->member, NULL, -1};
        return false;
    }
    generation->ids = t2v_alloc_zero(n, sizeof *generation->ids);
    if (generation->ids == NULL)
        return t2v_fault_no_memory(fault);
    generation->n_prompt = n;
    return true;
}

/* The ids, at most so many; more are marked as cut. */
static int encode(const t2v_tokenizer *tokenizer, struct t2v_str text, struct t2v_encoding_way way,
                  size_t most, struct t2v_ids *ids, struct t2v_err *err)
{
    t2v_token_space *space;
    size_t limit = way.truncate != 0 ? SIZE_MAX : most;
    int rc = t2v_token_space_new(&space);
    if (rc != 0)
        return t2v_fail(err, rc, "no memory for the tokenizer");
    rc = way.bare ? t2v_tokenizer_encode_bare_cut(tokenizer, space, text, limit, ids, err)
                  : t2v_tokenizer_encode(tokenizer, space, text, limit, ids, err);
    t2v_token_space_free(space);
    if (rc == 0 && way.truncate != 0 && ids->len > way.truncate)
        t2v_tokenizer_cut_start(tokenizer, way.truncate, way.bare, ids);
    return rc;
}

/* Whether a token can be added to prompt i. about: "at least " where its ids were cut. */
static bool check_length(const struct t2v_generation *generation, size_t i, const char *about,
                         struct t2v_fault *fault)
{
    const struct t2v_loc loc = {generation->member, NULL,
                                generation->n_prompt > 1 ? (ptrdiff_t)i : -1};
    size_t most = t2v_generator_max_tok(generation->served->generator) - 1;
    size_t n = generation->ids[i].len;
    if (n == 0)
        t2v_fault_invalid(fault, "value_error", loc, "the prompt is empty: it has no token");
    else if (n > most)
        t2v_fault_invalid(fault, "context_length_exceeded", loc,
                          "the prompt has %s%zu tokens, the limit is %zu, so that one can be added",
                          about, n, most);
    return fault->status == 0;
}

bool t2v_generation_take(struct t2v_generation *generation, size_t i, const int32_t *ids, size_t n,
                         struct t2v_fault *fault)
{
    for (size_t k = 0; k < n; k++) {
        if (t2v_ids_add(&generation->ids[i], ids[k]) != 0)
            return t2v_fault_no_memory(fault);
    }
    return check_length(generation, i, "", fault);
}

bool t2v_generation_encode(struct t2v_generation *generation, size_t i, struct t2v_str text,
                           struct t2v_encoding_way way, struct t2v_fault *fault)
{
    const t2v_tokenizer *tokenizer = t2v_model_tokenizer(generation->served->model);
    size_t most = t2v_generator_max_tok(generation->served->generator) - 1;
    size_t n_special = way.bare ? 0 : t2v_tokenizer_n_special(tokenizer);
    struct t2v_err err = {0};
    if (way.truncate != 0 && way.truncate <= n_special) {
        t2v_fault_invalid(fault, "value_error", (struct t2v_loc){"parameters", "truncate", -1},
                          "the prompt has %zu special tokens, so at least %zu is needed here",
                          n_special, n_special + 1);
        return false;
    }
    if (encode(tokenizer, text, way, most + 1, &generation->ids[i], &err) != 0) {
        t2v_fault_work(fault, &err);
        return false;
    }
    return check_length(generation, i, way.truncate != 0 ? "" : "at least ", fault);
}

/* ---- Choices ---- */

/* What the texts' grammars need. */
static bool find_schema(struct t2v_generation *generation, struct t2v_fault *fault)
{
    struct t2v_generate *generate = &generation->generate;
    if (!generation->json)
        return true;
    if (generation->schema.root == NULL && !compile(NULL, generation, fault))
        return false;
    generate->schema = &generation->schema;
    generate->tokens = t2v_generator_tokens(generation->served->generator);
    return generate->tokens != NULL || t2v_fault_no_memory(fault);
}

static bool make_choices(struct t2v_generation *generation, struct t2v_fault *fault)
{
    struct t2v_generate *generate = &generation->generate;
    size_t n = generation->n_prompt * generation->n_each;
    if (n > CHOICES_MAX) {
        t2v_fault_set(fault, 413, "%zu texts to generate in one request, the limit is %d", n,
                      CHOICES_MAX);
        return false;
    }
    generate->choices = t2v_alloc_zero(n, sizeof *generate->choices);
    if (generate->choices == NULL)
        return t2v_fault_no_memory(fault);
    generate->n_choice = n;
    if (!generation->seeded)
        generation->seed = t2v_sampler_seed();
    for (size_t i = 0; i < n; i++) {
        const struct t2v_ids *ids = &generation->ids[i / generation->n_each];
        generate->choices[i].prompt = ids->ptr;
        generate->choices[i].n_prompt = ids->len;
        generate->choices[i].seed = generation->seed + i % generation->n_each;
    }
    return find_schema(generation, fault);
}

/* The engine asks it before each step of a stream. */
static enum t2v_flow flow_of(const struct t2v_generate *generate)
{
    struct t2v_job *job = generate->user;
    const struct t2v_generation *generation = job->state;
    if (generation->event.fail != 0)
        return T2V_FLOW_GONE;
    switch (t2v_stream_state(job->stream)) {
    case T2V_STREAM_OPEN:
        return T2V_FLOW_OPEN;
    case T2V_STREAM_FULL:
        return T2V_FLOW_FULL;
    case T2V_STREAM_GONE:
        break;
    }
    return T2V_FLOW_GONE;
}

bool t2v_generation_make(struct t2v_job *job, const char *type,
                         void (*on_token)(const struct t2v_generate *, struct t2v_choice *,
                                          struct t2v_str piece))
{
    struct t2v_generation *generation = job->state;
    if (!make_choices(generation, &job->fault))
        return false;
    generation->generate.user = job;
    t2v_buf_init(&generation->event, T2V_STREAM_MAX);
    if (!generation->streams)
        return true;
    generation->generate.on_token = on_token;
    generation->generate.flow = flow_of;
    job->stream = t2v_stream_new(type);
    return job->stream != NULL || t2v_fault_no_memory(&job->fault);
}

/* ---- Hooks ---- */

size_t t2v_generation_read_bytes(const struct t2v_service *service, struct t2v_str body)
{
    (void)service;
    return READ_LEAST + body.len * READ_BYTES;
}

/* Templates, tokenising and grammars are no work for the loop thread. */
bool t2v_generation_is_long(const struct t2v_service *service, const struct t2v_job *job)
{
    (void)service, (void)job;
    return true;
}

static void wake(void *engine)
{
    t2v_engine_wake(engine);
}

bool t2v_generation_plan(struct t2v_service *service, struct t2v_job *job)
{
    struct t2v_generation *generation = job->state;
    if (job->stream != NULL)
        t2v_stream_on_resume(job->stream, wake, service->engine);
    job->work.task = t2v_generator_task(generation->served->generator);
    job->work.params = &generation->generate;
    return true;
}

/* Tokens that a choice can have, at most. */
static size_t most_new(const struct t2v_generation *generation, size_t n_prompt)
{
    size_t fits = t2v_generator_max_tok(generation->served->generator) - n_prompt;
    return generation->generate.max_new < fits ? generation->generate.max_new : fits;
}

size_t t2v_generation_bytes(const struct t2v_service *service, const struct t2v_job *job)
{
    const struct t2v_generation *generation = job->state;
    const struct t2v_generate *generate = &generation->generate;
    size_t of_top = generate->n_top * sizeof(struct t2v_top);
    size_t of_token =
        sizeof(struct t2v_token_out) + of_top + 2 * TEXT_BYTES + generation->answer_bytes;
    size_t of_prompt_tok = generate->prompt_logprobs
                               ? of_top + sizeof(float) + TEXT_BYTES + generation->answer_bytes
                               : 0;
    size_t longest = 0;
    size_t bytes = t2v_texts_bytes(&generation->prompts) + t2v_texts_bytes(&generation->stops) +
                   generate->sampling.n_bias * sizeof *generation->bias +
                   generation->schema.arena.bytes;
    (void)service;
    for (size_t i = 0; i < generation->n_prompt; i++)
        bytes += generation->ids[i].cap * sizeof(int32_t);
    for (size_t i = 0; i < generate->n_choice; i++) {
        const struct t2v_choice *choice = &generate->choices[i];
        size_t n_new = most_new(generation, choice->n_prompt);
        bytes += sizeof *choice + n_new * of_token + choice->n_prompt * of_prompt_tok;
        longest = choice->n_prompt + n_new > longest ? choice->n_prompt + n_new : longest;
    }
    return bytes + t2v_generator_bytes(generation->served->generator, generate, longest);
}

bool t2v_generation_is_large(const struct t2v_job *job)
{
    const struct t2v_generation *generation = job->state;
    size_t n = t2v_generation_new_tok(generation);
    if (generation->generate.prompt_logprobs)
        n += t2v_generation_prompt_tok(generation);
    return n * (1 + generation->generate.n_top) > LARGE_TOK;
}

void t2v_generation_deinit(void *state)
{
    struct t2v_generation *generation = state;
    struct t2v_generate *generate = &generation->generate;
    for (size_t i = 0; i < generate->n_choice; i++)
        t2v_choice_deinit(&generate->choices[i]);
    t2v_free(generate->choices);
    for (size_t i = 0; i < generation->n_prompt; i++)
        t2v_ids_deinit(&generation->ids[i]);
    t2v_free(generation->ids);
    t2v_free(generation->bias);
    t2v_schema_deinit(&generation->schema);
    t2v_texts_deinit(&generation->prompts);
    t2v_texts_deinit(&generation->stops);
    t2v_buf_deinit(&generation->event);
}

/* ---- Results ---- */

bool t2v_generation_succeeded(struct t2v_job *job, struct t2v_fault *fault)
{
    const struct t2v_generation *generation = job->state;
    int rc = job->work.err.code != 0 ? job->work.err.code : generation->event.fail;
    *fault = (struct t2v_fault){0};
    if (job->work.err.code != 0)
        t2v_fault_work(fault, &job->work.err);
    else if (rc != 0)
        t2v_fault_no_memory(fault);
    if (rc != 0 && (job->stream == NULL || !t2v_stream_has_begun(job->stream)))
        job->fault = *fault;
    return rc == 0;
}

struct t2v_job *t2v_generation_job(const struct t2v_generate *generate)
{
    return generate->user;
}

size_t t2v_generation_prompt_tok(const struct t2v_generation *generation)
{
    size_t n = 0;
    for (size_t i = 0; i < generation->n_prompt; i++)
        n += generation->ids[i].len;
    return n;
}

size_t t2v_generation_new_tok(const struct t2v_generation *generation)
{
    size_t n = 0;
    for (size_t i = 0; i < generation->generate.n_choice; i++)
        n += generation->generate.choices[i].n_token;
    return n;
}

size_t t2v_generation_reused_tok(const struct t2v_generation *generation)
{
    size_t n = 0;
    for (size_t i = 0; i < generation->generate.n_choice; i += generation->n_each)
        n += generation->generate.choices[i].n_reused;
    return n;
}
