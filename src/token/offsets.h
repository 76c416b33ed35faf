/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_TOKEN_OFFSETS_H
#define T2V_TOKEN_OFFSETS_H
/* Computes the offsets of a text's tokens from their marks. For this folder. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "token/ids.h"
#include "token/parts.h"
#include "token/span.h"
#include "token/tokenizer.h"

/* A token of a text; space->marks holds one for each. */
struct t2v_token_mark {
    struct t2v_span span; /* bytes of the text */
    /* The span runs past the end of the pre-token: BPE counts a prefix or suffix that only the
     * vocabulary has. It is then in bytes of the pre-token. UPSTREAM: the library uses it as it is,
     * as if it were in the text. */
    bool odd;
    uint32_t word;        /* see struct t2v_offset */
    uint32_t lead, trail; /* white space at the start and end of the token's spelling, characters */
};

/* Sets lead and trail. U+0120, which is a space in ByteLevel's alphabet, counts as white space. */
void t2v_token_mark_blanks(struct t2v_token_mark *mark, struct t2v_str spelled);
/* Appends the offsets of space->marks[first, first + n), trimmed as the post-processor does. text:
 * the text of the marks. Uses space->chars and space->bytes. T2V_ENOMEM, T2V_ETOOLARGE. */
int t2v_offsets_from_marks(const struct t2v_template *tmpl, t2v_token_space *space,
                           struct t2v_str text, size_t first, size_t n,
                           struct t2v_offsets *offsets);

#endif
