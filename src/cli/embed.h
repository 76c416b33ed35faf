/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_CLI_EMBED_H
#define T2V_CLI_EMBED_H
/* `t2v embed`: a vector for each text of a file, of standard input, or of the command line. */
#include "base/error.h"
#include "cli/options.h"

/* 0, or a negative code with the file and the line in err; the rows before it are written. */
int t2v_command_embed(const struct t2v_options *options, struct t2v_err *err);

#endif
