/* SPDX-License-Identifier: BSD-3-Clause */
#include "http/api/completions.h"

#include "base/mem.h"
#include "http/api/openai.h"
#include "http/api/token_ids.h"
#include "http/api/v1_text.h"
#include "http/body.h"
#include "http/job.h"
#include "http/service.h"
#include "json/write.h"

#include "base/banned.h"

enum {
    BEST_OF_MAX = 128,
    TOP_MAX = 20,
    NEW_DEFAULT = 16,  /* UPSTREAM: max_tokens */
    LOGPROB_BYTES = 48 /* of a token in `logprobs`, beside its text */
};
static const char prefix[] = "cmpl-", object[] = "text_completion";

struct completion_state {
    struct t2v_v1_text text; /* the first member */
    bool echo;               /* the text begins with the prompt */
    bool logprobs;           /* the answer has them */
    bool nothing;            /* max_tokens is 0: the one token that is made is not in the answer */
};

/* ---- Reading ---- */

enum { PROMPT = T2V_N_V1, SUFFIX, ECHO, LOGPROBS, BEST_OF, N };
static const char *const names[N] = {T2V_V1_NAMES, "prompt",   "suffix",
                                     "echo",       "logprobs", "best_of"};

static bool read_best_of(const struct t2v_params *p, struct t2v_str value,
                         struct t2v_generation *generation)
{
    size_t best_of = generation->n_each;
    if (!t2v_param_count(p, names[BEST_OF], value, 1, BEST_OF_MAX, &best_of))
        return false;
    if (best_of < generation->n_best)
        return t2v_param_wrong(p, names[BEST_OF], "less than n");
    if (best_of > generation->n_best && generation->streams)
        return t2v_param_wrong(p, names[BEST_OF], "more than n is not possible in a stream");
    generation->n_each = best_of;
    generation->ranked = best_of > generation->n_best;
    return true;
}

/* The number of the likeliest tokens; UPSTREAM: also true, as 0 of them. */
static bool read_logprobs(const struct t2v_params *p, struct t2v_str value,
                          struct completion_state *state)
{
    struct t2v_generate *generate = &state->text.generation.generate;
    state->logprobs = t2v_body_has(value) && !t2v_str_is(value, "false");
    bool counts = state->logprobs && !t2v_str_is(value, "true");
    if (counts && !t2v_param_count(p, names[LOGPROBS], value, 0, TOP_MAX, &generate->n_top))
        return false;
    generate->logprobs = state->logprobs || state->text.generation.ranked;
    generate->prompt_logprobs = state->logprobs && state->echo;
    state->text.generation.answer_bytes =
        state->logprobs ? LOGPROB_BYTES * (2 + generate->n_top) : 0;
    return true;
}

static bool read_max(const struct t2v_params *p, const struct t2v_str *v,
                     struct completion_state *state)
{
    size_t *max = &state->text.generation.generate.max_new;
    *max = NEW_DEFAULT;
    if (!t2v_v1_read_max(p, v, state->echo ? 0 : 1, max))
        return false;
    state->nothing = *max == 0;
    *max += state->nothing;
    return true;
}

/* Prompts that are ids; as texts they are what `echo` gives back. */
static bool read_ids(const struct t2v_service *service, struct t2v_str value,
                     struct t2v_generation *generation, struct t2v_fault *fault)
{
    const struct t2v_loc loc = {names[PROMPT], NULL, -1};
    struct t2v_token_ids ids = {0};
    bool ok = t2v_token_ids_read_texts(service, generation->served, value, loc,
                                       &generation->prompts, fault) &&
              t2v_token_ids_read(&ids, value, loc, fault) &&
              t2v_generation_prompts(generation, ids.ends.len, fault);
    for (size_t i = 0; i < ids.ends.len && ok; i++) {
        size_t n;
        const int32_t *of_prompt = t2v_token_ids_of(&ids, i, &n);
        ok = t2v_generation_take(generation, i, of_prompt, n, fault);
    }
    t2v_token_ids_deinit(&ids);
    return ok;
}

static bool read_prompts(const struct t2v_service *service, struct t2v_str value,
                         struct t2v_generation *generation, struct t2v_fault *fault)
{
    if (service->options->accept_token_ids && t2v_token_ids_are_there(value))
        return read_ids(service, value, generation, fault);
    const struct t2v_loc loc = {names[PROMPT], NULL, -1};
    const struct t2v_encoding_way way = {0};
    struct t2v_texts *prompts = &generation->prompts;
    if (!t2v_texts_read_strings(prompts, value, loc, fault) ||
        !t2v_generation_prompts(generation, prompts->n, fault))
        return false;
    for (size_t i = 0; i < prompts->n; i++) {
        if (!t2v_generation_encode(generation, i, prompts->list[i], way, fault))
            return false;
    }
    return true;
}

static void on_token(const struct t2v_generate *generate, struct t2v_choice *choice,
                     struct t2v_str piece);

static void read_completion(const struct t2v_service *service, struct t2v_str body,
                            struct t2v_job *job)
{
    struct t2v_str v[N] = {{NULL, 0}};
    struct completion_state *state = job->state;
    struct t2v_generation *generation = &state->text.generation;
    const struct t2v_params params = {NULL, &job->fault}, *p = &params;
    generation->member = names[PROMPT];
    if (t2v_body_members(body, "{\"model\": \"model\", \"prompt\": \"Once upon a time\"}", names, v,
                         N, &job->fault) &&
        t2v_v1_text_read(service, v, &state->text, &job->fault) &&
        t2v_param_refuse(p, names[SUFFIX], v[SUFFIX], "\"\"",
                         "text in the middle is not supported") &&
        t2v_param_bool(p, names[ECHO], v[ECHO], &state->echo) && read_max(p, v, state) &&
        read_best_of(p, v[BEST_OF], generation) && read_logprobs(p, v[LOGPROBS], state) &&
        read_prompts(service, v[PROMPT], generation, &job->fault))
        t2v_generation_make(job, T2V_SSE_TYPE, on_token);
}

/* ---- Writing ---- */

/* Tokens [first, end) of prompt and new ones together, in `logprobs`. */
struct part {
    const struct t2v_generation *generation;
    const struct t2v_choice *choice;
    size_t first, end;
    size_t offset; /* of the first token's text, in characters */
};

static int32_t id_at(const struct t2v_choice *choice, size_t i)
{
    return i < choice->n_prompt ? choice->prompt[i] : choice->tokens[i - choice->n_prompt].id;
}

/* Appends the text of token i. */
static void add_text(const struct part *part, size_t i, struct t2v_buf *out)
{
    t2v_generated_text_of(part->generation->decoder, i != 0 ? id_at(part->choice, i - 1) : -1,
                          id_at(part->choice, i), out);
}

static void write_text_at(const struct part *part, size_t i, struct t2v_buf *scratch,
                          struct t2v_buf *out)
{
    t2v_buf_clear(scratch);
    add_text(part, i, scratch);
    t2v_json_write_str(out, t2v_buf_str(scratch));
    if (scratch->fail != 0)
        out->fail = scratch->fail;
}

static size_t n_char(struct t2v_str text)
{
    size_t n = 0;
    for (size_t i = 0; i < text.len; i++)
        n += ((unsigned char)text.ptr[i] & 0xc0) != 0x80;
    return n;
}

/* {"TEXT": logprob, ...}; null for the first token of a prompt. */
static void write_top(const struct part *part, size_t i, struct t2v_buf *scratch,
                      struct t2v_buf *out)
{
    const struct t2v_choice *choice = part->choice;
    size_t n = part->generation->generate.n_top;
    const struct t2v_top *tops = i < choice->n_prompt ? choice->prompt_tops + i * n
                                                      : choice->tops + (i - choice->n_prompt) * n;
    if (i == 0) {
        t2v_buf_adds(out, "null");
        return;
    }
    for (size_t k = 0; k < n; k++) {
        t2v_buf_adds(out, k != 0 ? "," : "{");
        t2v_buf_clear(scratch);
        t2v_generated_text_of(part->generation->decoder, id_at(choice, i - 1), tops[k].id, scratch);
        t2v_json_write_str(out, t2v_buf_str(scratch));
        t2v_buf_addc(out, ':');
        t2v_write_logprob(out, tops[k].logprob);
    }
    t2v_buf_addc(out, '}');
}

static float logprob_at(const struct t2v_choice *choice, size_t i)
{
    return i < choice->n_prompt ? t2v_generated_prompt_logprob(choice, i)
                                : choice->tokens[i - choice->n_prompt].logprob;
}

static void write_logprobs(const struct part *part, struct t2v_buf *out)
{
    struct t2v_buf scratch;
    size_t offset = part->offset;
    t2v_buf_init(&scratch, out->max);
    t2v_buf_adds(out, "{\"tokens\":[");
    for (size_t i = part->first; i < part->end; i++) {
        t2v_buf_adds(out, i != part->first ? "," : "");
        write_text_at(part, i, &scratch, out);
    }
    t2v_buf_adds(out, "],\"token_logprobs\":[");
    for (size_t i = part->first; i < part->end; i++) {
        t2v_buf_adds(out, i != part->first ? "," : "");
        t2v_write_logprob(out, logprob_at(part->choice, i));
    }
    t2v_buf_adds(out, "],\"top_logprobs\":");
    bool tops = part->generation->generate.n_top != 0;
    for (size_t i = part->first; tops && i < part->end; i++) {
        t2v_buf_adds(out, i != part->first ? "," : "[");
        write_top(part, i, &scratch, out);
    }
    t2v_buf_adds(out, !tops ? "null" : part->first < part->end ? "]" : "[]");
    t2v_buf_adds(out, ",\"text_offset\":[");
    for (size_t i = part->first; i < part->end; i++) {
        t2v_buf_addf(out, "%s%zu", i != part->first ? "," : "", offset);
        t2v_buf_clear(&scratch);
        add_text(part, i, &scratch);
        offset += n_char(t2v_buf_str(&scratch));
    }
    t2v_buf_adds(out, "]}");
    t2v_buf_deinit(&scratch);
}

static void write_text(const struct completion_state *state, size_t index, struct t2v_buf *out)
{
    const struct t2v_generation *generation = &state->text.generation;
    const struct t2v_choice *choice = &generation->generate.choices[index];
    struct t2v_str sent = generation->prompts.list[index / generation->n_each];
    struct t2v_buf text;
    if (!state->echo || state->nothing) {
        t2v_json_write_str(out, state->nothing ? sent : t2v_buf_str(&choice->text));
        return;
    }
    t2v_buf_init(&text, out->max);
    t2v_generated_full(generation, index, &text);
    t2v_write_made(&text, out);
}

static void write_choice(const struct completion_state *state, size_t at, size_t index,
                         struct t2v_buf *out)
{
    const struct t2v_generation *generation = &state->text.generation;
    const struct t2v_choice *choice = &generation->generate.choices[index];
    const struct part part = {
        .generation = generation,
        .choice = choice,
        .first = state->echo ? 0 : choice->n_prompt,
        .end = choice->n_prompt + (state->nothing ? 0 : choice->n_token),
    };
    t2v_buf_addf(out, "%s{\"text\":", at != 0 ? "," : "");
    write_text(state, index, out);
    t2v_buf_addf(out, ",\"index\":%zu,\"logprobs\":", at);
    if (state->logprobs)
        write_logprobs(&part, out);
    else
        t2v_buf_adds(out, "null");
    t2v_buf_addf(out, ",\"finish_reason\":\"%s\"}",
                 state->nothing ? "length" : t2v_v1_finish(choice->finish));
}

static void write_answer(struct t2v_job *job)
{
    const struct completion_state *state = job->state;
    const struct t2v_generation *generation = &state->text.generation;
    struct t2v_buf *out = &job->reply.buf;
    size_t order[BEST_OF_MAX], at = 0;
    t2v_v1_write_begin(&state->text, prefix, object, out);
    t2v_buf_adds(out, "\"choices\":[");
    for (size_t i = 0; i < generation->n_prompt; i++) {
        t2v_generated_order(generation, i, order);
        for (size_t k = 0; k < generation->n_best && out->fail == 0; k++)
            write_choice(state, at++, order[k], out);
    }
    t2v_buf_adds(out, "],");
    t2v_v1_write_usage(&state->text, out);
    t2v_buf_addc(out, '}');
}

/* ---- Streams ---- */

/* The text of an event: the first one has the prompt, if that is wanted. */
static void write_event_text(const struct completion_state *state, const struct t2v_choice *choice,
                             struct t2v_str piece, struct t2v_buf *out)
{
    const struct t2v_generation *generation = &state->text.generation;
    size_t index = (size_t)(choice - generation->generate.choices);
    struct t2v_buf text;
    if (!state->echo || choice->n_token != 1) {
        t2v_json_write_str(out, piece);
        return;
    }
    struct t2v_str sent = generation->prompts.list[index / generation->n_each];
    t2v_buf_init(&text, out->max);
    t2v_buf_add(&text, sent.ptr, sent.len);
    t2v_buf_add(&text, piece.ptr, state->nothing ? 0 : piece.len);
    t2v_write_made(&text, out);
}

static void on_token(const struct t2v_generate *generate, struct t2v_choice *choice,
                     struct t2v_str piece)
{
    struct t2v_job *job = t2v_generation_job(generate);
    const struct completion_state *state = job->state;
    const struct t2v_generation *generation = &state->text.generation;
    size_t last = choice->n_prompt + choice->n_token;
    bool first = choice->n_token == 1, ends = choice->finish != T2V_FINISH_NONE;
    if (piece.len == 0 && !ends && !state->logprobs && !(first && state->echo))
        return;
    const struct part part = {
        .generation = generation,
        .choice = choice,
        .first = first && state->echo ? 0 : last - 1,
        .end = last - state->nothing,
        .offset = choice->n_token > 1
                      ? n_char((struct t2v_str){choice->text.ptr,
                                                choice->tokens[choice->n_token - 2].text_end})
                      : 0,
    };
    struct t2v_buf *out = t2v_event_begin(job, T2V_EVENT_SSE);
    t2v_v1_write_begin(&state->text, prefix, object, out);
    t2v_buf_adds(out, "\"choices\":[{\"text\":");
    write_event_text(state, choice, piece, out);
    t2v_buf_addf(out, ",\"index\":%zu,\"logprobs\":", (size_t)(choice - generate->choices));
    if (state->logprobs)
        write_logprobs(&part, out);
    else
        t2v_buf_adds(out, "null");
    t2v_buf_addf(out, ",\"finish_reason\":%s%s%s}]", ends ? "\"" : "",
                 ends ? t2v_v1_finish(choice->finish) : "null", ends ? "\"" : "");
    t2v_buf_adds(out, state->text.include_usage ? ",\"usage\":null}" : "}");
    t2v_event_end(job, T2V_EVENT_SSE);
}

static void write_result(struct t2v_job *job)
{
    t2v_v1_write_result(job, prefix, object, write_answer);
}

const struct t2v_operation t2v_completions_complete = {
    .api = &t2v_api_openai,
    .state_size = sizeof(struct completion_state),
    .read = read_completion,
    .read_bytes = t2v_generation_read_bytes,
    .is_long = t2v_generation_is_long,
    .plan = t2v_generation_plan,
    .bytes = t2v_generation_bytes,
    .is_large = t2v_generation_is_large,
    .write = write_result,
    .cut = t2v_v1_cut,
    .deinit = t2v_generation_deinit,
};
