/* SPDX-License-Identifier: BSD-3-Clause */
#include "chat/spec.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "base/utf8.h"
#include "chat/access.h"
#include "chat/print.h"

#include "base/banned.h"

enum { MAX_WIDTH = 100000, MAX_PRECISION = 400 };

static int64_t read_number(struct t2v_run *run, struct t2v_str *s, int64_t max)
{
    int64_t n = 0;
    while (s->len != 0 && s->ptr[0] >= '0' && s->ptr[0] <= '9' && n <= max) {
        n = n * 10 + (s->ptr[0] - '0');
        *s = t2v_str_skip(*s, 1);
    }
    if (n > max)
        t2v_run_fail(run, T2V_ETOOLARGE, "a width or precision above %" PRId64, max);
    return n <= max ? n : max;
}

/* Skips the next character if it is one of these. */
static char skip_one(struct t2v_str *s, const char *of)
{
    char c = s->len != 0 && s->ptr[0] != '\0' && strchr(of, s->ptr[0]) != NULL ? s->ptr[0] : '\0';
    if (c != '\0')
        *s = t2v_str_skip(*s, 1);
    return c;
}

struct t2v_spec t2v_spec_read(struct t2v_run *run, struct t2v_str s)
{
    struct t2v_spec spec = {.fill = T2V_STR(" "), .precision = -1};
    size_t first = s.len != 0 ? (size_t)t2v_utf8_len(s) : 0;
    if (first != 0 && first < s.len && strchr("<>^=", s.ptr[first]) != NULL &&
        s.ptr[first] != '\0') {
        spec.fill = (struct t2v_str){s.ptr, first};
        s = t2v_str_skip(s, first);
    }
    spec.align = skip_one(&s, "<>^=");
    spec.sign = skip_one(&s, "+- ");
    spec.alternate = skip_one(&s, "#") != '\0';
    if (s.len != 0 && s.ptr[0] == '0' && spec.align == '\0') {
        spec.fill = T2V_STR("0");
        spec.align = '=';
    }
    spec.width = read_number(run, &s, MAX_WIDTH);
    spec.grouping = skip_one(&s, ",_");
    if (skip_one(&s, ".") != '\0')
        spec.precision = read_number(run, &s, MAX_PRECISION);
    spec.type = skip_one(&s, "bcdeEfFgGnosxX%");
    if (s.len != 0)
        t2v_run_fail(run, T2V_EFORMAT, "Invalid format specifier");
    return spec;
}

static void add_fill(struct t2v_buf *out, const struct t2v_spec *spec, size_t n)
{
    for (size_t i = 0; i < n; i++)
        t2v_buf_add(out, spec->fill.ptr, spec->fill.len);
}

/* The length of the sign and prefix of a number. */
static size_t head_of(struct t2v_str text)
{
    size_t n = text.len != 0 && strchr("+- ", text.ptr[0]) != NULL && text.ptr[0] != '\0';
    if (text.len > n + 1 && text.ptr[n] == '0' && strchr("xXob", text.ptr[n + 1]) != NULL &&
        text.ptr[n + 1] != '\0')
        n += 2;
    return n;
}

void t2v_spec_pad(struct t2v_run *run, struct t2v_buf *out, struct t2v_str text,
                  const struct t2v_spec *spec, char aligned)
{
    size_t len = t2v_text_count(text), width = (size_t)spec->width;
    size_t missing = width > len ? width - len : 0, before = 0;
    char align = spec->align != '\0' ? spec->align : aligned;
    t2v_run_step(run, text.len + missing);
    if (align == '=') {
        size_t head = head_of(text);
        t2v_buf_add(out, text.ptr, head);
        add_fill(out, spec, missing);
        t2v_buf_add(out, text.ptr + head, text.len - head);
        return;
    }
    if (align != '<')
        before = align == '^' ? missing / 2 : missing;
    add_fill(out, spec, before);
    t2v_buf_add(out, text.ptr, text.len);
    add_fill(out, spec, missing - before);
}

/* Digits with a separator at each `every` of them from the right, up to the end of the whole part.
 */
static void add_grouped(struct t2v_buf *out, struct t2v_str digits, char separator)
{
    size_t whole = 0;
    while (whole < digits.len && digits.ptr[whole] >= '0' && digits.ptr[whole] <= '9')
        whole++;
    for (size_t i = 0; i < whole; i++) {
        if (i != 0 && (whole - i) % 3 == 0)
            t2v_buf_addc(out, separator);
        t2v_buf_addc(out, digits.ptr[i]);
    }
    t2v_buf_add(out, digits.ptr + whole, digits.len - whole);
}

static void add_number(struct t2v_run *run, struct t2v_buf *out, const struct t2v_spec *spec,
                       bool negative, const char *digits)
{
    struct t2v_buf text;
    t2v_run_buf(&text);
    if (negative)
        t2v_buf_addc(&text, '-');
    else if (spec->sign == '+' || spec->sign == ' ')
        t2v_buf_addc(&text, spec->sign);
    if (spec->alternate && spec->type != '\0' && strchr("xXob", spec->type) != NULL)
        t2v_buf_addf(&text, "0%c", spec->type);
    if (spec->grouping != '\0')
        add_grouped(&text, t2v_str_of(digits), spec->grouping);
    else
        t2v_buf_adds(&text, digits);
    if (spec->type == '%')
        t2v_buf_addc(&text, '%');
    t2v_spec_pad(run, out, t2v_buf_str(&text), spec, '>');
    t2v_buf_deinit(&text);
}

static void print_whole(struct t2v_run *run, struct t2v_buf *out, int64_t whole,
                        const struct t2v_spec *spec)
{
    char digits[72], *to = digits + sizeof digits - 1;
    uint64_t n = whole < 0 ? 0 - (uint64_t)whole : (uint64_t)whole;
    unsigned base = spec->type == 'x' || spec->type == 'X' ? 16
                    : spec->type == 'o'                    ? 8
                    : spec->type == 'b'                    ? 2
                                                           : 10;
    const char *letters = spec->type == 'X' ? "0123456789ABCDEF" : "0123456789abcdef";
    *to = '\0';
    do
        *--to = letters[n % base];
    while ((n /= base) != 0);
    add_number(run, out, spec, whole < 0, to);
}

static void print_real(struct t2v_run *run, struct t2v_buf *out, double x,
                       const struct t2v_spec *spec)
{
    char text[MAX_PRECISION + 400];
    struct t2v_buf plain;
    double size = fabs(spec->type == '%' ? x * 100 : x);
    int precision = (int)(spec->precision < 0 ? 6 : spec->precision);
    t2v_run_buf(&plain);
    if (spec->type == '\0' && spec->precision < 0) {
        t2v_print_float(&plain, size);
        snprintf(text, sizeof text, "%.*s", (int)plain.len, plain.ptr != NULL ? plain.ptr : "");
    } else if (spec->type == 'e' || spec->type == 'E') {
        snprintf(text, sizeof text, spec->type == 'e' ? "%.*e" : "%.*E", precision, size);
    } else if (spec->type == 'g' || spec->type == 'G' || spec->type == 'n' || spec->type == '\0') {
        snprintf(text, sizeof text, spec->type == 'G' ? "%.*G" : "%.*g", precision, size);
    } else {
        snprintf(text, sizeof text, spec->type == 'F' ? "%.*F" : "%.*f", precision, size);
    }
    t2v_buf_deinit(&plain);
    add_number(run, out, spec, signbit(x) && !isnan(x), text);
}

static void print_text(struct t2v_run *run, struct t2v_buf *out, struct t2v_value v,
                       const struct t2v_spec *spec)
{
    struct t2v_str text = t2v_str_value(run, v).text;
    if (run->rc != 0)
        return;
    if (spec->precision >= 0)
        text.len = t2v_text_offset(text, (size_t)spec->precision);
    t2v_spec_pad(run, out, text, spec, '<');
}

static void print_character(struct t2v_run *run, struct t2v_buf *out, int64_t cp,
                            const struct t2v_spec *spec)
{
    char text[4];
    if (cp < 0 || cp > 0x10ffff || (cp >= 0xd800 && cp < 0xe000))
        t2v_run_fail(run, T2V_EFORMAT, "%%c arg not in range(0x110000)");
    else
        t2v_spec_pad(run, out, (struct t2v_str){text, (size_t)t2v_utf8_encode((uint32_t)cp, text)},
                     spec, '<');
}

void t2v_spec_print(struct t2v_run *run, struct t2v_buf *out, struct t2v_value v,
                    const struct t2v_spec *spec)
{
    bool real = spec->type != '\0' && strchr("eEfFgG%", spec->type) != NULL;
    bool whole = spec->type == '\0' || strchr("dnxXob", spec->type) != NULL;
    if (run->rc != 0)
        return;
    if (v.type == T2V_STRING ? spec->type == '\0' || spec->type == 's' : false)
        print_text(run, out, v, spec);
    else if (v.type == T2V_BOOL && spec->type == '\0')
        print_text(run, out, v, spec);
    else if (t2v_is_whole(v) && whole)
        print_whole(run, out, v.whole, spec);
    else if (t2v_is_whole(v) && spec->type == 'c')
        print_character(run, out, v.whole, spec);
    else if (t2v_is_number(v) && (real || (v.type == T2V_FLOAT && whole && spec->type != 'd')))
        print_real(run, out, t2v_number_of(v), spec);
    else if (spec->type == '\0' && spec->width == 0 && spec->align == '\0')
        t2v_print(run, out, v);
    else
        t2v_run_fail(run, T2V_EFORMAT, "Unknown format code '%c' for object of type '%s'",
                     spec->type != '\0' ? spec->type : 's', t2v_type_name(v));
}
