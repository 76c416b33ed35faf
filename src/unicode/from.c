/* SPDX-License-Identifier: BSD-3-Clause */
#include "unicode/from.h"

#include "base/utf8.h"

#include "base/banned.h"

void t2v_from_copy(struct t2v_buf *from, struct t2v_str text, size_t begin, size_t end)
{
    if (from == NULL)
        return;
    const char *at = text.ptr + begin, *stop = text.ptr + end;
    while (at < stop) {
        const char *here = at;
        t2v_utf8_next(&at, stop);
        t2v_from_add(from, (uint32_t)(here - text.ptr), (size_t)(at - here));
    }
}
