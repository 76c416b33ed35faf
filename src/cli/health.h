/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_CLI_HEALTH_H
#define T2V_CLI_HEALTH_H
/* `t2v health`: is the service on this machine ready? For a HEALTHCHECK where there is no shell. */
#include "base/error.h"
#include "cli/options.h"

/* 0: the answer is 200. T2V_EIO: no answer, or another one; T2V_EUSAGE: an invalid address. */
int t2v_command_health(const struct t2v_options *options, struct t2v_err *err);

#endif
