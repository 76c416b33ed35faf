/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_CLI_GENERATE_H
#define T2V_CLI_GENERATE_H
/* `t2v generate`: continues the prompts of standard input, or one given by --text. */
#include "base/error.h"
#include "cli/options.h"

/* Writes a prompt's new text as it comes; with --json a line of JSON for each prompt, in order,
 * several prompts at a time. The errors of t2v_generator_open; T2V_EUSAGE, T2V_EFORMAT,
 * T2V_ETOOLARGE (a prompt is too long), T2V_EIO. */
int t2v_command_generate(const struct t2v_options *options, struct t2v_err *err);

#endif
