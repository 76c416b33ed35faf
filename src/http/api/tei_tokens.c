/* SPDX-License-Identifier: BSD-3-Clause */
#include "http/api/tei_tokens.h"

#include "http/api/tei.h"
#include "http/api/tgi_tokens.h"
#include "http/api/token_ids.h"
#include "http/body.h"
#include "http/job.h"
#include "http/service.h"
#include "json/write.h"
#include "token/encode.h"

#include "base/banned.h"

enum {
    TEXT_MAX = 2 * 1000 * 1000, /* bytes of all texts of a request */
    ANSWER_MAX = 64 << 20,      /* bytes */
    ANSWER_LEAST = 1 << 20,     /* an answer may have so many, however small its request is */
    SCRATCH_BYTES = 64,         /* of the tokenizer, for a byte of a text */
    TOKEN_BYTES = 128,          /* of an answer, for a byte of a text, or for an id */
    LARGE = 2048,               /* bytes of text, or ids, that take about a millisecond */
    STATE_BYTES = 256           /* of the state, here or of TGI's operation */
};

/* The model that a request names; else the first that embeds, or the first of all. */
static const struct t2v_served *choose(const struct t2v_service *service, struct t2v_str value,
                                       struct t2v_fault *fault)
{
    const struct t2v_models *models = service->models;
    struct t2v_texts name = {0};
    if (!t2v_texts_read_optional(&name, value, (struct t2v_loc){"model", NULL, -1}, fault))
        return NULL;
    const struct t2v_served *served = t2v_models_named(models, t2v_texts_first(&name));
    t2v_texts_deinit(&name);
    if (served == NULL)
        served = t2v_models_first(models, T2V_CAN_EMBED);
    return served != NULL ? served : &models->list[0];
}

/* The most that an answer to n bytes or ids may have. */
static size_t answer_bytes(size_t n)
{
    size_t bytes = ANSWER_LEAST + n * TOKEN_BYTES;
    return bytes < ANSWER_MAX ? bytes : ANSWER_MAX;
}

/* An answer that has become too large is refused. */
static void end_answer(struct t2v_job *job, size_t most)
{
    if (job->reply.buf.fail == T2V_ETOOLARGE)
        t2v_fault_set(&job->fault, 413,
                      "an answer of more than %zu bytes, the limit for this request", most);
}

/* ---- Texts to tokens ---- */

struct tokenize_state {
    struct t2v_texts texts;
    struct t2v_str prompt; /* before each text; the model's */
    bool specials;         /* special tokens are added */
    const t2v_tokenizer *tokenizer;
    const t2v_decoder *decoder;
};

static size_t text_bytes(const struct tokenize_state *state)
{
    return state->texts.n_byte + state->texts.n * (1 + state->prompt.len);
}

static bool read_prompt(struct t2v_str value, const struct t2v_served *served,
                        struct tokenize_state *state, struct t2v_fault *fault)
{
    struct t2v_embed_encode encode = {0};
    const t2v_embedder *embedder = served->sentence;
    if (!t2v_body_has(value))
        return true;
    if (embedder == NULL) {
        t2v_fault_invalid(fault, "value_error", (struct t2v_loc){"prompt_name", NULL, -1},
                          "the model has no prompts");
        return false;
    }
    if (!t2v_tei_read_prompt(value, embedder, &encode, fault))
        return false;
    for (size_t i = 0; i < t2v_embedder_n_prompt(embedder); i++) {
        struct t2v_str text, name = t2v_embedder_prompt(embedder, i, &text);
        if (t2v_str_eq(name, encode.prompt_name))
            state->prompt = text;
    }
    return true;
}

static void read_tokenize(const struct t2v_service *service, struct t2v_str body,
                          struct t2v_job *job)
{
    enum { INPUTS, SPECIALS, PROMPT, MODEL, N };
    static const char *const names[N] = {"inputs", "add_special_tokens", "prompt_name", "model"};
    const struct t2v_loc loc = {names[INPUTS], NULL, -1};
    struct t2v_str values[N] = {{NULL, 0}};
    struct tokenize_state *state = job->state;
    struct t2v_fault *fault = &job->fault;
    const struct t2v_served *served;
    state->specials = true;
    if (t2v_tgi_is_meant(service, body)) {
        job->operation = &t2v_tgi_tokenize;
        job->reply.api = job->operation->api;
        t2v_tgi_tokenize.read(service, body, job);
        return;
    }
    if (!t2v_body_members(body, "{\"inputs\": \"hello\"}", names, values, N, fault) ||
        (served = choose(service, values[MODEL], fault)) == NULL ||
        !t2v_body_read_bool(values[SPECIALS], names[SPECIALS], &state->specials, fault) ||
        !read_prompt(values[PROMPT], served, state, fault) ||
        !t2v_texts_read(&state->texts, values[INPUTS], loc, 0, fault) ||
        !t2v_token_ids_decoder(service, served, &state->decoder, fault))
        return;
    state->tokenizer = t2v_model_tokenizer(served->model);
    size_t n = text_bytes(state);
    if (n <= TEXT_MAX)
        return;
    t2v_fault_set(fault, 413, "texts of %zu bytes in one request, the limit is %d", n, TEXT_MAX);
    fault->loc = loc;
}

static size_t tokenize_bytes(const struct t2v_service *service, const struct t2v_job *job)
{
    const struct tokenize_state *state = job->state;
    size_t n = text_bytes(state);
    (void)service;
    return t2v_texts_bytes(&state->texts) + n * SCRATCH_BYTES + answer_bytes(n);
}

static bool tokenize_is_large(const struct t2v_job *job)
{
    return text_bytes(job->state) > LARGE;
}

/* What the tokens of the texts are found with. */
struct encoding {
    t2v_token_space *space;
    struct t2v_buf text; /* with the prompt before it */
    struct t2v_ids ids;
    struct t2v_offsets offsets;
};

static int encoding_init(struct encoding *encoding)
{
    *encoding = (struct encoding){0};
    t2v_buf_init(&encoding->text, SIZE_MAX);
    return t2v_token_space_new(&encoding->space);
}

static void encoding_deinit(struct encoding *encoding)
{
    t2v_token_space_free(encoding->space);
    t2v_buf_deinit(&encoding->text);
    t2v_ids_deinit(&encoding->ids);
    t2v_offsets_deinit(&encoding->offsets);
}

static int encode(const struct tokenize_state *state, struct t2v_str text,
                  struct encoding *encoding, struct t2v_err *err)
{
    t2v_buf_clear(&encoding->text);
    t2v_buf_add(&encoding->text, state->prompt.ptr, state->prompt.len);
    if (t2v_buf_add(&encoding->text, text.ptr, text.len) != 0)
        return t2v_fail(err, T2V_ENOMEM, "no memory for the text");
    struct t2v_str whole = t2v_buf_str(&encoding->text);
    return state->specials
               ? t2v_tokenizer_encode_offsets(state->tokenizer, encoding->space, whole, SIZE_MAX,
                                              &encoding->ids, &encoding->offsets, err)
               : t2v_tokenizer_encode_bare_offsets(state->tokenizer, encoding->space, whole,
                                                   &encoding->ids, &encoding->offsets, err);
}

static void write_special(const struct tokenize_state *state, int32_t id, struct t2v_buf *buf)
{
    t2v_json_write_str(buf, t2v_decoder_token(state->decoder, id));
    t2v_buf_adds(buf, ",\"special\":true,\"start\":null,\"stop\":null}");
}

/* UPSTREAM: the text of a token is the bytes that it covers, even if these are part of a character.
 */
static void write_plain(struct t2v_str text, const struct t2v_offset *offset, struct t2v_buf *buf)
{
    size_t end = offset->byte_end < text.len ? offset->byte_end : text.len;
    size_t begin = offset->byte_begin < end ? offset->byte_begin : end;
    t2v_json_write_str(buf, (struct t2v_str){text.ptr + begin, end - begin});
    t2v_buf_adds(buf, ",\"special\":false,\"start\":");
    t2v_json_write_int(buf, offset->byte_begin);
    t2v_buf_adds(buf, ",\"stop\":");
    t2v_json_write_int(buf, offset->byte_end);
    t2v_buf_addc(buf, '}');
}

static void write_tokens(const struct tokenize_state *state, const struct encoding *encoding,
                         struct t2v_buf *buf)
{
    const t2v_tokenizer *tokenizer = state->tokenizer;
    size_t n_before = state->specials ? t2v_tokenizer_n_before(tokenizer) : 0;
    size_t n_special = state->specials ? t2v_tokenizer_n_special(tokenizer) : 0;
    size_t end = encoding->ids.len - (n_special - n_before);
    struct t2v_str text = t2v_buf_str(&encoding->text);
    t2v_buf_addc(buf, '[');
    for (size_t i = 0; i < encoding->ids.len && buf->fail == 0; i++) {
        int32_t id = encoding->ids.ptr[i];
        t2v_buf_adds(buf, i != 0 ? ",{\"id\":" : "{\"id\":");
        t2v_json_write_int(buf, id);
        t2v_buf_adds(buf, ",\"text\":");
        if (i < n_before || i >= end)
            write_special(state, id, buf);
        else
            write_plain(text, &encoding->offsets.ptr[i], buf);
    }
    t2v_buf_addc(buf, ']');
}

static void write_tokenize(struct t2v_job *job)
{
    const struct tokenize_state *state = job->state;
    struct t2v_buf *buf = &job->reply.buf;
    struct t2v_err err = {0};
    struct encoding encoding;
    size_t most = answer_bytes(text_bytes(state));
    buf->max = buf->len + most;
    int rc = encoding_init(&encoding);
    if (rc != 0)
        t2v_fail(&err, rc, "no memory for the tokenizer");
    t2v_buf_addc(buf, '[');
    for (size_t i = 0; i < state->texts.n && rc == 0 && buf->fail == 0; i++) {
        rc = encode(state, state->texts.list[i], &encoding, &err);
        t2v_buf_adds(buf, i != 0 ? "," : "");
        if (rc == 0)
            write_tokens(state, &encoding, buf);
    }
    t2v_buf_addc(buf, ']');
    encoding_deinit(&encoding);
    end_answer(job, most);
    if (rc != 0)
        t2v_fault_work(&job->fault, &err);
}

static void tokenize_deinit(void *arg)
{
    struct tokenize_state *state = arg;
    t2v_texts_deinit(&state->texts);
}

const struct t2v_operation t2v_tei_tokenize = {
    .api = &t2v_api_tei,
    .state_size = STATE_BYTES,
    .read = read_tokenize,
    .bytes = tokenize_bytes,
    .is_large = tokenize_is_large,
    .write = write_tokenize,
    .deinit = tokenize_deinit,
};

/* ---- Ids to texts ---- */

struct decode_state {
    struct t2v_token_ids ids;
    bool skip_special;
    const t2v_decoder *decoder;
};

static void read_decode(const struct t2v_service *service, struct t2v_str body, struct t2v_job *job)
{
    enum { IDS, SKIP, MODEL, N };
    static const char *const names[N] = {"ids", "skip_special_tokens", "model"};
    struct t2v_str values[N] = {{NULL, 0}};
    struct decode_state *state = job->state;
    struct t2v_fault *fault = &job->fault;
    const struct t2v_served *served;
    state->skip_special = true;
    if (t2v_body_members(body, "{\"ids\": [101, 7592, 102]}", names, values, N, fault) &&
        (served = choose(service, values[MODEL], fault)) != NULL &&
        t2v_body_read_bool(values[SKIP], names[SKIP], &state->skip_special, fault) &&
        t2v_token_ids_read(&state->ids, values[IDS], (struct t2v_loc){names[IDS], NULL, -1}, fault))
        t2v_token_ids_decoder(service, served, &state->decoder, fault);
}

static size_t n_id(const struct decode_state *state)
{
    return state->ids.ids.len + state->ids.ends.len;
}

static size_t decode_bytes(const struct t2v_service *service, const struct t2v_job *job)
{
    const struct decode_state *state = job->state;
    (void)service;
    return (state->ids.ids.cap + state->ids.ends.cap) * sizeof(int32_t) +
           2 * answer_bytes(n_id(state));
}

static bool decode_is_large(const struct t2v_job *job)
{
    return n_id(job->state) > LARGE;
}

static void write_decode(struct t2v_job *job)
{
    const struct decode_state *state = job->state;
    struct t2v_buf *buf = &job->reply.buf, text;
    unsigned flags = state->skip_special ? T2V_DECODE_SKIP_SPECIAL : 0;
    size_t most = answer_bytes(n_id(state));
    struct t2v_err err = {0};
    buf->max = buf->len + most;
    t2v_buf_init(&text, most);
    t2v_buf_addc(buf, '[');
    for (size_t i = 0; i < state->ids.ends.len && err.code == 0 && buf->fail == 0; i++) {
        size_t n;
        const int32_t *ids = t2v_token_ids_of(&state->ids, i, &n);
        t2v_buf_clear(&text);
        int rc = t2v_decode(state->decoder, ids, n, flags, &text);
        if (rc != 0)
            t2v_fail(&err, rc, "the text of %zu ids is too long", n);
        t2v_buf_adds(buf, i != 0 ? "," : "");
        t2v_json_write_str(buf, t2v_buf_str(&text));
    }
    t2v_buf_addc(buf, ']');
    t2v_buf_deinit(&text);
    end_answer(job, most);
    if (err.code != 0)
        t2v_fault_work(&job->fault, &err);
}

static void decode_deinit(void *arg)
{
    struct decode_state *state = arg;
    t2v_token_ids_deinit(&state->ids);
}

const struct t2v_operation t2v_tei_decode = {
    .api = &t2v_api_tei,
    .state_size = sizeof(struct decode_state),
    .read = read_decode,
    .bytes = decode_bytes,
    .is_large = decode_is_large,
    .write = write_decode,
    .deinit = decode_deinit,
};
