/* SPDX-License-Identifier: BSD-3-Clause */
#include "unicode/upper.h"

#include <utf8proc.h>

#include "unicode/code_point.h"
#include "unicode/letter.h"
#include "unicode/lower.h"

#include "base/banned.h"

static const struct t2v_upper_special *special(uint32_t cp)
{
    size_t low = 0, high = t2v_upper_n_special;
    while (low < high) {
        size_t mid = (low + high) / 2;
        if (t2v_upper_specials[mid].cp < cp)
            low = mid + 1;
        else
            high = mid;
    }
    bool found = low < t2v_upper_n_special && t2v_upper_specials[low].cp == cp;
    return found ? &t2v_upper_specials[low] : NULL;
}

static void put_all(struct t2v_buf *out, const uint32_t cps[3])
{
    for (int i = 0; i < 3 && cps[i] != 0; i++)
        t2v_unicode_put(out, cps[i]);
}

static void put_upper(struct t2v_buf *out, uint32_t cp)
{
    const struct t2v_upper_special *s = cp < 0x80 ? NULL : special(cp);
    if (s != NULL)
        put_all(out, s->upper);
    else
        t2v_unicode_put(out, (uint32_t)utf8proc_toupper((utf8proc_int32_t)cp));
}

static void put_title(struct t2v_buf *out, uint32_t cp)
{
    const struct t2v_upper_special *s = cp < 0x80 ? NULL : special(cp);
    if (s != NULL)
        put_all(out, s->title);
    else
        t2v_unicode_put(out, (uint32_t)utf8proc_totitle((utf8proc_int32_t)cp));
}

int t2v_upper(struct t2v_str text, struct t2v_buf *out)
{
    const char *at = text.ptr, *end = text.ptr + text.len;
    while (at < end)
        put_upper(out, t2v_utf8_next(&at, end));
    return out->fail;
}

int t2v_upper_capitalize(struct t2v_str text, struct t2v_buf *out)
{
    const char *at = text.ptr, *end = text.ptr + text.len;
    if (text.len != 0)
        put_title(out, t2v_utf8_next(&at, end));
    while (at < end) {
        const char *begin = at;
        t2v_utf8_next(&at, end);
        t2v_lower_one(text, begin, at, out);
    }
    return out->fail;
}

static bool is_cased(uint32_t cp)
{
    return t2v_letter_is_upper(cp) || t2v_letter_is_lower(cp) ||
           utf8proc_category((utf8proc_int32_t)cp) == UTF8PROC_CATEGORY_LT;
}

int t2v_upper_title(struct t2v_str text, struct t2v_buf *out)
{
    const char *at = text.ptr, *end = text.ptr + text.len;
    bool inside = false;
    while (at < end) {
        const char *begin = at;
        uint32_t cp = t2v_utf8_next(&at, end);
        if (!inside)
            put_title(out, cp);
        else
            t2v_lower_one(text, begin, at, out);
        inside = is_cased(cp);
    }
    return out->fail;
}

int t2v_upper_swapcase(struct t2v_str text, struct t2v_buf *out)
{
    const char *at = text.ptr, *end = text.ptr + text.len;
    while (at < end) {
        const char *begin = at;
        uint32_t cp = t2v_utf8_next(&at, end);
        if (t2v_letter_is_upper(cp))
            t2v_lower_one(text, begin, at, out);
        else if (t2v_letter_is_lower(cp))
            put_upper(out, cp);
        else
            t2v_unicode_put(out, cp);
    }
    return out->fail;
}
