/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_CLI_INSPECT_H
#define T2V_CLI_INSPECT_H
/* `t2v inspect`: what a model directory holds, for people or as JSON. */
#include "base/error.h"
#include "cli/options.h"

/* 0, or a negative code with err filled: the model cannot be opened. */
int t2v_command_inspect(const struct t2v_options *options, struct t2v_err *err);

#endif
