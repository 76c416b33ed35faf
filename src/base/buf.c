/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"

#include "base/banned.h"

void t2v_buf_init(struct t2v_buf *buf, size_t max)
{
    *buf = (struct t2v_buf){.max = max};
}

void t2v_buf_deinit(struct t2v_buf *buf)
{
    t2v_free(buf->ptr);
    *buf = (struct t2v_buf){.max = buf->max};
}

char *t2v_buf_room(struct t2v_buf *buf, size_t n)
{
    if (buf->fail != 0)
        return NULL;
    if (n > buf->max - buf->len) {
        buf->fail = T2V_ETOOLARGE;
        return NULL;
    }
    if (buf->cap - buf->len < n || buf->ptr == NULL) {
        size_t want = buf->len + n;
        size_t cap = buf->cap < 128 ? 128 : buf->cap + buf->cap / 2;
        if (cap < want)
            cap = want;
        char *grown = t2v_resize(buf->ptr, cap, 1);
        if (grown == NULL) {
            buf->fail = T2V_ENOMEM;
            return NULL;
        }
        buf->ptr = grown;
        buf->cap = cap;
    }
    return buf->ptr + buf->len;
}

int t2v_buf_add(struct t2v_buf *buf, const void *bytes, size_t n)
{
    char *to = t2v_buf_room(buf, n);
    if (to == NULL)
        return buf->fail;
    if (n != 0)
        memcpy(to, bytes, n);
    buf->len += n;
    return 0;
}

int t2v_buf_addc(struct t2v_buf *buf, char c)
{
    return t2v_buf_add(buf, &c, 1);
}

int t2v_buf_adds(struct t2v_buf *buf, const char *cstr)
{
    return t2v_buf_add(buf, cstr, strlen(cstr));
}

int t2v_buf_addf(struct t2v_buf *buf, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, format, args);
    char *to = n < 0 ? NULL : t2v_buf_room(buf, (size_t)n + 1);
    if (to != NULL) {
        vsnprintf(to, (size_t)n + 1, format, again);
        buf->len += (size_t)n;
    }
    va_end(again);
    va_end(args);
    return buf->fail;
}

char *t2v_buf_take(struct t2v_buf *buf, size_t *len)
{
    char *bytes = buf->ptr;
    *len = buf->len;
    buf->ptr = NULL;
    buf->len = buf->cap = 0;
    return bytes;
}
