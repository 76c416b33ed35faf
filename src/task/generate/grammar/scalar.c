/* SPDX-License-Identifier: BSD-3-Clause */
#include "task/generate/grammar/scalar.h"

#include <string.h>

#include "base/banned.h"

/* Strings. */

enum {
    IN_TEXT,
    AFTER_BACKSLASH,
    IN_ESCAPE /* and three more */,
    IN_CHARACTER = 6 /* and two more */
};

bool t2v_scalar_at_character(const struct t2v_frame *frame)
{
    return frame->phase == IN_TEXT;
}

/* The byte begins a character of several: the bounds of the second, and how many follow. */
static bool begin_character(struct t2v_frame *frame, uint8_t byte)
{
    unsigned more = byte < 0xe0 ? 1 : byte < 0xf0 ? 2 : 3;
    if (byte < 0xc2 || byte > 0xf4)
        return false;
    frame->from = byte == 0xe0 ? 0xa0 : byte == 0xf0 ? 0x90 : 0x80;
    frame->to = byte == 0xed ? 0x9f : byte == 0xf4 ? 0x8f : 0xbf;
    frame->phase = (uint8_t)(IN_CHARACTER + more - 1);
    return true;
}

static enum t2v_scalar end_character(struct t2v_frame *frame)
{
    frame->phase = IN_TEXT;
    frame->from = frame->to = 0;
    /* Counting stops where the rest is the same. */
    if (frame->node->max != UINT64_MAX || frame->n < frame->node->min)
        frame->n++;
    return T2V_SCALAR_MORE;
}

static enum t2v_scalar in_character(struct t2v_frame *frame, uint8_t byte)
{
    if (byte < frame->from || byte > frame->to)
        return T2V_SCALAR_NO;
    if (frame->phase == IN_CHARACTER)
        return end_character(frame);
    frame->phase--;
    frame->from = 0x80;
    frame->to = 0xbf;
    return T2V_SCALAR_MORE;
}

static bool is_hex(uint8_t byte)
{
    return (byte >= '0' && byte <= '9') || ((byte | 0x20) >= 'a' && (byte | 0x20) <= 'f');
}

/* Four digits after \u. No surrogates: the second digit after a "d" is below 8. */
static enum t2v_scalar in_escape(struct t2v_frame *frame, uint8_t byte)
{
    unsigned at = frame->phase - IN_ESCAPE;
    if (!is_hex(byte) || (at == 1 && frame->from == 'd' && (byte < '0' || byte > '7')))
        return T2V_SCALAR_NO;
    if (at == 3)
        return end_character(frame);
    frame->from = at == 0 ? (byte | 0x20) : 0;
    frame->phase++;
    return T2V_SCALAR_MORE;
}

static enum t2v_scalar after_backslash(struct t2v_frame *frame, uint8_t byte)
{
    if (byte == 'u') {
        frame->phase = IN_ESCAPE;
        return T2V_SCALAR_MORE;
    }
    return byte != 0 && strchr("\"\\/bfnrt", byte) != NULL ? end_character(frame) : T2V_SCALAR_NO;
}

enum t2v_scalar t2v_scalar_string(struct t2v_frame *frame, uint8_t byte)
{
    if (frame->phase >= IN_CHARACTER)
        return in_character(frame, byte);
    if (frame->phase >= IN_ESCAPE)
        return in_escape(frame, byte);
    if (frame->phase == AFTER_BACKSLASH)
        return after_backslash(frame, byte);
    if (byte == '"')
        return frame->n >= frame->node->min ? T2V_SCALAR_END : T2V_SCALAR_NO;
    if (byte < 0x20 || frame->n >= frame->node->max)
        return T2V_SCALAR_NO;
    if (byte == '\\') {
        frame->phase = AFTER_BACKSLASH;
        return T2V_SCALAR_MORE;
    }
    if (byte < 0x80)
        return end_character(frame);
    return begin_character(frame, byte) ? T2V_SCALAR_MORE : T2V_SCALAR_NO;
}

/* Keys. */

void t2v_scalar_key_start(struct t2v_frame *frame)
{
    frame->first = 0;
    frame->last = (uint32_t)frame->node->n;
}

/* Leaves of the names those that go on with byte. */
static void narrow(struct t2v_frame *frame, uint8_t byte)
{
    const struct t2v_str *names = frame->node->names;
    uint32_t first = frame->first, last = frame->last, at = frame->n;
    while (first < last && (names[first].len <= at || (uint8_t)names[first].ptr[at] < byte))
        first++;
    while (first < last && (uint8_t)names[last - 1].ptr[at] > byte)
        last--;
    frame->first = first < last ? first : 0;
    frame->last = first < last ? last : 0;
    frame->n = first < last ? at + 1 : 0;
}

enum t2v_scalar t2v_scalar_key(struct t2v_frame *frame, uint8_t byte)
{
    if (frame->phase == IN_TEXT && byte == '"') {
        bool is_name =
            frame->first < frame->last && frame->node->names[frame->first].len == frame->n;
        return is_name ? T2V_SCALAR_NO : T2V_SCALAR_END;
    }
    if (frame->phase == IN_TEXT && (byte < 0x20 || byte == '\\'))
        return T2V_SCALAR_NO;
    if (frame->phase >= IN_CHARACTER) {
        if (byte < frame->from || byte > frame->to)
            return T2V_SCALAR_NO;
        frame->phase = frame->phase == IN_CHARACTER ? IN_TEXT : (uint8_t)(frame->phase - 1);
        frame->from = frame->phase == IN_TEXT ? 0 : 0x80;
        frame->to = frame->phase == IN_TEXT ? 0 : 0xbf;
    } else if (byte >= 0x80 && !begin_character(frame, byte)) {
        return T2V_SCALAR_NO;
    }
    narrow(frame, byte);
    return T2V_SCALAR_MORE;
}

/* Numbers. */

enum {
    AT_SIGN,
    AFTER_SIGN,
    IN_ZERO,
    IN_WHOLE,
    AFTER_POINT,
    IN_FRACTION,
    AFTER_E,
    AFTER_E_SIGN,
    IN_EXPONENT
};

enum { MAX_DIGITS = 15, MAX_EXPONENT = 2 };

static uint64_t unit_of(const struct t2v_frame *frame)
{
    uint64_t unit = frame->node->whole ? 1 : T2V_SCHEMA_SCALE;
    for (uint32_t i = 0; i < frame->n && frame->phase >= AFTER_POINT; i++)
        unit /= 10;
    return unit;
}

/* The magnitudes of the range, in the node's units, with this sign. False: there are none. */
static bool magnitudes(const struct t2v_frame *frame, uint64_t *a, uint64_t *b)
{
    int64_t lo = frame->node->lo, hi = frame->node->hi;
    if (frame->negative) {
        int64_t t = -lo;
        lo = -hi > 1 ? -hi : 1;
        hi = t;
    }
    lo = lo > 0 ? lo : 0;
    *a = (uint64_t)lo;
    *b = (uint64_t)(hi > 0 ? hi : 0);
    return lo <= hi;
}

/* Whether [lo, hi] has a multiple of the node's step. */
static bool has_multiple(const struct t2v_frame *frame, uint64_t lo, uint64_t hi)
{
    uint64_t step = frame->node->step;
    return lo <= hi && (step == 0 || (lo + step - 1) / step * step <= hi);
}

/* Whether digits can follow, perhaps none, so that the number is in the range. */
static bool is_possible(const struct t2v_frame *frame)
{
    uint64_t a, b, unit = unit_of(frame);
    if (!frame->node->ranged)
        return true;
    if (!magnitudes(frame, &a, &b))
        return false;
    if (frame->phase == AFTER_SIGN)
        return has_multiple(frame, a, b);
    uint64_t from = frame->v * unit, to = from + unit - 1;
    while (from <= b) {
        if (has_multiple(frame, from > a ? from : a, to < b ? to : b))
            return true;
        if (frame->phase != IN_WHOLE)
            return false;
        from *= 10;
        to = to * 10 + 9;
    }
    return false;
}

static bool has_digits(const struct t2v_frame *frame)
{
    return frame->phase == IN_ZERO || frame->phase == IN_WHOLE || frame->phase == IN_FRACTION ||
           frame->phase == IN_EXPONENT;
}

bool t2v_scalar_number_ends(const struct t2v_frame *frame)
{
    uint64_t a, b;
    if (!has_digits(frame))
        return false;
    if (!frame->node->ranged)
        return true;
    uint64_t value = frame->v * unit_of(frame);
    return magnitudes(frame, &a, &b) && value >= a && value <= b &&
           has_multiple(frame, value, value);
}

/* A digit of the part that the number is in; n counts its digits. */
static bool more_digits(struct t2v_frame *frame, uint8_t phase, uint32_t most)
{
    frame->n = frame->phase == phase ? frame->n + 1 : 1;
    frame->phase = phase;
    return frame->n <= most;
}

static bool digit(struct t2v_frame *frame, uint8_t byte)
{
    bool ranged = frame->node->ranged;
    if (ranged)
        frame->v = frame->v * 10 + (uint64_t)(byte - '0');
    switch (frame->phase) {
    case AT_SIGN:
    case AFTER_SIGN:
        frame->n = 1;
        frame->phase = byte == '0' ? IN_ZERO : IN_WHOLE;
        return true;
    case IN_WHOLE:
        return more_digits(frame, IN_WHOLE, MAX_DIGITS);
    case AFTER_POINT:
    case IN_FRACTION:
        return more_digits(frame, IN_FRACTION, ranged ? T2V_SCHEMA_DECIMALS : MAX_DIGITS);
    case AFTER_E:
    case AFTER_E_SIGN:
    case IN_EXPONENT:
        return more_digits(frame, IN_EXPONENT, MAX_EXPONENT);
    default:
        return false;
    }
}

static bool point(struct t2v_frame *frame)
{
    bool follows = frame->phase == IN_ZERO || frame->phase == IN_WHOLE;
    frame->phase = AFTER_POINT;
    frame->n = 0;
    return follows && !frame->node->whole;
}

static bool exponent(struct t2v_frame *frame)
{
    bool follows = has_digits(frame) && frame->phase != IN_EXPONENT;
    frame->phase = AFTER_E;
    frame->n = 0;
    return follows && !frame->node->ranged;
}

static bool sign(struct t2v_frame *frame, uint8_t byte)
{
    if (frame->phase == AFTER_E) {
        frame->phase = AFTER_E_SIGN;
        return true;
    }
    bool follows = frame->phase == AT_SIGN && byte == '-';
    frame->negative = true;
    frame->phase = AFTER_SIGN;
    return follows;
}

bool t2v_scalar_number(struct t2v_frame *frame, uint8_t byte)
{
    bool follows = false;
    if (byte >= '0' && byte <= '9')
        follows = digit(frame, byte);
    else if (byte == '.')
        follows = point(frame);
    else if (byte == 'e' || byte == 'E')
        follows = exponent(frame);
    else if (byte == '-' || byte == '+')
        follows = sign(frame, byte);
    return follows && is_possible(frame);
}
