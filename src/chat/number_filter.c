/* SPDX-License-Identifier: BSD-3-Clause */
/* Filters that make numbers. */
#include <math.h>
#include <stdio.h>

#include "chat/access.h"
#include "chat/bind.h"
#include "chat/compare.h"
#include "chat/filter.h"
#include "chat/undefined.h"
#include "unicode/space.h"

#include "base/banned.h"

static struct t2v_value absolute(struct t2v_run *run, struct t2v_value v,
                                 const struct t2v_args *args)
{
    (void)args;
    if (v.type == T2V_FLOAT)
        return t2v_float(fabs(v.number));
    if (v.type == T2V_UNDEFINED)
        return t2v_undefined_raise(run, v);
    if (!t2v_is_whole(v))
        return t2v_run_fail(run, T2V_EFORMAT, "bad operand type for abs(): '%s'", t2v_type_name(v));
    return v.whole < 0 ? t2v_negate(run, v) : t2v_int(v.whole);
}

/* Copies s without underscores that part digits, NUL-terminated. False: too long, or one is
 * elsewhere. */
static bool copy_digits(struct t2v_str s, char *out, size_t size)
{
    size_t n = 0;
    s = t2v_space_strip(s);
    for (size_t i = 0; i < s.len; i++) {
        bool parts = i != 0 && i + 1 < s.len && s.ptr[i - 1] >= '0' && s.ptr[i - 1] <= '9' &&
                     s.ptr[i + 1] >= '0' && s.ptr[i + 1] <= '9';
        if (n + 1 == size || (s.ptr[i] == '_' && !parts) || s.ptr[i] == '\0')
            return false;
        if (s.ptr[i] != '_')
            out[n++] = s.ptr[i];
    }
    out[n] = '\0';
    return n != 0;
}

static int digit_of(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 32;
    return c >= 'a' && c <= 'z' ? c - 'a' + 10 : 99;
}

/* int(s, base); false: it is none, or beyond 64 bits. */
static bool read_whole(struct t2v_str s, int64_t base, int64_t *out)
{
    char text[80], *at = text;
    if (!copy_digits(s, text, sizeof text))
        return false;
    bool minus = *at == '-';
    at += *at == '-' || *at == '+';
    char prefix = base == 16 ? 'x' : base == 8 ? 'o' : base == 2 ? 'b' : '\0';
    if (prefix != '\0' && at[0] == '0' && (at[1] | 32) == prefix)
        at += 2;
    if (*at == '\0')
        return false;
    for (*out = 0; *at != '\0'; at++) {
        int digit = digit_of(*at);
        if (digit >= base || __builtin_mul_overflow(*out, base, out) ||
            __builtin_add_overflow(*out, minus ? -digit : digit, out))
            return false;
    }
    return true;
}

/* float(s) */
static bool read_real(struct t2v_str s, double *out)
{
    static const char *const words[] = {"inf", "infinity", "nan"};
    char text[400];
    int used = 0;
    if (!copy_digits(s, text, sizeof text))
        return false;
    char *at = text + (*text == '-' || *text == '+');
    for (size_t i = 0; i < 3; i++) {
        if (t2v_str_is_word(t2v_str_of(at), words[i])) {
            *out = i == 2 ? (double)NAN : *text == '-' ? -(double)INFINITY : (double)INFINITY;
            return true;
        }
    }
    if (at[strspn(at, "0123456789.eE+-")] != '\0')
        return false;
    return sscanf(text, "%lf%n", out, &used) == 1 && text[used] == '\0';
}

static struct t2v_value whole_of(struct t2v_run *run, double x, struct t2v_value missing)
{
    if (isnan(x))
        return missing;
    if (isinf(x))
        return t2v_run_fail(run, T2V_EFORMAT, "cannot convert float infinity to integer");
    if (x < -0x1p63 || x >= 0x1p63)
        return t2v_run_fail(run, T2V_EUNSUPPORTED, "integers beyond 64 bits are not supported");
    return t2v_int((int64_t)x);
}

static struct t2v_value to_int(struct t2v_run *run, struct t2v_value v, const struct t2v_args *args)
{
    struct t2v_value missing = args->at[0].type == T2V_MISSING ? t2v_int(0) : args->at[0];
    int64_t base = t2v_arg_int(run, args->at[1], 10), whole;
    double number;
    if (v.type == T2V_UNDEFINED)
        return t2v_undefined_raise(run, v);
    if (t2v_is_whole(v))
        return t2v_int(v.whole);
    if (v.type == T2V_FLOAT)
        return whole_of(run, v.number, missing);
    if (v.type != T2V_STRING)
        return missing;
    if (read_whole(v.text, base, &whole))
        return t2v_int(whole);
    return read_real(v.text, &number) ? whole_of(run, number, missing) : missing;
}

static struct t2v_value to_float(struct t2v_run *run, struct t2v_value v,
                                 const struct t2v_args *args)
{
    double number;
    if (v.type == T2V_UNDEFINED)
        return t2v_undefined_raise(run, v);
    if (t2v_is_number(v))
        return t2v_float(t2v_number_of(v));
    if (v.type == T2V_STRING && read_real(v.text, &number))
        return t2v_float(number);
    return args->at[0].type == T2V_MISSING ? t2v_float(0) : args->at[0];
}

/* x rounded to so many digits after the point, half to even, by its exact decimal expansion. */
static double round_to(double x, int64_t digits)
{
    char text[700];
    double rounded = x;
    if (!isfinite(x) || digits > 300)
        return x;
    if (digits < 0) {
        double unit = pow(10, (double)-digits);
        return rint(x / unit) * unit;
    }
    snprintf(text, sizeof text, "%.*f", (int)digits, x);
    sscanf(text, "%lf", &rounded);
    return rounded;
}

static struct t2v_value to_round(struct t2v_run *run, struct t2v_value v,
                                 const struct t2v_args *args)
{
    int64_t digits = t2v_arg_int(run, args->at[0], 0);
    struct t2v_str how = t2v_arg_text(run, args->at[1], "common");
    if (v.type == T2V_UNDEFINED)
        return t2v_undefined_raise(run, v);
    if (!t2v_is_number(v))
        return t2v_run_fail(run, T2V_EFORMAT, "type %s doesn't define __round__ method",
                            t2v_type_name(v));
    double unit = pow(10, (double)digits), x = t2v_number_of(v) * unit;
    if (t2v_str_is(how, "ceil"))
        return t2v_float(ceil(x) / unit);
    if (t2v_str_is(how, "floor"))
        return t2v_float(floor(x) / unit);
    if (!t2v_str_is(how, "common"))
        return t2v_run_fail(run, T2V_EFORMAT, "method must be common, ceil or floor");
    if (t2v_is_whole(v) && digits >= 0)
        return t2v_int(v.whole);
    double rounded = round_to(t2v_number_of(v), digits);
    return t2v_is_whole(v) ? t2v_int((int64_t)rounded) : t2v_float(rounded);
}

static struct t2v_value length(struct t2v_run *run, struct t2v_value v, const struct t2v_args *args)
{
    (void)args;
    return t2v_int((int64_t)t2v_length(run, v));
}

const struct t2v_native t2v_number_filters[] = {
    {"abs", "", absolute},           {"count", "", length},
    {"float", "|default", to_float}, {"int", "|default base", to_int},
    {"length", "", length},          {"round", "|precision method", to_round},
};
const size_t t2v_n_number_filter = sizeof t2v_number_filters / sizeof *t2v_number_filters;
