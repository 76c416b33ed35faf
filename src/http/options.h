/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_HTTP_OPTIONS_H
#define T2V_HTTP_OPTIONS_H
/* What the server is told when it is made. Strings are borrowed for its life; all counts but
 * max_memory_bytes are at least 1, and times at least 0. */
#include <stdbool.h>
#include <stdint.h>

struct t2v_server_options {
    const char *listen;          /* ADDR:PORT, [V6ADDR]:PORT or :PORT */
    const char *tokens;          /* comma-separated bearer tokens; "": none needed */
    const char *cors_origins;    /* comma-separated, or "*"; "": no CORS */
    bool cache;                  /* answers to single texts are kept */
    bool page;                   /* browsers get a page at GET / */
    bool accept_token_ids;       /* as texts to embed or to continue */
    const char *answers_formula; /* of POST /answers: "transformers" or "container" */
    int64_t max_body_bytes;
    int64_t max_memory_bytes; /* held for all clients together; 0: 32 times max_body_bytes, at least
                                 256 MiB */
    int64_t max_queue; /* requests waiting or running in the engine; as many more to generate */
    int64_t queue_ms;  /* that a request may wait for a place there */
    int64_t max_connections;
    int64_t idle_ms;  /* a kept-alive connection with nothing under way */
    int64_t read_ms;  /* from a request's first byte to its last; also for a reader that stalls */
    int64_t drain_ms; /* after SIGTERM */
    int64_t stall_ms; /* live says 503 when waiting work sees no progress for so long */
};

#endif
