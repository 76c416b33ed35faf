/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_HTTP_API_GENERATED_H
#define T2V_HTTP_API_GENERATED_H
/*
 * What was generated, for answers and streams: the text of each token, the texts as the APIs want
 * them, the order of the choices, and events of streams. Functions that append to a buffer rely on
 * its sticky failure (base/buf.h). They may be called in on_token, for the choice of the call, and
 * when the work is done.
 */
#include "base/buf.h"
#include "http/api/generation.h"
#include "http/stream.h"

/* The part of choice->text that came with token i; empty while text is held back. */
struct t2v_str t2v_generated_piece(const struct t2v_choice *choice, size_t i);
/* Appends the text of the last token as a whole, where a stop string cuts choice->text inside it:
 * what decoding all ids adds to the text before it. As t2v_generated_piece for other ends. */
void t2v_generated_last(const struct t2v_generation *generation, const struct t2v_choice *choice,
                        struct t2v_buf *out);
/* Writes the text as a JSON string to out, or fails out as making the text failed; frees it. */
void t2v_write_made(struct t2v_buf *text, struct t2v_buf *out);
/* Appends the text that id adds to a text that ends with the token `before`, decoded with special
 * tokens. before: -1: none. */
void t2v_generated_text_of(const t2v_decoder *decoder, int32_t before, int32_t id,
                           struct t2v_buf *out);
/* The token before token i of the choice, in the prompt for the first. */
int32_t t2v_generated_before(const struct t2v_choice *choice, size_t i);
/* Appends the whole text: the prompt as sent, then what decoding prompt and new ids together adds
 * to the decoded prompt, cut at the stop string as choice->text is. */
void t2v_generated_full(const struct t2v_generation *generation, size_t index, struct t2v_buf *out);

/* The log-probability of token i of the prompt; NAN: it has none, as the first. */
float t2v_generated_prompt_logprob(const struct t2v_choice *choice, size_t i);

/* The choices of a prompt that the answer has: order[n_best], indexes of generate.choices. */
void t2v_generated_order(const struct t2v_generation *generation, size_t prompt, size_t *order);

/* A number of JSON with enough digits for a log-probability; null: not finite. */
void t2v_write_logprob(struct t2v_buf *buf, float logprob);

/* The form of a stream's events. */
enum t2v_event_form {
    T2V_EVENT_SSE,  /* "data: JSON\n\n", text/event-stream */
    T2V_EVENT_LINES /* "JSON\n", application/x-ndjson */
};
#define T2V_SSE_TYPE   "text/event-stream"
#define T2V_LINES_TYPE "application/x-ndjson"
/* Begins an event in the generation's buffer, which is returned. Its end puts it into the job's
 * stream. An event that has no memory is not put, and the work ends at its next step. */
struct t2v_buf *t2v_event_begin(struct t2v_job *job, enum t2v_event_form form);
void t2v_event_end(struct t2v_job *job, enum t2v_event_form form);
/* Puts the error of an API into the job's stream. */
void t2v_event_put_fault(struct t2v_job *job, const struct t2v_api *api,
                         const struct t2v_fault *fault, enum t2v_event_form form);
/* Appends the error of an API as a whole event, for a stream that ends early. */
void t2v_event_fault(const struct t2v_api *api, const struct t2v_fault *fault,
                     enum t2v_event_form form, struct t2v_buf *out);

#endif
