/* SPDX-License-Identifier: BSD-3-Clause */
#include "http/api/params.h"

#include <math.h>

#include "http/body.h"
#include "json/json.h"
#include "json/pull.h"

#include "base/banned.h"

struct t2v_loc t2v_param_loc(const struct t2v_params *params, const char *name)
{
    if (params->outer == NULL)
        return (struct t2v_loc){name, NULL, -1};
    return (struct t2v_loc){params->outer, name, -1};
}

bool t2v_param_wrong(const struct t2v_params *params, const char *name, const char *message)
{
    if (params->fault->status == 0)
        t2v_fault_invalid(params->fault, "value_error", t2v_param_loc(params, name), "%s", message);
    return false;
}

bool t2v_param_refuse(const struct t2v_params *params, const char *name, struct t2v_str value,
                      const char *nothing, const char *message)
{
    if (params->fault->status != 0)
        return false;
    return !t2v_body_has(value) || t2v_str_is(value, nothing) ||
           t2v_param_wrong(params, name, message);
}

/* True if there is something to read. */
static bool has(const struct t2v_params *params, struct t2v_str value)
{
    return params->fault->status == 0 && t2v_body_has(value);
}

static bool is_fine(const struct t2v_params *params)
{
    return params->fault->status == 0;
}

bool t2v_param_bool(const struct t2v_params *params, const char *name, struct t2v_str value,
                    bool *out)
{
    if (!has(params, value))
        return is_fine(params);
    if (value.ptr[0] != 't' && value.ptr[0] != 'f') {
        t2v_body_wrong_type(params->fault, "bool_type", t2v_param_loc(params, name),
                            "true or false", value);
        return false;
    }
    *out = value.ptr[0] == 't';
    return true;
}

static bool read_double(struct t2v_str value, double *out)
{
    struct t2v_pull pull;
    t2v_pull_init(&pull, value, NULL);
    bool ok = t2v_pull_is_number(&pull, value.ptr[0]) && t2v_pull_number(&pull, out) == 0;
    t2v_pull_deinit(&pull);
    return ok;
}

bool t2v_param_number(const struct t2v_params *params, const char *name, struct t2v_str value,
                      const struct t2v_range *range, float *out)
{
    double x;
    if (!has(params, value))
        return is_fine(params);
    if (!read_double(value, &x)) {
        t2v_body_wrong_type(params->fault, "float_type", t2v_param_loc(params, name), "a number",
                            value);
        return false;
    }
    bool above = range->open ? x > range->least : x >= range->least;
    if (!above || !(x <= range->most)) {
        t2v_fault_invalid(params->fault, "value_error", t2v_param_loc(params, name),
                          "%s is needed here", range->says);
        return false;
    }
    *out = (float)x;
    if (range->open && (double)*out <= range->least) /* x was nearer to it than any float is */
        *out = nextafterf(*out, INFINITY);
    return true;
}

bool t2v_param_count(const struct t2v_params *params, const char *name, struct t2v_str value,
                     size_t least, size_t most, size_t *out)
{
    int64_t x;
    if (!has(params, value))
        return is_fine(params);
    if (!t2v_body_whole(value, &x)) {
        t2v_body_not_whole(params->fault, t2v_param_loc(params, name), "a whole number", value);
        return false;
    }
    bool above = x >= 0 && (uint64_t)x >= least, below = x < 0 || (uint64_t)x <= most;
    if (above && below) {
        *out = (size_t)x;
        return true;
    }
    if (most == SIZE_MAX)
        t2v_fault_invalid(params->fault, "value_error", t2v_param_loc(params, name),
                          "at least %zu is needed here", least);
    else
        t2v_fault_invalid(params->fault, "value_error", t2v_param_loc(params, name),
                          "a whole number from %zu to %zu is needed here", least, most);
    return false;
}

/* Digits alone; false: there are others, or the number is too large. */
static bool read_digits(struct t2v_str digits, uint64_t *out)
{
    uint64_t x = 0;
    for (size_t i = 0; i < digits.len; i++) {
        unsigned digit = (unsigned)(digits.ptr[i] - '0');
        if (digit > 9 || x > (UINT64_MAX - digit) / 10)
            return false;
        x = x * 10 + digit;
    }
    *out = x;
    return digits.len != 0;
}

/* Digits are exact up to 2^64; 7.0 and 1e3 are whole, too. */
static bool read_seed(struct t2v_str value, uint64_t *out)
{
    bool negative = value.ptr[0] == '-';
    int64_t whole;
    if (read_digits(t2v_str_skip(value, negative), out)) {
        bool fits = !negative || *out <= (uint64_t)INT64_MAX + 1;
        *out = negative ? -*out : *out;
        return fits;
    }
    if (!t2v_body_whole(value, &whole))
        return false;
    *out = (uint64_t)whole;
    return true;
}

bool t2v_param_seed(const struct t2v_params *params, const char *name, struct t2v_str value,
                    uint64_t *out, bool *given)
{
    uint64_t x;
    if (!has(params, value))
        return is_fine(params);
    if (!read_seed(value, &x)) {
        t2v_body_not_whole(params->fault, t2v_param_loc(params, name),
                           "a whole number below 2^64 in size", value);
        return false;
    }
    *out = x;
    *given = true;
    return true;
}

bool t2v_param_object(const struct t2v_params *params, const char *name, struct t2v_str value,
                      const char *const *names, struct t2v_str *values, size_t n)
{
    return is_fine(params) && t2v_body_read_object(value, t2v_param_loc(params, name), names,
                                                   values, n, params->fault);
}
