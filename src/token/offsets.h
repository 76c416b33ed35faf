/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_TOKEN_OFFSETS_H
#define T2V_TOKEN_OFFSETS_H
/* From what is known of each token of a text to its offset. For this room. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "token/ids.h"
#include "token/parts.h"
#include "token/span.h"

/* A token of a text; space->marks holds one for each. */
struct t2v_token_mark {
    struct t2v_span span; /* bytes of the text */
    /* The token is said to cover bytes that its piece does not have: span is in bytes of the piece.
     * UPSTREAM: the library then takes it as it is. */
    bool odd;
    uint32_t lead, trail; /* white space at the ends of the token as it is spelled, in characters */
};

/* Sets lead and trail; the character that stands for a space in ByteLevel's alphabet counts. */
void t2v_token_mark_blanks(struct t2v_token_mark *mark, struct t2v_str spelled);
/* Appends the offsets of space->marks[first, first + n), with the template's trims. text: that of
 * the marks. Uses space->chars and space->bytes. T2V_ENOMEM, T2V_ETOOLARGE. */
int t2v_offsets_from_marks(const struct t2v_template *tmpl, t2v_token_space *space,
                           struct t2v_str text, size_t first, size_t n,
                           struct t2v_offsets *offsets);

#endif
