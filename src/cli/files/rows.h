/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_CLI_FILES_ROWS_H
#define T2V_CLI_FILES_ROWS_H
/*
 * Vectors to a file or standard output, a row each, in one of three formats:
 *
 *   json   A line for each row: an array of numbers, or null.
 *   npy    NumPy's: [rows, width] of little-endian float32; a row of NaNs for null. The number of
 *          rows in the header is 0 until t2v_rows_close.
 *   f32    The same numbers without a header.
 *
 * Rows are buffered; a row that t2v_rows_flush has written is whole, or the file's last. A file is
 * gone on with after its last whole row. Nothing in a file changes before t2v_rows_begin, so that
 * its rows can be checked first. One thread at a time.
 */
#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

typedef struct t2v_rows t2v_rows;

struct t2v_rows_options {
    const char *path;   /* "" or "-": standard output */
    const char *format; /* "json", "npy", "f32"; "": by the ending of path (.npy, .f32), or json */
    bool resume;        /* keep the rows of a file that is there */
    bool overwrite;     /* drop them; without either such a file is an error, unless it is empty */
};

/* What is wrong with the options whatever the file is. T2V_EUSAGE. */
int t2v_rows_check(const struct t2v_rows_options *options, struct t2v_err *err);
/* T2V_EUSAGE: the output is the regular file that input_fd reads, maybe by a link. */
int t2v_rows_check_input(const struct t2v_rows_options *options, int input_fd, struct t2v_err *err);

/* Strings of options are borrowed. width: numbers of a vector. *n_row: whole rows that are there.
 * *out is set on success alone. T2V_EUSAGE, T2V_EIO, T2V_EFORMAT (not a file of such rows, or
 * without a whole row and not known as the beginning of one) or T2V_ENOMEM. */
int t2v_rows_open(const struct t2v_rows_options *options, size_t width, t2v_rows **out,
                  size_t *n_row, struct t2v_err *err);
/* The last row of those that t2v_rows_open found; there must be one. vector: [width], NaNs for a
 * null row. T2V_EFORMAT: it is no row of this width. T2V_EIO or T2V_ENOMEM. */
int t2v_rows_last(t2v_rows *rows, float *vector, struct t2v_err *err);
/* Drops what the file has after the rows that t2v_rows_open found, and writes the header if there
 * is none of these. Call it before rows are added. T2V_EIO. */
int t2v_rows_begin(t2v_rows *rows, struct t2v_err *err);
/* vector: [width]; NULL: a null row. T2V_ENOMEM. */
int t2v_rows_add(t2v_rows *rows, const float *vector, struct t2v_err *err);
/* Writes what is buffered. T2V_EIO. */
int t2v_rows_flush(t2v_rows *rows, struct t2v_err *err);
/* Writes what is buffered and, if rows have begun, the header; frees all. T2V_EIO. NULL is allowed.
 */
int t2v_rows_close(t2v_rows *rows, struct t2v_err *err);

#endif
