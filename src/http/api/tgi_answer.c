/* SPDX-License-Identifier: BSD-3-Clause */
#include "http/api/tgi_answer.h"

#include <inttypes.h>

#include "http/api/generated.h"
#include "json/write.h"

#include "base/banned.h"

static const char *finish_name(enum t2v_finish finish)
{
    switch (finish) {
    case T2V_FINISH_END:
        return "eos_token";
    case T2V_FINISH_STOP:
        return "stop_sequence";
    case T2V_FINISH_NONE:
    case T2V_FINISH_LENGTH:
        break;
    }
    return "length";
}

/* A special token is spelled. But one at the end may bring text that was held back, which clients
 * want: they pass over special tokens. */
static bool is_spelled(const struct t2v_choice *choice, size_t i)
{
    return choice->tokens[i].special && t2v_generated_piece(choice, i).len == 0;
}

/* The text of token i. */
static void write_text(const struct t2v_generation *generation, const struct t2v_choice *choice,
                       size_t i, struct t2v_buf *out)
{
    struct t2v_buf text;
    if (is_spelled(choice, i)) {
        t2v_json_write_str(out, t2v_decoder_token(generation->decoder, choice->tokens[i].id));
        return;
    }
    if (i + 1 < choice->n_token || choice->finish != T2V_FINISH_STOP) {
        t2v_json_write_str(out, t2v_generated_piece(choice, i));
        return;
    }
    t2v_buf_init(&text, out->max);
    t2v_generated_last(generation, choice, &text);
    t2v_write_made(&text, out);
}

static void write_token(const struct t2v_generation *generation, const struct t2v_choice *choice,
                        size_t i, struct t2v_buf *out)
{
    const struct t2v_token_out *token = &choice->tokens[i];
    t2v_buf_adds(out, "{\"id\":");
    t2v_json_write_int(out, token->id);
    t2v_buf_adds(out, ",\"text\":");
    write_text(generation, choice, i, out);
    t2v_buf_adds(out, ",\"logprob\":");
    t2v_write_logprob(out, token->logprob);
    t2v_buf_adds(out, is_spelled(choice, i) ? ",\"special\":true}" : ",\"special\":false}");
}

/* One of the likeliest tokens, or of the prompt: by itself, after the token `before`. */
static void write_other(const struct t2v_generation *generation, int32_t before,
                        struct t2v_top token, struct t2v_buf *out)
{
    struct t2v_buf text;
    t2v_buf_init(&text, out->max);
    t2v_generated_text_of(generation->decoder, before, token.id, &text);
    t2v_buf_adds(out, "{\"id\":");
    t2v_json_write_int(out, token.id);
    t2v_buf_adds(out, ",\"text\":");
    t2v_write_made(&text, out);
    t2v_buf_adds(out, ",\"logprob\":");
    t2v_write_logprob(out, token.logprob);
}

static void write_top(const struct t2v_generation *generation, const struct t2v_choice *choice,
                      size_t i, struct t2v_buf *out)
{
    size_t n = generation->generate.n_top;
    t2v_buf_addc(out, '[');
    for (size_t k = 0; k < n; k++) {
        struct t2v_top top = choice->tops[i * n + k];
        t2v_buf_adds(out, k != 0 ? "," : "");
        write_other(generation, t2v_generated_before(choice, i), top, out);
        t2v_buf_adds(out, t2v_decoder_is_special(generation->decoder, top.id)
                              ? ",\"special\":true}"
                              : ",\"special\":false}");
    }
    t2v_buf_addc(out, ']');
}

static void write_prefill(const struct t2v_generation *generation, const struct t2v_choice *choice,
                          struct t2v_buf *out)
{
    t2v_buf_addc(out, '[');
    for (size_t i = 0; generation->generate.prompt_logprobs && i < choice->n_prompt; i++) {
        const struct t2v_top token = {choice->prompt[i], t2v_generated_prompt_logprob(choice, i)};
        t2v_buf_adds(out, i != 0 ? "," : "");
        write_other(generation, i != 0 ? choice->prompt[i - 1] : -1, token, out);
        t2v_buf_addc(out, '}');
    }
    t2v_buf_addc(out, ']');
}

static void write_end(const struct t2v_generation *generation, const struct t2v_choice *choice,
                      struct t2v_buf *out)
{
    t2v_buf_addf(out, "\"finish_reason\":\"%s\",\"generated_tokens\":%zu,\"seed\":",
                 finish_name(choice->finish), choice->n_token);
    if (generation->generate.sampling.sample)
        t2v_buf_addf(out, "%" PRIu64, choice->seed);
    else
        t2v_buf_adds(out, "null");
}

static void write_full_or_new(const struct t2v_tgi_text *text, size_t index, struct t2v_buf *out)
{
    const struct t2v_generation *generation = &text->generation;
    struct t2v_buf whole;
    if (!text->full_text) {
        t2v_json_write_str(out, t2v_buf_str(&generation->generate.choices[index].text));
        return;
    }
    t2v_buf_init(&whole, out->max);
    t2v_generated_full(generation, index, &whole);
    t2v_write_made(&whole, out);
}

/* The members of `details`, and of one of best_of_sequences. */
static void write_members(const struct t2v_tgi_text *text, size_t index, struct t2v_buf *out)
{
    const struct t2v_generation *generation = &text->generation;
    const struct t2v_choice *choice = &generation->generate.choices[index];
    write_end(generation, choice, out);
    t2v_buf_adds(out, ",\"prefill\":");
    write_prefill(generation, choice, out);
    t2v_buf_adds(out, ",\"tokens\":[");
    for (size_t i = 0; i < choice->n_token && out->fail == 0; i++) {
        t2v_buf_adds(out, i != 0 ? "," : "");
        write_token(generation, choice, i, out);
    }
    t2v_buf_addc(out, ']');
    if (generation->generate.n_top == 0)
        return;
    t2v_buf_adds(out, ",\"top_tokens\":[");
    for (size_t i = 0; i < choice->n_token && out->fail == 0; i++) {
        t2v_buf_adds(out, i != 0 ? "," : "");
        write_top(generation, choice, i, out);
    }
    t2v_buf_addc(out, ']');
}

static void write_details(const struct t2v_tgi_text *text, const size_t *order, struct t2v_buf *out)
{
    size_t n = text->generation.n_each;
    t2v_buf_adds(out, ",\"details\":{");
    write_members(text, order[0], out);
    if (n > 1)
        t2v_buf_adds(out, ",\"best_of_sequences\":[");
    for (size_t i = 1; i < n; i++) {
        t2v_buf_adds(out, i != 1 ? ",{\"generated_text\":" : "{\"generated_text\":");
        write_full_or_new(text, order[i], out);
        t2v_buf_addc(out, ',');
        write_members(text, order[i], out);
        t2v_buf_addc(out, '}');
    }
    t2v_buf_adds(out, n > 1 ? "]}" : "}");
}

void t2v_tgi_write_answer(const struct t2v_tgi_text *text, struct t2v_buf *out)
{
    size_t order[T2V_TGI_BEST_OF_MAX];
    t2v_generated_order(&text->generation, 0, order);
    t2v_buf_adds(out, text->list ? "[{\"generated_text\":" : "{\"generated_text\":");
    write_full_or_new(text, order[0], out);
    if (text->details)
        write_details(text, order, out);
    t2v_buf_adds(out, text->list ? "}]" : "}");
}

void t2v_tgi_write_event(const struct t2v_tgi_text *text, const struct t2v_choice *choice,
                         struct t2v_buf *out)
{
    const struct t2v_generation *generation = &text->generation;
    bool ends = choice->finish != T2V_FINISH_NONE;
    t2v_buf_addf(out, "{\"index\":%zu,\"token\":", choice->n_token);
    write_token(generation, choice, choice->n_token - 1, out);
    if (generation->generate.n_top != 0) {
        t2v_buf_adds(out, ",\"top_tokens\":");
        write_top(generation, choice, choice->n_token - 1, out);
    }
    t2v_buf_adds(out, ",\"generated_text\":");
    if (ends)
        write_full_or_new(text, 0, out);
    else
        t2v_buf_adds(out, "null");
    t2v_buf_adds(out, ends && text->details ? ",\"details\":{" : ",\"details\":null}");
    if (!ends || !text->details)
        return;
    write_end(generation, choice, out);
    t2v_buf_addf(out, ",\"input_length\":%zu}}", choice->n_prompt);
}
