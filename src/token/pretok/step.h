/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_TOKEN_PRETOK_STEP_H
#define T2V_TOKEN_PRETOK_STEP_H
/* One step of a pre-tokenizer, and the state of one text that goes through the steps. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"
#include "token/span.h"

enum t2v_prepend { T2V_PREPEND_ALWAYS, T2V_PREPEND_FIRST, T2V_PREPEND_NEVER };

struct t2v_pretok;
struct t2v_pretok_run;

/* `behavior` of Split: what is done with a match. Names as in the tokenizers library. */
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
    bool cuts_at_space; /* splits at ASCII white space, which is in no piece */
    /* Settings; each kind uses some of them. */
    struct t2v_str replacement; /* Metaspace: the mark; owned by the arena */
    enum t2v_prepend prepend;   /* Metaspace */
    bool cut_before_mark;       /* Metaspace: its `split` */
    struct t2v_regex *regex;    /* owned; Split, ByteLevel (NULL: one piece) */
    struct t2v_str pattern;     /* Split by a string; owned by the arena */
    enum t2v_split_behavior behavior;
    bool invert;        /* Split: matches and the text between them are swapped */
    unsigned flag;      /* Digits, Punctuation: enum t2v_unicode_flag */
    uint32_t delimiter; /* CharDelimiterSplit */
    size_t length;      /* FixedLength: characters of a piece, at least 1 */
    bool prefix_space;  /* ByteLevel: a text that begins without a space gets one */
};

/* The state of one text that goes through the steps. */
struct t2v_pretok_run {
    const struct t2v_pretok *pretok;
    size_t depth;      /* the step that is splitting now */
    const char *begin; /* of the text given to t2v_pretok_run */
    bool at_start; /* the text given to t2v_pretok_run begins where the whole input begins, before
                    * it was normalised; counts for Metaspace's "first" */
    struct t2v_buf *scratch; /* [T2V_PRETOK_MAX_STEPS], of this thread; step i owns scratch[i] */
    /* For offsets; all NULL if they are not wanted. A step that passes on new text points base and
     * align to it, restores them afterwards, and keeps the spans in its aligned[i]. */
    struct t2v_buf *aligned;     /* [T2V_PRETOK_MAX_STEPS], of spans, as scratch */
    const struct t2v_buf *align; /* a span for each byte of the text that begins at base, */
    const char *base;            /* of which the current pieces are parts */
    int (*take)(void *ctx, struct t2v_str piece); /* not 0 ends the run */
    void *ctx;
};

/* For steps: passes on a piece; an empty one is dropped. */
int t2v_pretok_emit(struct t2v_pretok_run *run, struct t2v_str piece);

/* The span of the byte at `at`, which is in the current piece. run->align must not be NULL. */
static inline struct t2v_span t2v_pretok_span(const struct t2v_pretok_run *run, const char *at)
{
    return t2v_span_at(run->align, (size_t)(at - run->base));
}

#endif
