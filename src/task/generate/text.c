/* SPDX-License-Identifier: BSD-3-Clause */
#include "task/generate/text.h"

#include "base/mem.h"
#include "task/generate/stops.h"
#include "token/decode/bytes.h"

#include "base/banned.h"

enum { MAX_HELD = 1 << 30 };

struct t2v_gen_text {
    const t2v_decoder *decoder;
    t2v_decoding *decoding;
    struct t2v_stops stops, ahead; /* ahead: as if the run of byte tokens had ended */
    struct t2v_buf part;           /* what the decoding gave last */
    struct t2v_buf held;           /* the end of the text that a stop string may begin with */
    struct t2v_buf run;            /* bytes of the byte tokens that the decoding holds back */
    bool keep_stop, stopped;
};

int t2v_gen_text_new(const t2v_decoder *decoder, const struct t2v_str *stops, size_t n_stop,
                     bool keep_stop, t2v_gen_text **out)
{
    t2v_gen_text *text = t2v_alloc_zero(1, sizeof *text);
    if (text == NULL)
        return T2V_ENOMEM;
    unsigned tidy = t2v_decoder_tidies(decoder) ? T2V_DECODE_TIDY : 0;
    text->decoder = decoder;
    text->keep_stop = keep_stop;
    t2v_buf_init(&text->part, MAX_HELD);
    t2v_buf_init(&text->held, MAX_HELD);
    t2v_buf_init(&text->run, MAX_HELD);
    int rc = t2v_decoding_new(decoder, T2V_DECODE_SKIP_SPECIAL | tidy, &text->decoding);
    if (rc == 0)
        rc = t2v_stops_init(&text->stops, stops, n_stop);
    if (rc == 0)
        rc = t2v_stops_init(&text->ahead, stops, n_stop);
    if (rc != 0)
        t2v_gen_text_free(text);
    else
        *out = text;
    return rc;
}

void t2v_gen_text_free(t2v_gen_text *text)
{
    if (text == NULL)
        return;
    t2v_decoding_free(text->decoding);
    t2v_stops_deinit(&text->stops);
    t2v_stops_deinit(&text->ahead);
    t2v_buf_deinit(&text->part);
    t2v_buf_deinit(&text->held);
    t2v_buf_deinit(&text->run);
    t2v_free(text);
}

/* Moves the first n bytes of held to out. */
static int release(t2v_gen_text *text, size_t n, struct t2v_buf *out)
{
    struct t2v_buf *held = &text->held;
    int rc = t2v_buf_add(out, held->ptr, n);
    if (rc == 0 && n != 0) {
        held->len -= n;
        memmove(held->ptr, held->ptr + n, held->len);
    }
    return rc;
}

/* The stop string of `len` bytes ends `end` bytes into the part, which is in held, too. */
static int stop_at(t2v_gen_text *text, size_t before, size_t end, size_t len, struct t2v_buf *out)
{
    text->stopped = true;
    int rc = release(text, before + end - (text->keep_stop ? 0 : len), out);
    t2v_buf_clear(&text->held);
    return rc;
}

/* More of the text. */
static int add(t2v_gen_text *text, struct t2v_str part, struct t2v_buf *out)
{
    size_t before = text->held.len, end, len;
    if (t2v_buf_add(&text->held, part.ptr, part.len) != 0)
        return text->held.fail;
    if (t2v_stops_find(&text->stops, part, &end, &len))
        return stop_at(text, before, end, len, out);
    return release(text, text->held.len - (text->keep_stop ? 0 : t2v_stops_held(&text->stops)),
                   out);
}

/* The decoding holds a run of byte tokens back until it ends, since it may become invalid. A stop
 * string that completes within one ends the text, and so the run, at once. */
static int look_ahead(t2v_gen_text *text, int byte, struct t2v_buf *out)
{
    size_t end, len;
    const char c = (char)byte;
    if (text->run.len == 0)
        t2v_stops_copy_state(&text->ahead, &text->stops);
    if (t2v_buf_addc(&text->run, c) != 0)
        return text->run.fail;
    if (!t2v_stops_find(&text->ahead, (struct t2v_str){&c, 1}, &end, &len))
        return 0;
    return add(text, t2v_buf_str(&text->run), out);
}

int t2v_gen_text_feed(t2v_gen_text *text, int32_t id, struct t2v_buf *out, bool *stopped)
{
    *stopped = text->stopped;
    if (text->stopped)
        return 0;
    t2v_buf_clear(&text->part);
    int rc = t2v_decoding_feed(text->decoding, &id, 1, &text->part);
    if (rc != 0)
        return rc;
    int byte = text->stops.n != 0 && text->part.len == 0
                   ? t2v_decode_byte_of(t2v_decoder_token(text->decoder, id))
                   : -1;
    if (byte >= 0) {
        rc = look_ahead(text, byte, out);
    } else if (text->part.len != 0) {
        t2v_buf_clear(&text->run);
        rc = add(text, t2v_buf_str(&text->part), out);
    }
    *stopped = text->stopped;
    return rc;
}

int t2v_gen_text_finish(t2v_gen_text *text, struct t2v_buf *out)
{
    if (text->stopped)
        return 0;
    t2v_buf_clear(&text->part);
    int rc = t2v_decoding_finish(text->decoding, &text->part);
    if (rc == 0)
        rc = add(text, t2v_buf_str(&text->part), out);
    return rc != 0 || text->stopped ? rc : release(text, text->held.len, out);
}

bool t2v_gen_text_stopped(const t2v_gen_text *text)
{
    return text->stopped;
}
