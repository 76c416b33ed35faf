/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_UNICODE_FROM_H
#define T2V_UNICODE_FROM_H
/*
 * The origin of the bytes of a rewritten text: for each byte of the output a uint32_t, the place in
 * the input where the character begins that it comes from. All bytes of a character have the same
 * origin. Functions that rewrite a text take such a buffer if offsets are wanted, else NULL. A
 * failure sticks in the buffer.
 */
#include <stdint.h>
#include <string.h>

#include "base/buf.h"
#include "base/str.h"

#define T2V_FROM_NOWHERE UINT32_MAX /* inserted before the first character */

/* n bytes of output come from the character at byte `at`. from may be NULL. */
static inline void t2v_from_add(struct t2v_buf *from, uint32_t at, size_t n)
{
    char *to = from != NULL ? t2v_buf_room(from, n * sizeof at) : NULL;
    if (to == NULL)
        return;
    for (size_t i = 0; i < n; i++)
        memcpy(to + i * sizeof at, &at, sizeof at);
    from->len += n * sizeof at;
}

/* bytes[begin, end) of text, whole characters, are copied. from may be NULL. */
void t2v_from_copy(struct t2v_buf *from, struct t2v_str text, size_t begin, size_t end);

#endif
