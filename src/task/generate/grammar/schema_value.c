/* SPDX-License-Identifier: BSD-3-Clause */
#include "task/generate/grammar/schema_value.h"

#include <math.h>
#include <stdio.h>

#include "base/buf.h"
#include "json/write.h"

#include "base/banned.h"

enum { MAX_VALUE = 1 << 20, MAX_STEP = 4096 };

/* Integers have at most 15 digits, numbers with a range 9 before the point. */
static const double max_whole = 999999999999999, max_number = 999999999;
static const int64_t max_multiple = 1000000000000;

static int keep(struct t2v_buf *buf, struct t2v_arena *arena, struct t2v_str *out)
{
    int rc = buf->fail;
    if (rc == 0) {
        *out = t2v_arena_dup(arena, t2v_buf_str(buf));
        rc = out->ptr != NULL ? 0 : T2V_ENOMEM;
    }
    t2v_buf_deinit(buf);
    return rc;
}

int t2v_schema_string(struct t2v_str s, struct t2v_arena *arena, struct t2v_str *out)
{
    struct t2v_buf buf;
    t2v_buf_init(&buf, SIZE_MAX);
    t2v_json_write_str(&buf, s);
    return keep(&buf, arena, out);
}

/* With as few digits as give x again. */
static void write_double(struct t2v_buf *buf, double x)
{
    char text[32];
    for (int digits = 15; digits <= 17; digits++) {
        t2v_json *back = NULL;
        double y = 0;
        snprintf(text, sizeof text, "%.*g", digits, x);
        if (t2v_json_parse(t2v_str_of(text), &back, NULL) == 0)
            t2v_json_double(back, &y);
        t2v_json_free(back);
        if (y == x)
            break;
    }
    t2v_buf_adds(buf, text);
}

static void write_number(struct t2v_buf *buf, const t2v_json *value)
{
    int64_t whole;
    double x = 0;
    t2v_json_double(value, &x);
    if (t2v_json_int(value, &whole))
        t2v_json_write_int(buf, whole);
    else
        write_double(buf, x);
}

static void write_value(struct t2v_buf *buf, const t2v_json *value)
{
    bool truth = false;
    const char *before = "";
    switch (t2v_json_type(value)) {
    case T2V_JSON_BOOL:
        t2v_json_bool(value, &truth);
        t2v_buf_adds(buf, truth ? "true" : "false");
        break;
    case T2V_JSON_NUMBER:
        write_number(buf, value);
        break;
    case T2V_JSON_STRING:
        t2v_json_write_str(buf, t2v_json_str(value));
        break;
    case T2V_JSON_ARRAY:
        t2v_buf_addc(buf, '[');
        for (size_t i = 0; i < t2v_json_len(value) && buf->fail == 0; i++, before = ", ") {
            t2v_buf_adds(buf, before);
            write_value(buf, t2v_json_at(value, i));
        }
        t2v_buf_addc(buf, ']');
        break;
    case T2V_JSON_OBJECT:
        t2v_buf_addc(buf, '{');
        for (struct t2v_json_member m = t2v_json_first(value); m.value != NULL && buf->fail == 0;
             m = t2v_json_next(value, m), before = ", ") {
            t2v_buf_adds(buf, before);
            t2v_json_write_str(buf, m.key);
            t2v_buf_adds(buf, ": ");
            write_value(buf, m.value);
        }
        t2v_buf_addc(buf, '}');
        break;
    default:
        t2v_buf_adds(buf, "null");
        break;
    }
}

int t2v_schema_value(const t2v_json *value, struct t2v_arena *arena, struct t2v_str *out,
                     struct t2v_err *err)
{
    struct t2v_buf buf;
    t2v_buf_init(&buf, MAX_VALUE);
    write_value(&buf, value);
    int rc = keep(&buf, arena, out);
    if (rc == T2V_ETOOLARGE)
        t2v_fail(err, rc, "a value of the schema is longer than 1 MiB");
    return rc;
}

/* The bound in units of 1 / scale: the least one that is not below it (up), or the greatest that is
 * not above. excluded: nor is it the bound. x / scale is what a reader makes of the decimal. */
static double in_units(double bound, double scale, bool up, bool excluded)
{
    if (!(fabs(bound * scale) < 0x1p52))
        return bound > 0 ? 1e30 : -1e30;
    double x = up ? floor(bound * scale) - 2 : ceil(bound * scale) + 2;
    while (up && (x / scale < bound || (excluded && x / scale == bound)))
        x++;
    while (!up && (x / scale > bound || (excluded && x / scale == bound)))
        x--;
    return x;
}

/* Narrows [*lo, *hi] by one keyword. */
static int narrow(const t2v_json *json, const char *name, struct t2v_node *node, double *lo,
                  double *hi, struct t2v_err *err)
{
    const t2v_json *value = t2v_json_get(json, name);
    double bound = 0, scale = node->whole ? 1 : T2V_SCHEMA_SCALE;
    if (value == NULL)
        return 0;
    if (!t2v_json_double(value, &bound))
        return t2v_fail(err, T2V_EFORMAT, "\"%s\" of the schema must be a number", name);
    bool up = strstr(name, "inimum") != NULL;
    double x = in_units(bound, scale, up, strncmp(name, "exclusive", 9) == 0);
    if (up)
        *lo = x > *lo ? x : *lo;
    else
        *hi = x < *hi ? x : *hi;
    node->ranged = true;
    return 0;
}

uint64_t t2v_schema_gcd(uint64_t a, uint64_t b)
{
    while (b != 0) {
        uint64_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

bool t2v_schema_has_multiple(const struct t2v_node *node)
{
    if (node->step == 0)
        return node->lo <= node->hi;
    int64_t step = (int64_t)node->step, first = node->lo / step * step;
    first += first < node->lo ? step : 0;
    return first <= node->hi;
}

/* multipleOf in units of 1 / T2V_SCHEMA_SCALE. */
static int read_step(const t2v_json *value, uint64_t *out, struct t2v_err *err)
{
    int64_t whole;
    double x = 0;
    if (!t2v_json_double(value, &x) || !(x > 0))
        return t2v_fail(err, T2V_EFORMAT, "\"multipleOf\" of the schema must be a number above 0");
    if (t2v_json_int(value, &whole) && whole <= max_multiple) {
        *out = (uint64_t)whole * T2V_SCHEMA_SCALE;
        return 0;
    }
    double units = round(x * T2V_SCHEMA_SCALE);
    if (!(x <= max_number && units / T2V_SCHEMA_SCALE == x))
        return t2v_fail(err, T2V_EUNSUPPORTED,
                        "the schema's keyword \"multipleOf\" is not supported with %g: at most "
                        "%d decimals are, and at most 10^12",
                        x, T2V_SCHEMA_DECIMALS);
    *out = (uint64_t)units;
    return 0;
}

/* Integers that are multiples of 1.5 are those of 3. */
static int narrow_to_multiples(const t2v_json *value, struct t2v_node *node, struct t2v_err *err)
{
    int rc = read_step(value, &node->step, err);
    node->ranged = true;
    if (rc == 0 && node->whole)
        node->step /= t2v_schema_gcd(node->step, T2V_SCHEMA_SCALE);
    if (rc == 0 && !t2v_schema_has_multiple(node))
        rc = t2v_fail(err, T2V_EFORMAT,
                      "no number in the schema's range is a multiple of its \"multipleOf\"");
    return rc;
}

int t2v_schema_range(const t2v_json *json, struct t2v_node *node, struct t2v_err *err)
{
    static const char *const names[] = {"minimum", "exclusiveMinimum", "maximum",
                                        "exclusiveMaximum"};
    double hi = node->whole ? max_whole : max_number * T2V_SCHEMA_SCALE, lo = -hi;
    int rc = 0;
    node->ranged = node->whole;
    for (size_t i = 0; i < 4 && rc == 0; i++)
        rc = narrow(json, names[i], node, &lo, &hi, err);
    if (rc == 0 && !(lo <= hi))
        rc = t2v_fail(err, T2V_EFORMAT, "the schema has an empty range of numbers");
    if (rc != 0)
        return rc;
    node->lo = (int64_t)lo;
    node->hi = (int64_t)hi;
    node->step = 0;
    const t2v_json *value = t2v_json_get(json, "multipleOf");
    return value != NULL ? narrow_to_multiples(value, node, err) : 0;
}

/* One step of a JSON pointer, with ~0 for ~ and ~1 for /. */
static bool unescape(struct t2v_str step, char *out)
{
    size_t n = 0;
    if (step.len >= MAX_STEP)
        return false;
    for (size_t i = 0; i < step.len; i++) {
        char c = step.ptr[i];
        if (c == '~' && i + 1 < step.len && (step.ptr[i + 1] == '0' || step.ptr[i + 1] == '1'))
            c = step.ptr[++i] == '0' ? '~' : '/';
        if (c == '\0')
            return false;
        out[n++] = c;
    }
    out[n] = '\0';
    return true;
}

static const t2v_json *descend(const t2v_json *json, struct t2v_str step)
{
    char name[MAX_STEP];
    size_t index = 0;
    if (t2v_json_type(json) == T2V_JSON_OBJECT)
        return unescape(step, name) ? t2v_json_get(json, name) : NULL;
    for (size_t i = 0; i < step.len; i++) {
        if (step.ptr[i] < '0' || step.ptr[i] > '9' || i > 6)
            return NULL;
        index = index * 10 + (size_t)(step.ptr[i] - '0');
    }
    return step.len != 0 ? t2v_json_at(json, index) : NULL;
}

int t2v_schema_find(const t2v_json *root, struct t2v_str ref, const t2v_json **out,
                    struct t2v_err *err)
{
    if (ref.ptr == NULL)
        return t2v_fail(err, T2V_EFORMAT, "\"$ref\" of the schema must be a string");
    if (!t2v_str_is(ref, "#") && !t2v_str_starts(ref, T2V_STR("#/")))
        return t2v_fail(err, T2V_EUNSUPPORTED,
                        "the schema's $ref \"%.*s\" is not supported: only \"#/...\" is",
                        T2V_STR_ARG(ref));
    struct t2v_str rest = t2v_str_skip(ref, ref.len > 1 ? 2 : 1);
    const t2v_json *json = root;
    while (json != NULL && rest.len != 0)
        json = descend(json, t2v_str_cut(&rest, '/'));
    if (json == NULL)
        return t2v_fail(err, T2V_EFORMAT, "the schema lacks what its $ref \"%.*s\" names",
                        T2V_STR_ARG(ref));
    *out = json;
    return 0;
}
