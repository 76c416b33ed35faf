/* SPDX-License-Identifier: BSD-3-Clause */
/* Tests: `value is NAME`. */
#include "chat/access.h"
#include "chat/bind.h"
#include "chat/compare.h"
#include "chat/dict.h"
#include "chat/filter.h"
#include "chat/lexer.h"
#include "chat/method.h"
#include "chat/print.h"

#include "base/banned.h"

#define TEST(name, condition)                                                                      \
    static struct t2v_value name(struct t2v_run *run, struct t2v_value v,                          \
                                 const struct t2v_args *args)                                      \
    {                                                                                              \
        (void)run;                                                                                 \
        (void)v;                                                                                   \
        (void)args;                                                                                \
        return t2v_bool(condition);                                                                \
    }

static bool is_iterable(enum t2v_type type)
{
    return type == T2V_UNDEFINED || type == T2V_STRING || type == T2V_LIST || type == T2V_TUPLE ||
           type == T2V_DICT || type == T2V_RANGE || type == T2V_VIEW || type == T2V_ITERATOR ||
           type == T2V_LOOP;
}

static bool is_callable(enum t2v_type type)
{
    return type == T2V_UNDEFINED || type == T2V_MACRO || type == T2V_METHOD ||
           type == T2V_FUNCTION || type == T2V_LOOP || type == T2V_JOINER;
}

/* str(v).islower(), str(v).isupper() */
static bool has_case(struct t2v_run *run, struct t2v_value v, const char *method)
{
    const struct t2v_native *is =
        t2v_native_find(t2v_split_methods, t2v_n_split_method, t2v_str_of(method));
    struct t2v_args none = {NULL, 0, NULL};
    return t2v_truth(t2v_native_call(run, is, t2v_str_value(run, v), &none));
}

static bool is_divisible(struct t2v_run *run, struct t2v_value v, struct t2v_value by)
{
    return t2v_equal(run, t2v_binary(run, '%', v, by), t2v_int(0));
}

static bool is_same(struct t2v_run *run, struct t2v_value a, struct t2v_value b)
{
    if (a.type != b.type)
        return false;
    if (a.type == T2V_LIST || a.type == T2V_DICT || a.type == T2V_TUPLE)
        return a.items == b.items;
    return t2v_equal(run, a, b);
}

TEST(is_defined, v.type != T2V_UNDEFINED)
TEST(is_undefined, v.type == T2V_UNDEFINED)
TEST(is_none, v.type == T2V_NONE)
TEST(is_boolean, v.type == T2V_BOOL)
TEST(is_true, v.type == T2V_BOOL && v.whole != 0)
TEST(is_false, v.type == T2V_BOOL && v.whole == 0)
TEST(is_integer, v.type == T2V_INT)
TEST(is_float, v.type == T2V_FLOAT)
TEST(is_number, t2v_is_number(v))
TEST(is_string, v.type == T2V_STRING)
TEST(is_mapping, v.type == T2V_DICT)
TEST(is_iterable_value, is_iterable(v.type))
TEST(is_sequence,
     is_iterable(v.type) && v.type != T2V_VIEW && v.type != T2V_ITERATOR && v.type != T2V_LOOP)
TEST(is_callable_value, is_callable(v.type))
TEST(is_escaped, v.type == T2V_STRING && v.is_safe)
TEST(is_lower, has_case(run, v, "islower"))
TEST(is_upper, has_case(run, v, "isupper"))
TEST(is_even, is_divisible(run, v, t2v_int(2)))
TEST(is_odd, t2v_equal(run, t2v_binary(run, '%', v, t2v_int(2)), t2v_int(1)))
TEST(is_divisible_by, is_divisible(run, v, args->at[0]))
TEST(is_same_as, is_same(run, v, args->at[0]))
TEST(is_equal, t2v_equal(run, v, args->at[0]))
TEST(is_not_equal, !t2v_equal(run, v, args->at[0]))
TEST(is_below, t2v_order(run, v, args->at[0], "<") == -1)
TEST(is_above, t2v_order(run, v, args->at[0], ">") == 1)
TEST(is_in, t2v_contains(run, args->at[0], v))
TEST(is_filter, v.type == T2V_STRING && t2v_filter_exists(v.text))
TEST(is_test, v.type == T2V_STRING && t2v_test_exists(v.text))

static struct t2v_value is_at_most(struct t2v_run *run, struct t2v_value v,
                                   const struct t2v_args *args)
{
    int order = t2v_order(run, v, args->at[0], "<=");
    return t2v_bool(order == -1 || order == 0);
}

static struct t2v_value is_at_least(struct t2v_run *run, struct t2v_value v,
                                    const struct t2v_args *args)
{
    int order = t2v_order(run, v, args->at[0], ">=");
    return t2v_bool(order == 1 || order == 0);
}

const struct t2v_native t2v_tests[] = {
    {"defined", "", is_defined},
    {"undefined", "", is_undefined},
    {"none", "", is_none},
    {"boolean", "", is_boolean},
    {"true", "", is_true},
    {"false", "", is_false},
    {"integer", "", is_integer},
    {"float", "", is_float},
    {"number", "", is_number},
    {"string", "", is_string},
    {"mapping", "", is_mapping},
    {"iterable", "", is_iterable_value},
    {"sequence", "", is_sequence},
    {"callable", "", is_callable_value},
    {"escaped", "", is_escaped},
    {"lower", "", is_lower},
    {"upper", "", is_upper},
    {"even", "", is_even},
    {"odd", "", is_odd},
    {"divisibleby", "num", is_divisible_by},
    {"sameas", "other", is_same_as},
    {"eq", "other", is_equal},
    {"equalto", "other", is_equal},
    {"==", "other", is_equal},
    {"ne", "other", is_not_equal},
    {"!=", "other", is_not_equal},
    {"lt", "other", is_below},
    {"lessthan", "other", is_below},
    {"<", "other", is_below},
    {"le", "other", is_at_most},
    {"<=", "other", is_at_most},
    {"gt", "other", is_above},
    {"greaterthan", "other", is_above},
    {">", "other", is_above},
    {"ge", "other", is_at_least},
    {">=", "other", is_at_least},
    {"in", "seq", is_in},
    {"filter", "", is_filter},
    {"test", "", is_test},
};
const size_t t2v_n_test = sizeof t2v_tests / sizeof *t2v_tests;
