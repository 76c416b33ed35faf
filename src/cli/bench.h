/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_CLI_BENCH_H
#define T2V_CLI_BENCH_H
/* `t2v bench`: times the texts of a corpus, or compares their vectors with those of another
 * precision. */
#include "base/error.h"
#include "cli/options.h"

/* Prints a line for each set of the corpus. 0, or a negative code with err filled: T2V_EUSAGE
 * without a corpus, T2V_EFORMAT or T2V_EIO for the corpus, or an error of the model or the engine.
 */
int t2v_command_bench(const struct t2v_options *options, struct t2v_err *err);

#endif
