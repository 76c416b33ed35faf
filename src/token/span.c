/* SPDX-License-Identifier: BSD-3-Clause */
#include "token/span.h"

#include "base/banned.h"

void t2v_span_fill(struct t2v_buf *buf, struct t2v_span span, size_t n)
{
    char *to = buf != NULL ? t2v_buf_room(buf, n * sizeof span) : NULL;
    if (to == NULL)
        return;
    for (size_t i = 0; i < n; i++)
        memcpy(to + i * sizeof span, &span, sizeof span);
    buf->len += n * sizeof span;
}
