/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_CLI_PACE_H
#define T2V_CLI_PACE_H
/* `t2v bench --prompt-tokens`: how fast a causal model reads prompts and makes tokens. */
#include "base/error.h"
#include "cli/options.h"

/* Prints a line of JSON for each number of prompt tokens. Ids are random, so the directory needs no
 * tokenizer. T2V_EUSAGE: a number that is none; else the errors of t2v_net_open. */
int t2v_bench_pace(const struct t2v_options *options, struct t2v_err *err);

#endif
