/* SPDX-License-Identifier: BSD-3-Clause */
#include "json/write.h"

#include <math.h>
#include <stdint.h>

#include "json/f32.h"

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

/* The bytes at the front of s[0..n) that need no escape. */
static size_t plain_run(const uint8_t *s, size_t n)
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

static void write_escape(struct t2v_buf *buf, uint8_t byte)
{
    static const char hex[] = "0123456789abcdef";
    static const char letters[] = "\bb\ff\nn\rr\tt\"\"\\\\";
    if (byte >= 0x80) {
        t2v_buf_add(buf, "\xef\xbf\xbd", 3);
        return;
    }
    for (const char *pair = letters; *pair != '\0'; pair += 2) {
        if (byte == (uint8_t)pair[0]) {
            t2v_buf_add(buf, (const char[2]){'\\', pair[1]}, 2);
            return;
        }
    }
    t2v_buf_add(buf, (const char[6]){'\\', 'u', '0', '0', hex[byte >> 4], hex[byte & 15]}, 6);
}

void t2v_json_write_str(struct t2v_buf *buf, struct t2v_str s)
{
    const uint8_t *bytes = (const uint8_t *)s.ptr;
    t2v_buf_addc(buf, '"');
    for (size_t i = 0; i < s.len; i++) {
        size_t run = plain_run(bytes + i, s.len - i);
        t2v_buf_add(buf, bytes + i, run);
        i += run;
        if (i == s.len)
            break;
        write_escape(buf, bytes[i]);
    }
    t2v_buf_addc(buf, '"');
}

/* As t2v_json_write_f32, into out; returns the length. */
static int format(char out[T2V_F32_CHARS], float x)
{
    if (isfinite(x))
        return t2v_f32_write(out, x);
    memcpy(out, "null", 4);
    return 4;
}

void t2v_json_write_f32(struct t2v_buf *buf, float x)
{
    char out[T2V_F32_CHARS];
    int n = format(out, x);
    t2v_buf_add(buf, out, (size_t)n);
}

void t2v_json_write_f32s(struct t2v_buf *buf, const float *x, size_t n)
{
    enum { BLOCK = 32 };
    char block[BLOCK * (T2V_F32_CHARS + 1)];
    t2v_buf_addc(buf, '[');
    for (size_t first = 0; first < n; first += BLOCK) {
        size_t used = 0;
        for (size_t i = first; i < n && i < first + BLOCK; i++) {
            if (i != 0)
                block[used++] = ',';
            used += (size_t)format(block + used, x[i]);
        }
        t2v_buf_add(buf, block, used);
    }
    t2v_buf_addc(buf, ']');
}
