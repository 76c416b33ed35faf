/* SPDX-License-Identifier: BSD-3-Clause */
#include "chat/compare.h"

#include <math.h>

#include "base/mem.h"
#include "chat/dict.h"
#include "chat/lexer.h"
#include "chat/markup.h"
#include "chat/percent.h"
#include "chat/undefined.h"

#include "base/banned.h"

bool t2v_truth(struct t2v_value v)
{
    switch (v.type) {
    case T2V_MISSING:
    case T2V_UNDEFINED:
    case T2V_NONE:
        return false;
    case T2V_BOOL:
    case T2V_INT:
        return v.whole != 0;
    case T2V_FLOAT:
        return v.number < 0 || v.number > 0 || isnan(v.number);
    case T2V_STRING:
        return v.text.len != 0;
    case T2V_LIST:
    case T2V_TUPLE:
    case T2V_VIEW:
        return v.items->n != 0;
    case T2V_DICT:
        return v.dict->n != 0;
    case T2V_RANGE:
        return t2v_range_len(v.range) != 0;
    default:
        return true;
    }
}

static int order_strings(struct t2v_str a, struct t2v_str b)
{
    size_t n = a.len < b.len ? a.len : b.len;
    int rc = n != 0 ? memcmp(a.ptr, b.ptr, n) : 0;
    return rc != 0 ? (rc < 0 ? -1 : 1) : (a.len > b.len) - (a.len < b.len);
}

static int order_items(struct t2v_run *run, const struct t2v_items *a, const struct t2v_items *b,
                       const char *symbol)
{
    for (size_t i = 0; i < a->n && i < b->n && run->rc == 0; i++) {
        if (!t2v_equal(run, a->at[i], b->at[i]))
            return t2v_order(run, a->at[i], b->at[i], symbol);
    }
    return (a->n > b->n) - (a->n < b->n);
}

static int order_numbers(struct t2v_value a, struct t2v_value b)
{
    if (t2v_is_whole(a) && t2v_is_whole(b))
        return (a.whole > b.whole) - (a.whole < b.whole);
    double x = t2v_number_of(a), y = t2v_number_of(b);
    return isnan(x) || isnan(y) ? 2 : (x > y) - (x < y);
}

int t2v_order(struct t2v_run *run, struct t2v_value a, struct t2v_value b, const char *symbol)
{
    int rc = 2;
    if (!t2v_run_enter(run)) {
        t2v_run_leave(run);
        return rc;
    }
    bool same = a.type == b.type;
    if (t2v_is_number(a) && t2v_is_number(b)) {
        rc = order_numbers(a, b);
    } else if (same && a.type == T2V_STRING) {
        t2v_run_step(run, a.text.len < b.text.len ? a.text.len : b.text.len);
        rc = order_strings(a.text, b.text);
    } else if (same && (a.type == T2V_LIST || a.type == T2V_TUPLE)) {
        rc = order_items(run, a.items, b.items, symbol);
    } else if (a.type == T2V_UNDEFINED || b.type == T2V_UNDEFINED) {
        t2v_undefined_raise(run, a.type == T2V_UNDEFINED ? a : b);
    } else {
        t2v_run_fail(run, T2V_EFORMAT, "'%s' not supported between instances of '%s' and '%s'",
                     symbol, t2v_type_name(a), t2v_type_name(b));
    }
    t2v_run_leave(run);
    return rc;
}

static struct t2v_value refuse(struct t2v_run *run, const char *symbol, struct t2v_value a,
                               struct t2v_value b)
{
    if (a.type == T2V_UNDEFINED || b.type == T2V_UNDEFINED)
        return t2v_undefined_raise(run, a.type == T2V_UNDEFINED ? a : b);
    if (*symbol == '+' && (a.type == T2V_STRING || a.type == T2V_LIST || a.type == T2V_TUPLE))
        return t2v_run_fail(run, T2V_EFORMAT, "can only concatenate %s (not \"%s\") to %s",
                            t2v_type_name(a), t2v_type_name(b), t2v_type_name(a));
    return t2v_run_fail(run, T2V_EFORMAT, "unsupported operand type(s) for %s: '%s' and '%s'",
                        symbol, t2v_type_name(a), t2v_type_name(b));
}

static struct t2v_value too_large(struct t2v_run *run)
{
    return t2v_run_fail(run, T2V_EUNSUPPORTED, "integers beyond 64 bits are not supported");
}

static struct t2v_value add_strings(struct t2v_run *run, struct t2v_str a, struct t2v_str b)
{
    char *text = t2v_run_alloc(run, a.len + b.len, 1);
    if (text == NULL)
        return t2v_none();
    if (a.len != 0)
        memcpy(text, a.ptr, a.len);
    if (b.len != 0)
        memcpy(text + a.len, b.ptr, b.len);
    return t2v_string((struct t2v_str){text, a.len + b.len});
}

static struct t2v_value add_items(struct t2v_run *run, struct t2v_value a, struct t2v_value b)
{
    struct t2v_items *items = t2v_items_new(run, a.items->n + b.items->n);
    if (items == NULL)
        return t2v_none();
    if (a.items->n != 0)
        memcpy(items->at, a.items->at, a.items->n * sizeof *items->at);
    if (b.items->n != 0)
        memcpy(items->at + a.items->n, b.items->at, b.items->n * sizeof *items->at);
    items->n = a.items->n + b.items->n;
    return t2v_items_value(a.type, items);
}

static bool is_sequence(struct t2v_value v)
{
    return v.type == T2V_STRING || v.type == T2V_LIST || v.type == T2V_TUPLE;
}

static struct t2v_value repeat(struct t2v_run *run, struct t2v_value v, int64_t times)
{
    size_t n = times > 0 ? (size_t)times : 0;
    bool text = v.type == T2V_STRING;
    size_t len = text ? v.text.len : v.items->n, size = text ? 1 : sizeof(struct t2v_value), all;
    if (!t2v_mul(len, n, &all))
        return t2v_run_fail(run, T2V_ETOOLARGE, "the chat template needs too much memory");
    struct t2v_items *items = text ? NULL : t2v_items_new(run, all);
    char *to = text ? t2v_run_alloc(run, all, 1) : items != NULL ? (char *)items->at : NULL;
    if (to == NULL)
        return t2v_none();
    const void *from = text ? (const void *)v.text.ptr : (const void *)v.items->at;
    for (size_t i = 0; i < n && len != 0; i++)
        memcpy(to + i * len * size, from, len * size);
    if (text)
        return t2v_string((struct t2v_str){to, all});
    items->n = all;
    return t2v_items_value(v.type, items);
}

static struct t2v_value divide(struct t2v_run *run, unsigned code, struct t2v_value a,
                               struct t2v_value b)
{
    bool floor_only = code == T2V_OPERATOR('/', '/'), whole = t2v_is_whole(a) && t2v_is_whole(b);
    double x = t2v_number_of(a), y = t2v_number_of(b);
    if (y == 0) {
        const char *what = code == '%'  ? (whole ? "integer modulo by zero" : "float modulo")
                           : floor_only ? (whole ? "integer division or modulo by zero"
                                                 : "float floor division by zero")
                                        : (whole ? "division by zero" : "float division by zero");
        return t2v_run_fail(run, T2V_EFORMAT, "%s", what);
    }
    if (code == '/')
        return t2v_float(x / y);
    if (whole && b.whole == -1)
        return code == '%' ? t2v_int(0) : t2v_negate(run, a);
    if (whole) {
        int64_t rest = a.whole % b.whole;
        bool below = rest != 0 && (rest < 0) != (b.whole < 0);
        return t2v_int(code == '%' ? rest + (below ? b.whole : 0) : a.whole / b.whole - below);
    }
    double rest = fmod(x, y);
    bool below = rest != 0 && (rest < 0) != (y < 0);
    if (code == '%')
        return t2v_float(rest == 0 ? copysign(0, y) : rest + (below ? y : 0));
    double quotient = (x - rest) / y - below, low = floor(quotient);
    return t2v_float(quotient == 0 ? copysign(0, x / y) : low + (quotient - low > 0.5));
}

static struct t2v_value power(struct t2v_run *run, struct t2v_value a, struct t2v_value b)
{
    if (!t2v_is_whole(a) || !t2v_is_whole(b) || b.whole < 0) {
        double x = t2v_number_of(a), y = t2v_number_of(b);
        if (x == 0 && y < 0)
            return t2v_run_fail(run, T2V_EFORMAT, "0.0 cannot be raised to a negative power");
        double z = pow(x, y);
        if (isnan(z) && !isnan(x) && !isnan(y))
            return t2v_run_fail(run, T2V_EUNSUPPORTED, "complex numbers are not supported");
        if (isinf(z) && !isinf(x) && !isinf(y))
            return t2v_run_fail(run, T2V_EFORMAT, "Numerical result out of range");
        return t2v_float(z);
    }
    int64_t result = 1, base = a.whole;
    for (int64_t n = b.whole; n > 0 && result != 0;) {
        if ((n & 1) != 0 && __builtin_mul_overflow(result, base, &result))
            return too_large(run);
        n >>= 1;
        if (n > 0 && __builtin_mul_overflow(base, base, &base))
            return too_large(run);
    }
    return t2v_int(result);
}

static struct t2v_value calculate(struct t2v_run *run, unsigned code, struct t2v_value a,
                                  struct t2v_value b)
{
    bool whole = t2v_is_whole(a) && t2v_is_whole(b), overflow;
    int64_t result;
    if (code == '/' || code == '%' || code == T2V_OPERATOR('/', '/'))
        return divide(run, code, a, b);
    if (code == T2V_OPERATOR('*', '*'))
        return power(run, a, b);
    if (!whole) {
        double x = t2v_number_of(a), y = t2v_number_of(b);
        return t2v_float(code == '+' ? x + y : code == '-' ? x - y : x * y);
    }
    if (code == '+')
        overflow = __builtin_add_overflow(a.whole, b.whole, &result);
    else if (code == '-')
        overflow = __builtin_sub_overflow(a.whole, b.whole, &result);
    else
        overflow = __builtin_mul_overflow(a.whole, b.whole, &result);
    return overflow ? too_large(run) : t2v_int(result);
}

struct t2v_value t2v_binary(struct t2v_run *run, unsigned code, struct t2v_value a,
                            struct t2v_value b)
{
    const char symbol[] = {(char)code, (char)(code >> 8), '\0'};
    if (t2v_is_number(a) && t2v_is_number(b))
        return calculate(run, code, a, b);
    bool safe = (a.type == T2V_STRING && a.is_safe) || (b.type == T2V_STRING && b.is_safe);
    if (code == '+' && a.type == b.type && safe) {
        a = t2v_markup_escape(run, a);
        b = t2v_markup_escape(run, b);
        return t2v_markup_mark(add_strings(run, a.text, b.text));
    }
    if (code == '+' && a.type == b.type && a.type == T2V_STRING)
        return add_strings(run, a.text, b.text);
    if (code == '+' && a.type == b.type && is_sequence(a))
        return add_items(run, a, b);
    if (code == '*' && is_sequence(b) && t2v_is_whole(a)) {
        struct t2v_value times = a;
        a = b;
        b = times;
    }
    if (code == '*' && is_sequence(a) && t2v_is_whole(b))
        return safe ? t2v_markup_mark(repeat(run, a, b.whole)) : repeat(run, a, b.whole);
    if (code == '%' && safe && a.type == T2V_STRING)
        return t2v_run_fail(run, T2V_EUNSUPPORTED,
                            "'%%' of a text marked as safe is not supported");
    if (code == '%' && a.type == T2V_STRING)
        return t2v_percent(run, a.text, b);
    return refuse(run, code == T2V_OPERATOR('*', '*') ? "** or pow()" : symbol, a, b);
}

struct t2v_value t2v_negate(struct t2v_run *run, struct t2v_value v)
{
    if (v.type == T2V_FLOAT)
        return t2v_float(-v.number);
    if (v.type == T2V_UNDEFINED)
        return t2v_undefined_raise(run, v);
    if (!t2v_is_whole(v))
        return t2v_run_fail(run, T2V_EFORMAT, "bad operand type for unary -: '%s'",
                            t2v_type_name(v));
    return v.whole == INT64_MIN ? too_large(run) : t2v_int(-v.whole);
}

/* Merges the sorted halves of [from, to) through the second half of each array, [n, 2n). */
static void merge(struct t2v_run *run, struct t2v_value *keys, struct t2v_value *items, size_t n,
                  const size_t bounds[3])
{
    size_t a = bounds[0], b = bounds[1], to = n + bounds[0];
    while (a < bounds[1] || b < bounds[2]) {
        bool second = a == bounds[1];
        if (!second && b < bounds[2])
            second = t2v_order(run, keys[b], keys[a], "<") == -1;
        size_t from = second ? b++ : a++;
        keys[to] = keys[from];
        items[to++] = items[from];
    }
    size_t len = bounds[2] - bounds[0];
    memcpy(keys + bounds[0], keys + n + bounds[0], len * sizeof *keys);
    memcpy(items + bounds[0], items + n + bounds[0], len * sizeof *items);
}

static void reverse_all(struct t2v_value *at, size_t n)
{
    for (size_t i = 0; i < n / 2; i++) {
        struct t2v_value v = at[i];
        at[i] = at[n - 1 - i];
        at[n - 1 - i] = v;
    }
}

void t2v_sort(struct t2v_run *run, struct t2v_value *keys, struct t2v_value *items, size_t n,
              bool reverse)
{
    struct t2v_value *k = t2v_run_alloc(run, n * 2, sizeof *k);
    struct t2v_value *v = t2v_run_alloc(run, n * 2, sizeof *v);
    if (k == NULL || v == NULL || n == 0)
        return;
    memcpy(k, keys, n * sizeof *k);
    memcpy(v, items, n * sizeof *v);
    if (reverse) { /* twice, so that equal ones keep their order */
        reverse_all(k, n);
        reverse_all(v, n);
    }
    for (size_t width = 1; width < n; width *= 2) {
        for (size_t from = 0; from + width < n && run->rc == 0; from += 2 * width) {
            size_t end = from + 2 * width < n ? from + 2 * width : n;
            merge(run, k, v, n, (const size_t[3]){from, from + width, end});
        }
    }
    if (reverse)
        reverse_all(v, n);
    memcpy(items, v, n * sizeof *v);
}
