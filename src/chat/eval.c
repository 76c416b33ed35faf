/* SPDX-License-Identifier: BSD-3-Clause */
#include "chat/eval.h"

#include "chat/access.h"
#include "chat/attribute.h"
#include "chat/call.h"
#include "chat/compare.h"
#include "chat/dict.h"
#include "chat/filter.h"
#include "chat/function.h"
#include "chat/lexer.h"
#include "chat/markup.h"
#include "chat/print.h"
#include "chat/undefined.h"

#include "base/banned.h"

static struct t2v_value eval_name(struct t2v_run *run, struct t2v_str name)
{
    const struct t2v_value *found = t2v_scope_find(run->scope, name);
    if (found != NULL && found->type != T2V_MISSING)
        return *found;
    const struct t2v_native *function = found == NULL ? t2v_function_find(name) : NULL;
    if (function != NULL)
        return (struct t2v_value){.type = T2V_FUNCTION, .function = function};
    return t2v_undefined_name(run, name);
}

static struct t2v_value eval_items(struct t2v_run *run, const struct t2v_node *node)
{
    struct t2v_items *items = t2v_items_new(run, 4);
    for (const struct t2v_node *item = node->a; item != NULL && run->rc == 0; item = item->next)
        t2v_items_add(run, items, t2v_eval(run, item));
    return t2v_items_value(node->type == T2V_NODE_LIST ? T2V_LIST : T2V_TUPLE, items);
}

static struct t2v_value eval_dict(struct t2v_run *run, const struct t2v_node *node)
{
    struct t2v_dict *dict = t2v_dict_new(run, 4);
    for (const struct t2v_node *pair = node->a; pair != NULL && run->rc == 0; pair = pair->next) {
        struct t2v_value key = t2v_eval(run, pair->a);
        t2v_dict_set(run, dict, key, t2v_eval(run, pair->b));
    }
    return run->rc == 0 ? (struct t2v_value){.type = T2V_DICT, .dict = dict} : t2v_none();
}

static bool compare_one(struct t2v_run *run, unsigned code, struct t2v_value a, struct t2v_value b)
{
    const char symbol[] = {(char)code, (char)(code >> 8), '\0'};
    if (code == T2V_IN || code == T2V_NOT_IN)
        return t2v_contains(run, b, a) == (code == T2V_IN);
    if (code == T2V_OPERATOR('=', '=') || code == T2V_OPERATOR('!', '='))
        return t2v_equal(run, a, b) == (code == T2V_OPERATOR('=', '='));
    int order = t2v_order(run, a, b, symbol);
    if (order == 0)
        return code > 0xff;
    return order == ((code & 0xff) == '<' ? -1 : 1);
}

static struct t2v_value eval_compare(struct t2v_run *run, const struct t2v_node *node)
{
    struct t2v_value left = t2v_eval(run, node->a);
    bool yes = true;
    for (const struct t2v_node *other = node->b; other != NULL && yes; other = other->next) {
        struct t2v_value right = t2v_eval(run, other->a);
        run->node = node;
        yes = run->rc == 0 && compare_one(run, other->code, left, right);
        left = right;
    }
    return t2v_bool(yes);
}

static struct t2v_value eval_concat(struct t2v_run *run, const struct t2v_node *node)
{
    struct t2v_buf buf;
    t2v_run_buf(&buf);
    for (const struct t2v_node *part = node->a; part != NULL && run->rc == 0; part = part->next)
        t2v_print(run, &buf, t2v_eval(run, part));
    return t2v_run_take(run, &buf);
}

/* A part of a text that is marked as safe is so, too. */
static struct t2v_value marked(struct t2v_value whole, struct t2v_value part)
{
    return whole.type == T2V_STRING && whole.is_safe ? t2v_markup_mark(part) : part;
}

static struct t2v_value eval_item(struct t2v_run *run, const struct t2v_node *node)
{
    struct t2v_value object = t2v_eval(run, node->a);
    const struct t2v_node *bounds[] = {node->b->a, node->b->b, node->b->c};
    struct t2v_value values[3] = {t2v_none(), t2v_none(), t2v_none()};
    if (node->b->type != T2V_NODE_SLICE) {
        struct t2v_value index = t2v_eval(run, node->b);
        run->node = node;
        return run->rc == 0 ? marked(object, t2v_item(run, object, index)) : t2v_none();
    }
    for (int i = 0; i < 3; i++) {
        if (bounds[i] != NULL)
            values[i] = t2v_eval(run, bounds[i]);
    }
    run->node = node;
    return run->rc == 0 ? marked(object, t2v_slice(run, object, values)) : t2v_none();
}

static void add_named(struct t2v_run *run, struct t2v_args *args, struct t2v_value key,
                      struct t2v_value value)
{
    if (args->named == NULL)
        args->named = t2v_dict_new(run, 4);
    if (key.type != T2V_STRING)
        t2v_run_fail(run, T2V_EFORMAT, "keywords must be strings");
    else if (args->named != NULL && t2v_dict_get(run, args->named, key) != NULL)
        t2v_run_fail(run, T2V_EFORMAT, "got multiple values for keyword argument '%.*s'",
                     T2V_STR_ARG(key.text));
    else
        t2v_dict_add(run, args->named, key, value);
}

static void spread_named(struct t2v_run *run, struct t2v_args *args, struct t2v_value v)
{
    if (v.type != T2V_DICT) {
        t2v_run_fail(run, T2V_EFORMAT, "argument after ** must be a mapping, not %s",
                     t2v_type_name(v));
        return;
    }
    for (size_t i = 0; i < v.dict->n && run->rc == 0; i++)
        add_named(run, args, v.dict->at[i].key, v.dict->at[i].value);
}

/* Arguments of a call. */
static struct t2v_args eval_args(struct t2v_run *run, const struct t2v_node *list)
{
    struct t2v_args args = {NULL, 0, NULL};
    struct t2v_items *items = t2v_items_new(run, 2);
    for (const struct t2v_node *node = list; node != NULL && run->rc == 0; node = node->next) {
        struct t2v_value v = t2v_eval(run, node->a);
        if (node->type == T2V_NODE_ARGUMENT) {
            t2v_items_add(run, items, v);
        } else if (node->type == T2V_NODE_NAMED) {
            add_named(run, &args, t2v_string(node->name), v);
        } else if (node->type == T2V_NODE_STAR_STAR) {
            spread_named(run, &args, v);
        } else {
            const struct t2v_items *more = t2v_iterate(run, v);
            for (size_t i = 0; more != NULL && i < more->n; i++)
                t2v_items_add(run, items, more->at[i]);
        }
    }
    if (items != NULL) {
        args.at = items->at;
        args.n = items->n;
    }
    return args;
}

struct t2v_value t2v_eval_call(struct t2v_run *run, const struct t2v_node *node,
                               struct t2v_value caller)
{
    struct t2v_value callee = t2v_eval(run, node->a);
    struct t2v_args args = eval_args(run, node->b);
    if (caller.type != T2V_MISSING)
        add_named(run, &args, t2v_string(T2V_STR("caller")), caller);
    run->node = node;
    return run->rc == 0 ? t2v_call(run, callee, &args) : t2v_none();
}

struct t2v_value t2v_eval_filters(struct t2v_run *run, const struct t2v_node *chain,
                                  struct t2v_value input)
{
    if (chain == NULL)
        return input;
    if (chain->a == NULL || chain->a->type == T2V_NODE_FILTER)
        input = t2v_run_enter(run) ? t2v_eval_filters(run, chain->a, input) : input;
    else
        input = t2v_run_enter(run) ? t2v_eval(run, chain->a) : input;
    t2v_run_leave(run);
    struct t2v_args args = eval_args(run, chain->b);
    run->node = chain;
    return run->rc == 0 ? t2v_filter_call(run, chain->name, input, &args) : t2v_none();
}

static struct t2v_value eval_test(struct t2v_run *run, const struct t2v_node *node)
{
    struct t2v_value v = t2v_eval(run, node->a);
    struct t2v_args args = eval_args(run, node->b);
    run->node = node;
    return t2v_bool(run->rc == 0 && t2v_test_call(run, node->name, v, &args));
}

/* and, or: the operand that decides. */
static struct t2v_value eval_either(struct t2v_run *run, const struct t2v_node *node)
{
    struct t2v_value left = t2v_eval(run, node->a);
    bool decided = t2v_truth(left) == (node->type == T2V_NODE_OR);
    return decided ? left : t2v_eval(run, node->b);
}

static struct t2v_value eval_if_else(struct t2v_run *run, const struct t2v_node *node)
{
    if (t2v_truth(t2v_eval(run, node->a)))
        return t2v_eval(run, node->b);
    if (node->c != NULL)
        return t2v_eval(run, node->c);
    run->node = node;
    return t2v_undefined_hint(run,
                              "the inline if-expression evaluated to false and no else section "
                              "was defined.");
}

static struct t2v_value eval_binary(struct t2v_run *run, const struct t2v_node *node)
{
    struct t2v_value left = t2v_eval(run, node->a), right = t2v_eval(run, node->b);
    run->node = node;
    return run->rc == 0 ? t2v_binary(run, node->code, left, right) : t2v_none();
}

static struct t2v_value eval_sign(struct t2v_run *run, const struct t2v_node *node)
{
    struct t2v_value v = t2v_eval(run, node->a);
    run->node = node;
    if (node->type == T2V_NODE_NEGATE)
        return t2v_negate(run, v);
    if (v.type == T2V_UNDEFINED)
        return t2v_undefined_raise(run, v);
    if (!t2v_is_number(v))
        return t2v_run_fail(run, T2V_EFORMAT, "bad operand type for unary +: '%s'",
                            t2v_type_name(v));
    return v.type == T2V_BOOL ? t2v_int(v.whole) : v;
}

static struct t2v_value eval_attribute(struct t2v_run *run, const struct t2v_node *node)
{
    struct t2v_value object = t2v_eval(run, node->a);
    run->node = node;
    return run->rc == 0 ? t2v_attribute(run, object, node->name) : t2v_none();
}

static struct t2v_value eval_operation(struct t2v_run *run, const struct t2v_node *node)
{
    switch (node->type) {
    case T2V_NODE_TUPLE:
    case T2V_NODE_LIST:
        return eval_items(run, node);
    case T2V_NODE_DICT:
        return eval_dict(run, node);
    case T2V_NODE_IF_ELSE:
        return eval_if_else(run, node);
    case T2V_NODE_OR:
    case T2V_NODE_AND:
        return eval_either(run, node);
    case T2V_NODE_NOT:
        return t2v_bool(!t2v_truth(t2v_eval(run, node->a)));
    case T2V_NODE_COMPARE:
        return eval_compare(run, node);
    case T2V_NODE_BINARY:
        return eval_binary(run, node);
    case T2V_NODE_CONCAT:
        return eval_concat(run, node);
    case T2V_NODE_NEGATE:
    case T2V_NODE_PLUS:
        return eval_sign(run, node);
    case T2V_NODE_ATTRIBUTE:
        return eval_attribute(run, node);
    case T2V_NODE_ITEM:
        return eval_item(run, node);
    case T2V_NODE_CALL:
        return t2v_eval_call(run, node, (struct t2v_value){.type = T2V_MISSING});
    case T2V_NODE_FILTER:
        return t2v_eval_filters(run, node, t2v_none());
    case T2V_NODE_TEST:
        return eval_test(run, node);
    default: /* a slice among several indexes */
        return t2v_run_fail(run, T2V_EFORMAT, "an unexpected slice");
    }
}

struct t2v_value t2v_eval(struct t2v_run *run, const struct t2v_node *node)
{
    if (!t2v_run_step(run, 0))
        return t2v_none();
    switch (node->type) {
    case T2V_NODE_NONE:
        return t2v_none();
    case T2V_NODE_BOOL:
        return t2v_bool(node->whole != 0);
    case T2V_NODE_INTEGER:
        return t2v_int(node->whole);
    case T2V_NODE_FLOAT:
        return t2v_float(node->number);
    case T2V_NODE_STRING:
        return t2v_string(node->name);
    case T2V_NODE_NAME:
        run->node = node;
        return eval_name(run, node->name);
    default:
        break;
    }
    struct t2v_value value = t2v_run_enter(run) ? eval_operation(run, node) : t2v_none();
    t2v_run_leave(run);
    return run->rc == 0 ? value : t2v_none();
}
