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

/* Where the characters go, and where the one that is looked at stands. */
struct target {
    const struct t2v_norm_step *step;
    struct t2v_cps *marks;
    struct t2v_buf *out, *from;
    size_t at;
};

static int put_lower(const struct target *to, uint32_t cp)
{
    uint32_t parts[2] = {cp, 0};
    size_t n = to->step->lower ? t2v_unicode_lower(cp, parts) : 1;
    int rc = t2v_norm_put(to->out, to->from, parts[0], to->at);
    return n == 2 && rc == 0 ? t2v_norm_put(to->out, to->from, parts[1], to->at) : rc;
}

/* Marks that strip_accents keeps (category Mc or Me) wait here until their run is over, since NFD
 * puts them in the order of their classes. */
static int flush_marks(const struct target *to)
{
    struct t2v_cps *marks = to->marks;
    int rc = t2v_cps_order(marks);
    for (size_t i = 0; i < marks->len && rc == 0; i++)
        rc = put_lower(to, marks->ptr[i]);
    marks->len = 0;
    return rc;
}

/* cp_flags: those of cp, if it is not below U+0300. */
static int strip_and_put(const struct target *to, uint32_t cp, unsigned cp_flags)
{
    uint32_t parts[T2V_DECOMPOSED_MAX];
    size_t n = t2v_unicode_decompose(cp, false, parts);
    int rc = 0;
    for (size_t i = 0; i < n && rc == 0; i++) {
        unsigned flags = parts[i] < 0x300 ? 0 : cp_flags;
        if (parts[i] != cp && parts[i] >= 0x300)
            flags = t2v_unicode_flags(parts[i]);
        if (to->marks->len != 0 && !(flags & T2V_UNI_CCC))
            rc = flush_marks(to);
        if (rc != 0 || (flags & T2V_UNI_MN))
            continue;
        rc = flags & T2V_UNI_CCC ? t2v_cps_add(to->marks, parts[i]) : put_lower(to, parts[i]);
    }
    return rc;
}

static int put_char(const struct target *to, uint32_t cp)
{
    const struct t2v_norm_step *step = to->step;
    unsigned flags = step->clean || step->accents ? t2v_unicode_flags(cp) : 0;
    if (step->clean) {
        if (flags & T2V_UNI_DROP)
            return 0;
        if (t2v_unicode_space(cp))
            cp = ' ';
    }
    bool spaced = step->chinese && is_chinese(cp);
    int rc = to->marks->len != 0 && (spaced || cp == ' ') ? flush_marks(to) : 0;
    if (rc == 0 && spaced)
        rc = t2v_norm_put(to->out, to->from, ' ', to->at);
    if (rc == 0)
        rc = step->accents ? strip_and_put(to, cp, flags) : put_lower(to, cp);
    return rc == 0 && spaced ? t2v_norm_put(to->out, to->from, ' ', to->at) : rc;
}

static void align_ascii(const struct target *to, const char *begin, const char *end)
{
    for (const char *at = begin; at < end; at++)
        t2v_from_add(to->from, (uint32_t)(to->at + (size_t)(at - begin)),
                     to->step->ascii[(unsigned char)*at] != DROPPED);
}

/* The ASCII that [at, end) begins with; returns its end, or NULL when out has no room. */
static const char *put_ascii(const struct target *to, const char *at, const char *end)
{
    const char *start = at;
    char *begin = t2v_buf_room(to->out, (size_t)(end - at)), *put = begin;
    if (begin == NULL)
        return NULL;
    for (unsigned char c; at < end && (c = (unsigned char)*at) < 0x80; at++) {
        *put = (char)to->step->ascii[c];
        put += to->step->ascii[c] != DROPPED;
    }
    to->out->len += (size_t)(put - begin);
    if (to->from != NULL)
        align_ascii(to, start, at);
    return at;
}

static int run_bert(const struct t2v_norm_step *step, struct t2v_str in, struct t2v_cps scratch[2],
                    struct t2v_buf *out, struct t2v_buf *from)
{
    const char *at = in.ptr, *end = in.ptr + in.len;
    struct target to = {step, &scratch[0], out, from, 0};
    scratch[0].len = 0;
    while (at < end) {
        unsigned char c = (unsigned char)*at;
        to.at = (size_t)(at - in.ptr);
        int rc = 0;
        if (c >= 0x80) {
            rc = put_char(&to, t2v_utf8_next(&at, end));
        } else if (step->ascii[c] == DROPPED) { /* does not end a run of marks */
            at++;
        } else {
            rc = scratch[0].len != 0 ? flush_marks(&to) : 0;
            if (rc == 0 && (at = put_ascii(&to, at, end)) == NULL)
                rc = out->fail;
        }
        if (rc != 0)
            return rc;
    }
    return flush_marks(&to);
}

/* What is left of strip_accents behind an NFD, and lowercase. */
static int run_strip_lower(const struct t2v_norm_step *step, struct t2v_str in,
                           struct t2v_cps scratch[2], struct t2v_buf *out, struct t2v_buf *from)
{
    struct target to = {step, &scratch[0], out, from, 0};
    int rc = 0;
    for (const char *at = in.ptr, *end = in.ptr + in.len; at < end && rc == 0;) {
        to.at = (size_t)(at - in.ptr);
        uint32_t cp = t2v_utf8_next(&at, end);
        if (cp < 0x300 || !(t2v_unicode_flags(cp) & T2V_UNI_MN))
            rc = put_lower(&to, cp);
    }
    return rc;
}

static int run_nfd(const struct t2v_norm_step *step, struct t2v_str in, struct t2v_cps scratch[2],
                   struct t2v_buf *out, struct t2v_buf *from)
{
    (void)step;
    return t2v_unicode_normal_form(in, false, false, scratch, out, from);
}

size_t t2v_norm_bert_passes(const struct t2v_norm_step *step, struct t2v_norm_step passes[3])
{
    if (step->run != run_bert || !step->accents)
        return 0;
    bool no = false;
    t2v_norm_bert(&passes[0], step->clean, step->chinese, &no, false);
    passes[1] = (struct t2v_norm_step){.run = run_nfd};
    passes[2] = (struct t2v_norm_step){.run = run_strip_lower, .lower = step->lower};
    return 3;
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
