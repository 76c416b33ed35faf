/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/base64.h"

#include <stdint.h>

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
