/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/utf8.h"

#include "base/banned.h"

enum { REPLACEMENT = 0xFFFD };

/* The length that a lead byte announces (0: it cannot lead) and the range of the byte after it,
 * which is where overlong forms, surrogates and what lies above U+10FFFF are told apart. */
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

void t2v_utf8_printable(char *text)
{
    size_t left = strlen(text);
    for (size_t n; left > 0; text += n, left -= n) {
        n = (size_t)t2v_utf8_len((struct t2v_str){text, left});
        if (n > 1)
            continue;
        if (n == 0 || (unsigned char)*text < ' ' || *text == 0x7f)
            *text = '?';
        n = 1;
    }
}
