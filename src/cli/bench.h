/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_CLI_BENCH_H
#define T2V_CLI_BENCH_H
/* `t2v bench`: times the texts of a corpus, or says how far their vectors are from those of another
 * precision. */
#include "base/error.h"
#include "cli/options.h"

/* Prints a line for each set of the corpus. 0, or a negative code with err filled: T2V_EUSAGE
 * without a corpus; T2V_EFORMAT, T2V_EIO: of the corpus; what opening and encoding say. */
int t2v_command_bench(const struct t2v_options *options, struct t2v_err *err);

#endif
