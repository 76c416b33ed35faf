/* SPDX-License-Identifier: BSD-3-Clause */
/* Filters that compare or add the items of a sequence. */
#include "chat/access.h"
#include "chat/bind.h"
#include "chat/compare.h"
#include "chat/dict.h"
#include "chat/filter.h"
#include "chat/path.h"
#include "chat/undefined.h"

#include "base/banned.h"

static const struct t2v_value NO_VALUE = {.type = T2V_MISSING};

static struct t2v_value key_of(struct t2v_run *run, struct t2v_value v, struct t2v_value path,
                               bool exact, struct t2v_value missing)
{
    v = t2v_path_get(run, v, path, missing);
    return exact ? v : t2v_path_fold(run, v);
}

/* The keys of `sort`, whose attribute may be several with commas between: a list for each item. */
static struct t2v_value sort_key(struct t2v_run *run, struct t2v_value v, struct t2v_value path,
                                 bool exact)
{
    struct t2v_items *keys = t2v_items_new(run, 1);
    if (path.type != T2V_STRING) {
        t2v_items_add(run, keys, key_of(run, v, path, exact, NO_VALUE));
        return t2v_items_value(T2V_LIST, keys);
    }
    struct t2v_str rest = path.text;
    for (bool more = true; more && run->rc == 0;) {
        size_t before = rest.len;
        struct t2v_str part = t2v_str_cut(&rest, ',');
        more = part.len < before;
        t2v_items_add(run, keys, key_of(run, v, t2v_string(part), exact, NO_VALUE));
    }
    return t2v_items_value(T2V_LIST, keys);
}

/* A sorted copy of items. Keys of single attributes, or (many) as `sort` has them. */
static struct t2v_items *sorted(struct t2v_run *run, const struct t2v_items *items,
                                struct t2v_value path, struct t2v_value missing, bool exact,
                                bool many, bool reverse)
{
    struct t2v_items *copy = items != NULL ? t2v_items_new(run, items->n) : NULL;
    struct t2v_value *keys = copy != NULL ? t2v_run_alloc(run, items->n, sizeof *keys) : NULL;
    if (keys == NULL)
        return NULL;
    for (size_t i = 0; i < items->n && run->rc == 0; i++) {
        keys[i] = many ? sort_key(run, items->at[i], path, exact)
                       : key_of(run, items->at[i], path, exact, missing);
        t2v_items_add(run, copy, items->at[i]);
    }
    if (run->rc == 0)
        t2v_sort(run, keys, copy->at, copy->n, reverse);
    return run->rc == 0 ? copy : NULL;
}

static struct t2v_value sort(struct t2v_run *run, struct t2v_value v, const struct t2v_args *args)
{
    struct t2v_items *items = sorted(run, t2v_iterate(run, v), args->at[2], NO_VALUE,
                                     t2v_truth(args->at[1]), true, t2v_truth(args->at[0]));
    return t2v_items_value(T2V_LIST, items);
}

static struct t2v_value dictsort(struct t2v_run *run, struct t2v_value v,
                                 const struct t2v_args *args)
{
    struct t2v_str by = t2v_arg_text(run, args->at[1], "key");
    bool by_value = t2v_str_is(by, "value");
    if (!by_value && !t2v_str_is(by, "key"))
        return t2v_run_fail(run, T2V_EFORMAT, "You can only sort by either \"key\" or \"value\"");
    if (v.type == T2V_UNDEFINED)
        return t2v_undefined_raise(run, v);
    if (v.type != T2V_DICT)
        return t2v_run_fail(run, T2V_EFORMAT, "'%s' object has no attribute 'items'",
                            t2v_type_name(v));
    struct t2v_items *pairs = t2v_items_new(run, v.dict->n);
    for (size_t i = 0; pairs != NULL && i < v.dict->n; i++) {
        struct t2v_items *both = t2v_items_new(run, 2);
        t2v_items_add(run, both, v.dict->at[i].key);
        t2v_items_add(run, both, v.dict->at[i].value);
        t2v_items_add(run, pairs, t2v_items_value(T2V_TUPLE, both));
    }
    if (run->rc != 0)
        return t2v_none();
    return t2v_items_value(T2V_LIST, sorted(run, pairs, t2v_int(by_value), NO_VALUE,
                                            t2v_truth(args->at[0]), false, t2v_truth(args->at[2])));
}

static struct t2v_value extreme(struct t2v_run *run, struct t2v_value v,
                                const struct t2v_args *args, int wanted)
{
    const struct t2v_items *items = t2v_iterate(run, v);
    bool exact = t2v_truth(args->at[0]);
    if (items == NULL)
        return t2v_none();
    if (items->n == 0)
        return t2v_undefined_hint(run, "No aggregated item, sequence was empty.");
    size_t best = 0;
    struct t2v_value key = key_of(run, items->at[0], args->at[1], exact, NO_VALUE);
    for (size_t i = 1; i < items->n && run->rc == 0; i++) {
        struct t2v_value other = key_of(run, items->at[i], args->at[1], exact, NO_VALUE);
        if (run->rc == 0 && t2v_order(run, other, key, wanted < 0 ? "<" : ">") == wanted) {
            best = i;
            key = other;
        }
    }
    return items->at[best];
}

static struct t2v_value min(struct t2v_run *run, struct t2v_value v, const struct t2v_args *args)
{
    return extreme(run, v, args, -1);
}

static struct t2v_value max(struct t2v_run *run, struct t2v_value v, const struct t2v_args *args)
{
    return extreme(run, v, args, 1);
}

static struct t2v_value unique(struct t2v_run *run, struct t2v_value v, const struct t2v_args *args)
{
    const struct t2v_items *items = t2v_iterate(run, v);
    struct t2v_items *kept = t2v_items_new(run, 4);
    struct t2v_dict *seen = t2v_dict_new(run, 4);
    for (size_t i = 0; items != NULL && i < items->n && run->rc == 0; i++) {
        struct t2v_value key =
            key_of(run, items->at[i], args->at[1], t2v_truth(args->at[0]), NO_VALUE);
        if (run->rc != 0 || t2v_dict_get(run, seen, key) != NULL)
            continue;
        t2v_dict_set(run, seen, key, t2v_none());
        t2v_items_add(run, kept, items->at[i]);
    }
    return t2v_items_value(T2V_ITERATOR, kept);
}

static struct t2v_value group_of(struct t2v_run *run, struct t2v_value key, struct t2v_items *list)
{
    struct t2v_items *both = t2v_items_new(run, 2);
    t2v_items_add(run, both, key);
    t2v_items_add(run, both, t2v_items_value(T2V_LIST, list));
    if (both != NULL)
        both->name = "group";
    return t2v_items_value(T2V_TUPLE, both);
}

static struct t2v_value groupby(struct t2v_run *run, struct t2v_value v,
                                const struct t2v_args *args)
{
    bool exact = t2v_truth(args->at[2]);
    struct t2v_value path = args->at[0], missing = args->at[1], key = t2v_none();
    struct t2v_items *items = sorted(run, t2v_iterate(run, v), path, missing, exact, false, false);
    struct t2v_items *groups = t2v_items_new(run, 4), *list = NULL;
    for (size_t i = 0; items != NULL && i < items->n && run->rc == 0; i++) {
        struct t2v_value next = key_of(run, items->at[i], path, exact, missing);
        if (list == NULL || !t2v_equal(run, key, next)) {
            list = t2v_items_new(run, 4);
            key = next;
            t2v_items_add(run, groups,
                          group_of(run, t2v_path_get(run, items->at[i], path, missing), list));
        }
        t2v_items_add(run, list, items->at[i]);
    }
    return t2v_items_value(T2V_LIST, groups);
}

static struct t2v_value sum(struct t2v_run *run, struct t2v_value v, const struct t2v_args *args)
{
    const struct t2v_items *items = t2v_iterate(run, v);
    struct t2v_value total = args->at[1].type == T2V_MISSING ? t2v_int(0) : args->at[1];
    if (total.type == T2V_STRING)
        return t2v_run_fail(run, T2V_EFORMAT, "sum() can't sum strings [use ''.join(seq) instead]");
    for (size_t i = 0; items != NULL && i < items->n && run->rc == 0; i++)
        total = t2v_binary(run, '+', total, t2v_path_get(run, items->at[i], args->at[0], NO_VALUE));
    return total;
}

const struct t2v_native t2v_group_filters[] = {
    {"dictsort", "|case_sensitive by reverse", dictsort},
    {"groupby", "attribute|default case_sensitive", groupby},
    {"max", "|case_sensitive attribute", max},
    {"min", "|case_sensitive attribute", min},
    {"sort", "|reverse case_sensitive attribute", sort},
    {"sum", "|attribute start", sum},
    {"unique", "|case_sensitive attribute", unique},
};
const size_t t2v_n_group_filter = sizeof t2v_group_filters / sizeof *t2v_group_filters;
