/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_CLI_FILES_NPY_H
#define T2V_CLI_FILES_NPY_H
/* The header of a .npy file (NumPy's format 1.0) for an array [n_row, width] of little-endian
 * float32, row-major. Its length is fixed, so that it can be written again in place. */
#include <stdbool.h>
#include <stddef.h>

enum { T2V_NPY_HEADER = 128 }; /* bytes; the numbers follow */

void t2v_npy_header(char out[T2V_NPY_HEADER], size_t n_row, size_t width);
/* Whether t2v_npy_header has made it, for this width and any number of rows. Only its first len
 * bytes are there, at most T2V_NPY_HEADER. */
bool t2v_npy_header_is(const char *header, size_t len, size_t width);

#endif
