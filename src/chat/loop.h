/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_CHAT_LOOP_H
#define T2V_CHAT_LOOP_H
/* The state of a `for` loop, and what a template sees of it as `loop`. Items that the loop's
 * condition drops are dropped one by one, as late as possible, since the condition may change. */
#include "chat/run.h"

struct t2v_loop {
    const struct t2v_node *node; /* FOR */
    struct t2v_scope *scope;     /* around the loop */
    struct t2v_items *items;     /* before the condition */
    size_t next;                 /* in items */
    bool (*passes)(struct t2v_run *run, struct t2v_loop *loop, struct t2v_value item); /* or NULL */
    struct t2v_value before, current, after;
    bool has_after;            /* `after` has been taken from items already */
    int64_t index;             /* from 0; -1 before the first */
    int64_t depth;             /* of recursion, from 0 */
    struct t2v_items *changed; /* the arguments of the last changed(); NULL before the first */
};

/* Goes to the next item, which becomes loop->current. False at the end. */
bool t2v_loop_next(struct t2v_run *run, struct t2v_loop *loop);
/* loop.NAME. False if there is no such attribute. */
bool t2v_loop_attribute(struct t2v_run *run, struct t2v_loop *loop, struct t2v_str name,
                        struct t2v_value *out);

#endif
