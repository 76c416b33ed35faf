/* SPDX-License-Identifier: BSD-3-Clause */
#include "chat/call.h"

#include "chat/bind.h"
#include "chat/exec.h"
#include "chat/macro.h"
#include "chat/markup.h"
#include "chat/undefined.h"

#include "base/banned.h"

static struct t2v_value call_joiner(struct t2v_cycler *joiner)
{
    bool first = joiner->at == 0;
    joiner->at = 1;
    return first ? t2v_string((struct t2v_str){"", 0}) : joiner->items.at[0];
}

static struct t2v_value call_loop(struct t2v_run *run, struct t2v_loop *loop,
                                  const struct t2v_args *args)
{
    if (args->n != 1)
        return t2v_run_fail(run, T2V_EFORMAT, "a recursive loop is called with one argument");
    return t2v_exec_recurse(run, loop, args->at[0]);
}

static struct t2v_value call_method(struct t2v_run *run, const struct t2v_method *method,
                                    const struct t2v_args *args)
{
    const struct t2v_native *native = method->native;
    if (method->self.type != T2V_STRING || !method->self.is_safe)
        return t2v_native_call(run, native, method->self, args);
    struct t2v_args escaped = t2v_markup_args(run, native->name, args);
    return t2v_markup_result(run, t2v_native_call(run, native, method->self, &escaped));
}

static struct t2v_value call(struct t2v_run *run, struct t2v_value callee,
                             const struct t2v_args *args)
{
    switch (callee.type) {
    case T2V_METHOD:
        return call_method(run, callee.method, args);
    case T2V_FUNCTION:
        return t2v_native_call(run, callee.function, t2v_none(), args);
    case T2V_MACRO:
        return t2v_macro_call(run, callee.macro, args);
    case T2V_LOOP:
        return call_loop(run, callee.loop, args);
    case T2V_JOINER:
        return call_joiner(callee.cycler);
    case T2V_UNDEFINED:
        return t2v_undefined_raise(run, callee);
    default:
        return t2v_run_fail(run, T2V_EFORMAT, "'%s' object is not callable", t2v_type_name(callee));
    }
}

struct t2v_value t2v_call(struct t2v_run *run, struct t2v_value callee, const struct t2v_args *args)
{
    struct t2v_value value = t2v_run_enter(run) ? call(run, callee, args) : t2v_none();
    t2v_run_leave(run);
    return value;
}
