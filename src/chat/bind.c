/* SPDX-License-Identifier: BSD-3-Clause */
#include "chat/bind.h"

#include "chat/undefined.h"

#include "base/banned.h"

enum { MAX_PARAMS = 8 };

struct t2v_value t2v_bind(struct t2v_run *run, const struct t2v_native *native,
                          struct t2v_value self)
{
    struct t2v_method *method = t2v_run_alloc(run, 1, sizeof *method);
    if (method == NULL)
        return t2v_none();
    *method = (struct t2v_method){native, self};
    return (struct t2v_value){.type = T2V_METHOD, .method = method};
}

/* The place of a parameter named so, or -1; *n and *required count them. */
static int place_of(const char *params, struct t2v_str name, size_t *n, size_t *required)
{
    int found = -1;
    *n = 0;
    *required = 0;
    bool optional = false;
    while (*params != '\0') {
        if (*params == '|' || *params == ' ') {
            optional |= *params++ == '|';
            continue;
        }
        size_t len = strcspn(params, " |");
        if (t2v_str_eq((struct t2v_str){params, len}, name))
            found = (int)*n;
        params += len;
        ++*n;
        *required += !optional;
    }
    return found;
}

static void assign_named(struct t2v_run *run, const struct t2v_native *native,
                         const struct t2v_dict *named, struct t2v_value *at)
{
    size_t n, required;
    for (size_t i = 0; named != NULL && i < named->n; i++) {
        struct t2v_str name = named->at[i].key.text;
        int place = place_of(native->params, name, &n, &required);
        if (place < 0)
            t2v_run_fail(run, T2V_EFORMAT, "%s() got an unexpected keyword argument '%.*s'",
                         native->name, T2V_STR_ARG(name));
        else if (at[place].type != T2V_MISSING)
            t2v_run_fail(run, T2V_EFORMAT, "%s() got multiple values for argument '%.*s'",
                         native->name, T2V_STR_ARG(name));
        else
            at[place] = named->at[i].value;
    }
}

struct t2v_value t2v_native_call(struct t2v_run *run, const struct t2v_native *native,
                                 struct t2v_value self, const struct t2v_args *args)
{
    struct t2v_value at[MAX_PARAMS] = {{.type = T2V_MISSING}};
    size_t n, required;
    if (run->rc != 0)
        return t2v_none();
    if (native->params == NULL)
        return native->call(run, self, args);
    place_of(native->params, (struct t2v_str){"", 0}, &n, &required);
    if (args->n > n)
        return t2v_run_fail(run, T2V_EFORMAT, "%s() takes at most %zu arguments (%zu given)",
                            native->name, n, args->n);
    for (size_t i = 0; i < args->n; i++)
        at[i] = args->at[i];
    assign_named(run, native, args->named, at);
    for (size_t i = 0; i < required; i++) {
        if (at[i].type == T2V_MISSING)
            t2v_run_fail(run, T2V_EFORMAT, "%s() misses a required argument", native->name);
    }
    if (run->rc != 0)
        return t2v_none();
    return native->call(run, self, &(struct t2v_args){at, n, NULL});
}

const struct t2v_native *t2v_native_find(const struct t2v_native *natives, size_t n,
                                         struct t2v_str name)
{
    for (size_t i = 0; i < n; i++) {
        if (t2v_str_is(name, natives[i].name))
            return &natives[i];
    }
    return NULL;
}

int64_t t2v_arg_int(struct t2v_run *run, struct t2v_value arg, int64_t missing)
{
    if (arg.type == T2V_MISSING)
        return missing;
    if (t2v_is_whole(arg))
        return arg.whole;
    if (arg.type == T2V_UNDEFINED)
        t2v_undefined_raise(run, arg);
    t2v_run_fail(run, T2V_EFORMAT, "'%s' object cannot be interpreted as an integer",
                 t2v_type_name(arg));
    return missing;
}

struct t2v_str t2v_arg_text(struct t2v_run *run, struct t2v_value arg, const char *missing)
{
    if (arg.type == T2V_STRING)
        return arg.text;
    if (arg.type == T2V_UNDEFINED)
        t2v_undefined_raise(run, arg);
    if (arg.type != T2V_MISSING)
        t2v_run_fail(run, T2V_EFORMAT, "expected a str, not '%s'", t2v_type_name(arg));
    return t2v_str_of(missing != NULL ? missing : "");
}
