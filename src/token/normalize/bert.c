/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * BertNormalizer. The library makes up to four passes over the text: clean_text drops and maps
 * characters, handle_chinese_chars puts spaces around ideographs, strip_accents takes NFD and drops
 * nonspacing marks, lowercase maps each character on its own. Here all four happen to one character
 * after the other; ASCII, where the four come down to a table, takes a loop of its own.
 */
#include "token/normalize/bert.h"

#include "unicode/code_point.h"

#include "base/banned.h"

enum { DROPPED = 0xff };

static bool is_chinese(uint32_t cp)
{
    return (cp >= 0x4e00 && cp <= 0x9fff) || (cp >= 0x3400 && cp <= 0x4dbf) ||
           (cp >= 0x20000 && cp <= 0x2a6df) || (cp >= 0x2a700 && cp <= 0x2b81f) ||
           (cp >= 0x2b920 && cp <= 0x2ceaf) || (cp >= 0xf900 && cp <= 0xfaff) ||
           (cp >= 0x2f800 && cp <= 0x2fa1f);
}

static int put_lower(const struct t2v_norm_step *step, uint32_t cp, struct t2v_buf *out)
{
    uint32_t parts[2] = {cp, 0};
    size_t n = step->lower ? t2v_unicode_lower(cp, parts) : 1;
    int rc = t2v_unicode_put(out, parts[0]);
    return n == 2 && rc == 0 ? t2v_unicode_put(out, parts[1]) : rc;
}

/* Marks that strip_accents keeps (category Mc or Me) wait here until their run is over, since NFD
 * puts them in the order of their classes. */
static int flush_marks(const struct t2v_norm_step *step, struct t2v_cps *marks, struct t2v_buf *out)
{
    int rc = t2v_cps_order(marks, 0);
    for (size_t i = 0; i < marks->len && rc == 0; i++)
        rc = put_lower(step, marks->ptr[i], out);
    marks->len = 0;
    return rc;
}

static int strip_and_put(const struct t2v_norm_step *step, uint32_t cp, struct t2v_cps *marks,
                         struct t2v_buf *out)
{
    uint32_t parts[T2V_DECOMPOSED_MAX];
    size_t n = t2v_unicode_decompose(cp, false, parts);
    int rc = 0;
    for (size_t i = 0; i < n && rc == 0; i++) {
        unsigned flags = parts[i] < 0x300 ? 0 : t2v_unicode_flags(parts[i]);
        if (marks->len != 0 && !(flags & T2V_UNI_CCC))
            rc = flush_marks(step, marks, out);
        if (rc != 0 || (flags & T2V_UNI_MN))
            continue;
        rc = flags & T2V_UNI_CCC ? t2v_cps_add(marks, parts[i]) : put_lower(step, parts[i], out);
    }
    return rc;
}

static int put_char(const struct t2v_norm_step *step, uint32_t cp, struct t2v_cps *marks,
                    struct t2v_buf *out)
{
    if (step->clean) {
        if (t2v_unicode_flags(cp) & T2V_UNI_DROP)
            return 0;
        if (t2v_unicode_space(cp))
            cp = ' ';
    }
    bool spaced = step->chinese && is_chinese(cp);
    int rc = marks->len != 0 && (spaced || cp == ' ') ? flush_marks(step, marks, out) : 0;
    if (rc == 0 && spaced)
        rc = t2v_unicode_put(out, ' ');
    if (rc == 0)
        rc = step->accents ? strip_and_put(step, cp, marks, out) : put_lower(step, cp, out);
    return rc == 0 && spaced ? t2v_unicode_put(out, ' ') : rc;
}

static int run_bert(const struct t2v_norm_step *step, struct t2v_str in, struct t2v_cps *scratch,
                    struct t2v_buf *out)
{
    const char *at = in.ptr, *end = in.ptr + in.len;
    scratch->len = 0;
    while (at < end) {
        unsigned char c = (unsigned char)*at;
        if (c >= 0x80) {
            int rc = put_char(step, t2v_utf8_next(&at, end), scratch, out);
            if (rc != 0)
                return rc;
            continue;
        }
        if (step->ascii[c] == DROPPED) { /* does not end a run of marks */
            at++;
            continue;
        }
        int rc = scratch->len != 0 ? flush_marks(step, scratch, out) : 0;
        if (rc != 0)
            return rc;
        char *to = t2v_buf_room(out, (size_t)(end - at));
        if (to == NULL)
            return out->fail;
        for (; at < end && (c = (unsigned char)*at) < 0x80; at++) {
            *to = (char)step->ascii[c];
            to += step->ascii[c] != DROPPED;
        }
        out->len = (size_t)(to - out->ptr);
    }
    return flush_marks(step, scratch, out);
}

void t2v_norm_bert(struct t2v_norm_step *step, bool clean, bool chinese, const bool *accents,
                   bool lower)
{
    *step = (struct t2v_norm_step){
        .name = "BertNormalizer",
        .run = run_bert,
        .local = true,
        .clean = clean,
        .chinese = chinese,
        .accents_null = accents == NULL,
        .accents = accents != NULL ? *accents : lower,
        .lower = lower,
    };
    for (unsigned c = 0; c < 128; c++) {
        unsigned mapped = c;
        if (clean && (t2v_unicode_flags(c) & T2V_UNI_DROP))
            mapped = DROPPED;
        else if (clean && t2v_unicode_space(c))
            mapped = ' ';
        else if (lower && c >= 'A' && c <= 'Z')
            mapped = c + ('a' - 'A');
        step->ascii[c] = (uint8_t)mapped;
    }
}
