/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_TASK_GENERATE_TEXT_H
#define T2V_TASK_GENERATE_TEXT_H
/*
 * The text of a sequence while its tokens come: transformers' decode of the new ids without special
 * tokens, tidied as its default is, up to the first stop string. Text that a later token could
 * still change is held back (token/decode/decoder.h), and so is text that may become a stop string
 * if the text ends before it. One thread at a time.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"
#include "token/decode/decoder.h"

typedef struct t2v_gen_text t2v_gen_text;

/* stops: [n_stop], valid UTF-8, none empty; copied. The one that completes first ends the text, of
 * those that complete at the same byte the longest. keep_stop: the text ends with the stop string
 * itself, else before it. The decoder must outlive it. T2V_ETOOLARGE: stops of more than 1 GiB;
 * T2V_ENOMEM. */
int t2v_gen_text_new(const t2v_decoder *decoder, const struct t2v_str *stops, size_t n_stop,
                     bool keep_stop, t2v_gen_text **out);
/* NULL is allowed. */
void t2v_gen_text_free(t2v_gen_text *text);

/* Takes the next id and appends to out what is certain now: whole characters. *stopped: a stop
 * string is complete; no more ids are taken then, and nothing is held. 0, or an error of
 * t2v_decoding_feed. */
int t2v_gen_text_feed(t2v_gen_text *text, int32_t id, struct t2v_buf *out, bool *stopped);
/* After the last id: appends what was held back, up to a stop string that it completes. */
int t2v_gen_text_finish(t2v_gen_text *text, struct t2v_buf *out);
/* True once a stop string is complete, in t2v_gen_text_finish too. */
bool t2v_gen_text_stopped(const t2v_gen_text *text);

#endif
