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
#include "unicode/from.h"

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
static int order_run(struct t2v_cps *cps, struct t2v_cps *changes, size_t from, size_t n)
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
    if (changes == NULL) {
        for (size_t i = 0; i < n; i++)
            run[at[class_of(copy[i])]++] = copy[i];
        return 0;
    }
    if (reserve(changes, changes->len + n) != 0)
        return T2V_ENOMEM;
    uint32_t *with = changes->ptr + from, *with_copy = changes->ptr + changes->len;
    memcpy(with_copy, with, n * sizeof *with);
    for (size_t i = 0; i < n; i++) {
        size_t to = at[class_of(copy[i])]++;
        run[to] = copy[i];
        with[to] = with_copy[i];
    }
    return 0;
}

/* As t2v_cps_order; changes, if not NULL, are moved as their characters are. */
static int order(struct t2v_cps *cps, struct t2v_cps *changes)
{
    size_t i = 0;
    while (i < cps->len) {
        size_t begin = i;
        while (i < cps->len && class_of(cps->ptr[i]) != 0)
            i++;
        int rc = i - begin > 1 ? order_run(cps, changes, begin, i - begin) : 0;
        if (rc != 0)
            return rc;
        i = i == begin ? i + 1 : i;
    }
    return 0;
}

int t2v_cps_order(struct t2v_cps *cps)
{
    return order(cps, NULL);
}

/* Composes in place what is decomposed and in order. */
static void compose(struct t2v_cps *cps, struct t2v_cps *changes)
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
                if (changes != NULL)
                    changes->ptr[starter] += changes->ptr[i] - 1;
                continue;
            }
        }
        if (ccc == 0)
            starter = kept;
        last = ccc;
        if (changes != NULL)
            changes->ptr[kept] = changes->ptr[i];
        cps->ptr[kept++] = cp;
    }
    cps->len = kept;
}

/* A text on its way into a normal form. */
struct form {
    struct t2v_str text;
    bool compat, compose;
    struct t2v_cps *cps;
    /* NULL: nobody asks for alignments. Else one for each of cps: 1 for a character that was
     * inserted behind another, 0 for one that stands for one of the text, -n for one that stands
     * for n more. Modulo 2^32. */
    struct t2v_cps *changes;
    size_t used; /* bytes of the text that the characters put out stand for */
    struct t2v_buf *out, *from;
};

static void skip_char(struct form *form)
{
    const char *at = form->text.ptr + form->used;
    t2v_utf8_next(&at, form->text.ptr + form->text.len);
    form->used = (size_t)(at - form->text.ptr);
}

/* Notes the alignment of a character of n bytes that was put out. */
static void align(struct form *form, int32_t change, size_t n)
{
    size_t at = form->used;
    if (change > 0)
        at = at == 0
                 ? T2V_FROM_NOWHERE
                 : (size_t)(t2v_utf8_back(form->text.ptr, form->text.ptr + at) - form->text.ptr);
    t2v_from_add(form->from, (uint32_t)at, n);
    for (; change <= 0 && form->used < form->text.len; change++)
        skip_char(form);
}

/* The code points in cps, normalised, to out. */
static int flush(struct form *form)
{
    struct t2v_cps *cps = form->cps, *changes = form->changes;
    int rc = order(cps, changes);
    if (rc != 0)
        return rc;
    if (form->compose)
        compose(cps, changes);
    for (size_t i = 0; i < cps->len && rc == 0; i++) {
        size_t before = form->out->len;
        rc = t2v_unicode_put(form->out, cps->ptr[i]);
        if (changes != NULL && rc == 0)
            align(form, (int32_t)changes->ptr[i], form->out->len - before);
    }
    cps->len = 0;
    if (changes != NULL)
        changes->len = 0;
    return rc;
}

/* Adds the parts of a character to cps. */
static int decompose(struct form *form, uint32_t cp)
{
    uint32_t parts[T2V_DECOMPOSED_MAX];
    size_t n = t2v_unicode_decompose(cp, form->compat, parts);
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < n; i++) {
        rc = t2v_cps_add(form->cps, parts[i]);
        if (rc == 0 && form->changes != NULL)
            rc = t2v_cps_add(form->changes, i > 0);
    }
    return rc;
}

/* ASCII is copied. */
static int copy_ascii(struct form *form, const char *begin, const char *end)
{
    if (form->from != NULL) {
        size_t at = (size_t)(begin - form->text.ptr);
        form->used = (size_t)(end - form->text.ptr);
        t2v_from_copy(form->from, form->text, at, form->used);
    }
    return t2v_buf_add(form->out, begin, (size_t)(end - begin));
}

int t2v_unicode_normal_form(struct t2v_str text, bool compat, bool composed,
                            struct t2v_cps scratch[2], struct t2v_buf *out, struct t2v_buf *from)
{
    struct form form = {text, compat, composed, &scratch[0], from != NULL ? &scratch[1] : NULL,
                        0,    out,    from};
    const char *at = text.ptr, *end = text.ptr + text.len;
    scratch[0].len = scratch[1].len = 0;
    while (at < end) {
        /* ASCII stays as it is, but its last character may take marks that follow. */
        const char *ascii = at;
        while (at < end && (unsigned char)*at < 0x80)
            at++;
        if (at > ascii && at < end)
            at--;
        int rc = copy_ascii(&form, ascii, at);
        for (bool first = true; rc == 0 && at < end && (first || (unsigned char)*at >= 0x80);
             first = false)
            rc = decompose(&form, t2v_utf8_next(&at, end));
        if (rc == 0)
            rc = flush(&form);
        if (rc != 0)
            return rc;
    }
    return from != NULL ? from->fail : 0;
}
