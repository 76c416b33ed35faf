/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_TOKEN_SPAN_H
#define T2V_TOKEN_SPAN_H
/*
 * Parts of a text, in bytes: [begin, end). An alignment maps a text to the text that it was made
 * from: a buffer of spans, one for each byte, which is the part of the original that the byte comes
 * from. All bytes of a character have the same span.
 */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/buf.h"

struct t2v_span {
    uint32_t begin, end;
};

/* Appends n times the same; a failure sticks in the buffer. buf may be NULL. */
void t2v_span_fill(struct t2v_buf *buf, struct t2v_span span, size_t n);

/* Span i of a buffer that has more than i. */
static inline struct t2v_span t2v_span_at(const struct t2v_buf *buf, size_t i)
{
    struct t2v_span span;
    memcpy(&span, buf->ptr + i * sizeof span, sizeof span);
    return span;
}

#endif
