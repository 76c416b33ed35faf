/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/utf8.h"

#include "base/banned.h"

enum { REPLACEMENT = 0xFFFD };

/* The length that a lead byte announces (0: not a lead byte), and the allowed range of the byte
 * after it, which excludes overlong forms, surrogates and code points above U+10FFFF. */
static int lead(uint8_t byte, uint8_t *low, uint8_t *high)
{
    *low = 0x80;
    *high = 0xBF;
    if (byte >= 0xC2 && byte <= 0xDF)
        return 2;
    if (byte >= 0xE0 && byte <= 0xEF) {
        if (byte == 0xE0)
            *low = 0xA0;
        else if (byte == 0xED)
            *high = 0x9F;
        return 3;
    }
    if (byte >= 0xF0 && byte <= 0xF4) {
        if (byte == 0xF0)
            *low = 0x90;
        else if (byte == 0xF4)
            *high = 0x8F;
        return 4;
    }
    return 0;
}

int t2v_utf8_len(struct t2v_str s)
{
    const uint8_t *bytes = (const uint8_t *)s.ptr;
    uint8_t low, high;
    if (bytes[0] < 0x80)
        return 1;
    int n = lead(bytes[0], &low, &high);
    if (n == 0 || s.len < (size_t)n || bytes[1] < low || bytes[1] > high)
        return 0;
    for (int i = 2; i < n; i++)
        if (!t2v_utf8_is_tail(s.ptr[i]))
            return 0;
    return n;
}

int t2v_utf8_decode(struct t2v_str s, uint32_t *cp)
{
    int n = t2v_utf8_len(s);
    const char *at = s.ptr;
    *cp = n != 0 ? t2v_utf8_next(&at, at + n) : REPLACEMENT;
    return n != 0 ? n : 1;
}

int t2v_utf8_decode_last(struct t2v_str s, uint32_t *cp)
{
    for (size_t n = 1; n <= 4 && n <= s.len; n++) {
        if (t2v_utf8_is_tail(s.ptr[s.len - n]))
            continue;
        if (t2v_utf8_decode(t2v_str_skip(s, s.len - n), cp) == (int)n)
            return (int)n;
        break;
    }
    *cp = REPLACEMENT;
    return 1;
}

bool t2v_utf8_valid(struct t2v_str s, size_t *bad)
{
    size_t at = 0;
    while (at < s.len) {
        uint64_t eight;
        if (s.len - at >= sizeof eight) {
            memcpy(&eight, s.ptr + at, sizeof eight);
            if ((eight & UINT64_C(0x8080808080808080)) == 0) {
                at += sizeof eight;
                continue;
            }
        }
        int n = t2v_utf8_len(t2v_str_skip(s, at));
        if (n == 0) {
            if (bad != NULL)
                *bad = at;
            return false;
        }
        at += (size_t)n;
    }
    return true;
}

static bool is_printable(uint32_t cp)
{
    static const struct {
        uint32_t first, last;
    } acts[] = {
        {0, 0x1f},        /* C0: escape sequences begin here */
        {0x7f, 0x9f},     /* delete, and C1: U+009B begins them, too */
        {0x61c, 0x61c},   /* a mark of direction */
        {0x200e, 0x200f}, /* two more */
        {0x2028, 0x202e}, /* ends of lines and paragraphs, embeddings and overrides of direction */
        {0x2066, 0x2069}, /* isolates */
    };
    for (size_t i = 0; i < sizeof acts / sizeof acts[0]; i++) {
        if (cp >= acts[i].first && cp <= acts[i].last)
            return false;
    }
    return true;
}

int t2v_utf8_escape(struct t2v_str s, char escape[T2V_UTF8_ESCAPE])
{
    static const char hex[] = "0123456789abcdef";
    uint32_t cp = (uint8_t)*s.ptr;
    int n = t2v_utf8_len(s);
    bool shown = n != 0;
    if (shown) {
        t2v_utf8_decode(s, &cp);
        shown = is_printable(cp);
    }
    int digits = shown ? 0 : n > 1 ? 4 : 2, len = 0;
    if (!shown) {
        escape[len++] = '\\';
        escape[len++] = n > 1 ? 'u' : 'x';
    }
    for (int i = digits - 1; i >= 0; i--)
        escape[len++] = hex[cp >> (4 * i) & 15];
    escape[len] = '\0';
    return n != 0 ? n : 1;
}

size_t t2v_utf8_show(char *out, size_t size, struct t2v_str s)
{
    size_t len = 0;
    while (s.len != 0) {
        char escape[T2V_UTF8_ESCAPE];
        size_t n = (size_t)t2v_utf8_escape(s, escape), n_escape = strlen(escape);
        size_t n_out = n_escape != 0 ? n_escape : n;
        if (n_out >= size - len)
            break;
        memcpy(out + len, n_escape != 0 ? escape : s.ptr, n_out);
        len += n_out;
        s = t2v_str_skip(s, n);
    }
    out[len] = '\0';
    return len;
}
