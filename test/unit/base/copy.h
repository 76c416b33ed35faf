/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_TEST_COPY_H
#define T2V_TEST_COPY_H
/* Model directories that are made from files of others. The files are copied, since links out of a
 * model directory are refused. */
#include <stdint.h>
#include <stdio.h>

#include "base/file.h"
#include "base/mem.h"

static inline void copy_file(const char *from, const char *to)
{
    char *bytes;
    size_t len;
    assert_int_equal(t2v_file_read(from, (size_t)1 << 30, &bytes, &len, NULL), 0);
    FILE *file = fopen(to, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, len, file), len);
    assert_int_equal(fclose(file), 0);
    t2v_free(bytes);
}

#endif
