/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_TOKEN_PRETOK_METASPACE_H
#define T2V_TOKEN_PRETOK_METASPACE_H
/* Metaspace: replaces each space by U+2581 (or the file's `replacement`), and puts one before the
 * text, as prepend_scheme says. */
#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"
#include "json/json.h"
#include "token/pretok/step.h"

int t2v_pretok_split_metaspace(const struct t2v_pretok_step *step, struct t2v_pretok_run *run,
                               struct t2v_str text);
int t2v_pretok_load_metaspace(const t2v_json *value, const char *where, struct t2v_arena *arena,
                              struct t2v_pretok_step *step, struct t2v_err *err);

#endif
