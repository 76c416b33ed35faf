/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_TOKEN_PRETOK_SPLIT_H
#define T2V_TOKEN_PRETOK_SPLIT_H
/* The pre-tokenizers that split at matches: Split, ByteLevel, Digits, Punctuation,
 * CharDelimiterSplit. */
#include <stdbool.h>

#include "base/arena.h"
#include "base/error.h"
#include "json/json.h"
#include "token/pretok/step.h"

/* Each reads the fields of its kind into *step, zeroed but for its name. */
int t2v_pretok_load_split(const t2v_json *value, const char *where, struct t2v_arena *arena,
                          struct t2v_pretok_step *step, struct t2v_err *err);
int t2v_pretok_load_byte_level(const t2v_json *value, const char *where, struct t2v_arena *arena,
                               struct t2v_pretok_step *step, struct t2v_err *err);
int t2v_pretok_load_digits(const t2v_json *value, const char *where, struct t2v_arena *arena,
                           struct t2v_pretok_step *step, struct t2v_err *err);
int t2v_pretok_load_punctuation(const t2v_json *value, const char *where, struct t2v_arena *arena,
                                struct t2v_pretok_step *step, struct t2v_err *err);
int t2v_pretok_load_delimiter(const t2v_json *value, const char *where, struct t2v_arena *arena,
                              struct t2v_pretok_step *step, struct t2v_err *err);
/* Makes *step a ByteLevel. Errors as t2v_pretok_load. */
int t2v_pretok_make_byte_level(struct t2v_pretok_step *step, bool prefix_space,
                               struct t2v_err *err);

#endif
