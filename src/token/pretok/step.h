/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_TOKEN_PRETOK_STEP_H
#define T2V_TOKEN_PRETOK_STEP_H
/* One step of a pre-tokenizer, and a text on its way through the steps. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"
#include "token/span.h"

enum t2v_prepend { T2V_PREPEND_ALWAYS, T2V_PREPEND_FIRST, T2V_PREPEND_NEVER };

struct t2v_pretok;
struct t2v_pretok_run;

/* What becomes of a hit and of what stands around it. */
enum t2v_split_behavior {
    T2V_SPLIT_REMOVED,
    T2V_SPLIT_ISOLATED,
    T2V_SPLIT_MERGED_WITH_PREVIOUS,
    T2V_SPLIT_MERGED_WITH_NEXT,
    T2V_SPLIT_CONTIGUOUS
};

struct t2v_pretok_step {
    const char *name; /* "Whitespace" */
    /* Calls t2v_pretok_emit(run, piece) for each piece of text, and stops when that is not 0. */
    int (*split)(const struct t2v_pretok_step *step, struct t2v_pretok_run *run,
                 struct t2v_str text);
    bool cuts_at_space; /* ASCII white space is a border of pieces and in none of them */
    /* Settings; which of them count depends on the kind. */
    struct t2v_str replacement; /* Metaspace: the mark; owned by the arena */
    enum t2v_prepend prepend;   /* Metaspace */
    bool cut_before_mark;       /* Metaspace: its `split` */
    struct t2v_regex *regex;    /* owned; Split, ByteLevel (NULL: one piece) */
    struct t2v_str pattern;     /* Split by a string; owned by the arena */
    enum t2v_split_behavior behavior;
    bool invert;        /* Split: what is no hit is one, and the other way round */
    unsigned flag;      /* Digits, Punctuation: enum t2v_unicode_flag */
    uint32_t delimiter; /* CharDelimiterSplit */
    size_t length;      /* FixedLength: characters of a piece, at least 1 */
    bool prefix_space;  /* ByteLevel: a text that begins without a space gets one */
};

/* One text on its way through the steps. */
struct t2v_pretok_run {
    const struct t2v_pretok *pretok;
    size_t depth;      /* the step that is splitting now */
    const char *begin; /* of the text given to t2v_pretok_run */
    bool at_start; /* the text given to t2v_pretok_run begins where the whole input begins, before
                    * it was normalised; counts for Metaspace's "first" */
    struct t2v_buf *scratch; /* [T2V_PRETOK_MAX_STEPS], of this thread; step i owns scratch[i] */
    /* Where somebody asks for offsets; all NULL else. A step that hands on a text of its own sets
     * base and align to it, and back, and keeps the spans in its aligned[i]. */
    struct t2v_buf *aligned;     /* [T2V_PRETOK_MAX_STEPS], of spans, as scratch */
    const struct t2v_buf *align; /* a span for each byte of the text that begins at base, */
    const char *base;            /* of which the pieces handed on now are parts */
    int (*take)(void *ctx, struct t2v_str piece); /* not 0 ends the run */
    void *ctx;
};

/* For steps: hands on a piece; empty ones vanish. */
int t2v_pretok_emit(struct t2v_pretok_run *run, struct t2v_str piece);

/* The span of the byte at `at`, which is in a piece that is handed on now; run->align is there. */
static inline struct t2v_span t2v_pretok_span(const struct t2v_pretok_run *run, const char *at)
{
    return t2v_span_at(run->align, (size_t)(at - run->base));
}

#endif
