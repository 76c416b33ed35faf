/* SPDX-License-Identifier: BSD-3-Clause */
#include "token/decode/bytes.h"

#include "base/utf8.h"
#include "token/byte_level.h"

#include "base/banned.h"

/* ByteLevel. */

/* Puts the bytes of the characters of *part into `kept`, up to the first that stands for none. */
static int take_bytes(struct t2v_decode_state *state, struct t2v_str *part)
{
    const char *at = part->ptr, *end = part->ptr + part->len;
    while (at < end && state->kept.fail == 0) {
        const char *begin = at;
        int byte = t2v_byte_level_byte(t2v_utf8_next(&at, end));
        if (byte < 0) {
            state->bad = true;
            at = begin;
            break;
        }
        t2v_buf_addc(&state->kept, (char)byte);
    }
    *part = t2v_str_skip(*part, (size_t)(at - part->ptr));
    return state->kept.fail;
}

static int emit_bytes(struct t2v_decode_run *run, size_t at, struct t2v_str bytes)
{
    struct t2v_decode_state *state = &run->states[at];
    t2v_buf_clear(&state->more);
    int rc = t2v_lossy_add(&state->lossy, bytes, &state->more);
    return rc != 0 ? rc : t2v_decode_emit(run, at, t2v_buf_str(&state->more), false);
}

/* The token is text: so were the characters that were taken for bytes. */
static int spell_kept(struct t2v_decode_run *run, size_t at)
{
    struct t2v_decode_state *state = &run->states[at];
    struct t2v_buf *made = &state->replacing.made[0];
    t2v_buf_clear(made);
    int rc = t2v_byte_level_add(t2v_buf_str(&state->kept), made);
    t2v_buf_clear(&state->kept);
    return rc != 0 ? rc : emit_bytes(run, at, t2v_buf_str(made));
}

/* A token is bytes if each of its characters stands for one, else it is text. */
int t2v_decode_byte_level(struct t2v_decode_run *run, size_t at, struct t2v_str part, bool ends)
{
    struct t2v_decode_state *state = &run->states[at];
    int rc = 0;
    if (!state->bad)
        rc = take_bytes(state, &part);
    if (rc == 0 && state->bad && state->kept.len != 0)
        rc = spell_kept(run, at);
    if (rc == 0 && state->bad)
        rc = emit_bytes(run, at, part);
    if (rc == 0 && ends && !state->bad)
        rc = emit_bytes(run, at, t2v_buf_str(&state->kept));
    if (ends) {
        t2v_buf_clear(&state->kept);
        state->bad = false;
    }
    return rc;
}

/* What it makes is one token. */
int t2v_decode_byte_level_end(struct t2v_decode_run *run, size_t at)
{
    struct t2v_decode_state *state = &run->states[at];
    t2v_buf_clear(&state->more);
    int rc = t2v_lossy_end(&state->lossy, &state->more);
    return rc != 0 ? rc : t2v_decode_emit(run, at, t2v_buf_str(&state->more), true);
}

/* ByteFallback. */

enum { BYTE_TOKEN = 6 /* bytes of "<0x41>" */ };

static int digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    char lower = (char)(c | 0x20);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/* UPSTREAM: "<0x+A>" stands for a byte, too. */
int t2v_decode_byte_of(struct t2v_str token)
{
    if (token.len != BYTE_TOKEN || !t2v_str_starts(token, T2V_STR("<0x")) || token.ptr[5] != '>')
        return -1;
    int high = token.ptr[3] == '+' ? 0 : digit(token.ptr[3]), low = digit(token.ptr[4]);
    return high < 0 || low < 0 ? -1 : high << 4 | low;
}

/* Bytes of a run that is no UTF-8 are U+FFFD each, and tokens of their own. */
static int emit_signs(struct t2v_decode_run *run, size_t at, size_t n)
{
    int rc = 0;
    for (size_t i = 0; i < n && rc == 0; i++)
        rc = t2v_decode_emit(run, at, T2V_STR(T2V_LOSSY_SIGN), true);
    return rc;
}

/* One more byte of a run. All of them are U+FFFD once they cannot become UTF-8 any more. */
static int add_byte(struct t2v_decode_run *run, size_t at, char byte)
{
    struct t2v_decode_state *state = &run->states[at];
    bool whole;
    if (state->bad)
        return emit_signs(run, at, 1);
    if (t2v_buf_addc(&state->more, byte) != 0)
        return state->more.fail;
    struct t2v_str tail = t2v_str_skip(t2v_buf_str(&state->more), state->count);
    if (t2v_lossy_begins(tail, &whole) == tail.len) {
        state->count += whole ? tail.len : 0;
        return 0;
    }
    state->bad = true;
    return emit_signs(run, at, state->more.len);
}

/* The run ends: it is one token if it is UTF-8. */
static int end_bytes(struct t2v_decode_run *run, size_t at)
{
    struct t2v_decode_state *state = &run->states[at];
    struct t2v_str bytes = t2v_buf_str(&state->more);
    int rc = 0;
    if (!state->bad && bytes.len != 0)
        rc = state->count == bytes.len ? t2v_decode_emit(run, at, bytes, true)
                                       : emit_signs(run, at, bytes.len);
    t2v_buf_clear(&state->more);
    state->count = 0;
    state->bad = false;
    return rc;
}

/* A token's beginning waits in `kept` while it may be a byte's. */
int t2v_decode_byte_fallback(struct t2v_decode_run *run, size_t at, struct t2v_str part, bool ends)
{
    struct t2v_decode_state *state = &run->states[at];
    struct t2v_str token = part;
    int rc = 0;
    if (!state->decided && (!ends || state->kept.len != 0)) {
        rc = t2v_buf_add(&state->kept, part.ptr, part.len);
        token = t2v_buf_str(&state->kept);
    }
    if (rc != 0 || (!state->decided && !ends && token.len <= BYTE_TOKEN))
        return rc;
    int byte = state->decided ? -1 : t2v_decode_byte_of(token);
    if (byte >= 0)
        rc = add_byte(run, at, (char)byte);
    else if (!state->decided)
        rc = end_bytes(run, at);
    if (rc == 0 && byte < 0)
        rc = t2v_decode_emit(run, at, token, ends);
    state->decided = !ends;
    t2v_buf_clear(&state->kept);
    return rc;
}

int t2v_decode_byte_fallback_end(struct t2v_decode_run *run, size_t at)
{
    return end_bytes(run, at);
}
