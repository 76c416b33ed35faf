/* SPDX-License-Identifier: BSD-3-Clause */
#include "chat/loop.h"

#include "chat/bind.h"
#include "chat/dict.h"
#include "chat/undefined.h"

#include "base/banned.h"

/* Takes the next item that passes the condition. */
static bool take(struct t2v_run *run, struct t2v_loop *loop, struct t2v_value *out)
{
    while (run->rc == 0 && loop->next < loop->items->n) {
        *out = loop->items->at[loop->next++];
        if (loop->passes == NULL || loop->passes(run, loop, *out))
            return run->rc == 0;
    }
    return false;
}

bool t2v_loop_next(struct t2v_run *run, struct t2v_loop *loop)
{
    struct t2v_value item = loop->after;
    if (!loop->has_after && !take(run, loop, &item))
        return false;
    loop->has_after = false;
    loop->before = loop->current;
    loop->current = item;
    loop->index++;
    return t2v_run_step(run, 0);
}

static bool peek(struct t2v_run *run, struct t2v_loop *loop)
{
    if (!loop->has_after)
        loop->has_after = take(run, loop, &loop->after);
    return loop->has_after;
}

/* The number of all items. With a condition, this decides now which of the others pass. */
static int64_t length(struct t2v_run *run, struct t2v_loop *loop)
{
    if (loop->passes != NULL) {
        struct t2v_items *rest = t2v_items_new(run, 0);
        struct t2v_value item;
        while (take(run, loop, &item))
            t2v_items_add(run, rest, item);
        if (run->rc != 0)
            return 0;
        /* as if there had been no condition: what was before does not matter any more */
        size_t gone = (size_t)(loop->index + 1 + loop->has_after);
        struct t2v_items *all = t2v_items_new(run, gone + rest->n);
        for (size_t i = 0; i < gone; i++)
            t2v_items_add(run, all, t2v_none());
        for (size_t i = 0; i < rest->n; i++)
            t2v_items_add(run, all, rest->at[i]);
        if (run->rc != 0)
            return 0;
        loop->items = all;
        loop->next = gone;
        loop->passes = NULL;
    }
    return (int64_t)loop->items->n;
}

static struct t2v_value cycle(struct t2v_run *run, struct t2v_value self,
                              const struct t2v_args *args)
{
    if (args->n == 0)
        return t2v_run_fail(run, T2V_EFORMAT, "no items for cycling given");
    return args->at[(size_t)self.loop->index % args->n];
}

static struct t2v_value changed(struct t2v_run *run, struct t2v_value self,
                                const struct t2v_args *args)
{
    struct t2v_items *now = t2v_items_new(run, args->n);
    for (size_t i = 0; i < args->n; i++)
        t2v_items_add(run, now, args->at[i]);
    const struct t2v_items *last = self.loop->changed;
    bool same = now != NULL && last != NULL &&
                t2v_equal(run, t2v_items_value(T2V_TUPLE, now),
                          t2v_items_value(T2V_TUPLE, self.loop->changed));
    if (!same)
        self.loop->changed = now;
    return t2v_bool(!same);
}

static const struct t2v_native CYCLE = {"cycle", NULL, cycle}, CHANGED = {"changed", NULL, changed};

static struct t2v_value next_item(struct t2v_run *run, struct t2v_loop *loop)
{
    return peek(run, loop) ? loop->after : t2v_undefined_hint(run, "there is no next item");
}

static struct t2v_value previous_item(struct t2v_run *run, struct t2v_loop *loop)
{
    return loop->index != 0 ? loop->before : t2v_undefined_hint(run, "there is no previous item");
}

bool t2v_loop_attribute(struct t2v_run *run, struct t2v_loop *loop, struct t2v_str name,
                        struct t2v_value *out)
{
    struct t2v_value self = {.type = T2V_LOOP, .loop = loop};
    if (t2v_str_is(name, "index"))
        *out = t2v_int(loop->index + 1);
    else if (t2v_str_is(name, "index0"))
        *out = t2v_int(loop->index);
    else if (t2v_str_is(name, "first"))
        *out = t2v_bool(loop->index == 0);
    else if (t2v_str_is(name, "last"))
        *out = t2v_bool(!peek(run, loop));
    else if (t2v_str_is(name, "length"))
        *out = t2v_int(length(run, loop));
    else if (t2v_str_is(name, "revindex"))
        *out = t2v_int(length(run, loop) - loop->index);
    else if (t2v_str_is(name, "revindex0"))
        *out = t2v_int(length(run, loop) - loop->index - 1);
    else if (t2v_str_is(name, "previtem"))
        *out = previous_item(run, loop);
    else if (t2v_str_is(name, "nextitem"))
        *out = next_item(run, loop);
    else if (t2v_str_is(name, "depth"))
        *out = t2v_int(loop->depth + 1);
    else if (t2v_str_is(name, "depth0"))
        *out = t2v_int(loop->depth);
    else if (t2v_str_is(name, "cycle"))
        *out = t2v_bind(run, &CYCLE, self);
    else if (t2v_str_is(name, "changed"))
        *out = t2v_bind(run, &CHANGED, self);
    else
        return false;
    return true;
}
