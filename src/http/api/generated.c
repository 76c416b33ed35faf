/* SPDX-License-Identifier: BSD-3-Clause */
#include "http/api/generated.h"

#include <math.h>

#include "base/mem.h"
#include "http/job.h"
#include "json/write.h"

#include "base/banned.h"

/* ---- The texts of tokens ---- */

struct t2v_str t2v_generated_piece(const struct t2v_choice *choice, size_t i)
{
    size_t begin = i != 0 ? choice->tokens[i - 1].text_end : 0;
    size_t end = choice->tokens[i].text_end;
    return t2v_str_skip((struct t2v_str){choice->text.ptr, end}, begin);
}

/* Appends the decoded ids without their first `skip` bytes. */
static void decode_after(const t2v_decoder *decoder, const struct t2v_ids *ids, unsigned flags,
                         size_t skip, struct t2v_buf *out)
{
    struct t2v_buf text;
    t2v_buf_init(&text, out->max);
    int rc = t2v_decode(decoder, ids->ptr, ids->len, flags, &text);
    if (rc != 0)
        out->fail = rc;
    else if (skip < text.len)
        t2v_buf_add(out, text.ptr + skip, text.len - skip);
    t2v_buf_deinit(&text);
}

static unsigned flags_of(const t2v_decoder *decoder)
{
    return T2V_DECODE_SKIP_SPECIAL | (t2v_decoder_tidies(decoder) ? T2V_DECODE_TIDY : 0);
}

static bool add_new_ids(const struct t2v_choice *choice, struct t2v_ids *ids)
{
    for (size_t i = 0; i < choice->n_token; i++) {
        if (t2v_ids_add(ids, choice->tokens[i].id) != 0)
            return false;
    }
    return true;
}

void t2v_generated_last(const struct t2v_generation *generation, const struct t2v_choice *choice,
                        struct t2v_buf *out)
{
    size_t last = choice->n_token - 1;
    if (choice->finish != T2V_FINISH_STOP) {
        struct t2v_str piece = t2v_generated_piece(choice, last);
        t2v_buf_add(out, piece.ptr, piece.len);
        return;
    }
    struct t2v_ids ids = {0};
    size_t before = last != 0 ? choice->tokens[last - 1].text_end : 0;
    if (add_new_ids(choice, &ids))
        decode_after(generation->decoder, &ids, flags_of(generation->decoder), before, out);
    else
        out->fail = T2V_ENOMEM;
    t2v_ids_deinit(&ids);
}

void t2v_write_made(struct t2v_buf *text, struct t2v_buf *out)
{
    t2v_json_write_str(out, t2v_buf_str(text));
    if (text->fail != 0)
        out->fail = text->fail;
    t2v_buf_deinit(text);
}

void t2v_generated_text_of(const t2v_decoder *decoder, int32_t before, int32_t id,
                           struct t2v_buf *out)
{
    const int32_t both[2] = {before, id};
    struct t2v_buf first, text;
    size_t skip = before < 0;
    t2v_buf_init(&first, out->max);
    t2v_buf_init(&text, out->max);
    int rc = t2v_decode(decoder, both, 1 - skip, 0, &first);
    if (rc == 0)
        rc = t2v_decode(decoder, both + skip, 2 - skip, 0, &text);
    if (rc != 0)
        out->fail = rc;
    else if (t2v_str_starts(t2v_buf_str(&text), t2v_buf_str(&first)))
        t2v_buf_add(out, text.ptr + first.len, text.len - first.len);
    else
        t2v_decode(decoder, &id, 1, 0, out);
    t2v_buf_deinit(&first);
    t2v_buf_deinit(&text);
}

int32_t t2v_generated_before(const struct t2v_choice *choice, size_t i)
{
    return i != 0 ? choice->tokens[i - 1].id : choice->prompt[choice->n_prompt - 1];
}

float t2v_generated_prompt_logprob(const struct t2v_choice *choice, size_t i)
{
    return i != 0 && choice->prompt_logprobs != NULL ? choice->prompt_logprobs[i] : NAN;
}

/* ---- Whole texts ---- */

/* The bytes that a stop string cut off the decoded ids. */
static size_t cut_bytes(const struct t2v_generation *generation, const struct t2v_choice *choice)
{
    struct t2v_buf whole;
    size_t cut = 0;
    if (choice->finish != T2V_FINISH_STOP)
        return 0;
    t2v_buf_init(&whole, SIZE_MAX / 2);
    t2v_generated_last(generation, choice, &whole);
    struct t2v_str piece = t2v_generated_piece(choice, choice->n_token - 1);
    if (whole.fail == 0 && whole.len > piece.len)
        cut = whole.len - piece.len;
    t2v_buf_deinit(&whole);
    return cut;
}

static bool all_ids(const struct t2v_choice *choice, struct t2v_ids *ids)
{
    for (size_t i = 0; i < choice->n_prompt; i++) {
        if (t2v_ids_add(ids, choice->prompt[i]) != 0)
            return false;
    }
    return add_new_ids(choice, ids);
}

void t2v_generated_full(const struct t2v_generation *generation, size_t index, struct t2v_buf *out)
{
    const struct t2v_choice *choice = &generation->generate.choices[index];
    const t2v_decoder *decoder = generation->decoder;
    struct t2v_str sent = generation->prompts.list[index / generation->n_each];
    struct t2v_buf prompt, whole;
    struct t2v_ids ids = {0};
    t2v_buf_init(&prompt, out->max);
    t2v_buf_init(&whole, out->max);
    t2v_buf_add(out, sent.ptr, sent.len);
    int rc = t2v_decode(decoder, choice->prompt, choice->n_prompt, flags_of(decoder), &prompt);
    if (rc == 0 && all_ids(choice, &ids))
        decode_after(decoder, &ids, flags_of(decoder), prompt.len, &whole);
    else
        out->fail = rc != 0 ? rc : T2V_ENOMEM;
    size_t cut = cut_bytes(generation, choice);
    t2v_buf_add(out, whole.ptr, whole.len > cut ? whole.len - cut : 0);
    if (whole.fail != 0)
        out->fail = whole.fail;
    t2v_ids_deinit(&ids);
    t2v_buf_deinit(&prompt);
    t2v_buf_deinit(&whole);
}

/* ---- The best choices ---- */

static float mean_logprob(const struct t2v_choice *choice)
{
    float sum = 0;
    for (size_t i = 0; i < choice->n_token; i++)
        sum += choice->tokens[i].logprob;
    return choice->n_token != 0 ? sum / (float)choice->n_token : -INFINITY;
}

void t2v_generated_order(const struct t2v_generation *generation, size_t prompt, size_t *order)
{
    const struct t2v_choice *choices = generation->generate.choices;
    size_t first = prompt * generation->n_each, n = 0;
    for (size_t i = 0; i < generation->n_each; i++) {
        size_t at = n;
        if (generation->ranked) {
            float mean = mean_logprob(&choices[first + i]);
            while (at > 0 && mean > mean_logprob(&choices[order[at - 1]]))
                at--;
        }
        if (at == generation->n_best)
            continue;
        n += n < generation->n_best;
        for (size_t k = n - 1; k > at; k--)
            order[k] = order[k - 1];
        order[at] = first + i;
    }
}

void t2v_write_logprob(struct t2v_buf *buf, float logprob)
{
    t2v_json_write_f32(buf, logprob);
}

/* ---- Events ---- */

struct t2v_buf *t2v_event_begin(struct t2v_job *job, enum t2v_event_form form)
{
    struct t2v_generation *generation = job->state;
    struct t2v_buf *buf = &generation->event;
    if (buf->fail != 0)
        return buf; /* it stays failed */
    t2v_buf_clear(buf);
    if (form == T2V_EVENT_SSE)
        t2v_buf_adds(buf, "data: ");
    return buf;
}

void t2v_event_end(struct t2v_job *job, enum t2v_event_form form)
{
    struct t2v_generation *generation = job->state;
    struct t2v_buf *buf = &generation->event;
    t2v_buf_adds(buf, form == T2V_EVENT_SSE ? "\n\n" : "\n");
    if (buf->fail == 0)
        t2v_stream_put(job->stream, t2v_buf_str(buf));
}

void t2v_event_put_fault(struct t2v_job *job, const struct t2v_api *api,
                         const struct t2v_fault *fault, enum t2v_event_form form)
{
    struct t2v_buf out;
    t2v_buf_init(&out, T2V_STREAM_MAX);
    t2v_event_fault(api, fault, form, &out);
    if (out.fail == 0)
        t2v_stream_put(job->stream, t2v_buf_str(&out));
    t2v_buf_deinit(&out);
}

void t2v_event_fault(const struct t2v_api *api, const struct t2v_fault *fault,
                     enum t2v_event_form form, struct t2v_buf *out)
{
    struct t2v_reply reply = {.status = fault->status};
    t2v_buf_init(&reply.buf, T2V_STREAM_MAX);
    api->fail(fault, &reply);
    t2v_buf_adds(out, form == T2V_EVENT_SSE ? "data: " : "");
    t2v_buf_add(out, reply.buf.ptr, reply.buf.len);
    t2v_buf_adds(out, form == T2V_EVENT_SSE ? "\n\n" : "\n");
    if (reply.buf.fail != 0)
        out->fail = reply.buf.fail;
    t2v_buf_deinit(&reply.buf);
}
