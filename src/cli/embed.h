/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_CLI_EMBED_H
#define T2V_CLI_EMBED_H
/* `t2v embed`: a vector for each line of standard input. */
#include "base/error.h"
#include "cli/options.h"

/* 0, or a negative code with the line's number in err; lines before it are printed. */
int t2v_command_embed(const struct t2v_options *options, struct t2v_err *err);

#endif
