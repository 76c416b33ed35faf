/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_BASE_BUF_H
#define T2V_BASE_BUF_H
/*
 * A growing byte buffer with a size limit. Failure is sticky: after a failed append all later ones
 * do nothing, so a writer may check buf->fail once, at the end. One thread at a time.
 */
#include <stddef.h>

#include "base/error.h"
#include "base/str.h"

struct t2v_buf {
    char *ptr; /* owned; NULL while empty */
    size_t len, cap;
    size_t max; /* limit of len */
    int fail;   /* 0, T2V_ENOMEM or T2V_ETOOLARGE: the first failure */
};

/* An empty buffer; max: the limit of len in bytes. Allocates nothing. */
void t2v_buf_init(struct t2v_buf *buf, size_t max);
/* Frees the bytes; the buffer is empty then, with the same limit. */
void t2v_buf_deinit(struct t2v_buf *buf);
/* Empties the buffer but keeps its memory. Clears a failure. */
static inline void t2v_buf_clear(struct t2v_buf *buf)
{
    buf->len = 0;
    buf->fail = 0;
}
/* Reserves n more bytes and returns where they start; the caller then adds to len. NULL on failure.
 */
char *t2v_buf_room(struct t2v_buf *buf, size_t n);
/* Append bytes, a character, a C string. 0 or buf->fail. bytes may be NULL when n is 0. */
int t2v_buf_add(struct t2v_buf *buf, const void *bytes, size_t n);
int t2v_buf_addc(struct t2v_buf *buf, char c);
int t2v_buf_adds(struct t2v_buf *buf, const char *cstr);
/* The same with printf, for cold paths. It needs one spare byte, counted against max. */
int t2v_buf_addf(struct t2v_buf *buf, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Hands over the bytes, to be freed with t2v_free, and leaves the buffer empty. */
char *t2v_buf_take(struct t2v_buf *buf, size_t *len);

static inline struct t2v_str t2v_buf_str(const struct t2v_buf *buf)
{
    return (struct t2v_str){buf->ptr, buf->len};
}

#endif
