/* SPDX-License-Identifier: BSD-3-Clause */
#include "http/stream.h"

#include <pthread.h>

#include "base/mem.h"

#include "base/banned.h"

struct t2v_stream {
    const char *type;
    void (*resume)(void *user);
    void *resume_user;
    void (*ready)(void *user);
    void *ready_user;

    pthread_mutex_t lock;
    /* Under lock. */
    struct t2v_buf buf; /* put, and not taken so far */
    bool begun, gone, failed;
    bool paused; /* the producer has been told FULL */
};

t2v_stream *t2v_stream_new(const char *type)
{
    t2v_stream *stream = t2v_alloc_zero(1, sizeof *stream);
    if (stream == NULL)
        return NULL;
    stream->type = type;
    pthread_mutex_init(&stream->lock, NULL);
    t2v_buf_init(&stream->buf, T2V_STREAM_MAX);
    return stream;
}

void t2v_stream_free(t2v_stream *stream)
{
    if (stream == NULL)
        return;
    t2v_buf_deinit(&stream->buf);
    pthread_mutex_destroy(&stream->lock);
    t2v_free(stream);
}

const char *t2v_stream_type(const t2v_stream *stream)
{
    return stream->type;
}

/* ---- For the producer ---- */

void t2v_stream_on_resume(t2v_stream *stream, void (*resume)(void *user), void *user)
{
    pthread_mutex_lock(&stream->lock);
    stream->resume = resume;
    stream->resume_user = user;
    pthread_mutex_unlock(&stream->lock);
}

/* Under lock. */
static enum t2v_stream_state state_of(t2v_stream *stream)
{
    if (stream->gone)
        return T2V_STREAM_GONE;
    stream->paused = stream->buf.len >= T2V_STREAM_BYTES;
    return stream->paused ? T2V_STREAM_FULL : T2V_STREAM_OPEN;
}

enum t2v_stream_state t2v_stream_put(t2v_stream *stream, struct t2v_str piece)
{
    pthread_mutex_lock(&stream->lock);
    bool is_first = !stream->gone && (!stream->begun || (stream->buf.len == 0 && piece.len != 0));
    if (!stream->gone) {
        stream->begun = true;
        if (piece.len != 0 && t2v_buf_add(&stream->buf, piece.ptr, piece.len) != 0)
            stream->gone = stream->failed = true;
    }
    enum t2v_stream_state state = state_of(stream);
    pthread_mutex_unlock(&stream->lock);
    if (is_first && stream->ready != NULL)
        stream->ready(stream->ready_user);
    return state;
}

enum t2v_stream_state t2v_stream_state(t2v_stream *stream)
{
    pthread_mutex_lock(&stream->lock);
    enum t2v_stream_state state = state_of(stream);
    pthread_mutex_unlock(&stream->lock);
    return state;
}

/* ---- For the loop thread ---- */

void t2v_stream_on_ready(t2v_stream *stream, void (*ready)(void *user), void *user)
{
    stream->ready = ready;
    stream->ready_user = user;
}

bool t2v_stream_has_begun(t2v_stream *stream)
{
    pthread_mutex_lock(&stream->lock);
    bool begun = stream->begun;
    pthread_mutex_unlock(&stream->lock);
    return begun;
}

bool t2v_stream_has_failed(t2v_stream *stream)
{
    pthread_mutex_lock(&stream->lock);
    bool failed = stream->failed;
    pthread_mutex_unlock(&stream->lock);
    return failed;
}

/* Unlocks, and wakes the producer if it was told to pause. */
static void unlock_and_resume(t2v_stream *stream)
{
    void (*resume)(void *user) = stream->paused ? stream->resume : NULL;
    void *user = stream->resume_user;
    stream->paused = false;
    pthread_mutex_unlock(&stream->lock);
    if (resume != NULL)
        resume(user);
}

void t2v_stream_take(t2v_stream *stream, struct t2v_buf *out)
{
    pthread_mutex_lock(&stream->lock);
    *out = stream->buf;
    t2v_buf_init(&stream->buf, T2V_STREAM_MAX);
    unlock_and_resume(stream);
}

void t2v_stream_leave(t2v_stream *stream)
{
    pthread_mutex_lock(&stream->lock);
    stream->gone = true;
    unlock_and_resume(stream);
}
