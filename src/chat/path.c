/* SPDX-License-Identifier: BSD-3-Clause */
#include "chat/path.h"

#include "chat/attribute.h"
#include "unicode/lower.h"

#include "base/banned.h"

static bool is_index(struct t2v_str s, int64_t *out)
{
    *out = 0;
    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] < '0' || s.ptr[i] > '9' || i > 9)
            return false;
        *out = *out * 10 + (s.ptr[i] - '0');
    }
    return s.len != 0;
}

static struct t2v_value step(struct t2v_run *run, struct t2v_value v, struct t2v_value index,
                             struct t2v_value missing)
{
    v = t2v_item(run, v, index);
    bool replaced =
        v.type == T2V_UNDEFINED && missing.type != T2V_MISSING && missing.type != T2V_NONE;
    return replaced ? missing : v;
}

struct t2v_value t2v_path_get(struct t2v_run *run, struct t2v_value v, struct t2v_value path,
                              struct t2v_value missing)
{
    if (path.type == T2V_MISSING || path.type == T2V_NONE)
        return v;
    if (path.type != T2V_STRING)
        return step(run, v, path, missing);
    struct t2v_str rest = path.text;
    bool more = true;
    while (more && run->rc == 0) {
        size_t before = rest.len;
        int64_t i;
        struct t2v_str part = t2v_str_cut(&rest, '.');
        more = part.len < before;
        v = step(run, v, is_index(part, &i) ? t2v_int(i) : t2v_string(part), missing);
    }
    return v;
}

struct t2v_value t2v_path_fold(struct t2v_run *run, struct t2v_value v)
{
    struct t2v_buf buf;
    if (v.type != T2V_STRING)
        return v;
    t2v_run_buf(&buf);
    t2v_lower(v.text, &buf);
    return t2v_run_take(run, &buf);
}
