/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_HTTP_PROCESS_H
#define T2V_HTTP_PROCESS_H
/* Metrics of the process from /proc, under the names that Prometheus's client libraries use. */
#include "base/buf.h"

/* Appends process_cpu_seconds_total, process_resident_memory_bytes and the like as Prometheus text;
 * what cannot be read (no /proc) is left out. One thread at a time. */
void t2v_process_write(struct t2v_buf *out);

#endif
