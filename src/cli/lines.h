/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_CLI_LINES_H
#define T2V_CLI_LINES_H
/*
 * Reads texts (or other JSON) from standard input, one a line, and prints a line of JSON for each.
 * Also prints untrusted text.
 */
#include "base/buf.h"
#include "base/error.h"
#include "base/str.h"
#include "json/json.h"

/* Appends the answer to one text, without a line end, to out, which is empty. text is valid until
 * it returns. The caller checks out for failed appends. 0, or a negative code with err filled. */
typedef int t2v_line_fn(void *user, struct t2v_str text, struct t2v_buf *out, struct t2v_err *err);
/* Calls on_line for each text of standard input and prints its answer at once. Skips blank lines. 0
 * at the end, or a negative code: on_line's, with the line's number before its message;
 * T2V_EFORMAT: a line is not a JSON string; T2V_EIO or T2V_ENOMEM. */
int t2v_lines_each(t2v_line_fn *on_line, void *user, struct t2v_err *err);
/* The same for any JSON; value is valid until on_line returns. */
typedef int t2v_line_value_fn(void *user, const t2v_json *value, struct t2v_buf *out,
                              struct t2v_err *err);
int t2v_lines_each_value(t2v_line_value_fn *on_line, void *user, struct t2v_err *err);

/* Prints untrusted text to standard output, escaped by t2v_utf8_show. Returns its printed length.
 */
size_t t2v_print_words(struct t2v_str words);
/* Prints a line of JSON and empties the buffer. Writes characters that would act on a terminal as
 * JSON escapes, which mean the same. T2V_EIO, T2V_ENOMEM, or line->fail. */
int t2v_print_json(struct t2v_buf *line, struct t2v_err *err);

#endif
