/* SPDX-License-Identifier: BSD-3-Clause */
#include "json/plain.h"

#include "base/banned.h"

/* How many bytes the well-formed UTF-8 character at s[0..n) has, n > 0; 0 when it is not one. */
static size_t utf8_len(const uint8_t *s, size_t n)
{
    if (s[0] < 0x80)
        return 1;
    if (s[0] < 0xc2 || s[0] > 0xf4)
        return 0;
    size_t len = s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4;
    if (n < len)
        return 0;
    /* The second byte rules out long forms, surrogates and what lies above U+10FFFF. */
    uint8_t low = s[0] == 0xe0 ? 0xa0 : s[0] == 0xf0 ? 0x90 : 0x80;
    uint8_t high = s[0] == 0xed ? 0x9f : s[0] == 0xf4 ? 0x8f : 0xbf;
    if (s[1] < low || s[1] > high)
        return 0;
    for (size_t i = 2; i < len; i++)
        if ((s[i] & 0xc0) != 0x80)
            return 0;
    return len;
}

size_t t2v_json_plain_run(const uint8_t *s, size_t n)
{
    size_t i = 0;
    while (i < n) {
        if (s[i] >= 0x80) {
            size_t len = utf8_len(s + i, n - i);
            if (len == 0)
                break;
            i += len;
        } else if (s[i] < 0x20 || s[i] == '"' || s[i] == '\\') {
            break;
        } else {
            i++;
        }
    }
    return i;
}
