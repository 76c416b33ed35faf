/* SPDX-License-Identifier: BSD-3-Clause */
#include "chat/function.h"

#include <time.h>

#include "chat/access.h"
#include "chat/bind.h"
#include "chat/dict.h"
#include "chat/print.h"

#include "base/banned.h"

enum { MAX_RANGE = 100000 }; /* jinja2's, in a sandbox */

static struct t2v_value range(struct t2v_run *run, struct t2v_value self,
                              const struct t2v_args *args)
{
    struct t2v_range *r = t2v_run_alloc(run, 1, sizeof *r);
    int64_t first = t2v_arg_int(run, args->at[0], 0);
    bool one = args->at[1].type == T2V_MISSING;
    (void)self;
    if (r == NULL)
        return t2v_none();
    *r = (struct t2v_range){one ? 0 : first, one ? first : t2v_arg_int(run, args->at[1], 0),
                            t2v_arg_int(run, args->at[2], 1)};
    if (r->step == 0)
        return t2v_run_fail(run, T2V_EFORMAT, "range() arg 3 must not be zero");
    if (t2v_range_len(r) > MAX_RANGE || t2v_range_len(r) < 0)
        return t2v_run_fail(run, T2V_ETOOLARGE,
                            "Range too big. The sandbox blocks ranges larger than MAX_RANGE (%d).",
                            MAX_RANGE);
    return (struct t2v_value){.type = T2V_RANGE, .range = r};
}

/* Adds the pairs of a dict, or of a sequence of pairs. */
static void add_pairs(struct t2v_run *run, struct t2v_dict *dict, struct t2v_value from)
{
    if (from.type == T2V_DICT) {
        for (size_t i = 0; i < from.dict->n && run->rc == 0; i++)
            t2v_dict_set(run, dict, from.dict->at[i].key, from.dict->at[i].value);
        return;
    }
    const struct t2v_items *items = t2v_iterate(run, from);
    for (size_t i = 0; items != NULL && i < items->n && run->rc == 0; i++) {
        const struct t2v_items *pair = t2v_iterate(run, items->at[i]);
        if (pair != NULL && pair->n == 2)
            t2v_dict_set(run, dict, pair->at[0], pair->at[1]);
        else
            t2v_run_fail(run, T2V_EFORMAT, "a dict is made of pairs");
    }
}

static struct t2v_value dict_of(struct t2v_run *run, const struct t2v_args *args,
                                enum t2v_type type)
{
    struct t2v_dict *dict = t2v_dict_new(run, 4);
    if (args->n > 1)
        return t2v_run_fail(run, T2V_EFORMAT, "dict expected at most 1 argument, got %zu", args->n);
    if (args->n == 1)
        add_pairs(run, dict, args->at[0]);
    for (size_t i = 0; args->named != NULL && i < args->named->n && run->rc == 0; i++)
        t2v_dict_set(run, dict, args->named->at[i].key, args->named->at[i].value);
    if (dict == NULL || run->rc != 0)
        return t2v_none();
    return (struct t2v_value){.type = type, .dict = dict};
}

static struct t2v_value dict(struct t2v_run *run, struct t2v_value self,
                             const struct t2v_args *args)
{
    (void)self;
    return dict_of(run, args, T2V_DICT);
}

static struct t2v_value namespace_of(struct t2v_run *run, struct t2v_value self,
                                     const struct t2v_args *args)
{
    (void)self;
    return dict_of(run, args, T2V_NAMESPACE);
}

static struct t2v_value state_of(struct t2v_run *run, enum t2v_type type,
                                 const struct t2v_value *at, size_t n)
{
    struct t2v_cycler *c = t2v_run_alloc(run, 1, sizeof *c);
    if (c == NULL)
        return t2v_none();
    *c = (struct t2v_cycler){0};
    for (size_t i = 0; i < n; i++)
        t2v_items_add(run, &c->items, at[i]);
    return (struct t2v_value){.type = type, .cycler = c};
}

static struct t2v_value cycler(struct t2v_run *run, struct t2v_value self,
                               const struct t2v_args *args)
{
    (void)self;
    if (args->n == 0)
        return t2v_run_fail(run, T2V_EFORMAT, "at least one item has to be provided");
    return state_of(run, T2V_CYCLER, args->at, args->n);
}

static struct t2v_value joiner(struct t2v_run *run, struct t2v_value self,
                               const struct t2v_args *args)
{
    struct t2v_value separator = args->at[0];
    (void)self;
    if (separator.type == T2V_MISSING)
        separator = t2v_string(T2V_STR(", "));
    return state_of(run, T2V_JOINER, &separator, 1);
}

static struct t2v_value raise_exception(struct t2v_run *run, struct t2v_value self,
                                        const struct t2v_args *args)
{
    (void)self;
    struct t2v_value message = t2v_str_value(run, args->at[0]);
    return run->rc == 0 ? t2v_run_raise(run, message.text) : message;
}

/* formats come from templates; one conversion of strftime reads no argument but the time */
#pragma GCC diagnostic ignored "-Wformat-nonliteral"

/* Appends one conversion, "%-d" or "%Y". What a time without a zone lacks is empty. */
static void add_time(struct t2v_buf *out, struct t2v_str conversion, const struct tm *tm)
{
    char format[4] = {0}, text[128];
    char last = conversion.ptr[conversion.len - 1];
    memcpy(format, conversion.ptr, conversion.len);
    if (last == 'z' || last == 'Z')
        return;
    if (last == 'f')
        t2v_buf_adds(out, "000000");
    else
        t2v_buf_add(out, text, strftime(text, sizeof text, format, tm));
}

static struct t2v_value strftime_now(struct t2v_run *run, struct t2v_value self,
                                     const struct t2v_args *args)
{
    struct t2v_str format = t2v_arg_text(run, args->at[0], NULL);
    struct tm tm;
    time_t now = (time_t)run->now;
    struct t2v_buf out;
    (void)self;
    t2v_run_buf(&out);
    if (localtime_r(&now, &tm) == NULL)
        return t2v_run_fail(run, T2V_EFORMAT, "the time is out of range");
    while (format.len != 0 && run->rc == 0) {
        size_t flag =
            format.len > 1 && format.ptr[1] != '\0' && strchr("-_0^#", format.ptr[1]) != NULL;
        size_t n = format.ptr[0] == '%' && format.len > 1 + flag ? 2 + flag : 1;
        if (n == 1 || (format.ptr[n - 1] & 0x80) != 0)
            t2v_buf_add(&out, format.ptr, n);
        else
            add_time(&out, (struct t2v_str){format.ptr, n}, &tm);
        format = t2v_str_skip(format, n);
        t2v_run_step(run, 0);
    }
    return t2v_run_take(run, &out);
}

static struct t2v_value lipsum(struct t2v_run *run, struct t2v_value self,
                               const struct t2v_args *args)
{
    (void)self;
    (void)args;
    return t2v_run_fail(run, T2V_EUNSUPPORTED, "the function 'lipsum' is not supported");
}

const struct t2v_native *t2v_function_find(struct t2v_str name)
{
    static const struct t2v_native functions[] = {
        {"cycler", NULL, cycler},
        {"dict", NULL, dict},
        {"joiner", "|sep", joiner},
        {"lipsum", NULL, lipsum},
        {"namespace", NULL, namespace_of},
        {"raise_exception", "message", raise_exception},
        {"range", "start|stop step", range},
        {"strftime_now", "format", strftime_now},
    };
    return t2v_native_find(functions, sizeof functions / sizeof *functions, name);
}
