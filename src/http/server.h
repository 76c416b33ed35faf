/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_HTTP_SERVER_H
#define T2V_HTTP_SERVER_H
/*
 * The HTTP service: libevent's loop, one listener, many connections, one thread. It answers all by
 * itself that needs no model. Jobs go to the engine, and large bodies and answers to the clerk
 * (clerk.h); both come back through a list and an eventfd.
 *
 *     int fd;
 *     t2v_server *server;
 *     rc = t2v_server_bind(&options, &fd, &err);   before the model is opened
 *     rc = t2v_server_new(&options, fd, engine, &models, "t2v 0.1.0", &server, &err);
 *     rc = t2v_server_run(server, &err);           until a signal, and the drain after it
 *     if (t2v_server_is_abandoned(server))
 *         _exit(...);                              nobody waits for the engine
 *     t2v_server_free(server);                     before t2v_engine_free
 *
 * One server in a process: it takes SIGTERM, SIGINT and SIGQUIT, which drain it, logs a line at
 * SIGHUP, ignores SIGPIPE, SIGUSR1 and SIGUSR2, and raises the soft limit on open files to what
 * max_connections needs.
 */
#include <stdbool.h>

#include "base/error.h"
#include "batch/engine.h"
#include "http/models.h"
#include "http/options.h"

typedef struct t2v_server t2v_server;

/* Checks the options that the server needs, and binds options->listen without opening the port, so
 * that mistakes are reported before a model is opened: "ADDR:PORT", "[V6ADDR]:PORT" or ":PORT";
 * "[::]:PORT" and ":PORT" are every address, v6 and v4; port 0 is a free one. *fd is set on success
 * alone, and the caller's. T2V_EUSAGE: an address or a list of tokens that makes no sense; T2V_EIO:
 * the address cannot be bound. */
int t2v_server_bind(const struct t2v_server_options *options, int *fd, struct t2v_err *err);

/* Opens the port that fd is bound to; fd is the server's from then on, also on failure. All
 * pointers are borrowed until t2v_server_free. version goes into /meta and /metrics. T2V_EIO,
 * T2V_ENOMEM. */
int t2v_server_new(const struct t2v_server_options *options, int fd, t2v_engine *engine,
                   const struct t2v_models *models, const char *version, t2v_server **out,
                   struct t2v_err *err);

/* Serves. After SIGTERM, SIGINT or SIGQUIT `ready` is 503 and requests are answered for
 * options->drain_ms more, or until nothing is in flight and nothing new has come for a fifth of
 * that time; what is still in flight then is answered 503. A second signal ends it at once. 0, or
 * T2V_EIO: the loop broke, or a file of the model changed, which fails what is in flight, is logged
 * and has no message here. */
int t2v_server_run(t2v_server *server, struct t2v_err *err);

/* After t2v_server_run: it ended at a second signal, or while the engine still had work.
 * t2v_server_free may wait for that work, so the process should _exit instead, which closes the
 * sockets. */
bool t2v_server_is_abandoned(const t2v_server *server);

/* NULL is allowed. If the engine still has work, that and the server's memory are leaked. */
void t2v_server_free(t2v_server *server);

/* libevent's version. */
const char *t2v_server_libevent(void);

#endif
