/* SPDX-License-Identifier: BSD-3-Clause */
#include "unicode/lower.h"

#include <utf8proc.h>

#include "base/utf8.h"
#include "unicode/letter.h"

#include "base/banned.h"

enum {
    SIGMA = 0x3A3,
    SMALL_SIGMA = 0x3C3,
    FINAL_SIGMA = 0x3C2,
    DOTTED_I = 0x130,
    DOT_ABOVE = 0x307
};

/* Unicode's Case_Ignorable: what may stand inside a word without being of it. */
static bool is_ignorable(uint32_t cp)
{
    static const uint32_t inside[] = {'\'',   '.',    ':',    0xB7,   0x387,  0x55F,
                                      0x5F4,  0x2018, 0x2019, 0x2024, 0x2027, 0xFE13,
                                      0xFE52, 0xFE55, 0xFF07, 0xFF0E, 0xFF1A};
    switch (utf8proc_category((utf8proc_int32_t)cp)) {
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_ME:
    case UTF8PROC_CATEGORY_CF:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_SK:
        return true;
    default:
        break;
    }
    for (size_t i = 0; i < sizeof inside / sizeof inside[0]; i++) {
        if (inside[i] == cp)
            return true;
    }
    return false;
}

static bool is_cased(uint32_t cp)
{
    return t2v_letter_is_upper(cp) || t2v_letter_is_lower(cp) ||
           utf8proc_category((utf8proc_int32_t)cp) == UTF8PROC_CATEGORY_LT;
}

/* Whether the capital sigma in [at, next) ends a word: a letter with case stands before it, and
 * none behind. */
static bool ends_word(struct t2v_str text, const char *at, const char *next)
{
    const char *end = text.ptr + text.len;
    uint32_t cp = ' ';
    while (at > text.ptr) {
        const char *before = t2v_utf8_back(text.ptr, at);
        at = before;
        cp = t2v_utf8_next(&before, end);
        if (!is_ignorable(cp))
            break;
        cp = ' ';
    }
    if (!is_cased(cp))
        return false;
    while (next < end) {
        cp = t2v_utf8_next(&next, end);
        if (!is_ignorable(cp))
            return !is_cased(cp);
    }
    return true;
}

static void put(struct t2v_buf *out, uint32_t cp)
{
    char *to = t2v_buf_room(out, 4);
    if (to != NULL)
        out->len += (size_t)t2v_utf8_encode(cp, to);
}

void t2v_lower_one(struct t2v_str text, const char *begin, const char *next, struct t2v_buf *out)
{
    const char *at = begin;
    uint32_t cp = t2v_utf8_next(&at, next);
    if (cp < 0x80) {
        t2v_buf_addc(out, (char)(cp >= 'A' && cp <= 'Z' ? cp + 32 : cp));
    } else if (cp == SIGMA) {
        put(out, ends_word(text, begin, next) ? FINAL_SIGMA : SMALL_SIGMA);
    } else if (cp == DOTTED_I) {
        put(out, 'i');
        put(out, DOT_ABOVE);
    } else {
        put(out, (uint32_t)utf8proc_tolower((utf8proc_int32_t)cp));
    }
}

int t2v_lower(struct t2v_str text, struct t2v_buf *out)
{
    const char *at = text.ptr, *end = text.ptr + text.len;
    while (at < end) {
        const char *begin = at;
        t2v_utf8_next(&at, end);
        t2v_lower_one(text, begin, at, out);
    }
    return out->fail;
}
