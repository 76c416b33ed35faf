/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_HTTP_PORT_H
#define T2V_HTTP_PORT_H
/* The socket that listens, and the open files that its connections need. */
#include <stdint.h>

#include "base/error.h"

/* Binds what --listen says (see address.h) without opening the port. *fd is set on success alone,
 * and is the caller's. T2V_EUSAGE, T2V_EIO. */
int t2v_port_bind(const char *listen, int *fd, struct t2v_err *err);
/* The port that fd is bound to. */
int t2v_port_of(int fd);

/* Raises the soft limit on open files to what so many connections need. Returns how many fit: where
 * files are too few for all, there are fewer, so that there are some for the probes. */
uint64_t t2v_port_fit_files(uint64_t max_connections);

#endif
