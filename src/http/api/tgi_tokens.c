/* SPDX-License-Identifier: BSD-3-Clause */
#include "http/api/tgi_tokens.h"

#include "http/api/dialogue.h"
#include "http/api/generation.h"
#include "http/api/tgi.h"
#include "http/api/tgi_answer.h"
#include "http/api/tools.h"
#include "http/body.h"
#include "http/job.h"
#include "http/service.h"
#include "json/write.h"
#include "token/encode.h"

#include "base/banned.h"

enum {
    TEXT_MAX = 2 * 1000 * 1000, /* bytes of a text */
    TOKEN_BYTES = 80,           /* of an answer, for a byte of the text, which may be a token */
    LARGE = 2048                /* bytes that take about a millisecond */
};

struct tokens_state {
    const struct t2v_served *served;
    struct t2v_buf text; /* owned */
    bool chat;           /* it is a rendered template */
};

bool t2v_tgi_is_meant(const struct t2v_service *service, struct t2v_str body)
{
    enum { INPUTS, MODEL, N };
    static const char *const names[N] = {"inputs", "model"};
    struct t2v_str values[N] = {{NULL, 0}};
    struct t2v_fault ignored = {0};
    const unsigned any = (1u << T2V_N_ABILITY) - 1;
    if (t2v_models_first(service->models, T2V_CAN_GENERATE) == NULL ||
        !t2v_body_members(body, "", names, values, N, &ignored) || !t2v_body_has(values[INPUTS]) ||
        values[INPUTS].ptr[0] != '"')
        return false;
    const struct t2v_served *served =
        t2v_models_read(service->models, values[MODEL], (enum t2v_ability)any, &ignored);
    return served != NULL && (served->abilities & T2V_CAN_GENERATE) != 0;
}

/* The model, and room for its text. */
static bool begin(const struct t2v_service *service, struct t2v_str model,
                  struct tokens_state *state, struct t2v_fault *fault)
{
    t2v_buf_init(&state->text, SIZE_MAX / 2);
    state->served = t2v_models_read(service->models, model, T2V_CAN_GENERATE, fault);
    return state->served != NULL;
}

static void check_length(const struct tokens_state *state, const char *member,
                         struct t2v_fault *fault)
{
    if (state->text.len <= TEXT_MAX)
        return;
    t2v_fault_set(fault, 413, "a text of %zu bytes, the limit is %d", state->text.len, TEXT_MAX);
    fault->loc = (struct t2v_loc){member, NULL, -1};
}

static void read_tokenize(const struct t2v_service *service, struct t2v_str body,
                          struct t2v_job *job)
{
    enum { INPUTS, MODEL, N };
    static const char *const names[N] = {"inputs", "model"};
    struct t2v_str values[N] = {{NULL, 0}};
    struct tokens_state *state = job->state;
    struct t2v_fault *fault = &job->fault;
    struct t2v_texts texts = {0};
    if (!t2v_body_members(body, "{\"inputs\": \"hello\"}", names, values, N, fault) ||
        !begin(service, values[MODEL], state, fault) ||
        !t2v_texts_read_optional(&texts, values[INPUTS], (struct t2v_loc){names[INPUTS], NULL, -1},
                                 fault))
        return;
    struct t2v_str text = t2v_texts_first(&texts);
    if (t2v_buf_add(&state->text, text.ptr, text.len) != 0)
        t2v_fault_no_memory(fault);
    t2v_texts_deinit(&texts);
    check_length(state, names[INPUTS], fault);
}

static void read_chat(const struct t2v_service *service, struct t2v_str body, struct t2v_job *job)
{
    enum { MESSAGES, MODEL, TOOLS, DOCUMENTS, KWARGS, ADD, GO_ON, N };
    static const char *const names[N] = {"messages",
                                         "model",
                                         "tools",
                                         "documents",
                                         "chat_template_kwargs",
                                         "add_generation_prompt",
                                         "continue_final_message"};
    struct t2v_str values[N] = {{NULL, 0}};
    struct tokens_state *state = job->state;
    struct t2v_dialogue dialogue;
    const struct t2v_params params = {NULL, &job->fault};
    state->chat = true;
    if (!t2v_body_members(body, "{\"messages\": [{\"role\": \"user\", \"content\": \"hello\"}]}",
                          names, values, N, &job->fault) ||
        !begin(service, values[MODEL], state, &job->fault))
        return;
    dialogue = (struct t2v_dialogue){.messages = values[MESSAGES],
                                     .tools = values[TOOLS],
                                     .documents = values[DOCUMENTS],
                                     .kwargs = values[KWARGS]};
    if (t2v_tools_check(&params, values[TOOLS]) &&
        t2v_dialogue_read_ends(values[ADD], values[GO_ON], &dialogue, &job->fault) &&
        t2v_dialogue_render(state->served, &dialogue, &state->text, &job->fault))
        check_length(state, names[MESSAGES], &job->fault);
}

/* ---- Writing ---- */

static void write_token(struct t2v_str text, int32_t id, const struct t2v_offset *offset,
                        struct t2v_buf *out)
{
    size_t end = offset->byte_end < text.len ? offset->byte_end : text.len;
    size_t begin_at = offset->byte_begin < end ? offset->byte_begin : end;
    t2v_buf_adds(out, "{\"id\":");
    t2v_json_write_int(out, id);
    t2v_buf_adds(out, ",\"text\":");
    t2v_json_write_str(out, (struct t2v_str){text.ptr + begin_at, end - begin_at});
    t2v_buf_adds(out, ",\"start\":");
    t2v_json_write_int(out, offset->byte_begin);
    t2v_buf_adds(out, ",\"stop\":");
    t2v_json_write_int(out, offset->byte_end);
    t2v_buf_addc(out, '}');
}

static int encode(const struct tokens_state *state, struct t2v_ids *ids,
                  struct t2v_offsets *offsets, struct t2v_err *err)
{
    const t2v_tokenizer *tokenizer = t2v_model_tokenizer(state->served->model);
    struct t2v_str text = t2v_buf_str(&state->text);
    t2v_token_space *space;
    int rc = t2v_token_space_new(&space);
    if (rc != 0)
        return t2v_fail(err, rc, "no memory for the tokenizer");
    rc = state->chat
             ? t2v_tokenizer_encode_bare_offsets(tokenizer, space, text, ids, offsets, err)
             : t2v_tokenizer_encode_offsets(tokenizer, space, text, SIZE_MAX, ids, offsets, err);
    t2v_token_space_free(space);
    return rc;
}

static void write_tokens(struct t2v_job *job)
{
    const struct tokens_state *state = job->state;
    struct t2v_str text = t2v_buf_str(&state->text);
    struct t2v_buf *out = &job->reply.buf;
    struct t2v_ids ids = {0};
    struct t2v_offsets offsets = {0};
    struct t2v_err err = {0};
    if (encode(state, &ids, &offsets, &err) != 0)
        t2v_fault_work(&job->fault, &err);
    t2v_buf_adds(out, state->chat ? "{\"tokenize_response\":[" : "[");
    for (size_t i = 0; i < ids.len && job->fault.status == 0; i++) {
        t2v_buf_adds(out, i != 0 ? "," : "");
        write_token(text, ids.ptr[i], &offsets.ptr[i], out);
    }
    t2v_buf_addc(out, ']');
    if (state->chat) {
        t2v_buf_adds(out, ",\"templated_text\":");
        t2v_json_write_str(out, text);
        t2v_buf_addc(out, '}');
    }
    t2v_ids_deinit(&ids);
    t2v_offsets_deinit(&offsets);
}

static size_t tokens_bytes(const struct t2v_service *service, const struct t2v_job *job)
{
    const struct tokens_state *state = job->state;
    (void)service;
    return state->text.cap + state->text.len * TOKEN_BYTES;
}

static bool tokens_are_large(const struct t2v_job *job)
{
    const struct tokens_state *state = job->state;
    return state->text.len > LARGE;
}

static void tokens_deinit(void *arg)
{
    struct tokens_state *state = arg;
    t2v_buf_deinit(&state->text);
}

const struct t2v_operation t2v_tgi_tokenize = {
    .api = &t2v_api_tgi,
    .state_size = sizeof(struct tokens_state),
    .read = read_tokenize,
    .bytes = tokens_bytes,
    .is_large = tokens_are_large,
    .write = write_tokens,
    .deinit = tokens_deinit,
};

const struct t2v_operation t2v_tgi_chat_tokenize = {
    .api = &t2v_api_tgi,
    .state_size = sizeof(struct tokens_state),
    .read = read_chat,
    .read_bytes = t2v_generation_read_bytes,
    .is_long = t2v_generation_is_long,
    .bytes = tokens_bytes,
    .is_large = tokens_are_large,
    .write = write_tokens,
    .deinit = tokens_deinit,
};

/* ---- /info ---- */

static const char *dtype_of(const char *precision)
{
    if (t2v_str_is(t2v_str_of(precision), "f32"))
        return "float32";
    return t2v_str_is(t2v_str_of(precision), "bf16") ? "bfloat16" : precision;
}

void t2v_tgi_write_info(const struct t2v_service *service, const struct t2v_served *served,
                        struct t2v_buf *out)
{
    size_t most = t2v_generator_max_tok(served->generator);
    t2v_buf_adds(out, "{\"model_id\":");
    t2v_json_write_str(out, t2v_str_of(t2v_model_dir(served->model)));
    t2v_buf_adds(out, ",\"model_sha\":null,\"model_dtype\":");
    t2v_json_write_str(out, t2v_str_of(dtype_of(t2v_model_precision(served->model))));
    t2v_buf_adds(out, ",\"model_device_type\":\"cpu\",\"model_pipeline_tag\":\"text-generation\","
                      "\"served_model_name\":");
    t2v_json_write_str(out, t2v_str_of(served->name));
    t2v_buf_addf(out, ",\"max_concurrent_requests\":%lld", (long long)service->options->max_queue);
    t2v_buf_addf(out, ",\"max_best_of\":%d,\"max_stop_sequences\":%d", T2V_TGI_BEST_OF_MAX,
                 T2V_STOPS_MAX);
    t2v_buf_addf(out, ",\"max_input_tokens\":%zu,\"max_total_tokens\":%zu", most - 1, most);
    t2v_buf_adds(out, ",\"validation_workers\":1,\"max_client_batch_size\":1,"
                      "\"router\":\"t2v\",\"version\":");
    t2v_json_write_str(out, t2v_str_of(service->version));
    t2v_buf_adds(out, ",\"sha\":null,\"docker_label\":null}");
}
