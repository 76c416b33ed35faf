/* SPDX-License-Identifier: BSD-3-Clause */
#include "http/request_log.h"

#include <inttypes.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "http/address.h"

#include "base/banned.h"

static double ms_between(uint64_t begin_ns, uint64_t end_ns)
{
    return end_ns > begin_ns ? (double)(end_ns - begin_ns) * 1e-6 : 0;
}

/* NULL: an answer that needs no line of its own. */
static struct t2v_log_limit *limit_of(struct t2v_request_log *log,
                                      const struct t2v_request_entry *entry)
{
    switch (entry->status) {
    case 401:
        return &log->unauthorized;
    case 500:
        return &log->failed;
    case 503:
        return entry->is_draining ? NULL : &log->busy;
    default:
        return NULL;
    }
}

static void log_failure(struct t2v_request_log *log, const struct t2v_request_entry *entry)
{
    struct t2v_log_limit *limit = limit_of(log, entry);
    struct t2v_address peer = {.len = sizeof peer.at};
    char text[T2V_ADDRESS_TEXT] = "?";
    if (limit == NULL)
        return;
    if (getpeername(entry->fd, (struct sockaddr *)&peer.at, &peer.len) == 0)
        t2v_address_text(&peer, text, sizeof text);
    t2v_log_limited(limit, T2V_LOG_WARN, "http",
                    "request failed id=%" PRIu64 " route=%s status=%d why=%s peer=%s", entry->id,
                    entry->route->name, entry->status, entry->why != NULL ? entry->why : "", text);
}

void t2v_request_log_add(struct t2v_request_log *log, struct t2v_metrics *metrics,
                         const struct t2v_request_entry *entry)
{
    const struct t2v_work *work = entry->work;
    double ms = ms_between(entry->began_ns, t2v_clock_ns()), queue_ms = 0, encode_ms = 0;
    t2v_metrics_count(metrics, entry->route, entry->status, ms * 1e-3);
    if (work != NULL && work->begun_ns != 0) {
        queue_ms = ms_between(work->queued_ns, work->begun_ns);
        encode_ms = ms_between(work->begun_ns, work->ended_ns);
        t2v_hist_add(&metrics->queue_seconds, queue_ms * 1e-3);
        t2v_hist_add(&metrics->encode_seconds, encode_ms * 1e-3);
        metrics->texts_cut += work->n_cut;
    }
    if (t2v_log_enabled(T2V_LOG_DEBUG))
        t2v_log(T2V_LOG_DEBUG, "http",
                "request id=%" PRIu64 " route=%s status=%d ms=%.3f tok=%zu queue_ms=%.3f "
                "encode_ms=%.3f cut=%zu",
                entry->id, entry->route->name, entry->status, ms, work != NULL ? work->n_tok : 0,
                queue_ms, encode_ms, work != NULL ? work->n_cut : 0);
    log_failure(log, entry);
}
