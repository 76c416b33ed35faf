/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_CLI_LINES_H
#define T2V_CLI_LINES_H
/*
 * Texts (or other JSON) in, one a line of standard input, and a line of JSON out for each; and how
 * words of strangers are printed.
 */
#include "base/buf.h"
#include "base/error.h"
#include "base/str.h"
#include "json/json.h"

/* Writes the answer to one text, without its line's end. text lives until it returns. out: empty; a
 * failure to append is seen by the caller. 0, or a negative code with err filled. */
typedef int t2v_line_fn(void *user, struct t2v_str text, struct t2v_buf *out, struct t2v_err *err);
/* Each text of standard input through on_line, and its answer to standard output at once. Blank
 * lines are passed over. 0 at the end, or a negative code: on_line's, with the line's number before
 * its message; T2V_EFORMAT: a line is no JSON string; T2V_EIO, T2V_ENOMEM. */
int t2v_lines_each(t2v_line_fn *on_line, void *user, struct t2v_err *err);
/* The same for lines of any JSON; value lives until on_line returns. */
typedef int t2v_line_value_fn(void *user, const t2v_json *value, struct t2v_buf *out,
                              struct t2v_err *err);
int t2v_lines_each_value(t2v_line_value_fn *on_line, void *user, struct t2v_err *err);

/* Prints words of strangers on standard output as t2v_utf8_show has them; returns their length. */
size_t t2v_print_words(struct t2v_str words);
/* Prints a line of JSON, and empties the buffer. Characters that would act on a terminal become
 * escapes of JSON, which mean the same. T2V_EIO, T2V_ENOMEM, or line's own failure. */
int t2v_print_json(struct t2v_buf *line, struct t2v_err *err);

#endif
