/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_CLI_SENTENCES_H
#define T2V_CLI_SENTENCES_H
/* `t2v sentences`: the sentences of each line of standard input. */
#include "base/error.h"
#include "cli/options.h"

/* options is unused. 0, or a negative code with the line's number in err; lines before it are
 * printed. */
int t2v_command_sentences(const struct t2v_options *options, struct t2v_err *err);

#endif
