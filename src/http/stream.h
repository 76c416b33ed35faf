/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_HTTP_STREAM_H
#define T2V_HTTP_STREAM_H
/*
 * The body of an answer that is made bit by bit: a bounded buffer between the thread that makes it
 * (the producer: the engine's or the clerk's) and the loop thread, which sends it.
 *
 *     enum t2v_stream_state state = t2v_stream_put(stream, piece);
 *
 * OPEN: go on. FULL: the piece was taken, but the client is slow; put no more until resume is
 * called or t2v_stream_state says OPEN. GONE: the client has left, and nothing more is needed. A
 * slow client thus holds up its own answer alone: no function here waits.
 *
 * Nothing is sent before the first piece, so a job that fails before it is answered with an error
 * as any other. The end of the stream is the end of its job. It has a lock, which is never held
 * while a callback runs.
 */
#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/str.h"

enum {
    T2V_STREAM_BYTES = 64 * 1024, /* FULL from here on */
    T2V_STREAM_MAX = 1024 * 1024  /* put beyond it fails the stream */
};

enum t2v_stream_state { T2V_STREAM_OPEN, T2V_STREAM_FULL, T2V_STREAM_GONE };

typedef struct t2v_stream t2v_stream;

/* type: the Content-Type, static. NULL: no memory. */
t2v_stream *t2v_stream_new(const char *type);
/* NULL is allowed. */
void t2v_stream_free(t2v_stream *stream);
const char *t2v_stream_type(const t2v_stream *stream);

/* ---- For the producer ---- */

/* resume(user) is called on the loop thread when a stream that was FULL is so no more, and when the
 * client leaves. It must be quick. user must live as long as the stream. Set it before the first
 * piece. */
void t2v_stream_on_resume(t2v_stream *stream, void (*resume)(void *user), void *user);
/* Appends a piece, which is copied. Where memory for it cannot be had, the stream is GONE, and its
 * answer is cut off. An empty piece begins the answer. */
enum t2v_stream_state t2v_stream_put(t2v_stream *stream, struct t2v_str piece);
enum t2v_stream_state t2v_stream_state(t2v_stream *stream);

/* ---- For the loop thread ---- */

/* ready(user) is called on the producer's thread when there are bytes after there were none. Set
 * it before the producer has the stream. */
void t2v_stream_on_ready(t2v_stream *stream, void (*ready)(void *user), void *user);
/* Something was put, be it empty. */
bool t2v_stream_has_begun(t2v_stream *stream);
/* Memory for a piece could not be had. */
bool t2v_stream_has_failed(t2v_stream *stream);
/* Moves all bytes that there are into out, which is overwritten. */
void t2v_stream_take(t2v_stream *stream, struct t2v_buf *out);
/* The client has left. */
void t2v_stream_leave(t2v_stream *stream);

#endif
