/* SPDX-License-Identifier: BSD-3-Clause */
/* Filters of sequences, and those for any value. */
#include "chat/access.h"
#include "chat/attribute.h"
#include "chat/bind.h"
#include "chat/compare.h"
#include "chat/dict.h"
#include "chat/filter.h"
#include "chat/path.h"
#include "chat/print.h"
#include "chat/undefined.h"

#include "base/banned.h"

static struct t2v_value or_default(struct t2v_run *run, struct t2v_value v,
                                   const struct t2v_args *args)
{
    (void)run;
    if (v.type != T2V_UNDEFINED && (!t2v_truth(args->at[1]) || t2v_truth(v)))
        return v;
    return args->at[0].type == T2V_MISSING ? t2v_string((struct t2v_str){"", 0}) : args->at[0];
}

static struct t2v_value attr(struct t2v_run *run, struct t2v_value v, const struct t2v_args *args)
{
    struct t2v_value found;
    struct t2v_str name = t2v_arg_text(run, args->at[0], NULL);
    if (v.type == T2V_UNDEFINED)
        return t2v_undefined_raise(run, v);
    return t2v_attribute_find(run, v, name, &found) ? found : t2v_undefined_in(run, v, args->at[0]);
}

/* An iterator over items, which are given away. */
static struct t2v_value iterator(struct t2v_items *items, const char *name)
{
    if (items != NULL)
        items->name = name;
    return t2v_items_value(T2V_ITERATOR, items);
}

static struct t2v_value first(struct t2v_run *run, struct t2v_value v, const struct t2v_args *args)
{
    const struct t2v_items *items = t2v_iterate(run, v);
    (void)args;
    if (items == NULL || items->n != 0)
        return items != NULL ? items->at[0] : t2v_none();
    return t2v_undefined_hint(run, "No first item, sequence was empty.");
}

static struct t2v_value last(struct t2v_run *run, struct t2v_value v, const struct t2v_args *args)
{
    (void)args;
    if (v.type == T2V_ITERATOR)
        return t2v_run_fail(run, T2V_EFORMAT, "'%s' object is not reversible", t2v_type_name(v));
    const struct t2v_items *items = t2v_iterate(run, v);
    if (items == NULL || items->n != 0)
        return items != NULL ? items->at[items->n - 1] : t2v_none();
    return t2v_undefined_hint(run, "No last item, sequence was empty.");
}

static struct t2v_value join(struct t2v_run *run, struct t2v_value v, const struct t2v_args *args)
{
    const struct t2v_items *items = t2v_iterate(run, v);
    struct t2v_value between = args->at[0].type == T2V_MISSING ? t2v_string((struct t2v_str){"", 0})
                                                               : t2v_str_value(run, args->at[0]);
    struct t2v_buf buf;
    t2v_run_buf(&buf);
    for (size_t i = 0; items != NULL && i < items->n && run->rc == 0; i++) {
        if (i != 0)
            t2v_buf_add(&buf, between.text.ptr, between.text.len);
        t2v_print(run, &buf, t2v_path_get(run, items->at[i], args->at[1], (struct t2v_value){0}));
    }
    return t2v_run_take(run, &buf);
}

static struct t2v_items *copy_of(struct t2v_run *run, struct t2v_value v)
{
    const struct t2v_items *items = t2v_iterate(run, v);
    struct t2v_items *copy = items != NULL ? t2v_items_new(run, items->n) : NULL;
    for (size_t i = 0; copy != NULL && i < items->n; i++)
        t2v_items_add(run, copy, items->at[i]);
    return copy;
}

static struct t2v_value list(struct t2v_run *run, struct t2v_value v, const struct t2v_args *args)
{
    (void)args;
    return t2v_items_value(T2V_LIST, copy_of(run, v));
}

static struct t2v_value reverse(struct t2v_run *run, struct t2v_value v,
                                const struct t2v_args *args)
{
    (void)args;
    if (v.type == T2V_STRING)
        return t2v_slice(run, v, (const struct t2v_value[3]){t2v_none(), t2v_none(), t2v_int(-1)});
    const struct t2v_items *items = t2v_iterate(run, v);
    struct t2v_items *copy = items != NULL ? t2v_items_new(run, items->n) : NULL;
    for (size_t i = 0; copy != NULL && i < items->n; i++)
        t2v_items_add(run, copy, items->at[items->n - 1 - i]);
    return iterator(copy, "list_reverseiterator");
}

static struct t2v_value items_of(struct t2v_run *run, struct t2v_value v,
                                 const struct t2v_args *args)
{
    (void)args;
    if (v.type == T2V_UNDEFINED)
        return iterator(t2v_items_new(run, 0), NULL);
    if (v.type != T2V_DICT)
        return t2v_run_fail(run, T2V_EFORMAT, "Can only get item pairs from a mapping.");
    struct t2v_items *all = t2v_items_new(run, v.dict->n);
    for (size_t i = 0; all != NULL && i < v.dict->n; i++) {
        struct t2v_items *both = t2v_items_new(run, 2);
        t2v_items_add(run, both, v.dict->at[i].key);
        t2v_items_add(run, both, v.dict->at[i].value);
        t2v_items_add(run, all, t2v_items_value(T2V_TUPLE, both));
    }
    return iterator(all, NULL);
}

static void add_part(struct t2v_run *run, struct t2v_items *all, struct t2v_items *part)
{
    t2v_items_add(run, all, t2v_items_value(T2V_LIST, part));
}

static struct t2v_value batch(struct t2v_run *run, struct t2v_value v, const struct t2v_args *args)
{
    const struct t2v_items *items = t2v_iterate(run, v);
    int64_t size = t2v_arg_int(run, args->at[0], 1);
    struct t2v_items *all = t2v_items_new(run, 4), *part = NULL;
    bool fill = args->at[1].type != T2V_MISSING && args->at[1].type != T2V_NONE;
    for (size_t i = 0; items != NULL && i < items->n && run->rc == 0; i++) {
        if (part == NULL || (int64_t)part->n == size) {
            part = t2v_items_new(run, 4);
            add_part(run, all, part);
        }
        t2v_items_add(run, part, items->at[i]);
    }
    while (fill && part != NULL && (int64_t)part->n < size && run->rc == 0)
        t2v_items_add(run, part, args->at[1]);
    return iterator(all, NULL);
}

static struct t2v_value slice(struct t2v_run *run, struct t2v_value v, const struct t2v_args *args)
{
    const struct t2v_items *items = t2v_iterate(run, v);
    int64_t n_part = t2v_arg_int(run, args->at[0], 1);
    struct t2v_items *all = t2v_items_new(run, 4);
    bool fill = args->at[1].type != T2V_MISSING && args->at[1].type != T2V_NONE;
    if (n_part == 0)
        return t2v_run_fail(run, T2V_EFORMAT, "integer division or modulo by zero");
    size_t at = 0, n = items != NULL ? items->n : 0;
    for (int64_t p = 0; p < n_part && t2v_run_step(run, 0); p++) {
        struct t2v_items *part = t2v_items_new(run, 4);
        size_t wanted = n / (size_t)n_part + ((size_t)p < n % (size_t)n_part);
        for (size_t i = 0; i < wanted && run->rc == 0; i++)
            t2v_items_add(run, part, items->at[at++]);
        if (fill && (size_t)p >= n % (size_t)n_part)
            t2v_items_add(run, part, args->at[1]);
        add_part(run, all, part);
    }
    return iterator(all, NULL);
}

const struct t2v_native t2v_list_filters[] = {
    {"attr", "name", attr},
    {"batch", "linecount|fill_with", batch},
    {"d", "|default_value boolean", or_default},
    {"default", "|default_value boolean", or_default},
    {"first", "", first},
    {"items", "", items_of},
    {"join", "|d attribute", join},
    {"last", "", last},
    {"list", "", list},
    {"reverse", "", reverse},
    {"slice", "slices|fill_with", slice},
};
const size_t t2v_n_list_filter = sizeof t2v_list_filters / sizeof *t2v_list_filters;
