/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_CLI_SELFTEST_H
#define T2V_CLI_SELFTEST_H
/* `t2v selftest`: a model's vectors against golden answers, and against themselves. */
#include "base/error.h"
#include "cli/options.h"

/* Prints one line where all is well. 0, or a negative code with err filled; T2V_EMODEL: a vector
 * that is not as it should be. */
int t2v_command_selftest(const struct t2v_options *options, struct t2v_err *err);

#endif
