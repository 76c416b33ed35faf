/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_TOKEN_NORMALIZE_NORMALIZE_H
#define T2V_TOKEN_NORMALIZE_NORMALIZE_H
/*
 * The normalizer: a list of steps, each of which rewrites the whole text. A Sequence is flattened
 * into the list. A new kind of step is one function that runs it, one that reads it from JSON, and
 * a line in the table of normalize.c; the struct is in step.h. Read-only once loaded.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "json/json.h"
#include "token/normalize/step.h"
#include "token/span.h"
#include "unicode/normal_form.h"

enum { T2V_NORM_MAX_STEPS = 32 };

struct t2v_normalizer {
    struct t2v_norm_step steps[T2V_NORM_MAX_STEPS];
    size_t n;
    bool sequence; /* the outermost component was a Sequence */
};

/* Scratch of one thread; a zeroed struct is empty. */
struct t2v_norm_space {
    struct t2v_buf text[2]; /* output of the steps in turn */
    struct t2v_buf probe;   /* what a step makes of the first character */
    struct t2v_buf from;    /* of a step, see unicode/from.h */
    struct t2v_buf spans;   /* alignments that are being made */
    struct t2v_cps cps[2];
    unsigned turn; /* which of text comes next */
};
void t2v_norm_space_init(struct t2v_norm_space *space);
void t2v_norm_space_deinit(struct t2v_norm_space *space);

/* Reads the component `value` (null: no steps), adding its steps to a zeroed *normalizer. where:
 * its path in the file. T2V_EFORMAT, T2V_EUNSUPPORTED (a kind that we do not know), T2V_ENOMEM;
 * free with t2v_normalizer_deinit even then. */
int t2v_normalizer_load(const t2v_json *value, const char *where, struct t2v_arena *arena,
                        struct t2v_normalizer *normalizer, struct t2v_err *err);
void t2v_normalizer_deinit(struct t2v_normalizer *normalizer);

/* Sets *out to the normalised text, good until the next run with this space (in, if there are no
 * steps). 0, T2V_ENOMEM, or T2V_ETOOLARGE when it grows beyond 256 MiB. */
int t2v_normalizer_run(const struct t2v_normalizer *normalizer, struct t2v_norm_space *space,
                       struct t2v_str in, struct t2v_str *out);
/* The same, and sets *moved when the first character of *out does not come from the beginning of
 * in, as the library's alignments have it: what stood there was dropped, or replaced together with
 * what follows it. align: NULL, or it becomes a span of `in` for each byte of *out, that of the
 * character which the library aligns it with (token/span.h). */
int t2v_normalizer_run_from(const struct t2v_normalizer *normalizer, struct t2v_norm_space *space,
                            struct t2v_str in, struct t2v_str *out, bool *moved,
                            struct t2v_buf *align);
/* True when every step is local. */
bool t2v_normalizer_local(const struct t2v_normalizer *normalizer);

#endif
