/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_TOKEN_NORMALIZE_CHARSMAP_H
#define T2V_TOKEN_NORMALIZE_CHARSMAP_H
/*
 * SentencePiece's compiled table of replacements, what the normalizer "Precompiled" runs: a double
 * array (a trie over bytes) of uint32, little-endian, whose values are places in a text of
 * replacements, each ended by a NUL. A file may hold any bytes there: every access is checked, and
 * what leads out of the table counts as not found. Read-only once loaded, any thread.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/str.h"

struct t2v_charsmap {
    uint32_t *units; /* [n_unit] */
    size_t n_unit;
    struct t2v_str text;
    bool ascii[128]; /* some replacement begins with this character */
};

/* Reads the table from its bytes (or from base64, standard and padded) into the arena. T2V_EFORMAT,
 * T2V_ENOMEM; messages begin with "the charsmap". */
int t2v_charsmap_read(struct t2v_str bytes, struct t2v_arena *arena, struct t2v_charsmap **out,
                      struct t2v_err *err);
int t2v_charsmap_read_base64(struct t2v_str base64, struct t2v_arena *arena,
                             struct t2v_charsmap **out, struct t2v_err *err);
/* Appends what becomes of text (valid UTF-8) to out: 0 or out's failure. from: as in
 * unicode/from.h, empty, or NULL. */
int t2v_charsmap_run(const struct t2v_charsmap *map, struct t2v_str text, struct t2v_buf *out,
                     struct t2v_buf *from);

#endif
