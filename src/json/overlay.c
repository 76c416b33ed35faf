/* SPDX-License-Identifier: BSD-3-Clause */
#include "json/overlay.h"

#include <stdbool.h>
#include <string.h>

#include "base/banned.h"

static bool is_white(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* What is between an object's brackets; empty when there is no member. */
static struct t2v_str inside(struct t2v_str object)
{
    const char *open = memchr(object.ptr, '{', object.len);
    size_t len = object.len;
    while (len != 0 && object.ptr[len - 1] != '}')
        len--;
    struct t2v_str body = {open + 1, len - 1 - (size_t)(open + 1 - object.ptr)};
    while (body.len != 0 && is_white(body.ptr[body.len - 1]))
        body.len--;
    return body;
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
