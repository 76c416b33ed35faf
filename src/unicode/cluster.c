/* SPDX-License-Identifier: BSD-3-Clause */
#include "unicode/cluster.h"

#include <stddef.h>
#include <stdint.h>
#include <utf8proc.h>

#include "base/utf8.h"

#include "base/banned.h"

/* Marks that are newer than utf8proc 2.8 (Unicode 15.0), and that the library (16.0) knows; they
 * stand in order. */
static const uint32_t new_marks[][2] = {
    {0x897, 0x897},     {0x10d69, 0x10d6d}, {0x10efc, 0x10efc}, {0x113b8, 0x113c0},
    {0x113c2, 0x113c2}, {0x113c5, 0x113c5}, {0x113c7, 0x113ca}, {0x113cc, 0x113d0},
    {0x113d2, 0x113d2}, {0x113e1, 0x113e2}, {0x11f5a, 0x11f5a}, {0x1611e, 0x1612f},
    {0x1e5ee, 0x1e5ef},
};

/* A character of the same kind, of those that utf8proc knows. */
static utf8proc_int32_t known(uint32_t cp)
{
    if (cp == 0x113d1)
        return 0x600; /* binds to what follows */
    for (size_t i = 0; i < sizeof new_marks / sizeof *new_marks && cp >= new_marks[i][0]; i++) {
        if (cp <= new_marks[i][1])
            return 0x300;
    }
    return (utf8proc_int32_t)cp;
}

const char *t2v_cluster_end(const char *at, const char *end)
{
    utf8proc_int32_t state = 0, last = known(t2v_utf8_next(&at, end));
    while (at < end) {
        const char *next = at;
        utf8proc_int32_t cp = known(t2v_utf8_next(&next, end));
        if (utf8proc_grapheme_break_stateful(last, cp, &state))
            break;
        last = cp;
        at = next;
    }
    return at;
}
