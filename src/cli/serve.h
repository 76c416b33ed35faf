/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_CLI_SERVE_H
#define T2V_CLI_SERVE_H
/* `t2v serve`: runs the model, the engine and the server until a signal has drained it. */
#include "base/error.h"
#include "cli/options.h"

/* Logs instead of printing. 0, or a negative code: the settings, the address, the model or the
 * event loop; err's message is empty if it has been logged. Does not return if the engine still has
 * work after the drain. */
int t2v_command_serve(const struct t2v_options *options, struct t2v_err *err);

#endif
