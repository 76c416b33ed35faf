/* SPDX-License-Identifier: BSD-3-Clause */
#include "json/overlay.h"

#include <string.h>

#include "base/banned.h"

/* The text between an object's braces; empty without members. */
static struct t2v_str inside(struct t2v_str object)
{
    const char *open = memchr(object.ptr, '{', object.len);
    size_t len = object.len;
    while (len != 0 && object.ptr[len - 1] != '}')
        len--;
    return t2v_str_strip((struct t2v_str){open + 1, len - 1 - (size_t)(open + 1 - object.ptr)});
}

int t2v_json_overlay(struct t2v_str object, struct t2v_str more, struct t2v_buf *out)
{
    struct t2v_str below = inside(object), above = inside(more);
    t2v_buf_addc(out, '{');
    t2v_buf_add(out, below.ptr, below.len);
    if (below.len != 0 && above.len != 0)
        t2v_buf_addc(out, ',');
    t2v_buf_add(out, above.ptr, above.len);
    t2v_buf_addc(out, '}');
    return out->fail;
}
