/* SPDX-License-Identifier: BSD-3-Clause */
#include "http/api/chat_completions.h"

#include "http/api/dialogue.h"
#include "http/api/openai.h"
#include "http/api/tools.h"
#include "http/api/v1_text.h"
#include "http/body.h"
#include "http/job.h"
#include "json/write.h"

#include "base/banned.h"

enum {
    TOP_MAX = 20,
    LOGPROB_BYTES = 96 /* of a token in `logprobs`, beside its text */
};
static const char prefix[] = "chatcmpl-", object[] = "chat.completion",
                  piece_object[] = "chat.completion.chunk";

struct chat_state {
    struct t2v_v1_text text; /* the first member */
    struct t2v_tools tools;
    bool logprobs;
};

/* ---- Reading ---- */

enum {
    MESSAGES = T2V_N_V1,
    TOOLS,
    TOOL_CHOICE,
    LOGPROBS,
    TOP_LOGPROBS,
    KWARGS,
    DOCUMENTS,
    ADD_PROMPT,
    GO_ON,
    N
};
static const char *const names[N] = {
    T2V_V1_NAMES,
    "messages",
    "tools",
    "tool_choice",
    "logprobs",
    "top_logprobs",
    "chat_template_kwargs",
    "documents",
    "add_generation_prompt",
    "continue_final_message",
};

static bool read_logprobs(const struct t2v_params *p, const struct t2v_str *v,
                          struct chat_state *state)
{
    struct t2v_generate *generate = &state->text.generation.generate;
    if (!t2v_param_bool(p, names[LOGPROBS], v[LOGPROBS], &state->logprobs) ||
        !t2v_param_count(p, names[TOP_LOGPROBS], v[TOP_LOGPROBS], 0, TOP_MAX, &generate->n_top))
        return false;
    if (generate->n_top != 0 && !state->logprobs)
        return t2v_param_wrong(p, names[TOP_LOGPROBS], "it needs logprobs to be true");
    generate->logprobs = state->logprobs;
    state->text.generation.answer_bytes =
        state->logprobs ? LOGPROB_BYTES * (1 + generate->n_top) : 0;
    return true;
}

static bool read_prompt(const struct t2v_str *v, struct chat_state *state, struct t2v_fault *fault)
{
    const struct t2v_encoding_way way = {.bare = true};
    struct t2v_generation *generation = &state->text.generation;
    struct t2v_dialogue dialogue = {
        .messages = v[MESSAGES],
        .tools = state->tools.choice == T2V_TOOLS_NONE ? (struct t2v_str){NULL, 0} : v[TOOLS],
        .documents = v[DOCUMENTS],
        .kwargs = v[KWARGS],
    };
    struct t2v_buf prompt;
    t2v_buf_init(&prompt, SIZE_MAX / 2);
    bool ok = t2v_dialogue_read_ends(v[ADD_PROMPT], v[GO_ON], &dialogue, fault) &&
              t2v_dialogue_render(generation->served, &dialogue, &prompt, fault) &&
              t2v_generation_prompts(generation, 1, fault) &&
              t2v_generation_encode(generation, 0, t2v_buf_str(&prompt), way, fault);
    t2v_buf_deinit(&prompt);
    return ok;
}

static void on_token(const struct t2v_generate *generate, struct t2v_choice *choice,
                     struct t2v_str piece);

static void read_chat(const struct t2v_service *service, struct t2v_str body, struct t2v_job *job)
{
    struct t2v_str v[N] = {{NULL, 0}};
    struct chat_state *state = job->state;
    struct t2v_generation *generation = &state->text.generation;
    const struct t2v_params params = {NULL, &job->fault}, *p = &params;
    generation->member = names[MESSAGES];
    if (t2v_body_members(body,
                         "{\"model\": \"model\", \"messages\": [{\"role\": \"user\", \"content\": "
                         "\"hello\"}]}",
                         names, v, N, &job->fault) &&
        t2v_v1_text_read(service, v, &state->text, &job->fault) &&
        t2v_v1_read_max(p, v, 1, &generation->generate.max_new) && read_logprobs(p, v, state) &&
        t2v_tools_read(p, v[TOOLS], v[TOOL_CHOICE], &state->tools, generation) &&
        read_prompt(v, state, &job->fault) && t2v_generation_make(job, T2V_SSE_TYPE, on_token) &&
        generation->streams)
        t2v_tools_begin(&state->tools, generation->generate.n_choice, &job->fault);
}

/* ---- Writing ---- */

/* {"token":..,"logprob":..,"bytes":[..] */
static void write_token(const struct t2v_generation *generation, int32_t before,
                        struct t2v_top token, struct t2v_buf *out)
{
    struct t2v_buf text;
    t2v_buf_init(&text, out->max);
    t2v_generated_text_of(generation->decoder, before, token.id, &text);
    t2v_buf_adds(out, "{\"token\":");
    t2v_json_write_str(out, t2v_buf_str(&text));
    t2v_buf_adds(out, ",\"logprob\":");
    t2v_write_logprob(out, token.logprob);
    t2v_buf_adds(out, ",\"bytes\":[");
    for (size_t i = 0; i < text.len; i++) {
        t2v_buf_adds(out, i != 0 ? "," : "");
        t2v_json_write_int(out, (unsigned char)text.ptr[i]);
    }
    t2v_buf_addc(out, ']');
    if (text.fail != 0)
        out->fail = text.fail;
    t2v_buf_deinit(&text);
}

/* Of the new tokens [first, end). */
static void write_logprobs(const struct chat_state *state, const struct t2v_choice *choice,
                           size_t first, size_t end, struct t2v_buf *out)
{
    const struct t2v_generation *generation = &state->text.generation;
    size_t n_top = generation->generate.n_top;
    if (!state->logprobs) {
        t2v_buf_adds(out, "null");
        return;
    }
    t2v_buf_adds(out, "{\"content\":[");
    for (size_t i = first; i < end && out->fail == 0; i++) {
        int32_t before = t2v_generated_before(choice, i);
        const struct t2v_top token = {choice->tokens[i].id, choice->tokens[i].logprob};
        t2v_buf_adds(out, i != first ? "," : "");
        write_token(generation, before, token, out);
        t2v_buf_adds(out, ",\"top_logprobs\":[");
        for (size_t k = 0; k < n_top; k++) {
            t2v_buf_adds(out, k != 0 ? "," : "");
            write_token(generation, before, choice->tops[i * n_top + k], out);
            t2v_buf_addc(out, '}');
        }
        t2v_buf_adds(out, "]}");
    }
    t2v_buf_adds(out, "],\"refusal\":null}");
}

static void write_choice(const struct chat_state *state, size_t index, struct t2v_buf *out)
{
    const struct t2v_choice *choice = &state->text.generation.generate.choices[index];
    struct t2v_tool_calls calls;
    t2v_tools_parse(&state->tools, t2v_buf_str(&choice->text), &calls);
    t2v_buf_addf(out, "%s{\"index\":%zu,\"message\":{\"role\":\"assistant\",\"content\":",
                 index != 0 ? "," : "", index);
    if (calls.n != 0 && calls.content.len == 0)
        t2v_buf_adds(out, "null");
    else
        t2v_json_write_str(out, t2v_buf_str(&calls.content));
    t2v_buf_adds(out, ",\"refusal\":null");
    if (calls.n != 0) {
        t2v_buf_addc(out, ',');
        t2v_tools_write(&calls, state->text.id, index, false, out);
    }
    t2v_buf_adds(out, "},\"logprobs\":");
    write_logprobs(state, choice, 0, choice->n_token, out);
    t2v_buf_addf(out, ",\"finish_reason\":\"%s\"}",
                 calls.n != 0 ? "tool_calls" : t2v_v1_finish(choice->finish));
    if (calls.fail != 0)
        out->fail = calls.fail;
    t2v_tool_calls_deinit(&calls);
}

static void write_answer(struct t2v_job *job)
{
    const struct chat_state *state = job->state;
    const struct t2v_generate *generate = &state->text.generation.generate;
    struct t2v_buf *out = &job->reply.buf;
    t2v_v1_write_begin(&state->text, prefix, object, out);
    t2v_buf_adds(out, "\"choices\":[");
    for (size_t i = 0; i < generate->n_choice && out->fail == 0; i++)
        write_choice(state, i, out);
    t2v_buf_adds(out, "],");
    t2v_v1_write_usage(&state->text, out);
    t2v_buf_addc(out, '}');
}

/* ---- Streams ---- */

/* An event for a choice: from its begin to its delta, then from its logprobs to its end. */
static struct t2v_buf *begin_event(struct t2v_job *job, size_t index)
{
    const struct chat_state *state = job->state;
    struct t2v_buf *out = t2v_event_begin(job, T2V_EVENT_SSE);
    t2v_v1_write_begin(&state->text, prefix, piece_object, out);
    t2v_buf_addf(out, "\"choices\":[{\"index\":%zu,\"delta\":{", index);
    return out;
}

/* reason: NULL: none. */
static void end_event(struct t2v_job *job, const struct t2v_choice *token, const char *reason)
{
    const struct chat_state *state = job->state;
    struct t2v_buf *out = &((struct t2v_generation *)job->state)->event;
    t2v_buf_adds(out, "},\"logprobs\":");
    if (token != NULL)
        write_logprobs(state, token, token->n_token - 1, token->n_token, out);
    else
        t2v_buf_adds(out, "null");
    t2v_buf_addf(out, ",\"finish_reason\":%s%s%s}]", reason != NULL ? "\"" : "",
                 reason != NULL ? reason : "null", reason != NULL ? "\"" : "");
    t2v_buf_adds(out, state->text.include_usage ? ",\"usage\":null}" : "}");
    t2v_event_end(job, T2V_EVENT_SSE);
}

static void put_content(struct t2v_job *job, const struct t2v_choice *choice,
                        struct t2v_str content, const char *reason)
{
    const struct chat_state *state = job->state;
    size_t index = (size_t)(choice - state->text.generation.generate.choices);
    struct t2v_buf *out = begin_event(job, index);
    if (content.len != 0 || reason == NULL) {
        t2v_buf_adds(out, "\"content\":");
        t2v_json_write_str(out, content);
    }
    end_event(job, choice, reason);
}

/* The end of a choice that may have called tools: what was held back, then the calls. */
static void put_calls(struct t2v_job *job, const struct t2v_choice *choice)
{
    struct chat_state *state = job->state;
    size_t index = (size_t)(choice - state->text.generation.generate.choices);
    struct t2v_tool_calls calls;
    t2v_tools_last(&state->tools, index, t2v_buf_str(&choice->text), &calls);
    struct t2v_str content = t2v_buf_str(&calls.content);
    if (calls.n == 0) {
        put_content(job, choice, content, t2v_v1_finish(choice->finish));
    } else {
        struct t2v_buf *out = begin_event(job, index);
        t2v_buf_adds(out, "\"content\":");
        if (content.len != 0)
            t2v_json_write_str(out, content);
        else
            t2v_buf_adds(out, "null");
        t2v_buf_addc(out, ',');
        t2v_tools_write(&calls, state->text.id, index, true, out);
        end_event(job, NULL, NULL);
        put_content(job, choice, (struct t2v_str){NULL, 0}, "tool_calls");
    }
    if (calls.fail != 0)
        state->text.generation.event.fail = calls.fail;
    t2v_tool_calls_deinit(&calls);
}

/* The first event of a choice. */
static void put_role(struct t2v_job *job, size_t index)
{
    struct t2v_buf *out = begin_event(job, index);
    t2v_buf_adds(out, "\"role\":\"assistant\",\"content\":\"\"");
    end_event(job, NULL, NULL);
}

static void on_token(const struct t2v_generate *generate, struct t2v_choice *choice,
                     struct t2v_str piece)
{
    struct t2v_job *job = t2v_generation_job(generate);
    struct chat_state *state = job->state;
    size_t index = (size_t)(choice - generate->choices);
    bool ends = choice->finish != T2V_FINISH_NONE;
    struct t2v_buf content;
    t2v_buf_init(&content, T2V_STREAM_MAX);
    if (choice->n_token == 1)
        put_role(job, index);
    t2v_tools_piece(&state->tools, index, piece, &content);
    if (ends && state->tools.choice == T2V_TOOLS_NONE)
        put_content(job, choice, t2v_buf_str(&content), t2v_v1_finish(choice->finish));
    else if (content.len != 0 || (state->logprobs && !ends))
        put_content(job, choice, t2v_buf_str(&content), NULL);
    if (ends && state->tools.choice != T2V_TOOLS_NONE)
        put_calls(job, choice);
    if (content.fail != 0)
        state->text.generation.event.fail = content.fail;
    t2v_buf_deinit(&content);
}

static void write_result(struct t2v_job *job)
{
    t2v_v1_write_result(job, prefix, piece_object, write_answer);
}

static void deinit(void *arg)
{
    struct chat_state *state = arg;
    t2v_tools_deinit(&state->tools);
    t2v_generation_deinit(&state->text.generation);
}

const struct t2v_operation t2v_chat_completions = {
    .api = &t2v_api_openai,
    .state_size = sizeof(struct chat_state),
    .read = read_chat,
    .read_bytes = t2v_generation_read_bytes,
    .is_long = t2v_generation_is_long,
    .plan = t2v_generation_plan,
    .bytes = t2v_generation_bytes,
    .is_large = t2v_generation_is_large,
    .write = write_result,
    .cut = t2v_v1_cut,
    .deinit = deinit,
};
