/* SPDX-License-Identifier: BSD-3-Clause */
#include "task/generate/grammar/schema_meet.h"

#include <math.h>

#include "task/generate/grammar/pattern_product.h"
#include "task/generate/grammar/scalar.h"
#include "task/generate/grammar/schema_value.h"

#include "base/banned.h"

static bool is_number(const struct t2v_node *literal)
{
    char first = literal->text.ptr[0];
    return first == '-' || (first >= '0' && first <= '9');
}

static enum t2v_node_kind kind_of(const struct t2v_node *node)
{
    if (node->kind == T2V_NODE_PATTERN)
        return T2V_NODE_STRING;
    if (node->kind != T2V_NODE_LITERAL)
        return node->kind;
    switch (node->text.ptr[0]) {
    case '"':
        return T2V_NODE_STRING;
    case '{':
        return T2V_NODE_OBJECT;
    case '[':
        return T2V_NODE_ARRAY;
    default: /* LITERAL: null, true or false */
        return is_number(node) ? T2V_NODE_NUMBER : T2V_NODE_LITERAL;
    }
}

bool t2v_schema_meets(const struct t2v_node *a, const struct t2v_node *b)
{
    return kind_of(a) == kind_of(b);
}

/* ---- Literals ---- */

/* The value of a LITERAL that is a number. 0 or T2V_ENOMEM. */
static int number_of(const struct t2v_node *literal, double *out)
{
    t2v_json *json = NULL;
    int rc = t2v_json_parse(literal->text, &json, NULL);
    *out = 0;
    t2v_json_double(json, out);
    t2v_json_free(json);
    return rc;
}

static bool has_number(const struct t2v_node *node, double x)
{
    double scale = node->whole ? 1 : T2V_SCHEMA_SCALE, units = round(x * scale);
    if (!node->ranged)
        return true;
    if (!(units >= (double)node->lo && units <= (double)node->hi))
        return false;
    if (node->whole && units != x)
        return false;
    double lo = (double)node->lo / scale, hi = (double)node->hi / scale;
    bool fits =
        node->step == 0 || (units / scale == x && (int64_t)units % (int64_t)node->step == 0);
    return x >= lo && x <= hi && fits;
}

static bool has_string(const struct t2v_node *node, struct t2v_str text)
{
    struct t2v_frame frame = {.node = node};
    enum t2v_scalar what = T2V_SCALAR_MORE;
    for (size_t i = 1; i < text.len && what == T2V_SCALAR_MORE; i++)
        what = t2v_scalar_string(&frame, (uint8_t)text.ptr[i]);
    return what == T2V_SCALAR_END;
}

static bool has_pattern(const struct t2v_pattern *pattern, struct t2v_str text)
{
    size_t state = T2V_PATTERN_START;
    for (size_t i = 1; i + 1 < text.len; i++)
        state = pattern->next[state][(uint8_t)text.ptr[i]];
    return pattern->ends[state];
}

/* Numbers may be equal though their texts are not. */
static int compare(const struct t2v_node *a, const struct t2v_node *b, bool *out)
{
    double x = 0, y = 0;
    *out = t2v_str_eq(a->text, b->text);
    if (!is_number(a) || !is_number(b))
        return 0;
    int rc = number_of(a, &x);
    if (rc == 0)
        rc = number_of(b, &y);
    *out = x == y;
    return rc;
}

/* Whether an OBJECT or ARRAY has all of these. */
static bool has_all(const struct t2v_compiler *c, const struct t2v_node *node)
{
    return node->n == 0 && node->rest == c->any && node->min == 0 && node->max == UINT64_MAX;
}

int t2v_schema_has_literal(struct t2v_compiler *c, const struct t2v_node *literal,
                           const struct t2v_node *node, bool *out)
{
    double x;
    int rc;
    switch (node->kind) {
    case T2V_NODE_LITERAL:
        return compare(literal, node, out);
    case T2V_NODE_STRING:
        *out = has_string(node, literal->text);
        return 0;
    case T2V_NODE_PATTERN:
        *out = has_pattern(node->pattern, literal->text);
        return 0;
    case T2V_NODE_NUMBER:
        rc = number_of(literal, &x);
        *out = has_number(node, x);
        return rc;
    default:
        *out = has_all(c, node);
        if (*out)
            return 0;
        return t2v_fail(
            c->err, T2V_EUNSUPPORTED,
            "the schema's \"enum\" or \"const\" with an object or array is not supported "
            "beside other schemas of these (\"allOf\" and keywords beside it)");
    }
}

/* ---- Strings ---- */

int t2v_schema_meet_strings(struct t2v_compiler *c, const struct t2v_node *a,
                            const struct t2v_node *b, struct t2v_node *node, bool *some)
{
    const struct t2v_pattern *pattern = a->kind == T2V_NODE_PATTERN ? a->pattern : b->pattern;
    bool both = a->kind == T2V_NODE_PATTERN && b->kind == T2V_NODE_PATTERN;
    bool neither = a->kind == T2V_NODE_STRING && b->kind == T2V_NODE_STRING;
    const struct t2v_node *limits = a->kind == T2V_NODE_STRING ? a : b;
    node->kind = neither ? T2V_NODE_STRING : T2V_NODE_PATTERN;
    int rc = 0;
    if (neither) {
        node->min = a->min > b->min ? a->min : b->min;
        node->max = a->max < b->max ? a->max : b->max;
        *some = node->min <= node->max;
        return 0;
    }
    if (both)
        rc = t2v_pattern_both(c, a->pattern, b->pattern, &node->pattern);
    else if (limits->min != 0 || limits->max != UINT64_MAX)
        rc = t2v_pattern_of_length(c, pattern, limits->min, limits->max, &node->pattern);
    else
        node->pattern = pattern;
    *some = node->pattern != NULL;
    return rc;
}

/* ---- Numbers ---- */

/* A node's range and step in integers, or in units of 1 / T2V_SCHEMA_SCALE. */
static void convert(const struct t2v_node *from, bool whole, struct t2v_node *to)
{
    *to = *from;
    if (!from->ranged || from->whole == whole)
        return;
    int64_t lo = from->lo / T2V_SCHEMA_SCALE, hi = from->hi / T2V_SCHEMA_SCALE;
    to->lo = lo + (lo * T2V_SCHEMA_SCALE < from->lo);
    to->hi = hi - (hi * T2V_SCHEMA_SCALE > from->hi);
    to->step = from->step / t2v_schema_gcd(from->step, T2V_SCHEMA_SCALE);
}

/* Above 10^18 it is as good as that: 0 alone is a multiple in a range. */
static uint64_t common_multiple(uint64_t a, uint64_t b)
{
    const uint64_t most = UINT64_C(1000000000000000000);
    if (a == 0 || b == 0)
        return a + b;
    uint64_t rest = b / t2v_schema_gcd(a, b);
    return a <= most / rest ? a * rest : most;
}

bool t2v_schema_meet_numbers(const struct t2v_node *a, const struct t2v_node *b,
                             struct t2v_node *node)
{
    struct t2v_node x, y;
    node->kind = T2V_NODE_NUMBER;
    node->whole = a->whole || b->whole;
    node->ranged = a->ranged || b->ranged;
    convert(a, node->whole, &x);
    convert(b, node->whole, &y);
    if (!node->ranged)
        return true;
    if (!x.ranged)
        x = y;
    if (!y.ranged)
        y = x;
    node->lo = x.lo > y.lo ? x.lo : y.lo;
    node->hi = x.hi < y.hi ? x.hi : y.hi;
    node->step = common_multiple(x.step, y.step);
    return node->lo <= node->hi && t2v_schema_has_multiple(node);
}
