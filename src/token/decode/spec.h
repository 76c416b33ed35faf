/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_TOKEN_DECODE_SPEC_H
#define T2V_TOKEN_DECODE_SPEC_H
/*
 * The decoder of a tokenizer: `decoder` of tokenizer.json, or the one that transformers gives to a
 * tokenizer of older files. It is read when the tokenizer is opened. As encoding does not need it,
 * an unsupported decoder does not fail there: the error is kept, and t2v_decoder_new returns it.
 * Read-only once loaded.
 */
#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/error.h"
#include "json/json.h"
#include "token/decode/step.h"

enum { T2V_DECODE_MAX_STEPS = 32 };

struct t2v_decode_spec {
    struct t2v_decode_step *steps; /* [n], the arena's; a Sequence is flattened */
    size_t n;
    bool there;         /* false: there is no decoder; tokens are joined by spaces */
    struct t2v_err err; /* code 0: the decoder is supported */
};

/* Reads the component `value` (null or missing: there is none) into a zeroed *spec; where: its path
 * in the file. Strings are copied to the arena, which must outlive *spec. An error of the component
 * goes to spec->err. 0, or T2V_ENOMEM. Free with t2v_decode_spec_deinit even then. */
int t2v_decode_spec_load(const t2v_json *value, const char *where, struct t2v_arena *arena,
                         struct t2v_decode_spec *spec, struct t2v_err *err);
void t2v_decode_spec_deinit(struct t2v_decode_spec *spec);

/* The decoders of older files, for a zeroed *spec. 0 or T2V_ENOMEM. */
int t2v_decode_spec_wordpiece(struct t2v_arena *arena, struct t2v_decode_spec *spec);
int t2v_decode_spec_byte_level(struct t2v_arena *arena, struct t2v_decode_spec *spec);
/* mark: the replacement, one character. keep: it becomes a space at the start of a text, too
 * (prepend_scheme: never). */
int t2v_decode_spec_metaspace(struct t2v_str mark, bool keep, struct t2v_arena *arena,
                              struct t2v_decode_spec *spec);

#endif
