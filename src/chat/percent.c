/* SPDX-License-Identifier: BSD-3-Clause */
#include "chat/percent.h"

#include <math.h>

#include "chat/dict.h"
#include "chat/print.h"
#include "chat/spec.h"

#include "base/banned.h"

enum { MAX_WIDTH = 100000 };

struct percent {
    struct t2v_run *run;
    struct t2v_value values;
    size_t next;
    bool named; /* a conversion had a name */
    struct t2v_buf out;
};

static struct t2v_value next_value(struct percent *p)
{
    size_t n = p->values.type == T2V_TUPLE ? p->values.items->n : 1;
    if (p->next >= n)
        return t2v_run_fail(p->run, T2V_EFORMAT, "not enough arguments for format string");
    p->next++;
    return p->values.type == T2V_TUPLE ? p->values.items->at[p->next - 1] : p->values;
}

/* The value of "%(name)", after whose '%' s begins. */
static struct t2v_value named_value(struct percent *p, struct t2v_str *s)
{
    const char *end = memchr(s->ptr, ')', s->len);
    if (p->values.type != T2V_DICT)
        return t2v_run_fail(p->run, T2V_EFORMAT, "format requires a mapping");
    if (end == NULL)
        return t2v_run_fail(p->run, T2V_EFORMAT, "incomplete format key");
    struct t2v_str name = {s->ptr + 1, (size_t)(end - s->ptr - 1)};
    *s = t2v_str_skip(*s, name.len + 2);
    p->named = true;
    const struct t2v_value *found = t2v_dict_get(p->run, p->values.dict, t2v_string(name));
    if (found == NULL)
        return t2v_run_fail(p->run, T2V_EFORMAT, "'%.*s'", T2V_STR_ARG(name));
    return *found;
}

static int64_t read_number(struct percent *p, struct t2v_str *s)
{
    int64_t n = 0;
    if (s->len != 0 && s->ptr[0] == '*') {
        *s = t2v_str_skip(*s, 1);
        struct t2v_value v = next_value(p);
        n = t2v_is_whole(v) ? v.whole : 0;
    }
    for (; s->len != 0 && s->ptr[0] >= '0' && s->ptr[0] <= '9'; *s = t2v_str_skip(*s, 1))
        n = n > MAX_WIDTH ? n : n * 10 + (s->ptr[0] - '0');
    if (n > MAX_WIDTH)
        t2v_run_fail(p->run, T2V_ETOOLARGE, "a width or precision above %d", MAX_WIDTH);
    return n < 0 ? 0 : n;
}

static struct t2v_spec read_spec(struct percent *p, struct t2v_str *s)
{
    struct t2v_spec spec = {.fill = T2V_STR(" "), .align = '>', .precision = -1};
    bool left = false, zero = false;
    for (; s->len != 0 && s->ptr[0] != '\0' && strchr("-+ #0", s->ptr[0]) != NULL;
         *s = t2v_str_skip(*s, 1)) {
        char c = s->ptr[0];
        left |= c == '-';
        zero |= c == '0';
        spec.alternate |= c == '#';
        if (c == '+' || (c == ' ' && spec.sign == '\0'))
            spec.sign = c;
    }
    if (left)
        spec.align = '<';
    else if (zero)
        spec.align = '=';
    spec.width = read_number(p, s);
    if (s->len != 0 && s->ptr[0] == '.') {
        *s = t2v_str_skip(*s, 1);
        spec.precision = read_number(p, s);
        spec.precision = spec.precision > 300 ? 300 : spec.precision;
    }
    while (s->len != 0 && s->ptr[0] != '\0' && strchr("hlL", s->ptr[0]) != NULL)
        *s = t2v_str_skip(*s, 1);
    return spec;
}

static void print_text(struct percent *p, struct t2v_value v, struct t2v_spec *spec)
{
    if (spec->align == '=')
        spec->align = '>';
    struct t2v_value text = spec->type == 's' ? t2v_str_value(p->run, v) : t2v_repr(p->run, v);
    spec->type = 's';
    t2v_spec_print(p->run, &p->out, text, spec);
}

static void print_number(struct percent *p, struct t2v_value v, struct t2v_spec *spec)
{
    bool whole = strchr("diuxXo", spec->type) != NULL;
    char type = spec->type == 'i' || spec->type == 'u' ? 'd' : spec->type;
    if (v.type == T2V_FLOAT && type == 'd' && fabs(v.number) < 0x1p63)
        v = t2v_int((int64_t)v.number);
    if (v.type == T2V_FLOAT && type == 'd' && isfinite(v.number)) {
        t2v_run_fail(p->run, T2V_EUNSUPPORTED, "integers beyond 64 bits are not supported");
        return;
    }
    if (!t2v_is_number(v) || (whole && !t2v_is_whole(v))) {
        t2v_run_fail(p->run, T2V_EFORMAT, "%%%c format: %s is required, not %s", spec->type,
                     type == 'x' || type == 'X' || type == 'o' ? "an integer" : "a real number",
                     t2v_type_name(v));
        return;
    }
    if (spec->align == '=')
        spec->fill = T2V_STR("0");
    if (v.type == T2V_BOOL)
        v = t2v_int(v.whole);
    spec->type = type;
    t2v_spec_print(p->run, &p->out, v, spec);
}

static void print_one(struct percent *p, struct t2v_value v, struct t2v_spec *spec)
{
    if (spec->type == 's' || spec->type == 'r' || spec->type == 'a') {
        print_text(p, v, spec);
    } else if (spec->type == 'c') {
        if (v.type == T2V_STRING)
            spec->type = 's';
        t2v_spec_print(p->run, &p->out, v, spec);
    } else if (spec->type != '\0' && strchr("diuxXoeEfFgG", spec->type) != NULL) {
        print_number(p, v, spec);
    } else {
        t2v_run_fail(p->run, T2V_EFORMAT, "unsupported format character '%c'", spec->type);
    }
}

/* One conversion; s begins after its '%'. */
static void convert(struct percent *p, struct t2v_str *s)
{
    bool named = s->len != 0 && s->ptr[0] == '(';
    struct t2v_value v = named ? named_value(p, s) : t2v_none();
    struct t2v_spec spec = read_spec(p, s);
    if (s->len == 0) {
        t2v_run_fail(p->run, T2V_EFORMAT, "incomplete format");
        return;
    }
    spec.type = s->ptr[0];
    *s = t2v_str_skip(*s, 1);
    if (spec.type == '%') {
        t2v_buf_addc(&p->out, '%');
        return;
    }
    if (!named)
        v = next_value(p);
    if (p->run->rc == 0)
        print_one(p, v, &spec);
}

struct t2v_value t2v_percent(struct t2v_run *run, struct t2v_str format, struct t2v_value values)
{
    struct percent p = {.run = run, .values = values};
    t2v_run_buf(&p.out);
    t2v_run_step(run, format.len);
    while (format.len != 0 && run->rc == 0) {
        const char *at = memchr(format.ptr, '%', format.len);
        size_t plain = at != NULL ? (size_t)(at - format.ptr) : format.len;
        t2v_buf_add(&p.out, format.ptr, plain);
        format = t2v_str_skip(format, plain + (at != NULL));
        if (at != NULL)
            convert(&p, &format);
    }
    size_t n = values.type == T2V_TUPLE ? values.items->n : 1;
    bool mapping = values.type == T2V_DICT || values.type == T2V_LIST || values.type == T2V_RANGE ||
                   values.type == T2V_UNDEFINED;
    if (p.next < n && !mapping && !p.named)
        t2v_run_fail(run, T2V_EFORMAT, "not all arguments converted during string formatting");
    return t2v_run_take(run, &p.out);
}
