/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/base64.h"

#include <stdint.h>
#include <string.h>

#include "base/banned.h"

static int digit_of(unsigned char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

bool t2v_base64_decode(struct t2v_str text, void *out, size_t room, size_t *len)
{
    size_t n = text.len, n_byte = 0;
    if (n % 4 != 0)
        return false;
    for (int pad = 0; pad < 2 && n > 0 && text.ptr[n - 1] == '='; pad++)
        n--;
    if (n / 4 * 3 + n % 4 * 3 / 4 > room)
        return false;
    uint8_t *to = out;
    uint32_t bits = 0; /* the last four digits; the lowest n_bit bits are not written yet */
    unsigned n_bit = 0;
    for (size_t i = 0; i < n; i++) {
        int digit = digit_of((unsigned char)text.ptr[i]);
        if (digit < 0)
            return false;
        bits = (bits << 6 | (uint32_t)digit) & 0xffffff;
        n_bit += 6;
        if (n_bit >= 8)
            to[n_byte++] = (uint8_t)(bits >> (n_bit -= 8));
    }
    *len = n_byte;
    return (bits & ((1u << n_bit) - 1)) == 0;
}

static uint8_t byte_of(const float *x, size_t i)
{
    uint32_t bits;
    memcpy(&bits, &x[i / sizeof bits], sizeof bits);
    return (uint8_t)(bits >> (8 * (i % sizeof bits)));
}

void t2v_base64_f32s(struct t2v_buf *buf, const float *x, size_t n)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    size_t n_byte = n * sizeof *x;
    size_t n_digit = (n_byte + 2) / 3 * 4;
    char *to = t2v_buf_room(buf, n_digit);
    if (to == NULL)
        return;
    buf->len += n_digit;
    for (size_t i = 0; i < n_byte; i += 3) {
        size_t left = n_byte - i;
        uint32_t bits = (uint32_t)byte_of(x, i) << 16;
        bits |= left > 1 ? (uint32_t)byte_of(x, i + 1) << 8 : 0;
        bits |= left > 2 ? byte_of(x, i + 2) : 0;
        *to++ = digits[bits >> 18];
        *to++ = digits[bits >> 12 & 63];
        *to++ = left > 1 ? digits[bits >> 6 & 63] : '=';
        *to++ = left > 2 ? digits[bits & 63] : '=';
    }
}
