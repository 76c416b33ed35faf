/* SPDX-License-Identifier: BSD-3-Clause */
#include "unicode/code_point.h"

#include <utf8proc.h>

#include "base/banned.h"

/* The low byte of cp's entry in a sorted table: first code point << 8 | value from there on. */
static unsigned look_up(const uint32_t *ranges, size_t n, uint32_t cp)
{
    size_t low = 0, high = n;
    while (high - low > 1) {
        size_t mid = (low + high) / 2;
        if (ranges[mid] >> 8 <= cp)
            low = mid;
        else
            high = mid;
    }
    return ranges[low] & 0xff;
}

unsigned t2v_unicode_flags(uint32_t cp)
{
    return look_up(t2v_unicode_ranges, t2v_unicode_n_range, cp);
}

unsigned t2v_unicode_script(uint32_t cp)
{
    return cp == ' ' ? 0 : look_up(t2v_script_ranges, t2v_script_n_range, cp);
}

bool t2v_unicode_space(uint32_t cp)
{
    if (cp < 0x80)
        return cp == ' ' || (cp >= '\t' && cp <= '\r');
    return cp == 0x85 || cp == 0xa0 || cp == 0x1680 || (cp >= 0x2000 && cp <= 0x200a) ||
           cp == 0x2028 || cp == 0x2029 || cp == 0x202f || cp == 0x205f || cp == 0x3000;
}

/* Capitals of Unicode 16 and 17, which the library knows and utf8proc 2.8 does not. */
static const struct {
    uint32_t first, last;
    int32_t step;
} new_capitals[] = {
    {0x1c89, 0x1c89, 1},      {0xa7cb, 0xa7cb, 0x264 - 0xa7cb},
    {0xa7cc, 0xa7cc, 1},      {0xa7ce, 0xa7ce, 1},
    {0xa7d2, 0xa7d2, 1},      {0xa7d4, 0xa7d4, 1},
    {0xa7da, 0xa7da, 1},      {0xa7dc, 0xa7dc, 0x19b - 0xa7dc},
    {0x10d50, 0x10d65, 0x20}, {0x16ea0, 0x16eb8, 27},
};

size_t t2v_unicode_lower(uint32_t cp, uint32_t out[2])
{
    if (cp == 0x130) {
        out[0] = 'i';
        out[1] = 0x307;
        return 2;
    }
    out[0] = (uint32_t)utf8proc_tolower((utf8proc_int32_t)cp);
    for (size_t i = 0; cp >= 0x1c89 && i < sizeof new_capitals / sizeof *new_capitals; i++) {
        if (cp >= new_capitals[i].first && cp <= new_capitals[i].last)
            out[0] = (uint32_t)((int32_t)cp + new_capitals[i].step);
    }
    return 1;
}

/* Younger than the library's normal forms, which leave them as they are. */
static const uint32_t no_decomposition[][2] = {
    {0x32ff, 0x32ff},   {0xa7f1, 0xa7f4},   {0xab69, 0xab69},   {0x105c9, 0x105e4},
    {0x10781, 0x107ba}, {0x11383, 0x113c8}, {0x11938, 0x11938}, {0x16121, 0x16128},
    {0x16d68, 0x16d6a}, {0x1ccd6, 0x1ccf9}, {0x1e030, 0x1e06d}, {0x1f16c, 0x1f16c},
    {0x1fbf0, 0x1fbf9},
};

static bool too_young(uint32_t cp)
{
    for (size_t i = 0; i < sizeof no_decomposition / sizeof *no_decomposition; i++) {
        if (cp >= no_decomposition[i][0] && cp <= no_decomposition[i][1])
            return true;
    }
    return false;
}

size_t t2v_unicode_decompose(uint32_t cp, bool compat, uint32_t out[T2V_DECOMPOSED_MAX])
{
    out[0] = cp;
    if (cp < 0xa0 || (cp >= 0x32ff && too_young(cp)))
        return 1;
    utf8proc_int32_t parts[T2V_DECOMPOSED_MAX];
    utf8proc_option_t options = UTF8PROC_STABLE | (compat ? UTF8PROC_COMPAT : 0);
    int last_class = 0;
    utf8proc_ssize_t n = utf8proc_decompose_char((utf8proc_int32_t)cp, parts, T2V_DECOMPOSED_MAX,
                                                 options | UTF8PROC_DECOMPOSE, &last_class);
    if (n < 1 || n > T2V_DECOMPOSED_MAX)
        return 1;
    for (utf8proc_ssize_t i = 0; i < n; i++)
        out[i] = (uint32_t)parts[i];
    return (size_t)n;
}

uint32_t t2v_unicode_compose(uint32_t a, uint32_t b)
{
    utf8proc_int32_t pair[2] = {(utf8proc_int32_t)a, (utf8proc_int32_t)b};
    /* U+11A7 stands for "no final consonant" in the arithmetic of Hangul; utf8proc eats it. */
    if (b < 0x300 || b == 0x11a7 ||
        utf8proc_normalize_utf32(pair, 2, UTF8PROC_COMPOSE | UTF8PROC_STABLE) != 1)
        return 0;
    return too_young((uint32_t)pair[0]) ? 0 : (uint32_t)pair[0];
}
