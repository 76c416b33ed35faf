/* SPDX-License-Identifier: BSD-3-Clause */
#include "chat/print.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/utf8.h"
#include "unicode/letter.h"

#include "base/banned.h"

/* The fewest significant digits that read back as x; "d.ddde-12" in text. */
static int shortest(double x, char text[40])
{
    double back = 0;
    int n = 0;
    do {
        snprintf(text, 40, "%.*e", n, x);
        sscanf(text, "%lf", &back);
    } while (back != x && ++n < 17);
    return n + 1;
}

/* digits[0..n) with the decimal point after the first `point` of them, as repr places it. */
static void place_point(struct t2v_buf *out, const char *digits, int n, int point)
{
    if (point > 16 || point < -3) {
        t2v_buf_addf(out, "%c%s%.*se%c%02d", digits[0], n > 1 ? "." : "", n - 1, digits + 1,
                     point > 0 ? '+' : '-', abs(point - 1));
    } else if (point <= 0) {
        t2v_buf_addf(out, "0.%.*s%.*s", -point, "0000", n, digits);
    } else if (point >= n) {
        t2v_buf_addf(out, "%.*s%.*s.0", n, digits, point - n, "00000000000000000");
    } else {
        t2v_buf_addf(out, "%.*s.%.*s", point, digits, n - point, digits + point);
    }
}

void t2v_print_float(struct t2v_buf *out, double x)
{
    char text[40], digits[20];
    if (isnan(x) || isinf(x)) {
        t2v_buf_adds(out, isnan(x) ? "nan" : x < 0 ? "-inf" : "inf");
        return;
    }
    if (signbit(x))
        t2v_buf_addc(out, '-');
    int n = shortest(fabs(x), text), point = 0;
    digits[0] = text[0];
    if (n > 1)
        memcpy(digits + 1, text + 2, (size_t)n - 1);
    sscanf(text + (n > 1 ? n + 1 : 1), "e%d", &point);
    place_point(out, digits, n, point + 1);
}

static void print_escape(struct t2v_buf *out, uint32_t cp)
{
    if (cp < 0x100)
        t2v_buf_addf(out, "\\x%02x", cp);
    else if (cp < 0x10000)
        t2v_buf_addf(out, "\\u%04x", cp);
    else
        t2v_buf_addf(out, "\\U%08x", cp);
}

static void print_quoted(struct t2v_buf *out, struct t2v_str s)
{
    static const char special[] = "\n\r\t\\", letters[] = "nrt\\";
    bool single = s.len != 0 && memchr(s.ptr, '\'', s.len) != NULL;
    bool both = single && memchr(s.ptr, '"', s.len) != NULL;
    char quote = single && !both ? '"' : '\'';
    const char *at = s.ptr, *end = s.ptr + s.len;
    t2v_buf_addc(out, quote);
    while (at < end) {
        const char *begin = at;
        uint32_t cp = t2v_utf8_next(&at, end);
        const char *found = cp < 0x80 && cp != 0 ? strchr(special, (int)cp) : NULL;
        if (found != NULL || cp == (unsigned char)quote) {
            t2v_buf_addc(out, '\\');
            t2v_buf_addc(out, found != NULL ? letters[found - special] : quote);
        } else if (t2v_letter_is_printable(cp)) {
            t2v_buf_add(out, begin, (size_t)(at - begin));
        } else {
            print_escape(out, cp);
        }
    }
    t2v_buf_addc(out, quote);
}

static void print_items(struct t2v_run *run, struct t2v_buf *out, struct t2v_value v)
{
    bool tuple = v.type == T2V_TUPLE;
    if (v.type == T2V_VIEW)
        t2v_buf_addf(out, "%s(", v.items->name);
    t2v_buf_addc(out, tuple ? '(' : '[');
    for (size_t i = 0; i < v.items->n && run->rc == 0; i++) {
        if (i != 0)
            t2v_buf_adds(out, ", ");
        t2v_print_repr(run, out, v.items->at[i]);
    }
    if (tuple && v.items->n == 1)
        t2v_buf_addc(out, ',');
    t2v_buf_adds(out, tuple ? ")" : v.type == T2V_VIEW ? "])" : "]");
}

static void print_dict(struct t2v_run *run, struct t2v_buf *out, struct t2v_value v)
{
    t2v_buf_adds(out, v.type == T2V_NAMESPACE ? "<Namespace {" : "{");
    for (size_t i = 0; i < v.dict->n && run->rc == 0; i++) {
        if (i != 0)
            t2v_buf_adds(out, ", ");
        t2v_print_repr(run, out, v.dict->at[i].key);
        t2v_buf_adds(out, ": ");
        t2v_print_repr(run, out, v.dict->at[i].value);
    }
    t2v_buf_adds(out, v.type == T2V_NAMESPACE ? "}>" : "}");
}

static void print_range(struct t2v_buf *out, const struct t2v_range *r)
{
    t2v_buf_addf(out, "range(%" PRId64 ", %" PRId64, r->start, r->stop);
    if (r->step != 1)
        t2v_buf_addf(out, ", %" PRId64, r->step);
    t2v_buf_addc(out, ')');
}

static void print_plain(struct t2v_run *run, struct t2v_buf *out, struct t2v_value v)
{
    switch (v.type) {
    case T2V_UNDEFINED:
        t2v_buf_adds(out, "Undefined");
        break;
    case T2V_MISSING:
    case T2V_NONE:
        t2v_buf_adds(out, "None");
        break;
    case T2V_BOOL:
        t2v_buf_adds(out, v.whole ? "True" : "False");
        break;
    case T2V_INT:
        t2v_buf_addf(out, "%" PRId64, v.whole);
        break;
    case T2V_FLOAT:
        t2v_print_float(out, v.number);
        break;
    case T2V_STRING:
        print_quoted(out, v.text);
        break;
    case T2V_RANGE:
        print_range(out, v.range);
        break;
    default:
        /* Python prints an address */
        t2v_run_fail(run, T2V_EUNSUPPORTED, "a value of type %s cannot be printed",
                     t2v_type_name(v));
    }
}

void t2v_print_repr(struct t2v_run *run, struct t2v_buf *out, struct t2v_value v)
{
    size_t before = out->len;
    if (t2v_run_enter(run)) {
        if (v.type == T2V_LIST || v.type == T2V_TUPLE || v.type == T2V_VIEW)
            print_items(run, out, v);
        else if (v.type == T2V_DICT || v.type == T2V_NAMESPACE)
            print_dict(run, out, v);
        else
            print_plain(run, out, v);
    }
    t2v_run_leave(run);
    if (out->fail == 0)
        t2v_run_step(run, out->len - before);
}

void t2v_print(struct t2v_run *run, struct t2v_buf *out, struct t2v_value v)
{
    if (v.type == T2V_STRING && t2v_run_step(run, v.text.len))
        t2v_buf_add(out, v.text.ptr, v.text.len);
    else if (v.type != T2V_STRING && v.type != T2V_UNDEFINED)
        t2v_print_repr(run, out, v);
}

struct t2v_value t2v_str_value(struct t2v_run *run, struct t2v_value v)
{
    struct t2v_buf buf;
    if (v.type == T2V_STRING)
        return v;
    t2v_run_buf(&buf);
    t2v_print(run, &buf, v);
    return t2v_run_take(run, &buf);
}

struct t2v_value t2v_repr(struct t2v_run *run, struct t2v_value v)
{
    struct t2v_buf buf;
    t2v_run_buf(&buf);
    t2v_print_repr(run, &buf, v);
    return t2v_run_take(run, &buf);
}
