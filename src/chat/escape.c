/* SPDX-License-Identifier: BSD-3-Clause */
#include "chat/escape.h"

#include <stdint.h>

#include "base/utf8.h"

#include "base/banned.h"

static int digit_of(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 32;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : 99;
}

/* Reads up to n digits; returns how many there were. */
static size_t read_digits(struct t2v_str s, size_t n, int base, uint32_t *out)
{
    size_t i = 0;
    *out = 0;
    for (; i < n && i < s.len && digit_of(s.ptr[i]) < base; i++)
        *out = *out * (uint32_t)base + (uint32_t)digit_of(s.ptr[i]);
    return i;
}

/* \x1f, \u12ab, \U0001f600: the digits that c announces, else 0. */
static size_t hex_digits(char c)
{
    return c == 'x' ? 2 : c == 'u' ? 4 : c == 'U' ? 8 : 0;
}

/* The escape at the start of s, after its backslash: writes its character and sets *used. */
static const char *resolve_one(struct t2v_str s, char *to, size_t *n, size_t *used)
{
    static const char letters[] = "abfnrtv\\'\"", codes[] = "\a\b\f\n\r\t\v\\'\"";
    const char *letter = s.ptr[0] != '\0' ? strchr(letters, s.ptr[0]) : NULL;
    size_t wanted = hex_digits(s.ptr[0]);
    uint32_t cp;
    *used = 1;
    if (letter != NULL) {
        to[(*n)++] = codes[letter - letters];
    } else if (wanted != 0) {
        if (read_digits(t2v_str_skip(s, 1), wanted, 16, &cp) != wanted)
            return "a truncated escape in a string";
        if (cp > 0x10ffff || (cp >= 0xd800 && cp < 0xe000))
            return "an escape in a string that is no character";
        *n += (size_t)t2v_utf8_encode(cp, to + *n);
        *used = 1 + wanted;
    } else if (digit_of(s.ptr[0]) < 8) {
        *used = read_digits(s, 3, 8, &cp);
        *n += (size_t)t2v_utf8_encode(cp, to + *n);
    } else if (s.ptr[0] == 'N') {
        return "an escape by name in a string, which is not supported";
    } else if (s.ptr[0] != '\n') {
        to[(*n)++] = '\\';
        *used = 0;
    }
    return NULL;
}

const char *t2v_escape_resolve(struct t2v_str *text, struct t2v_arena *arena)
{
    if (text->len == 0 || memchr(text->ptr, '\\', text->len) == NULL)
        return NULL;
    char *to = t2v_arena_alloc(arena, text->len, 1);
    size_t n = 0, used;
    if (to == NULL)
        return "no memory for a string";
    for (struct t2v_str s = *text; s.len != 0; s = t2v_str_skip(s, used)) {
        used = 1;
        if (s.ptr[0] != '\\' || s.len == 1) {
            to[n++] = s.ptr[0];
            continue;
        }
        const char *problem = resolve_one(t2v_str_skip(s, 1), to, &n, &used);
        if (problem != NULL)
            return problem;
        used++;
    }
    *text = (struct t2v_str){to, n};
    return NULL;
}
