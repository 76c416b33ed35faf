/* SPDX-License-Identifier: BSD-3-Clause */
#include "chat/dict.h"

#include "base/banned.h"

struct t2v_dict *t2v_dict_new(struct t2v_run *run, size_t cap)
{
    struct t2v_dict *dict = t2v_run_alloc(run, 1, sizeof *dict);
    struct t2v_pair *at = t2v_run_alloc(run, cap, sizeof *at);
    if (dict == NULL || at == NULL)
        return NULL;
    *dict = (struct t2v_dict){.at = at, .cap = cap};
    return dict;
}

void t2v_dict_add(struct t2v_run *run, struct t2v_dict *dict, struct t2v_value key,
                  struct t2v_value value)
{
    if (dict == NULL)
        return;
    if (dict->n == dict->cap) {
        struct t2v_pair *at = t2v_run_grow(run, dict->at, dict->n, &dict->cap, sizeof *at);
        if (at == NULL)
            return;
        dict->at = at;
    }
    dict->at[dict->n++] = (struct t2v_pair){key, value};
}

struct t2v_value *t2v_dict_get(struct t2v_run *run, const struct t2v_dict *dict,
                               struct t2v_value key)
{
    if (key.type == T2V_LIST || key.type == T2V_DICT) {
        t2v_run_fail(run, T2V_EFORMAT, "unhashable type: '%s'", t2v_type_name(key));
        return NULL;
    }
    if (!t2v_run_step(run, dict->n))
        return NULL;
    for (size_t i = 0; i < dict->n; i++) {
        if (t2v_equal(run, dict->at[i].key, key))
            return &dict->at[i].value;
    }
    return NULL;
}

struct t2v_value *t2v_dict_named(const struct t2v_dict *dict, const char *key)
{
    for (size_t i = 0; dict != NULL && i < dict->n; i++) {
        if (t2v_is_string(dict->at[i].key, key))
            return &dict->at[i].value;
    }
    return NULL;
}

void t2v_dict_set(struct t2v_run *run, struct t2v_dict *dict, struct t2v_value key,
                  struct t2v_value value)
{
    struct t2v_value *there = dict != NULL ? t2v_dict_get(run, dict, key) : NULL;
    if (there != NULL)
        *there = value;
    else if (run->rc == 0)
        t2v_dict_add(run, dict, key, value);
}

static bool equal_items(struct t2v_run *run, const struct t2v_items *a, const struct t2v_items *b)
{
    if (a->n != b->n)
        return false;
    bool equal = t2v_run_enter(run);
    for (size_t i = 0; i < a->n && equal; i++)
        equal = t2v_equal(run, a->at[i], b->at[i]);
    t2v_run_leave(run);
    return equal;
}

static bool equal_dicts(struct t2v_run *run, const struct t2v_dict *a, const struct t2v_dict *b)
{
    if (a->n != b->n)
        return false;
    bool equal = t2v_run_enter(run);
    for (size_t i = 0; i < a->n && equal; i++) {
        const struct t2v_value *other = t2v_dict_get(run, b, a->at[i].key);
        equal = other != NULL && t2v_equal(run, a->at[i].value, *other);
    }
    t2v_run_leave(run);
    return equal;
}

static bool equal_ranges(const struct t2v_range *a, const struct t2v_range *b)
{
    int64_t n = t2v_range_len(a);
    return n == t2v_range_len(b) &&
           (n == 0 || (a->start == b->start && (n == 1 || a->step == b->step)));
}

static bool equal_numbers(struct t2v_value a, struct t2v_value b)
{
    if (t2v_is_whole(a) && t2v_is_whole(b))
        return a.whole == b.whole;
    if (t2v_is_whole(a) || t2v_is_whole(b)) { /* exactly, not as doubles */
        int64_t whole = t2v_is_whole(a) ? a.whole : b.whole;
        double number = t2v_is_whole(a) ? b.number : a.number;
        return number >= -0x1p63 && number < 0x1p63 && (double)(int64_t)number == number &&
               (int64_t)number == whole;
    }
    return a.number == b.number;
}

bool t2v_equal(struct t2v_run *run, struct t2v_value a, struct t2v_value b)
{
    if (!t2v_run_step(run, 0))
        return false;
    if (t2v_is_number(a) && t2v_is_number(b))
        return equal_numbers(a, b);
    if (a.type != b.type)
        return false;
    switch (a.type) {
    case T2V_MISSING:
    case T2V_UNDEFINED:
    case T2V_NONE:
        return true;
    case T2V_STRING:
        return t2v_run_step(run, a.text.len) && t2v_str_eq(a.text, b.text);
    case T2V_LIST:
    case T2V_TUPLE:
        return a.items == b.items || equal_items(run, a.items, b.items);
    case T2V_DICT:
        return a.dict == b.dict || equal_dicts(run, a.dict, b.dict);
    case T2V_RANGE:
        return equal_ranges(a.range, b.range);
    default:
        return a.items == b.items; /* the same object: all members of the union are pointers */
    }
}
