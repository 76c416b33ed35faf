/* SPDX-License-Identifier: BSD-3-Clause */
#include "chat/macro.h"

#include "chat/dict.h"
#include "chat/eval.h"
#include "chat/exec.h"
#include "chat/undefined.h"

#include "base/banned.h"

static struct t2v_value take_named(const struct t2v_args *args, struct t2v_str name, size_t *used)
{
    for (size_t i = 0; args->named != NULL && i < args->named->n; i++) {
        if (t2v_str_eq(args->named->at[i].key.text, name)) {
            ++*used;
            return args->named->at[i].value;
        }
    }
    return (struct t2v_value){.type = T2V_MISSING};
}

static bool is_parameter(const struct t2v_node *macro, struct t2v_str name)
{
    const struct t2v_node *p = macro->a;
    while (p != NULL && !t2v_str_eq(p->name, name))
        p = p->next;
    return p != NULL;
}

/* `kwargs`: the named arguments that are no parameters. */
static struct t2v_value other_named(struct t2v_run *run, const struct t2v_node *macro,
                                    const struct t2v_args *args, bool with_caller)
{
    struct t2v_dict *dict = t2v_dict_new(run, 4);
    for (size_t i = 0; args->named != NULL && i < args->named->n; i++) {
        struct t2v_pair pair = args->named->at[i];
        if (!is_parameter(macro, pair.key.text) &&
            (with_caller || !t2v_str_is(pair.key.text, "caller")))
            t2v_dict_add(run, dict, pair.key, pair.value);
    }
    return run->rc == 0 ? (struct t2v_value){.type = T2V_DICT, .dict = dict} : t2v_none();
}

/* `varargs`: the arguments after those for the n parameters. */
static struct t2v_value other_args(struct t2v_run *run, const struct t2v_args *args, size_t n)
{
    struct t2v_items *items = t2v_items_new(run, 2);
    for (size_t i = n; i < args->n; i++)
        t2v_items_add(run, items, args->at[i]);
    return t2v_items_value(T2V_TUPLE, items);
}

/* Sets the special names that the macro's body uses; what it does not use may not be given. */
static void set_special(struct t2v_run *run, const struct t2v_node *macro,
                        const struct t2v_args *args, size_t n, size_t n_used)
{
    bool named = is_parameter(macro, T2V_STR("caller"));
    bool caller = (macro->whole & T2V_USES_CALLER) != 0 && !named;
    size_t n_named = args->named != NULL ? args->named->n : 0;
    if (caller) {
        struct t2v_value v = take_named(args, T2V_STR("caller"), &n_used);
        if (v.type == T2V_MISSING)
            v = t2v_undefined_hint(run, "No caller defined");
        t2v_scope_set(run, run->scope, T2V_STR("caller"), v);
    }
    if ((macro->whole & T2V_USES_KWARGS) != 0)
        t2v_scope_set(run, run->scope, T2V_STR("kwargs"), other_named(run, macro, args, !caller));
    else if (n_used < n_named)
        t2v_run_fail(run, T2V_EFORMAT, "macro '%.*s' takes no keyword argument like those given",
                     T2V_STR_ARG(macro->name));
    if ((macro->whole & T2V_USES_VARARGS) != 0)
        t2v_scope_set(run, run->scope, T2V_STR("varargs"), other_args(run, args, n));
    else if (args->n > n)
        t2v_run_fail(run, T2V_EFORMAT, "macro '%.*s' takes not more than %zu argument(s)",
                     T2V_STR_ARG(macro->name), n);
}

static struct t2v_value not_given(struct t2v_run *run, struct t2v_str name)
{
    struct t2v_buf hint;
    t2v_run_buf(&hint);
    t2v_buf_addf(&hint, "parameter '%.*s' was not provided", T2V_STR_ARG(name));
    t2v_buf_addc(&hint, '\0');
    struct t2v_value text = t2v_run_take(run, &hint);
    return run->rc == 0 ? t2v_undefined_hint(run, text.text.ptr) : t2v_none();
}

/* Sets the parameters in run->scope, which is the macro's own. */
static void set_parameters(struct t2v_run *run, const struct t2v_node *macro,
                           const struct t2v_args *args)
{
    size_t n = 0, n_used = 0;
    for (const struct t2v_node *p = macro->a; p != NULL; p = p->next, n++) {
        struct t2v_value v = n < args->n ? args->at[n] : take_named(args, p->name, &n_used);
        t2v_scope_set(run, run->scope, p->name, v);
    }
    set_special(run, macro, args, n, n_used);
    for (const struct t2v_node *p = macro->a; p != NULL && run->rc == 0; p = p->next) {
        const struct t2v_value *given = t2v_scope_find(run->scope, p->name);
        if (given->type != T2V_MISSING)
            continue;
        struct t2v_value v = p->a != NULL ? t2v_eval(run, p->a) : not_given(run, p->name);
        t2v_scope_set(run, run->scope, p->name, v);
    }
}

struct t2v_value t2v_macro_call(struct t2v_run *run, const struct t2v_macro *macro,
                                const struct t2v_args *args)
{
    struct t2v_scope *outer = run->scope;
    run->scope = t2v_scope_new(run, macro->scope);
    if (run->scope != NULL)
        set_parameters(run, macro->node, args);
    struct t2v_value text = t2v_none();
    if (run->rc == 0)
        text = t2v_exec_capture(run, macro->node->d);
    run->scope = outer;
    return text;
}
