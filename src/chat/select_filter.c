/* SPDX-License-Identifier: BSD-3-Clause */
/* Filters that call another filter or a test on each item. They walk their input at once; jinja2
 * does so as late as possible, which only a failing item could tell. */
#include "chat/access.h"
#include "chat/bind.h"
#include "chat/compare.h"
#include "chat/dict.h"
#include "chat/filter.h"
#include "chat/path.h"

#include "base/banned.h"

/* The arguments after the first n. */
static struct t2v_args after(const struct t2v_args *args, size_t n)
{
    return (struct t2v_args){args->at + n, args->n - n, args->named};
}

static struct t2v_items *input_of(struct t2v_run *run, struct t2v_value v)
{
    /* what is false is not walked, so none is allowed */
    return t2v_truth(v) ? t2v_iterate(run, v) : t2v_items_new(run, 0);
}

/* map(attribute=path, default=missing) */
static struct t2v_value map_attribute(struct t2v_run *run, const struct t2v_items *items,
                                      const struct t2v_dict *named)
{
    struct t2v_items *out = t2v_items_new(run, items->n);
    const struct t2v_value *path = t2v_dict_named(named, "attribute");
    const struct t2v_value *missing = t2v_dict_named(named, "default");
    if (named->n != 1u + (missing != NULL))
        return t2v_run_fail(run, T2V_EFORMAT, "Unexpected keyword argument of map");
    for (size_t i = 0; i < items->n && run->rc == 0; i++)
        t2v_items_add(run, out,
                      t2v_path_get(run, items->at[i], *path,
                                   missing != NULL ? *missing : (struct t2v_value){0}));
    return t2v_items_value(T2V_ITERATOR, out);
}

static struct t2v_value map(struct t2v_run *run, struct t2v_value v, const struct t2v_args *args)
{
    const struct t2v_items *items = input_of(run, v);
    if (items == NULL)
        return t2v_none();
    if (args->n == 0 && t2v_dict_named(args->named, "attribute") != NULL)
        return map_attribute(run, items, args->named);
    struct t2v_items *out = t2v_items_new(run, items->n);
    if (items->n == 0)
        return t2v_items_value(T2V_ITERATOR, out);
    if (args->n == 0)
        return t2v_run_fail(run, T2V_EFORMAT, "map requires a filter argument");
    struct t2v_str name = t2v_arg_text(run, args->at[0], NULL);
    struct t2v_args rest = after(args, 1);
    for (size_t i = 0; i < items->n && run->rc == 0; i++)
        t2v_items_add(run, out, t2v_filter_call(run, name, items->at[i], &rest));
    return t2v_items_value(T2V_ITERATOR, out);
}

/* Keeps the items whose test has the result `wanted`; of_attribute: the first argument is a path.
 */
static struct t2v_value keep(struct t2v_run *run, struct t2v_value v, const struct t2v_args *args,
                             bool wanted, bool of_attribute)
{
    const struct t2v_items *items = input_of(run, v);
    struct t2v_items *out = t2v_items_new(run, 4);
    size_t n = of_attribute;
    if (items == NULL || items->n == 0)
        return t2v_items_value(T2V_ITERATOR, out);
    if (args->n < n)
        return t2v_run_fail(run, T2V_EFORMAT, "Missing parameter for attribute name");
    bool tested = args->n > n;
    struct t2v_str name = tested ? t2v_arg_text(run, args->at[n], NULL) : (struct t2v_str){"", 0};
    struct t2v_args rest = tested ? after(args, n + 1) : (struct t2v_args){NULL, 0, NULL};
    for (size_t i = 0; i < items->n && run->rc == 0; i++) {
        struct t2v_value item = items->at[i];
        if (of_attribute)
            item = t2v_path_get(run, item, args->at[0], (struct t2v_value){0});
        if ((tested ? t2v_test_call(run, name, item, &rest) : t2v_truth(item)) == wanted)
            t2v_items_add(run, out, items->at[i]);
    }
    return t2v_items_value(T2V_ITERATOR, out);
}

static struct t2v_value select_items(struct t2v_run *run, struct t2v_value v,
                                     const struct t2v_args *args)
{
    return keep(run, v, args, true, false);
}

static struct t2v_value reject(struct t2v_run *run, struct t2v_value v, const struct t2v_args *args)
{
    return keep(run, v, args, false, false);
}

static struct t2v_value selectattr(struct t2v_run *run, struct t2v_value v,
                                   const struct t2v_args *args)
{
    return keep(run, v, args, true, true);
}

static struct t2v_value rejectattr(struct t2v_run *run, struct t2v_value v,
                                   const struct t2v_args *args)
{
    return keep(run, v, args, false, true);
}

const struct t2v_native t2v_select_filters[] = {
    {"map", NULL, map},
    {"reject", NULL, reject},
    {"rejectattr", NULL, rejectattr},
    {"select", NULL, select_items},
    {"selectattr", NULL, selectattr},
};
const size_t t2v_n_select_filter = sizeof t2v_select_filters / sizeof *t2v_select_filters;
