/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_CLI_TOKENS_H
#define T2V_CLI_TOKENS_H
/* `t2v tokens`: token ids for each line of standard input, cut as the default vectorizer does; with
 * --decode the text of each line of ids. */
#include "base/error.h"
#include "cli/options.h"

/* 0, or a negative code with the line's number in err; lines before it are printed. */
int t2v_command_tokens(const struct t2v_options *options, struct t2v_err *err);

#endif
