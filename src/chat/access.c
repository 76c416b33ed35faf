/* SPDX-License-Identifier: BSD-3-Clause */
#include "chat/access.h"

#include "base/utf8.h"
#include "chat/dict.h"
#include "chat/undefined.h"

#include "base/banned.h"

size_t t2v_text_count(struct t2v_str text)
{
    size_t n = 0;
    for (size_t i = 0; i < text.len; i++)
        n += !t2v_utf8_is_tail(text.ptr[i]);
    return n;
}

size_t t2v_text_offset(struct t2v_str text, size_t n)
{
    size_t at = 0;
    for (; at < text.len; at++) {
        if (!t2v_utf8_is_tail(text.ptr[at]) && n-- == 0)
            break;
    }
    return at;
}

size_t t2v_text_find(struct t2v_run *run, struct t2v_str text, struct t2v_str needle)
{
    if (!t2v_run_step(run, text.len))
        return SIZE_MAX;
    if (needle.len == 0)
        return 0;
    const char *at = text.len != 0 ? memmem(text.ptr, text.len, needle.ptr, needle.len) : NULL;
    return at != NULL ? (size_t)(at - text.ptr) : SIZE_MAX;
}

static bool is_list(struct t2v_value v)
{
    return v.type == T2V_LIST || v.type == T2V_TUPLE;
}

/* The item at an index, which may be negative. False: there is none. */
static bool item_at(struct t2v_run *run, struct t2v_value object, int64_t i, struct t2v_value *out)
{
    if (object.type == T2V_STRING)
        t2v_run_step(run, object.text.len);
    int64_t n = object.type == T2V_RANGE    ? t2v_range_len(object.range)
                : object.type == T2V_STRING ? (int64_t)t2v_text_count(object.text)
                                            : (int64_t)object.items->n;
    if (i < 0)
        i += n;
    if (i < 0 || i >= n)
        return false;
    if (object.type == T2V_RANGE) {
        *out = t2v_int(object.range->start + i * object.range->step);
    } else if (object.type == T2V_STRING) {
        struct t2v_str rest = t2v_str_skip(object.text, t2v_text_offset(object.text, (size_t)i));
        *out = t2v_string((struct t2v_str){rest.ptr, (size_t)t2v_utf8_len(rest)});
    } else {
        *out = object.items->at[i];
    }
    return true;
}

bool t2v_find_item(struct t2v_run *run, struct t2v_value object, struct t2v_value index,
                   struct t2v_value *out)
{
    if (object.type == T2V_DICT && index.type != T2V_LIST && index.type != T2V_DICT) {
        const struct t2v_value *found = t2v_dict_get(run, object.dict, index);
        if (found != NULL)
            *out = *found;
        return found != NULL;
    }
    bool indexed = is_list(object) || object.type == T2V_STRING || object.type == T2V_RANGE;
    return indexed && t2v_is_whole(index) && item_at(run, object, index.whole, out);
}

/* A bound of a slice, kept within [low, high]. */
static int64_t bound(struct t2v_run *run, struct t2v_value v, int64_t n, int64_t step,
                     bool is_start)
{
    int64_t low = step > 0 ? 0 : -1, high = step > 0 ? n : n - 1;
    if (v.type == T2V_NONE)
        return is_start == (step > 0) ? low : high;
    if (!t2v_is_whole(v)) {
        t2v_run_fail(run, T2V_EFORMAT,
                     "slice indices must be integers or None or have an __index__ method");
        return 0;
    }
    int64_t at = v.whole < 0 ? v.whole + n : v.whole;
    return at < low ? low : at > high ? high : at;
}

static struct t2v_value slice_text(struct t2v_run *run, struct t2v_str text, int64_t from,
                                   int64_t step, int64_t n)
{
    struct t2v_str rest = t2v_str_skip(text, t2v_text_offset(text, (size_t)from));
    if (step == 1)
        return t2v_string((struct t2v_str){rest.ptr, t2v_text_offset(rest, (size_t)n)});
    struct t2v_items *chars = t2v_iterate(run, t2v_string(text));
    char *to = t2v_run_alloc(run, text.len, 1);
    size_t len = 0;
    if (chars == NULL || to == NULL)
        return t2v_none();
    for (int64_t i = 0; i < n; i++) {
        struct t2v_str c = chars->at[from + i * step].text;
        memcpy(to + len, c.ptr, c.len);
        len += c.len;
    }
    return t2v_string((struct t2v_str){to, len});
}

static struct t2v_value slice_items(struct t2v_run *run, struct t2v_value v, int64_t from,
                                    int64_t step, int64_t n)
{
    struct t2v_items *items = t2v_items_new(run, (size_t)n);
    for (int64_t i = 0; i < n && items != NULL; i++)
        t2v_items_add(run, items, v.items->at[from + i * step]);
    return t2v_items_value(v.type, items);
}

static struct t2v_value slice_range(struct t2v_run *run, const struct t2v_range *r, int64_t from,
                                    int64_t stop, int64_t step)
{
    struct t2v_range *part = t2v_run_alloc(run, 1, sizeof *part);
    if (part == NULL)
        return t2v_none();
    *part = (struct t2v_range){r->start, 0, 0};
    if (__builtin_mul_overflow(from, r->step, &from) ||
        __builtin_add_overflow(from, r->start, &part->start) ||
        __builtin_mul_overflow(stop, r->step, &stop) ||
        __builtin_add_overflow(stop, r->start, &part->stop) ||
        __builtin_mul_overflow(step, r->step, &part->step))
        return t2v_run_fail(run, T2V_EUNSUPPORTED, "integers beyond 64 bits are not supported");
    return (struct t2v_value){.type = T2V_RANGE, .range = part};
}

struct t2v_value t2v_slice(struct t2v_run *run, struct t2v_value object,
                           const struct t2v_value bounds[3])
{
    if (object.type == T2V_UNDEFINED)
        return t2v_undefined_raise(run, object);
    if (!is_list(object) && object.type != T2V_STRING && object.type != T2V_RANGE)
        return t2v_run_fail(run, T2V_EFORMAT, "'%s' object is not subscriptable",
                            t2v_type_name(object));
    int64_t n = (int64_t)t2v_length(run, object), step = 1;
    if (bounds[2].type != T2V_NONE) {
        if (!t2v_is_whole(bounds[2]) || bounds[2].whole == 0)
            return t2v_run_fail(run, T2V_EFORMAT, "slice step cannot be zero");
        step = bounds[2].whole;
        step = step > INT32_MAX ? INT32_MAX : step < -INT32_MAX ? -INT32_MAX : step;
    }
    int64_t from = bound(run, bounds[0], n, step, true);
    int64_t stop = bound(run, bounds[1], n, step, false);
    struct t2v_range range = {from, stop, step};
    int64_t count = t2v_range_len(&range);
    if (run->rc != 0)
        return t2v_none();
    if (object.type == T2V_RANGE)
        return slice_range(run, object.range, from, stop, step);
    if (object.type == T2V_STRING)
        return count == 0 ? t2v_string((struct t2v_str){"", 0})
                          : slice_text(run, object.text, from, step, count);
    return slice_items(run, object, from, step, count);
}

static struct t2v_items *characters(struct t2v_run *run, struct t2v_str text)
{
    struct t2v_items *items = t2v_items_new(run, t2v_text_count(text));
    for (size_t n; items != NULL && text.len != 0; text = t2v_str_skip(text, n)) {
        n = (size_t)t2v_utf8_len(text);
        t2v_items_add(run, items, t2v_string((struct t2v_str){text.ptr, n}));
    }
    return items;
}

static struct t2v_items *keys_of(struct t2v_run *run, const struct t2v_dict *dict)
{
    struct t2v_items *items = t2v_items_new(run, dict->n);
    for (size_t i = 0; items != NULL && i < dict->n; i++)
        t2v_items_add(run, items, dict->at[i].key);
    return items;
}

static struct t2v_items *numbers_of(struct t2v_run *run, const struct t2v_range *r)
{
    int64_t n = t2v_range_len(r);
    struct t2v_items *items = t2v_items_new(run, (size_t)n);
    for (int64_t i = 0; items != NULL && i < n; i++)
        t2v_items_add(run, items, t2v_int(r->start + i * r->step));
    return items;
}

static struct t2v_items *rest_of(struct t2v_run *run, struct t2v_items *all)
{
    struct t2v_items *items = t2v_items_new(run, 0);
    if (items == NULL)
        return NULL;
    items->at = all->at + all->next;
    items->n = items->cap = all->n - all->next;
    all->next = all->n;
    return items;
}

struct t2v_items *t2v_iterate(struct t2v_run *run, struct t2v_value v)
{
    switch (run->rc == 0 ? v.type : T2V_MISSING) {
    case T2V_UNDEFINED:
        return t2v_items_new(run, 0);
    case T2V_LIST:
    case T2V_TUPLE:
    case T2V_VIEW:
        return v.items;
    case T2V_ITERATOR:
        return rest_of(run, v.items);
    case T2V_STRING:
        return t2v_run_step(run, v.text.len) ? characters(run, v.text) : NULL;
    case T2V_DICT:
        return keys_of(run, v.dict);
    case T2V_RANGE:
        return numbers_of(run, v.range);
    default:
        t2v_run_fail(run, T2V_EFORMAT, "'%s' object is not iterable", t2v_type_name(v));
        return NULL;
    }
}

size_t t2v_length(struct t2v_run *run, struct t2v_value v)
{
    switch (v.type) {
    case T2V_UNDEFINED:
        return 0;
    case T2V_STRING:
        return t2v_run_step(run, v.text.len) ? t2v_text_count(v.text) : 0;
    case T2V_LIST:
    case T2V_TUPLE:
    case T2V_VIEW:
        return v.items->n;
    case T2V_DICT:
        return v.dict->n;
    case T2V_RANGE:
        return (size_t)t2v_range_len(v.range);
    default:
        t2v_run_fail(run, T2V_EFORMAT, "object of type '%s' has no len()", t2v_type_name(v));
        return 0;
    }
}

bool t2v_contains(struct t2v_run *run, struct t2v_value v, struct t2v_value needle)
{
    if (v.type == T2V_STRING && needle.type == T2V_STRING)
        return t2v_text_find(run, v.text, needle.text) != SIZE_MAX;
    if (v.type == T2V_STRING) {
        t2v_run_fail(run, T2V_EFORMAT, "'in <string>' requires string as left operand, not %s",
                     t2v_type_name(needle));
        return false;
    }
    if (v.type == T2V_DICT)
        return t2v_dict_get(run, v.dict, needle) != NULL;
    if (v.type == T2V_NONE || t2v_is_number(v)) {
        t2v_run_fail(run, T2V_EFORMAT, "argument of type '%s' is not iterable", t2v_type_name(v));
        return false;
    }
    const struct t2v_items *items = t2v_iterate(run, v);
    for (size_t i = 0; items != NULL && i < items->n; i++) {
        if (t2v_equal(run, items->at[i], needle))
            return true;
    }
    return false;
}
