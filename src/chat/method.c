/* SPDX-License-Identifier: BSD-3-Clause */
#include "chat/method.h"

#include <stdio.h>

#include "chat/access.h"
#include "chat/bind.h"
#include "chat/dict.h"
#include "chat/undefined.h"

#include "base/banned.h"

#define COUNT(list) (sizeof(list) / sizeof *(list))

static struct t2v_value view(struct t2v_run *run, const struct t2v_dict *dict, const char *name)
{
    struct t2v_items *items = t2v_items_new(run, dict->n);
    for (size_t i = 0; items != NULL && i < dict->n; i++) {
        struct t2v_pair pair = dict->at[i];
        if (name[5] != 'i') {
            t2v_items_add(run, items, name[5] == 'k' ? pair.key : pair.value);
            continue;
        }
        struct t2v_items *both = t2v_items_new(run, 2);
        t2v_items_add(run, both, pair.key);
        t2v_items_add(run, both, pair.value);
        t2v_items_add(run, items, t2v_items_value(T2V_TUPLE, both));
    }
    if (items != NULL)
        items->name = name;
    return t2v_items_value(T2V_VIEW, items);
}

static struct t2v_value dict_items(struct t2v_run *run, struct t2v_value self,
                                   const struct t2v_args *args)
{
    (void)args;
    return view(run, self.dict, "dict_items");
}

static struct t2v_value dict_keys(struct t2v_run *run, struct t2v_value self,
                                  const struct t2v_args *args)
{
    (void)args;
    return view(run, self.dict, "dict_keys");
}

static struct t2v_value dict_values(struct t2v_run *run, struct t2v_value self,
                                    const struct t2v_args *args)
{
    (void)args;
    return view(run, self.dict, "dict_values");
}

static struct t2v_value dict_get(struct t2v_run *run, struct t2v_value self,
                                 const struct t2v_args *args)
{
    const struct t2v_value *found = t2v_dict_get(run, self.dict, args->at[0]);
    if (found != NULL)
        return *found;
    return args->at[1].type != T2V_MISSING ? args->at[1] : t2v_none();
}

static struct t2v_value same(struct t2v_run *run, struct t2v_value self,
                             const struct t2v_args *args)
{
    (void)run;
    (void)args;
    return self;
}

static struct t2v_value list_count(struct t2v_run *run, struct t2v_value self,
                                   const struct t2v_args *args)
{
    int64_t n = 0;
    for (size_t i = 0; i < self.items->n; i++)
        n += t2v_equal(run, self.items->at[i], args->at[0]);
    return t2v_int(n);
}

static struct t2v_value list_index(struct t2v_run *run, struct t2v_value self,
                                   const struct t2v_args *args)
{
    int64_t n = (int64_t)self.items->n, from = t2v_arg_int(run, args->at[1], 0);
    int64_t to = t2v_arg_int(run, args->at[2], n);
    from = from < 0 ? (from + n < 0 ? 0 : from + n) : from;
    to = to < 0 ? to + n : to > n ? n : to;
    for (int64_t i = from; i < to; i++) {
        if (t2v_equal(run, self.items->at[i], args->at[0]))
            return t2v_int(i);
    }
    return t2v_run_fail(run, T2V_EFORMAT, "the value is not in the list");
}

static struct t2v_value is_integer(struct t2v_run *run, struct t2v_value self,
                                   const struct t2v_args *args)
{
    (void)run;
    (void)args;
    return t2v_bool(self.number >= -0x1p63 && self.number < 0x1p63 &&
                    (double)(int64_t)self.number == self.number);
}

static struct t2v_value cycler_next(struct t2v_run *run, struct t2v_value self,
                                    const struct t2v_args *args)
{
    struct t2v_cycler *c = self.cycler;
    (void)run;
    (void)args;
    struct t2v_value item = c->items.at[c->at];
    c->at = (c->at + 1) % c->items.n;
    return item;
}

static struct t2v_value cycler_reset(struct t2v_run *run, struct t2v_value self,
                                     const struct t2v_args *args)
{
    (void)run;
    (void)args;
    self.cycler->at = 0;
    return t2v_none();
}

static const struct t2v_native dict_methods[] = {
    {"copy", "", same},      {"get", "key|default", dict_get}, {"items", "", dict_items},
    {"keys", "", dict_keys}, {"values", "", dict_values},
};
static const struct t2v_native list_methods[] = {
    {"copy", "", same}, {"count", "value", list_count}, {"index", "value|start stop", list_index}};
static const struct t2v_native tuple_methods[] = {{"count", "value", list_count},
                                                  {"index", "value|start stop", list_index}};
static const struct t2v_native float_methods[] = {{"is_integer", "", is_integer}};
static const struct t2v_native cycler_methods[] = {{"next", "", cycler_next},
                                                   {"reset", "", cycler_reset}};

static const struct t2v_native *find(enum t2v_type type, struct t2v_str name)
{
    const struct t2v_native *found;
    switch (type) {
    case T2V_STRING:
        found = t2v_native_find(t2v_text_methods, t2v_n_text_method, name);
        return found != NULL ? found : t2v_native_find(t2v_split_methods, t2v_n_split_method, name);
    case T2V_DICT:
        return t2v_native_find(dict_methods, COUNT(dict_methods), name);
    case T2V_LIST:
        return t2v_native_find(list_methods, COUNT(list_methods), name);
    case T2V_TUPLE:
        return t2v_native_find(tuple_methods, COUNT(tuple_methods), name);
    case T2V_FLOAT:
        return t2v_native_find(float_methods, COUNT(float_methods), name);
    case T2V_CYCLER:
        return t2v_native_find(cycler_methods, COUNT(cycler_methods), name);
    default:
        return NULL;
    }
}

/* Python's other methods and attributes: those that would change an object, and those of all
 * objects. */
static bool is_unsafe(enum t2v_type type, struct t2v_str name)
{
    static const char *const of_list[] = {"append", "clear",  "extend",  "insert",
                                          "pop",    "remove", "reverse", "sort"};
    static const char *const of_dict[] = {"clear", "pop", "popitem", "setdefault", "update"};
    static const char *const of_all[] = {"__class__", "__init__",         "__dict__", "__doc__",
                                         "__eq__",    "__getattribute__", "__len__",  "__str__"};
    for (size_t i = 0; i < COUNT(of_list) && type == T2V_LIST; i++) {
        if (t2v_str_is(name, of_list[i]))
            return true;
    }
    for (size_t i = 0; i < COUNT(of_dict) && type == T2V_DICT; i++) {
        if (t2v_str_is(name, of_dict[i]))
            return true;
    }
    for (size_t i = 0; i < COUNT(of_all); i++) {
        if (t2v_str_is(name, of_all[i]))
            return true;
    }
    return false;
}

bool t2v_method_find(struct t2v_run *run, struct t2v_value object, struct t2v_str name,
                     struct t2v_value *out)
{
    const struct t2v_native *native = find(object.type, name);
    if (native != NULL) {
        *out = t2v_bind(run, native, object);
        return true;
    }
    if (!is_unsafe(object.type, name))
        return false;
    struct t2v_buf hint;
    t2v_run_buf(&hint);
    t2v_buf_addf(&hint, "access to attribute '%.*s' of '%s' object is unsafe.", T2V_STR_ARG(name),
                 t2v_type_name(object));
    t2v_buf_addc(&hint, '\0');
    struct t2v_value text = t2v_run_take(run, &hint);
    *out = run->rc == 0 ? t2v_undefined_hint(run, text.text.ptr) : t2v_none();
    return true;
}
