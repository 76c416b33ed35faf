/* SPDX-License-Identifier: BSD-3-Clause */
#include "chat/exec.h"

#include "chat/access.h"
#include "chat/chat.h"
#include "chat/compare.h"
#include "chat/dict.h"
#include "chat/eval.h"
#include "chat/print.h"
#include "chat/undefined.h"

#include "base/banned.h"

enum flow { GO_ON, BREAK, CONTINUE };

static enum flow exec_body(struct t2v_run *run, const struct t2v_node *body);

static void assign(struct t2v_run *run, const struct t2v_node *target, struct t2v_value v);

static void assign_items(struct t2v_run *run, const struct t2v_node *targets, struct t2v_value v)
{
    const struct t2v_items *items = t2v_iterate(run, v);
    size_t n = 0;
    for (const struct t2v_node *t = targets->a; t != NULL; t = t->next)
        n++;
    if (items == NULL)
        return;
    if (items->n > n)
        t2v_run_fail(run, T2V_EFORMAT, "too many values to unpack (expected %zu)", n);
    else if (items->n < n)
        t2v_run_fail(run, T2V_EFORMAT, "not enough values to unpack (expected %zu, got %zu)", n,
                     items->n);
    size_t i = 0;
    for (const struct t2v_node *t = targets->a; t != NULL && run->rc == 0; t = t->next)
        assign(run, t, items->at[i++]);
}

static void assign(struct t2v_run *run, const struct t2v_node *target, struct t2v_value v)
{
    run->node = target;
    if (target->type == T2V_NODE_NAME) {
        t2v_scope_set(run, run->scope, target->name, v);
    } else if (target->type == T2V_NODE_TUPLE) {
        if (t2v_run_enter(run))
            assign_items(run, target, v);
        t2v_run_leave(run);
    } else {
        struct t2v_value object = t2v_eval(run, target->a);
        if (run->rc == 0 && object.type != T2V_NAMESPACE)
            t2v_run_fail(run, T2V_EFORMAT, "cannot assign attribute on non-namespace object");
        if (run->rc == 0)
            t2v_dict_set(run, object.dict, t2v_string(target->name), v);
    }
}

/* Runs a body in a scope of its own. */
static enum flow exec_inside(struct t2v_run *run, const struct t2v_node *body)
{
    struct t2v_scope *outer = run->scope;
    struct t2v_scope *scope = t2v_scope_new(run, outer);
    enum flow flow = GO_ON;
    if (scope != NULL) {
        run->scope = scope;
        flow = exec_body(run, body);
    }
    run->scope = outer;
    return flow;
}

struct t2v_value t2v_exec_capture(struct t2v_run *run, const struct t2v_node *body)
{
    struct t2v_buf *outer = run->out, inner;
    t2v_run_buf(&inner);
    run->out = &inner;
    exec_body(run, body);
    run->out = outer;
    return t2v_run_take(run, &inner);
}

static struct t2v_value capture_inside(struct t2v_run *run, const struct t2v_node *body)
{
    struct t2v_scope *outer = run->scope;
    struct t2v_value text = t2v_none();
    run->scope = t2v_scope_new(run, outer);
    if (run->scope != NULL)
        text = t2v_exec_capture(run, body);
    run->scope = outer;
    return text;
}

/* The scope of a loop's next iteration: the last one, unless a macro refers to that. */
static void fresh_scope(struct t2v_run *run, struct t2v_scope *outer)
{
    if (run->scope != outer && !run->scope->captured) {
        run->scope->n = 0;
        return;
    }
    struct t2v_scope *scope = t2v_scope_new(run, outer);
    if (scope != NULL)
        run->scope = scope;
}

/* The condition of a loop, for an item. */
static bool passes(struct t2v_run *run, struct t2v_loop *loop, struct t2v_value item)
{
    struct t2v_scope *outer = run->scope;
    bool yes = false;
    run->scope = t2v_scope_new(run, loop->scope);
    if (run->scope != NULL) {
        assign(run, loop->node->a, item);
        yes = run->rc == 0 && t2v_truth(t2v_eval(run, loop->node->c));
    }
    run->scope = outer;
    return yes;
}

static void exec_loop(struct t2v_run *run, const struct t2v_node *node, struct t2v_value over,
                      struct t2v_scope *outer, int64_t depth)
{
    struct t2v_scope *saved = run->scope;
    struct t2v_loop *loop = t2v_run_alloc(run, 1, sizeof *loop);
    struct t2v_items *items = t2v_iterate(run, over);
    bool completed = false;
    if (loop == NULL || items == NULL)
        return;
    *loop = (struct t2v_loop){.node = node,
                              .scope = outer,
                              .items = items,
                              .passes = node->c != NULL ? passes : NULL,
                              .index = -1,
                              .depth = depth};
    enum flow flow = GO_ON;
    run->scope = outer;
    while (flow != BREAK && t2v_loop_next(run, loop)) {
        fresh_scope(run, outer);
        t2v_scope_set(run, run->scope, T2V_STR("loop"),
                      (struct t2v_value){.type = T2V_LOOP, .loop = loop});
        assign(run, node->a, loop->current);
        flow = exec_body(run, node->d);
        /* UPSTREAM: jinja2 runs the `else` unless an iteration reached its end */
        completed |= flow == GO_ON;
    }
    run->scope = outer;
    if (!completed && run->rc == 0)
        exec_inside(run, node->e);
    run->scope = saved;
}

struct t2v_value t2v_exec_recurse(struct t2v_run *run, struct t2v_loop *loop,
                                  struct t2v_value items)
{
    struct t2v_buf *outer = run->out, inner;
    if (loop->node->whole == 0)
        return t2v_run_fail(run, T2V_EFORMAT,
                            "The loop must have the 'recursive' marker to be called recursively.");
    t2v_run_buf(&inner);
    run->out = &inner;
    exec_loop(run, loop->node, items, loop->scope, loop->depth + 1);
    run->out = outer;
    return t2v_run_take(run, &inner);
}

static void exec_for(struct t2v_run *run, const struct t2v_node *node)
{
    struct t2v_value over = t2v_eval(run, node->b);
    run->node = node;
    if (run->rc == 0)
        exec_loop(run, node, over, run->scope, 0);
}

static struct t2v_value macro_value(struct t2v_run *run, const struct t2v_node *node)
{
    struct t2v_macro *macro = t2v_run_alloc(run, 1, sizeof *macro);
    if (macro == NULL)
        return t2v_none();
    *macro = (struct t2v_macro){node, run->scope};
    for (struct t2v_scope *scope = run->scope; scope != NULL; scope = scope->outer)
        scope->captured = true;
    return (struct t2v_value){.type = T2V_MACRO, .macro = macro};
}

static void print_value(struct t2v_run *run, struct t2v_value v)
{
    if (run->rc == 0)
        t2v_print(run, run->out, v);
    if (run->rc == 0 && run->out->fail != 0)
        t2v_run_fail(run, run->out->fail, "the text of the chat template is too large");
}

static void exec_print(struct t2v_run *run, const struct t2v_node *node)
{
    for (const struct t2v_node *e = node->a; e != NULL && run->rc == 0; e = e->next)
        print_value(run, t2v_eval(run, e));
}

static void exec_with(struct t2v_run *run, const struct t2v_node *node)
{
    struct t2v_scope *outer = run->scope, *scope = t2v_scope_new(run, outer);
    for (const struct t2v_node *set = node->a; set != NULL && run->rc == 0; set = set->next) {
        run->scope = outer; /* values do not see the names before them */
        struct t2v_value v = t2v_eval(run, set->b);
        run->scope = scope;
        if (run->rc == 0)
            assign(run, set->a, v);
    }
    run->scope = scope;
}

static enum flow exec_with_block(struct t2v_run *run, const struct t2v_node *node)
{
    struct t2v_scope *outer = run->scope;
    exec_with(run, node);
    enum flow flow = run->rc == 0 ? exec_body(run, node->d) : GO_ON;
    run->scope = outer;
    return flow;
}

static void exec_call_block(struct t2v_run *run, const struct t2v_node *node)
{
    print_value(run, t2v_eval_call(run, node->a, macro_value(run, node->b)));
}

static void exec_set_block(struct t2v_run *run, const struct t2v_node *node)
{
    struct t2v_value text = capture_inside(run, node->d);
    text = t2v_eval_filters(run, node->b, text);
    if (run->rc == 0)
        assign(run, node->a, text);
}

static void exec_set(struct t2v_run *run, const struct t2v_node *node)
{
    struct t2v_value v = t2v_eval(run, node->b);
    if (run->rc == 0)
        assign(run, node->a, v);
}

static enum flow exec_one(struct t2v_run *run, const struct t2v_node *node)
{
    switch (node->type) {
    case T2V_NODE_TEXT:
        print_value(run, t2v_string(node->name));
        break;
    case T2V_NODE_PRINT:
        exec_print(run, node);
        break;
    case T2V_NODE_IF:
        return exec_body(run, t2v_truth(t2v_eval(run, node->a)) ? node->b : node->c);
    case T2V_NODE_FOR:
        exec_for(run, node);
        break;
    case T2V_NODE_SET:
        exec_set(run, node);
        break;
    case T2V_NODE_SET_BLOCK:
        exec_set_block(run, node);
        break;
    case T2V_NODE_MACRO:
        t2v_scope_set(run, run->scope, node->name, macro_value(run, node));
        break;
    case T2V_NODE_CALL_BLOCK:
        exec_call_block(run, node);
        break;
    case T2V_NODE_FILTER_BLOCK:
        print_value(run, t2v_eval_filters(run, node->a, capture_inside(run, node->d)));
        break;
    case T2V_NODE_WITH:
        return exec_with_block(run, node);
    case T2V_NODE_SCOPE:
        return exec_inside(run, node->d);
    default:
        return node->type == T2V_NODE_BREAK ? BREAK : CONTINUE;
    }
    return GO_ON;
}

static enum flow exec_body(struct t2v_run *run, const struct t2v_node *body)
{
    enum flow flow = GO_ON;
    if (t2v_run_enter(run)) {
        for (; body != NULL && run->rc == 0 && flow == GO_ON; body = body->next) {
            t2v_run_step(run, 0);
            flow = exec_one(run, body);
        }
    }
    t2v_run_leave(run);
    return flow;
}

void t2v_exec(struct t2v_run *run, const struct t2v_node *body)
{
    exec_body(run, body);
}
