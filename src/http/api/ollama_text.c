/* SPDX-License-Identifier: BSD-3-Clause */
#include "http/api/ollama_text.h"

#include <inttypes.h>
#include <time.h>

#include "http/api/dialogue.h"
#include "http/api/generated.h"
#include "http/api/ollama.h"
#include "http/api/tools.h"
#include "http/body.h"
#include "http/job.h"
#include "http/service.h"
#include "json/write.h"

#include "base/banned.h"

struct ollama_state {
    struct t2v_generation generation; /* the first member */
    struct t2v_tools tools;
    bool chat;
    bool loads; /* there is no prompt: the model is loaded already */
};

/* ---- Options ---- */

enum {
    TEMPERATURE,
    TOP_K,
    TOP_P,
    MIN_P,
    TYPICAL_P,
    REPEAT,
    PRESENCE,
    FREQUENCY,
    SEED,
    STOP,
    NUM_PREDICT,
    N_OPTION
};
static const char *const option_names[N_OPTION] = {"temperature",
                                                   "top_k",
                                                   "top_p",
                                                   "min_p",
                                                   "typical_p",
                                                   "repeat_penalty",
                                                   "presence_penalty",
                                                   "frequency_penalty",
                                                   "seed",
                                                   "stop",
                                                   "num_predict"};

static const struct t2v_range temperatures = {0, 1e6, false, "a number from 0"};
static const struct t2v_range shares = {0, 1, false, "a number from 0 to 1"};
static const struct t2v_range penalties = {0, 1e6, true, "a number above 0"};
static const struct t2v_range differences = {-2, 2, false, "a number from -2 to 2"};

static bool read_sampling(const struct t2v_params *p, const struct t2v_str *v,
                          struct t2v_sampling *s)
{
    const char *const *name = option_names;
    size_t top_k = s->top_k;
    t2v_param_number(p, name[TEMPERATURE], v[TEMPERATURE], &temperatures, &s->temperature);
    t2v_param_count(p, name[TOP_K], v[TOP_K], 0, UINT32_MAX, &top_k);
    t2v_param_number(p, name[TOP_P], v[TOP_P], &shares, &s->top_p);
    t2v_param_number(p, name[MIN_P], v[MIN_P], &shares, &s->min_p);
    t2v_param_number(p, name[TYPICAL_P], v[TYPICAL_P], &shares, &s->typical_p);
    t2v_param_number(p, name[REPEAT], v[REPEAT], &penalties, &s->repetition_penalty);
    t2v_param_number(p, name[PRESENCE], v[PRESENCE], &differences, &s->presence_penalty);
    t2v_param_number(p, name[FREQUENCY], v[FREQUENCY], &differences, &s->frequency_penalty);
    s->top_k = (uint32_t)top_k;
    t2v_generation_settle(s);
    return p->fault->status == 0;
}

/* A negative number: as many as fit. */
static bool read_max(const struct t2v_params *p, struct t2v_str value, size_t *max)
{
    int64_t x;
    if (t2v_body_has(value) && t2v_body_whole(value, &x) && x < 0)
        return true;
    return t2v_param_count(p, option_names[NUM_PREDICT], value, 1, SIZE_MAX, max);
}

static bool read_options(struct t2v_str object, struct t2v_generation *generation,
                         struct t2v_fault *fault)
{
    const struct t2v_params body = {NULL, fault}, params = {"options", fault}, *p = &params;
    struct t2v_str v[N_OPTION] = {{NULL, 0}};
    return t2v_param_object(&body, "options", object, option_names, v, N_OPTION) &&
           read_sampling(p, v, &generation->generate.sampling) &&
           t2v_param_seed(p, option_names[SEED], v[SEED], &generation->seed, &generation->seeded) &&
           t2v_generation_read_stops(p, option_names[STOP], v[STOP], generation) &&
           read_max(p, v[NUM_PREDICT], &generation->generate.max_new);
}

/* "json", or a schema. */
static bool read_format(const struct t2v_params *p, struct t2v_str value,
                        struct t2v_generation *generation)
{
    if (!t2v_body_has(value) || t2v_str_is(value, "\"\""))
        return p->fault->status == 0;
    if (t2v_str_is(value, "\"json\"")) {
        generation->json = true;
        return true;
    }
    return t2v_generation_read_schema(p, "format", value, generation);
}

/* ---- Reading ---- */

enum {
    MODEL,
    STREAM,
    OPTIONS,
    FORMAT,
    THINK,
    IMAGES,
    PROMPT,
    SYSTEM,
    TEMPLATE,
    SUFFIX,
    CONTEXT,
    RAW,
    MESSAGES,
    TOOLS,
    N
};
static const char *const names[N] = {"model",   "stream", "options",  "format",   "think",
                                     "images",  "prompt", "system",   "template", "suffix",
                                     "context", "raw",    "messages", "tools"};

/* Without the tag ":latest", which Ollama's names have where no other is given. */
static bool choose(const struct t2v_service *service, struct t2v_str value,
                   struct t2v_generation *generation, struct t2v_fault *fault)
{
    static const struct t2v_str tag = T2V_STR(":latest\"");
    char plain[256];
    if (value.ptr != NULL && value.ptr[0] == '"' && value.len < sizeof plain &&
        t2v_str_ends(value, tag)) {
        value.len -= tag.len;
        memcpy(plain, value.ptr, value.len);
        plain[value.len++] = '"';
        value.ptr = plain;
    }
    if (!t2v_generation_choose(service, value, generation, fault))
        return false;
    generation->generate.sampling = *t2v_generator_defaults(generation->served->generator);
    return true;
}

static bool read_common(const struct t2v_service *service, const struct t2v_str *v,
                        struct ollama_state *state, struct t2v_fault *fault)
{
    const struct t2v_params params = {NULL, fault}, *p = &params;
    struct t2v_generation *generation = &state->generation;
    bool thinks, is_level = t2v_str_starts(v[THINK], T2V_STR("\"")); /* UPSTREAM: as "high" */
    generation->streams = true;
    return choose(service, v[MODEL], generation, fault) &&
           t2v_param_refuse(p, names[IMAGES], v[IMAGES], "[]", "images are not supported") &&
           t2v_param_refuse(p, names[SUFFIX], v[SUFFIX], "\"\"",
                            "text in the middle is not supported") &&
           t2v_param_refuse(p, names[TEMPLATE], v[TEMPLATE], "\"\"",
                            "templates of Ollama's are not supported, the model's own counts") &&
           t2v_param_refuse(p, names[CONTEXT], v[CONTEXT], "[]",
                            "ids of an earlier answer are not taken") &&
           t2v_param_bool(p, names[STREAM], v[STREAM], &generation->streams) &&
           (is_level || t2v_param_bool(p, names[THINK], v[THINK], &thinks)) &&
           read_options(v[OPTIONS], generation, fault) && read_format(p, v[FORMAT], generation);
}

/* For the template's enable_thinking. */
static struct t2v_str kwargs_of(struct t2v_str think)
{
    if (t2v_str_is(think, "false"))
        return T2V_STR("{\"enable_thinking\":false}");
    return t2v_body_has(think) ? T2V_STR("{\"enable_thinking\":true}") : (struct t2v_str){NULL, 0};
}

/* The ids of a dialogue. */
static bool encode_dialogue(struct ollama_state *state, const struct t2v_dialogue *dialogue,
                            struct t2v_fault *fault)
{
    const struct t2v_encoding_way way = {.bare = true};
    struct t2v_generation *generation = &state->generation;
    struct t2v_buf prompt;
    t2v_buf_init(&prompt, SIZE_MAX / 2);
    bool ok = t2v_dialogue_render(generation->served, dialogue, &prompt, fault) &&
              t2v_generation_prompts(generation, 1, fault) &&
              t2v_generation_encode(generation, 0, t2v_buf_str(&prompt), way, fault);
    t2v_buf_deinit(&prompt);
    return ok;
}

/* A system message and a prompt as messages; values that are strings. */
static bool encode_prompt(const struct t2v_str *v, struct ollama_state *state,
                          struct t2v_fault *fault)
{
    bool has_system = t2v_body_has(v[SYSTEM]) && !t2v_str_is(v[SYSTEM], "\"\"");
    struct t2v_buf messages;
    t2v_buf_init(&messages, SIZE_MAX / 2);
    t2v_buf_adds(&messages, has_system ? "[{\"role\":\"system\",\"content\":" : "[");
    t2v_buf_add(&messages, v[SYSTEM].ptr, has_system ? v[SYSTEM].len : 0);
    t2v_buf_adds(&messages, has_system ? "},{\"role\":\"user\",\"content\":"
                                       : "{\"role\":\"user\",\"content\":");
    t2v_buf_add(&messages, v[PROMPT].ptr, v[PROMPT].len);
    t2v_buf_adds(&messages, "}]");
    const struct t2v_dialogue dialogue = {
        .messages = t2v_buf_str(&messages), .kwargs = kwargs_of(v[THINK]), .add_prompt = true};
    bool ok = messages.fail == 0;
    if (!ok)
        t2v_fault_no_memory(fault);
    ok = ok && encode_dialogue(state, &dialogue, fault);
    t2v_buf_deinit(&messages);
    return ok;
}

static bool read_prompt(const struct t2v_str *v, struct ollama_state *state,
                        struct t2v_fault *fault)
{
    const struct t2v_params params = {NULL, fault};
    const struct t2v_encoding_way way = {0};
    struct t2v_generation *generation = &state->generation;
    bool raw = false;
    if (!t2v_texts_read_optional(&generation->prompts, v[PROMPT], t2v_param_loc(&params, "prompt"),
                                 fault) ||
        !t2v_param_bool(&params, names[RAW], v[RAW], &raw))
        return false;
    if (t2v_body_has(v[SYSTEM]) && v[SYSTEM].ptr[0] != '"')
        return t2v_param_wrong(&params, names[SYSTEM], "a string is needed here");
    struct t2v_str prompt = t2v_texts_first(&generation->prompts);
    state->loads = prompt.len == 0;
    if (state->loads)
        return true;
    if (!raw && generation->served->chat != NULL)
        return encode_prompt(v, state, fault);
    return t2v_param_refuse(&params, names[SYSTEM], v[SYSTEM], "\"\"",
                            "there is no template that could place it") &&
           t2v_generation_prompts(generation, 1, fault) &&
           t2v_generation_encode(generation, 0, prompt, way, fault);
}

static bool read_messages(const struct t2v_str *v, struct ollama_state *state,
                          struct t2v_fault *fault)
{
    const struct t2v_params params = {NULL, fault};
    const struct t2v_str no_choice = {NULL, 0};
    const struct t2v_dialogue dialogue = {.messages = v[MESSAGES],
                                          .tools = v[TOOLS],
                                          .kwargs = kwargs_of(v[THINK]),
                                          .add_prompt = true};
    state->loads = !t2v_body_has(v[MESSAGES]) || t2v_str_is(v[MESSAGES], "[]");
    return t2v_tools_read(&params, v[TOOLS], no_choice, &state->tools, &state->generation) &&
           (state->loads || encode_dialogue(state, &dialogue, fault));
}

static void on_token(const struct t2v_generate *generate, struct t2v_choice *choice,
                     struct t2v_str piece);

static void read_request(const struct t2v_service *service, struct t2v_str body,
                         struct t2v_job *job, bool chat)
{
    struct t2v_str v[N] = {{NULL, 0}};
    struct ollama_state *state = job->state;
    struct t2v_fault *fault = &job->fault;
    state->chat = chat;
    state->generation.member = names[chat ? MESSAGES : PROMPT];
    if (!t2v_body_members(body, "{\"model\": \"model\", \"prompt\": \"hello\"}", names, v, N,
                          fault) ||
        !read_common(service, v, state, fault) ||
        !(chat ? read_messages(v, state, fault) : read_prompt(v, state, fault)))
        return;
    if (!state->loads && t2v_generation_make(job, T2V_LINES_TYPE, on_token) &&
        state->generation.streams)
        t2v_tools_begin(&state->tools, 1, fault);
}

static void read_generate(const struct t2v_service *service, struct t2v_str body,
                          struct t2v_job *job)
{
    read_request(service, body, job, false);
}

static void read_chat(const struct t2v_service *service, struct t2v_str body, struct t2v_job *job)
{
    read_request(service, body, job, true);
}

/* ---- Writing ---- */

/* {"model":...,"created_at":... and a comma. */
static void write_begin(const struct t2v_served *served, struct t2v_buf *out)
{
    struct timespec now;
    struct tm parts;
    char date[32];
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &parts);
    strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", &parts);
    t2v_buf_adds(out, "{\"model\":");
    t2v_json_write_str(out, t2v_str_of(served->name));
    t2v_buf_addf(out, ",\"created_at\":\"%s.%06ldZ\",", date, now.tv_nsec / 1000);
}

/* "response":..., or "message":{...}. calls: NULL: none. */
static void write_text(bool chat, struct t2v_str text, const struct t2v_tool_calls *calls,
                       struct t2v_buf *out)
{
    t2v_buf_adds(out, chat ? "\"message\":{\"role\":\"assistant\",\"content\":" : "\"response\":");
    t2v_json_write_str(out, text);
    for (size_t i = 0; calls != NULL && i < calls->n; i++) {
        t2v_buf_adds(out, i != 0 ? ",{" : ",\"tool_calls\":[{");
        t2v_buf_adds(out, "\"function\":{\"name\":");
        t2v_json_write_str(out, calls->list[i].name);
        t2v_buf_adds(out, ",\"arguments\":");
        t2v_buf_add(out, calls->list[i].arguments.ptr, calls->list[i].arguments.len);
        t2v_buf_adds(out, "}}");
    }
    if (calls != NULL && calls->n != 0)
        t2v_buf_addc(out, ']');
    if (chat)
        t2v_buf_addc(out, '}');
}

static uint64_t between(uint64_t begin, uint64_t end)
{
    return end > begin ? end - begin : 0;
}

/* ,"done":true and the rest. */
static void write_done(const struct t2v_job *job, struct t2v_buf *out)
{
    const struct ollama_state *state = job->state;
    const struct t2v_choice *choice = state->generation.generate.choices;
    if (state->loads) {
        t2v_buf_adds(out, ",\"done\":true,\"done_reason\":\"load\"}");
        return;
    }
    uint64_t begun = job->work.begun_ns != 0 ? job->work.begun_ns : job->work.queued_ns;
    t2v_buf_addf(out,
                 ",\"done\":true,\"done_reason\":\"%s\",\"total_duration\":%" PRIu64
                 ",\"load_duration\":0,\"prompt_eval_count\":%zu,\"prompt_eval_duration\":%" PRIu64
                 ",\"eval_count\":%zu,\"eval_duration\":%" PRIu64 "}",
                 choice->finish == T2V_FINISH_LENGTH ? "length" : "stop",
                 between(job->work.queued_ns, job->work.ended_ns), choice->n_prompt,
                 between(begun, choice->first_ns), choice->n_token,
                 between(choice->first_ns, choice->last_ns));
}

static void put_line(struct t2v_job *job, struct t2v_str text, const struct t2v_tool_calls *calls)
{
    const struct ollama_state *state = job->state;
    struct t2v_buf *out = t2v_event_begin(job, T2V_EVENT_LINES);
    write_begin(state->generation.served, out);
    write_text(state->chat, text, calls, out);
    t2v_buf_adds(out, ",\"done\":false}");
    t2v_event_end(job, T2V_EVENT_LINES);
}

static void on_token(const struct t2v_generate *generate, struct t2v_choice *choice,
                     struct t2v_str piece)
{
    struct t2v_job *job = t2v_generation_job(generate);
    struct ollama_state *state = job->state;
    struct t2v_tool_calls calls;
    struct t2v_buf content;
    t2v_buf_init(&content, T2V_STREAM_MAX);
    t2v_tools_piece(&state->tools, 0, piece, &content);
    if (content.len != 0)
        put_line(job, t2v_buf_str(&content), NULL);
    if (content.fail != 0)
        state->generation.event.fail = content.fail;
    t2v_buf_deinit(&content);
    if (choice->finish == T2V_FINISH_NONE || state->tools.choice == T2V_TOOLS_NONE)
        return;
    t2v_tools_last(&state->tools, 0, t2v_buf_str(&choice->text), &calls);
    if (calls.n != 0 || calls.content.len != 0)
        put_line(job, t2v_buf_str(&calls.content), &calls);
    if (calls.fail != 0)
        state->generation.event.fail = calls.fail;
    t2v_tool_calls_deinit(&calls);
}

/* The answer as a whole: of a stream, its last line. */
static void write_whole(const struct t2v_job *job, struct t2v_buf *out)
{
    const struct ollama_state *state = job->state;
    struct t2v_tool_calls calls = {0};
    bool has_text = !state->loads && !state->generation.streams;
    if (has_text)
        t2v_tools_parse(&state->tools, t2v_buf_str(&state->generation.generate.choices[0].text),
                        &calls);
    write_begin(state->generation.served, out);
    write_text(state->chat, t2v_buf_str(&calls.content), &calls, out);
    write_done(job, out);
    if (calls.fail != 0)
        out->fail = calls.fail;
    t2v_tool_calls_deinit(&calls);
}

static bool plan(struct t2v_service *service, struct t2v_job *job)
{
    const struct ollama_state *state = job->state;
    if (!state->loads)
        return t2v_generation_plan(service, job);
    write_whole(job, &job->reply.buf);
    return false;
}

static void write_result(struct t2v_job *job)
{
    struct t2v_fault fault;
    bool ok = t2v_generation_succeeded(job, &fault);
    if (job->fault.status != 0)
        return;
    if (job->stream == NULL) {
        write_whole(job, &job->reply.buf);
    } else if (ok) {
        write_whole(job, t2v_event_begin(job, T2V_EVENT_LINES));
        t2v_event_end(job, T2V_EVENT_LINES);
    } else {
        t2v_event_put_fault(job, &t2v_api_ollama, &fault, T2V_EVENT_LINES);
    }
}

static void cut(const struct t2v_fault *fault, struct t2v_buf *out)
{
    t2v_event_fault(&t2v_api_ollama, fault, T2V_EVENT_LINES, out);
}

static void deinit(void *arg)
{
    struct ollama_state *state = arg;
    t2v_tools_deinit(&state->tools);
    t2v_generation_deinit(&state->generation);
}

#define TEXT_OPERATION(read_hook)                                                                  \
    {                                                                                              \
        .api = &t2v_api_ollama, .state_size = sizeof(struct ollama_state), .read = (read_hook),    \
        .read_bytes = t2v_generation_read_bytes, .is_long = t2v_generation_is_long, .plan = plan,  \
        .bytes = t2v_generation_bytes, .is_large = t2v_generation_is_large, .write = write_result, \
        .cut = cut, .deinit = deinit                                                               \
    }

const struct t2v_operation t2v_ollama_generate = TEXT_OPERATION(read_generate);
const struct t2v_operation t2v_ollama_chat = TEXT_OPERATION(read_chat);
