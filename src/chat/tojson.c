/* SPDX-License-Identifier: BSD-3-Clause */
#include "chat/tojson.h"

#include <inttypes.h>
#include <math.h>

#include "base/utf8.h"
#include "chat/access.h"
#include "chat/bind.h"
#include "chat/compare.h"
#include "chat/print.h"

#include "base/banned.h"

struct dump {
    struct t2v_run *run;
    struct t2v_buf out;
    struct t2v_str indent; /* of one level; ptr is NULL: on one line */
    struct t2v_str comma, colon;
    bool ascii, sorted;
    size_t level;
};

static void dump_value(struct dump *d, struct t2v_value v);

static void dump_unit(struct dump *d, uint32_t unit)
{
    t2v_buf_addf(&d->out, "\\u%04x", unit);
}

static void dump_escape(struct dump *d, uint32_t cp)
{
    static const char special[] = "\"\\\n\r\t\b\f", letters[] = "\"\\nrtbf";
    const char *found = cp != 0 && cp < 0x80 ? strchr(special, (int)cp) : NULL;
    if (found != NULL) {
        t2v_buf_addc(&d->out, '\\');
        t2v_buf_addc(&d->out, letters[found - special]);
    } else if (cp < 0x10000) {
        dump_unit(d, cp);
    } else {
        dump_unit(d, 0xd800 + ((cp - 0x10000) >> 10));
        dump_unit(d, 0xdc00 + ((cp - 0x10000) & 0x3ff));
    }
}

static void dump_string(struct dump *d, struct t2v_str s)
{
    const char *at = s.ptr, *end = s.ptr + s.len;
    t2v_run_step(d->run, s.len);
    t2v_buf_addc(&d->out, '"');
    while (at < end && d->run->rc == 0) {
        const char *begin = at;
        uint32_t cp = t2v_utf8_next(&at, end);
        if (cp < 0x20 || cp == '"' || cp == '\\' || (d->ascii && cp > 0x7e))
            dump_escape(d, cp);
        else
            t2v_buf_add(&d->out, begin, (size_t)(at - begin));
    }
    t2v_buf_addc(&d->out, '"');
}

static void dump_number(struct dump *d, struct t2v_value v)
{
    if (v.type == T2V_BOOL)
        t2v_buf_adds(&d->out, v.whole ? "true" : "false");
    else if (v.type == T2V_INT)
        t2v_buf_addf(&d->out, "%" PRId64, v.whole);
    else if (isnan(v.number) || isinf(v.number))
        t2v_buf_adds(&d->out, isnan(v.number) ? "NaN" : v.number < 0 ? "-Infinity" : "Infinity");
    else
        t2v_print_float(&d->out, v.number);
}

static void new_line(struct dump *d)
{
    if (d->indent.ptr == NULL)
        return;
    t2v_buf_addc(&d->out, '\n');
    for (size_t i = 0; i < d->level; i++)
        t2v_buf_add(&d->out, d->indent.ptr, d->indent.len);
}

static void dump_items(struct dump *d, const struct t2v_items *items)
{
    t2v_buf_addc(&d->out, '[');
    d->level++;
    for (size_t i = 0; i < items->n && d->run->rc == 0; i++) {
        if (i != 0)
            t2v_buf_add(&d->out, d->comma.ptr, d->comma.len);
        new_line(d);
        dump_value(d, items->at[i]);
    }
    d->level--;
    if (items->n != 0)
        new_line(d);
    t2v_buf_addc(&d->out, ']');
}

static void dump_key(struct dump *d, struct t2v_value key)
{
    if (key.type == T2V_STRING) {
        dump_string(d, key.text);
        return;
    }
    t2v_buf_addc(&d->out, '"');
    if (key.type == T2V_NONE)
        t2v_buf_adds(&d->out, "null");
    else if (t2v_is_number(key))
        dump_number(d, key);
    else
        t2v_run_fail(d->run, T2V_EFORMAT, "keys must be str, int, float, bool or None, not %s",
                     t2v_type_name(key));
    t2v_buf_addc(&d->out, '"');
}

/* The pairs in the order in which they are printed. */
static struct t2v_value *order_of(struct dump *d, const struct t2v_dict *dict)
{
    struct t2v_value *keys = t2v_run_alloc(d->run, dict->n, sizeof *keys);
    struct t2v_value *order = t2v_run_alloc(d->run, dict->n, sizeof *order);
    if (keys == NULL || order == NULL)
        return NULL;
    for (size_t i = 0; i < dict->n; i++) {
        keys[i] = dict->at[i].key;
        order[i] = t2v_int((int64_t)i);
    }
    if (d->sorted)
        t2v_sort(d->run, keys, order, dict->n, false);
    return order;
}

static void dump_dict(struct dump *d, const struct t2v_dict *dict)
{
    const struct t2v_value *order = order_of(d, dict);
    t2v_buf_addc(&d->out, '{');
    d->level++;
    for (size_t i = 0; order != NULL && i < dict->n && d->run->rc == 0; i++) {
        const struct t2v_pair *pair = &dict->at[order[i].whole];
        if (i != 0)
            t2v_buf_add(&d->out, d->comma.ptr, d->comma.len);
        new_line(d);
        dump_key(d, pair->key);
        t2v_buf_add(&d->out, d->colon.ptr, d->colon.len);
        dump_value(d, pair->value);
    }
    d->level--;
    if (dict->n != 0)
        new_line(d);
    t2v_buf_addc(&d->out, '}');
}

static void dump_value(struct dump *d, struct t2v_value v)
{
    if (d->out.fail != 0 || !t2v_run_step(d->run, d->level * d->indent.len))
        return;
    if (t2v_run_enter(d->run)) {
        if (v.type == T2V_STRING)
            dump_string(d, v.text);
        else if (t2v_is_number(v))
            dump_number(d, v);
        else if (v.type == T2V_LIST || v.type == T2V_TUPLE)
            dump_items(d, v.items);
        else if (v.type == T2V_DICT)
            dump_dict(d, v.dict);
        else if (v.type == T2V_NONE)
            t2v_buf_adds(&d->out, "null");
        else
            t2v_run_fail(d->run, T2V_EFORMAT, "Object of type %s is not JSON serializable",
                         t2v_type_name(v));
    }
    t2v_run_leave(d->run);
}

static void set_indent(struct dump *d, struct t2v_value v)
{
    if (v.type == T2V_STRING) {
        d->indent = v.text.len != 0 ? v.text : T2V_STR("");
    } else if (v.type != T2V_MISSING && v.type != T2V_NONE) {
        int64_t n = t2v_arg_int(d->run, v, 0);
        n = n < 0 ? 0 : n > 1000 ? 1000 : n;
        char *blanks = t2v_run_alloc(d->run, (size_t)n + 1, 1);
        if (blanks == NULL)
            return;
        memset(blanks, ' ', (size_t)n);
        d->indent = (struct t2v_str){blanks, (size_t)n};
    }
    d->comma = d->indent.ptr != NULL ? T2V_STR(",") : T2V_STR(", ");
}

static void set_separators(struct dump *d, struct t2v_value v)
{
    if (v.type == T2V_MISSING || v.type == T2V_NONE)
        return;
    const struct t2v_items *items = t2v_iterate(d->run, v);
    if (items != NULL && items->n == 2) {
        d->comma = t2v_arg_text(d->run, items->at[0], NULL);
        d->colon = t2v_arg_text(d->run, items->at[1], NULL);
    } else {
        t2v_run_fail(d->run, T2V_EFORMAT, "separators must be two strings");
    }
}

static struct t2v_value tojson(struct t2v_run *run, struct t2v_value self,
                               const struct t2v_args *args)
{
    struct dump d = {.run = run,
                     .colon = T2V_STR(": "),
                     .ascii = t2v_truth(args->at[0]),
                     .sorted = t2v_truth(args->at[3])};
    t2v_run_buf(&d.out);
    set_indent(&d, args->at[1]);
    set_separators(&d, args->at[2]);
    if (run->rc == 0)
        dump_value(&d, self);
    return t2v_run_take(run, &d.out);
}

const struct t2v_native t2v_tojson = {"tojson", "|ensure_ascii indent separators sort_keys",
                                      tojson};
