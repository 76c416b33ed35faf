/* SPDX-License-Identifier: BSD-3-Clause */
#include "token/byte_level.h"

#include "base/mem.h"
#include "base/utf8.h"

#include "base/banned.h"

/* Printable bytes of Latin-1 stand for themselves; the others, in their order, for U+0100 on. */
static uint32_t char_of(uint8_t byte)
{
    if (byte <= 0x20)
        return 0x100u + byte;
    if (byte >= 0x7f && byte <= 0xa0)
        return 0x121u + (byte - 0x7fu);
    return byte == 0xad ? 0x143 : byte;
}

int t2v_byte_level_byte(uint32_t cp)
{
    uint32_t byte = cp;
    if (cp >= 0x100 && cp <= 0x120)
        byte = cp - 0x100;
    else if (cp > 0x120 && cp <= 0x142)
        byte = cp - 0x121 + 0x7f;
    else if (cp == 0x143)
        byte = 0xad;
    return byte <= 0xff && char_of((uint8_t)byte) == cp ? (int)byte : -1;
}

int t2v_byte_level_add(struct t2v_str text, struct t2v_buf *out)
{
    size_t most;
    char *to = t2v_mul(text.len, 2, &most) ? t2v_buf_room(out, most) : NULL;
    if (to == NULL)
        return out->fail != 0 ? out->fail : T2V_ETOOLARGE;
    char *begin = to;
    for (size_t i = 0; i < text.len; i++) {
        uint8_t byte = (uint8_t)text.ptr[i];
        if (byte > 0x20 && byte < 0x7f)
            *to++ = (char)byte;
        else
            to += t2v_utf8_encode(char_of(byte), to); /* of two bytes */
    }
    out->len += (size_t)(to - begin);
    return 0;
}

size_t t2v_byte_level_width(uint8_t byte)
{
    return char_of(byte) < 0x80 ? 1 : 2;
}
