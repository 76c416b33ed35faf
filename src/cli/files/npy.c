/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/files/npy.h"

#include <stdio.h>
#include <string.h>

#include "base/banned.h"

/* The magic string, version 1.0, and the length of what follows as a little-endian number. */
static const char begin[] = "\x93NUMPY\x01\x00\x76\x00";
enum { BEGIN = sizeof begin - 1 };
static const char before_rows[] = "{'descr': '<f4', 'fortran_order': False, 'shape': (";

void t2v_npy_header(char out[T2V_NPY_HEADER], size_t n_row, size_t width)
{
    char text[T2V_NPY_HEADER - BEGIN + 1];
    int n = snprintf(text, sizeof text, "%s%zu, %zu), }", before_rows, n_row, width);
    memset(out, ' ', T2V_NPY_HEADER);
    memcpy(out, begin, BEGIN);
    memcpy(out + BEGIN, text, (size_t)n);
    out[T2V_NPY_HEADER - 1] = '\n';
}

bool t2v_npy_header_is(const char *header, size_t len, size_t width)
{
    char same[T2V_NPY_HEADER];
    size_t n_row = 0;
    for (size_t i = BEGIN + strlen(before_rows); i < len && header[i] >= '0' && header[i] <= '9';
         i++) {
        if (__builtin_mul_overflow(n_row, 10, &n_row) ||
            __builtin_add_overflow(n_row, (size_t)(header[i] - '0'), &n_row))
            return false;
    }
    t2v_npy_header(same, n_row, width);
    return memcmp(same, header, len) == 0;
}
