/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * NFD, NFC, NFKD, NFKC. utf8proc has them too, but orders a run of marks by swapping neighbours,
 * which takes quadratic time where a client sends a megabyte of marks; and what is composed must
 * stop at the library's age.
 */
#include "unicode/normal_form.h"

#include <utf8proc.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "unicode/code_point.h"

#include "base/banned.h"

static unsigned class_of(uint32_t cp)
{
    if (cp < 0x300 || !(t2v_unicode_flags(cp) & T2V_UNI_CCC))
        return 0;
    return (unsigned)utf8proc_get_property((utf8proc_int32_t)cp)->combining_class & 0xff;
}

static int reserve(struct t2v_cps *cps, size_t cap)
{
    if (cap <= cps->cap)
        return 0;
    uint32_t *grown = t2v_resize(cps->ptr, cap, sizeof *grown);
    if (grown == NULL)
        return T2V_ENOMEM;
    cps->ptr = grown;
    cps->cap = cap;
    return 0;
}

int t2v_cps_add(struct t2v_cps *cps, uint32_t cp)
{
    if (cps->len == cps->cap) {
        uint32_t *grown = t2v_grow(cps->ptr, &cps->cap, 64, sizeof *grown);
        if (grown == NULL)
            return T2V_ENOMEM;
        cps->ptr = grown;
    }
    cps->ptr[cps->len++] = cp;
    return 0;
}

void t2v_cps_deinit(struct t2v_cps *cps)
{
    t2v_free(cps->ptr);
    *cps = (struct t2v_cps){0};
}

/* Sorts ptr[from, from + n) by class, equal ones as they stood: a counting sort, linear in n. */
static int order_run(struct t2v_cps *cps, size_t from, size_t n)
{
    size_t at[257] = {0};
    bool sorted = true;
    unsigned last = 0;
    for (size_t i = 0; i < n; i++) {
        unsigned ccc = class_of(cps->ptr[from + i]);
        sorted = sorted && ccc >= last;
        last = ccc;
        at[ccc + 1]++;
    }
    if (sorted)
        return 0;
    if (reserve(cps, cps->len + n) != 0)
        return T2V_ENOMEM;
    uint32_t *run = cps->ptr + from, *copy = cps->ptr + cps->len;
    memcpy(copy, run, n * sizeof *copy);
    for (size_t ccc = 0; ccc < 256; ccc++)
        at[ccc + 1] += at[ccc];
    for (size_t i = 0; i < n; i++)
        run[at[class_of(copy[i])]++] = copy[i];
    return 0;
}

int t2v_cps_order(struct t2v_cps *cps, size_t from)
{
    size_t i = from;
    while (i < cps->len) {
        size_t begin = i;
        while (i < cps->len && class_of(cps->ptr[i]) != 0)
            i++;
        int rc = i - begin > 1 ? order_run(cps, begin, i - begin) : 0;
        if (rc != 0)
            return rc;
        i = i == begin ? i + 1 : i;
    }
    return 0;
}

/* Composes in place what is decomposed and in order. */
static void compose(struct t2v_cps *cps)
{
    size_t kept = 0, starter = SIZE_MAX;
    unsigned last = 0; /* class of the last one kept behind the starter */
    for (size_t i = 0; i < cps->len; i++) {
        uint32_t cp = cps->ptr[i];
        unsigned ccc = class_of(cp);
        bool next_to = starter != SIZE_MAX && kept == starter + 1;
        if (starter != SIZE_MAX && (next_to || (last != 0 && last < ccc))) {
            uint32_t whole = t2v_unicode_compose(cps->ptr[starter], cp);
            if (whole != 0) {
                cps->ptr[starter] = whole;
                continue;
            }
        }
        if (ccc == 0)
            starter = kept;
        last = ccc;
        cps->ptr[kept++] = cp;
    }
    cps->len = kept;
}

/* The code points in cps, normalised, to out. */
static int flush(struct t2v_cps *cps, bool composed, struct t2v_buf *out)
{
    int rc = t2v_cps_order(cps, 0);
    if (rc != 0)
        return rc;
    if (composed)
        compose(cps);
    for (size_t i = 0; i < cps->len && rc == 0; i++)
        rc = t2v_unicode_put(out, cps->ptr[i]);
    cps->len = 0;
    return rc;
}

int t2v_unicode_normal_form(struct t2v_str text, bool compat, bool composed,
                            struct t2v_cps *scratch, struct t2v_buf *out)
{
    const char *at = text.ptr, *end = text.ptr + text.len;
    scratch->len = 0;
    while (at < end) {
        /* ASCII stays as it is, but its last character may take marks that follow. */
        const char *ascii = at;
        while (at < end && (unsigned char)*at < 0x80)
            at++;
        if (at > ascii && at < end)
            at--;
        int rc = t2v_buf_add(out, ascii, (size_t)(at - ascii));
        for (bool first = true; rc == 0 && at < end && (first || (unsigned char)*at >= 0x80);
             first = false) {
            uint32_t parts[T2V_DECOMPOSED_MAX];
            size_t n = t2v_unicode_decompose(t2v_utf8_next(&at, end), compat, parts);
            for (size_t i = 0; rc == 0 && i < n; i++)
                rc = t2v_cps_add(scratch, parts[i]);
        }
        if (rc == 0)
            rc = flush(scratch, composed, out);
        if (rc != 0)
            return rc;
    }
    return 0;
}
