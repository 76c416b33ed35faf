/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_TOKEN_NORMALIZE_STEP_H
#define T2V_TOKEN_NORMALIZE_STEP_H
/* One step of a normalizer: what all kinds have in common. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/str.h"
#include "json/json.h"
#include "unicode/code_point.h"
#include "unicode/from.h"
#include "unicode/normal_form.h"

enum { T2V_NORM_ANY_SPACE = 0x110000 /* for run_of */ };

struct t2v_charsmap;

struct t2v_norm_step;
/* How a kind is run, and how it is read. */
typedef int t2v_norm_run(const struct t2v_norm_step *, struct t2v_str in, struct t2v_cps scratch[2],
                         struct t2v_buf *out, struct t2v_buf *from);

struct t2v_norm_step {
    const char *name; /* "NFC" */
    /* Appends the rewritten text to out, which is empty; scratch: two lists, overwritten; from: as
     * in unicode/from.h, empty, or NULL. 0, T2V_ENOMEM or the failure of out; that of from sticks
     * in it. */
    t2v_norm_run *run;
    /* What comes out of a text is what comes out of its parts, when it is cut before an ASCII
     * white space character. */
    bool local;
    /* Settings; which of them count depends on the kind. */
    bool clean, chinese, accents_null, accents, lower; /* BertNormalizer */
    uint8_t ascii[128];                  /* BertNormalizer: what ASCII becomes; 0xff: dropped */
    bool compat, compose;                /* normal forms */
    bool left, right;                    /* Strip */
    struct t2v_str pattern, content;     /* Replace, Prepend; owned by the arena */
    uint32_t run_of;                     /* Replace of a run: of this character */
    size_t run_min;                      /* at least so many of them */
    const struct t2v_charsmap *charsmap; /* Precompiled; owned by the arena */
    struct t2v_regex *regex;             /* Replace, instead of a pattern; owned */
    bool replaces;                       /* it is a Replace */
};

typedef int t2v_norm_load(const t2v_json *, const char *, struct t2v_arena *,
                          struct t2v_norm_step *, struct t2v_err *);

/* Appends cp, which comes from the character at byte `at` of the input. 0 or out's failure. */
static inline int t2v_norm_put(struct t2v_buf *out, struct t2v_buf *from, uint32_t cp, size_t at)
{
    size_t before = out->len;
    int rc = t2v_unicode_put(out, cp);
    if (from != NULL && rc == 0)
        t2v_from_add(from, (uint32_t)at, out->len - before);
    return rc;
}

#endif
