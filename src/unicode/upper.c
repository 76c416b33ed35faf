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

/* Appends what follows `at` in lower case; a final sigma depends on what is before it. */
static int add_lower(struct t2v_str text, const char *at, const char *end, struct t2v_buf *out)
{
    struct t2v_buf before, all;
    t2v_buf_init(&before, out->max);
    t2v_buf_init(&all, out->max);
    t2v_lower((struct t2v_str){text.ptr, (size_t)(at - text.ptr)}, &before);
    t2v_lower((struct t2v_str){text.ptr, (size_t)(end - text.ptr)}, &all);
    int rc = before.fail != 0 ? before.fail : all.fail;
    if (rc == 0)
        rc = t2v_buf_add(out, all.ptr + before.len, all.len - before.len);
    t2v_buf_deinit(&before);
    t2v_buf_deinit(&all);
    return rc;
}

int t2v_upper_capitalize(struct t2v_str text, struct t2v_buf *out)
{
    const char *at = text.ptr, *end = text.ptr + text.len;
    if (text.len == 0)
        return out->fail;
    put_title(out, t2v_utf8_next(&at, end));
    return at < end ? add_lower(text, at, end, out) : out->fail;
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
        else if (cp < 0x80)
            t2v_buf_addc(out, (char)(cp >= 'A' && cp <= 'Z' ? cp + 32 : cp));
        else if (cp == 0x3A3) /* a sigma that may be final */
            add_lower(text, begin, at, out);
        else
            t2v_lower((struct t2v_str){begin, (size_t)(at - begin)}, out);
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
            t2v_lower((struct t2v_str){begin, (size_t)(at - begin)}, out);
        else if (t2v_letter_is_lower(cp))
            put_upper(out, cp);
        else
            t2v_unicode_put(out, cp);
    }
    return out->fail;
}
