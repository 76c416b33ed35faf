/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_HTTP_REQUEST_LOG_H
#define T2V_HTTP_REQUEST_LOG_H
/* Counts each answer in the metrics, and logs it: at level debug all of them, else those that tell
 * of trouble, at most one a second of each kind. For the loop thread alone. */
#include <stdbool.h>
#include <stdint.h>

#include "base/log.h"
#include "http/job.h"
#include "http/metrics.h"

struct t2v_request_log {
    struct t2v_log_limit unauthorized, failed, busy; /* zeroed at first */
};

struct t2v_request_entry {
    uint64_t id;
    uint64_t began_ns;
    const struct t2v_route *route;
    int fd;           /* the client's socket */
    bool is_draining; /* a 503 is expected then */
    int status;
    const char *why;             /* of a 401, 500 or 503: static; NULL: none */
    const struct t2v_work *work; /* NULL when the engine had no part in it */
};

/* An error's message may quote what the client sent, so none is logged. */
void t2v_request_log_add(struct t2v_request_log *log, struct t2v_metrics *metrics,
                         const struct t2v_request_entry *entry);

#endif
