/* SPDX-License-Identifier: BSD-3-Clause */
#include "json/write.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>

#include "json/f32.h"
#include "json/plain.h"

#include "base/banned.h"

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
        size_t run = t2v_json_plain_run(bytes + i, s.len - i);
        t2v_buf_add(buf, bytes + i, run);
        i += run;
        if (i == s.len)
            break;
        write_escape(buf, bytes[i]);
    }
    t2v_buf_addc(buf, '"');
}

void t2v_json_write_int(struct t2v_buf *buf, int64_t x)
{
    char digits[20]; /* a sign and 19 digits */
    char *end = digits + sizeof digits, *at = end;
    uint64_t left = x < 0 ? -(uint64_t)x : (uint64_t)x;
    do {
        *--at = (char)('0' + left % 10);
        left /= 10;
    } while (left != 0);
    if (x < 0)
        *--at = '-';
    t2v_buf_add(buf, at, (size_t)(end - at));
}

static size_t escape_bytes(uint8_t byte)
{
    bool letter = byte == '"' || byte == '\\' || byte == '\b' || byte == '\f' || byte == '\n' ||
                  byte == '\r' || byte == '\t';
    return byte >= 0x80 ? 3 : letter ? 2 : 6;
}

size_t t2v_json_str_bytes(struct t2v_str s)
{
    const uint8_t *bytes = (const uint8_t *)s.ptr;
    size_t n = s.len + 2;
    for (size_t i = 0; i < s.len; i++) {
        i += t2v_json_plain_run(bytes + i, s.len - i);
        if (i < s.len)
            n += escape_bytes(bytes[i]) - 1;
    }
    return n;
}

/* As t2v_json_write_f32, but into out; returns the length. */
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

size_t t2v_json_f32s_bytes(size_t n)
{
    return n * strlen("-0.012345678,") + strlen("[]");
}
