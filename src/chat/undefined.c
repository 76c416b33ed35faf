/* SPDX-License-Identifier: BSD-3-Clause */
#include "chat/undefined.h"

#include "chat/print.h"

#include "base/banned.h"

static struct t2v_value undefined(struct t2v_run *run, struct t2v_undefined what)
{
    struct t2v_undefined *copy = t2v_run_alloc(run, 1, sizeof *copy);
    if (copy == NULL)
        return t2v_none();
    *copy = what;
    return (struct t2v_value){.type = T2V_UNDEFINED, .undefined = copy};
}

struct t2v_value t2v_undefined_name(struct t2v_run *run, struct t2v_str name)
{
    return undefined(run, (struct t2v_undefined){.name = t2v_string(name)});
}

struct t2v_value t2v_undefined_in(struct t2v_run *run, struct t2v_value object,
                                  struct t2v_value name)
{
    return undefined(run, (struct t2v_undefined){.object = t2v_type_object(object), .name = name});
}

struct t2v_value t2v_undefined_hint(struct t2v_run *run, const char *hint)
{
    return undefined(run, (struct t2v_undefined){.hint = t2v_str_of(hint)});
}

struct t2v_value t2v_undefined_raise(struct t2v_run *run, struct t2v_value v)
{
    const struct t2v_undefined *u = v.undefined;
    if (u->hint.len != 0)
        return t2v_run_fail(run, T2V_EFORMAT, "%.*s", T2V_STR_ARG(u->hint));
    struct t2v_value name = t2v_repr(run, u->name);
    if (run->rc != 0)
        return t2v_none();
    if (u->object == NULL)
        return t2v_run_fail(run, T2V_EFORMAT, "%.*s is undefined", T2V_STR_ARG(name.text));
    if (u->name.type != T2V_STRING)
        return t2v_run_fail(run, T2V_EFORMAT, "%s has no element %.*s", u->object,
                            T2V_STR_ARG(name.text));
    return t2v_run_fail(run, T2V_EFORMAT, "'%s' has no attribute %.*s", u->object,
                        T2V_STR_ARG(name.text));
}
