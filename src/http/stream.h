/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_HTTP_STREAM_H
#define T2V_HTTP_STREAM_H
/*
 * The body of an answer that is made in pieces: a bounded buffer between the producer (the engine's
 * thread or the clerk's), which makes it, and the loop thread, which sends it.
 *
 *     enum t2v_stream_state state = t2v_stream_put(stream, piece);
 *
 * OPEN: go on. FULL: the piece was taken, but the client is slow; put no more until resume is
 * called or t2v_stream_state returns OPEN. GONE: the client has left, or a piece could not be
 * stored; put no more. No function here waits, so a slow client delays its own answer only.
 *
 * Nothing is sent before the first piece. A job that fails before its first piece gets an ordinary
 * error answer. The stream ends when its job ends. A stream has a lock, which is never held while a
 * callback runs.
 */
#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/str.h"

enum {
    T2V_STREAM_BYTES = 64 * 1024, /* FULL from this many bytes on */
    T2V_STREAM_MAX = 1024 * 1024  /* a piece that would exceed it fails the stream */
};

enum t2v_stream_state { T2V_STREAM_OPEN, T2V_STREAM_FULL, T2V_STREAM_GONE };

typedef struct t2v_stream t2v_stream;

/* type: the Content-Type, static. NULL: no memory. */
t2v_stream *t2v_stream_new(const char *type);
/* NULL is allowed. */
void t2v_stream_free(t2v_stream *stream);
const char *t2v_stream_type(const t2v_stream *stream);

/* ---- For the producer ---- */

/* After FULL was returned, resume(user) is called once, on the loop thread: when there is room
 * again, or when the client has left. A producer that was not told FULL learns from its next put
 * that the client has left. resume must be quick. user must live as long as the stream. Set it
 * before the first piece. */
void t2v_stream_on_resume(t2v_stream *stream, void (*resume)(void *user), void *user);
/* Appends a piece, which is copied. If it cannot be stored (no memory, or more than T2V_STREAM_MAX
 * bytes would wait), the stream is GONE, and the answer is cut off. An empty piece begins the
 * answer. */
enum t2v_stream_state t2v_stream_put(t2v_stream *stream, struct t2v_str piece);
/* If it returns FULL, resume will be called, as after t2v_stream_put. */
enum t2v_stream_state t2v_stream_state(t2v_stream *stream);

/* ---- For the loop thread ---- */

/* ready(user) is called on the producer's thread at the first piece, even an empty one, and
 * whenever an empty buffer gets bytes. Set it before the producer has the stream. */
void t2v_stream_on_ready(t2v_stream *stream, void (*ready)(void *user), void *user);
/* A piece was put, even an empty one. */
bool t2v_stream_has_begun(t2v_stream *stream);
/* A piece could not be stored: no memory, or above T2V_STREAM_MAX. */
bool t2v_stream_has_failed(t2v_stream *stream);
/* Moves all bytes of the buffer to *out, which is overwritten; the caller owns it. May call
 * resume. */
void t2v_stream_take(t2v_stream *stream, struct t2v_buf *out);
/* The client has left. May call resume. */
void t2v_stream_leave(t2v_stream *stream);

#endif
