/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_TOKEN_PRETOK_PRETOK_H
#define T2V_TOKEN_PRETOK_PRETOK_H
/*
 * The pre-tokenizer: a list of steps. Each step splits a text into pieces and passes them, one by
 * one, to the next step; the pieces of the last step are the pre-tokens, which go to a receiver
 * (the model). Nothing is collected, so the receiver can end the run at any pre-token. A step may
 * pass on new text, which it keeps in its scratch buffer until the piece has been taken. A Sequence
 * is flattened into the list. A new kind is a function that splits, one that reads it from JSON if
 * it has fields, and a line in the table of pretok.c; the struct is in step.h. Read-only once
 * loaded.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/str.h"
#include "json/json.h"
#include "token/pretok/step.h"

enum { T2V_PRETOK_MAX_STEPS = 8 };

struct t2v_pretok {
    struct t2v_pretok_step steps[T2V_PRETOK_MAX_STEPS];
    size_t n;
    bool sequence; /* the outermost component was a Sequence */
};

/* Reads the component `value` (null: the whole text is one pre-token) into a zeroed *pretok. Errors
 * as t2v_normalizer_load; free with t2v_pretok_deinit even then. */
int t2v_pretok_load(const t2v_json *value, const char *where, struct t2v_arena *arena,
                    struct t2v_pretok *pretok, struct t2v_err *err);
void t2v_pretok_deinit(struct t2v_pretok *pretok);
/* Appends a ByteLevel step to a list that has room for it. Errors as above. */
int t2v_pretok_add_byte_level(struct t2v_pretok *pretok, bool prefix_space, struct t2v_err *err);
/* Appends the step of a kind without fields, by its name; false when there is none. */
bool t2v_pretok_add(struct t2v_pretok *pretok, const char *type);
/* True when ASCII white space is a border of pieces for the whole list. */
bool t2v_pretok_cuts_at_space(const struct t2v_pretok *pretok);

/* True when a step depends on at_start. */
bool t2v_pretok_uses_start(const struct t2v_pretok *pretok);

/* Splits text; run has all but depth and begin set. 0, or what `take` (or a step) returned to end
 * it. */
int t2v_pretok_run(struct t2v_pretok_run *run, struct t2v_str text);
#endif
