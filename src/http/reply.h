/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_HTTP_REPLY_H
#define T2V_HTTP_REPLY_H
/*
 * An answer in the making: a status, and a body that is appended to reply->buf. The head is written
 * last, into room kept free before the body, so that head and body go out as one piece.
 */
#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/str.h"

struct t2v_api;

enum { T2V_REPLY_MORE = 1536 }; /* bytes of t2v_reply_head.more, at most */

struct t2v_reply {
    int status;
    const char *type;  /* Content-Type; NULL: an answer without a body (204, an empty 200) */
    const char *extra; /* further header lines, each with its CRLF; static, "" when none */
    const struct t2v_api *api; /* whose errors it has; NULL: those of its route */
    const char *why;           /* of a 401, 500 or 503: a static reason, safe to log; NULL: none */
    struct t2v_buf buf;
};

/* An empty 200 with JSON to come. What *reply held before is overwritten, not freed. */
void t2v_reply_init(struct t2v_reply *reply);
void t2v_reply_deinit(struct t2v_reply *reply);

/* 204, or 200 without a body. */
void t2v_reply_empty(struct t2v_reply *reply, int status);
/* Drops what has been written of the body, for JSON to come. */
void t2v_reply_clear(struct t2v_reply *reply);

struct t2v_reply_head {
    bool keep_alive;
    bool old;         /* the client speaks HTTP/1.0 */
    bool only_head;   /* the request was HEAD: no body goes out */
    const char *more; /* further header lines, each with its CRLF; NULL when none */
};
/* The bytes to send, within reply->buf; called once, at the end. When memory ran out on the way, it
 * is a 503 instead (and *head says no to keep_alive). */
struct t2v_str t2v_reply_finish(struct t2v_reply *reply, struct t2v_reply_head *head);

/*
 * An answer in pieces: its head, any number of pieces, and its end, each appended to *out. The body
 * is sent as chunks, or, to a client that speaks HTTP/1.0, until the connection closes.
 */
/* reply->buf is not used. *head says no to keep_alive where only the close ends the body. */
void t2v_reply_begin(const struct t2v_reply *reply, struct t2v_reply_head *head,
                     struct t2v_buf *out);
/* An empty piece is left out. old: the client speaks HTTP/1.0. */
void t2v_reply_piece(struct t2v_str piece, bool old, struct t2v_buf *out);
void t2v_reply_end(bool old, struct t2v_buf *out);

#endif
