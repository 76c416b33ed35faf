/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_BASE_BUF_H
#define T2V_BASE_BUF_H
/*
 * A growing byte buffer with a ceiling, and failure that sticks: after an append has failed, all
 * later ones do nothing, so a writer appends freely and looks at buf->fail once at the end.
 */
#include <stddef.h>

#include "base/error.h"
#include "base/str.h"

struct t2v_buf {
    char *ptr; /* owned; NULL while empty */
    size_t len, cap;
    size_t max; /* ceiling of len */
    int fail;   /* 0, T2V_ENOMEM or T2V_ETOOLARGE: the first failure */
};

void t2v_buf_init(struct t2v_buf *buf, size_t max);
void t2v_buf_deinit(struct t2v_buf *buf);
/* Empties it, for other bytes, with the memory that it has; a failure is forgotten. */
static inline void t2v_buf_clear(struct t2v_buf *buf)
{
    buf->len = 0;
    buf->fail = 0;
}
/* Makes room for n more bytes and returns where they go (then the caller adds to len), or NULL. */
char *t2v_buf_room(struct t2v_buf *buf, size_t n);
int t2v_buf_add(struct t2v_buf *buf, const void *bytes, size_t n);
int t2v_buf_addc(struct t2v_buf *buf, char c);
int t2v_buf_adds(struct t2v_buf *buf, const char *cstr);
/* For cold paths: formats with printf, which takes a byte more than it writes, also of max. */
int t2v_buf_addf(struct t2v_buf *buf, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Hands over the bytes (free with t2v_free) and leaves the buffer empty. */
char *t2v_buf_take(struct t2v_buf *buf, size_t *len);

static inline struct t2v_str t2v_buf_str(const struct t2v_buf *buf)
{
    return (struct t2v_str){buf->ptr, buf->len};
}

#endif
