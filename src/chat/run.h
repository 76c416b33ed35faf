/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_CHAT_RUN_H
#define T2V_CHAT_RUN_H
/*
 * The state of one rendering: memory, limits, the scope and the output. The first failure sticks:
 * after it run->rc is not 0, allocations return NULL and evaluating returns none, so loops check
 * run->rc and other code may ignore it. One thread.
 */
#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "chat/node.h"
#include "chat/value.h"

struct t2v_variable {
    struct t2v_str name;
    struct t2v_value value;
};

/* The variables of a block; those of the blocks around it are in `outer`. */
struct t2v_scope {
    struct t2v_scope *outer;
    struct t2v_variable *at;
    size_t n, cap;
    bool captured; /* a macro refers to it: it may not be reused */
};

struct t2v_run {
    struct t2v_arena arena;
    struct t2v_err *err;
    int rc;
    const struct t2v_node *node; /* being evaluated, for messages */
    size_t steps;                /* that are left */
    unsigned depth;
    struct t2v_scope *scope;
    struct t2v_buf *out;
    int64_t now;
};

/* Fails with "line L, column C: MESSAGE"; returns none. The first failure counts. */
struct t2v_value t2v_run_fail(struct t2v_run *run, int code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Fails with the text alone, which a template has given. */
struct t2v_value t2v_run_raise(struct t2v_run *run, struct t2v_str message);

/* Counts steps: one, and one for each 16 bytes or items. False after a failure. */
bool t2v_run_step(struct t2v_run *run, size_t bytes);
/* Counts a level of recursion; false after a failure. t2v_run_leave undoes it in any case. */
bool t2v_run_enter(struct t2v_run *run);
void t2v_run_leave(struct t2v_run *run);

/* n items of size bytes each, not zeroed; NULL after a failure. */
void *t2v_run_alloc(struct t2v_run *run, size_t n, size_t size);

/* A copy of a list of n items, with twice the room, *cap. NULL after a failure. */
void *t2v_run_grow(struct t2v_run *run, const void *at, size_t n, size_t *cap, size_t size);

/* A buffer for a text; t2v_run_take makes it a string and frees it. */
void t2v_run_buf(struct t2v_buf *buf);
struct t2v_value t2v_run_take(struct t2v_run *run, struct t2v_buf *buf);

struct t2v_items *t2v_items_new(struct t2v_run *run, size_t cap);
void t2v_items_add(struct t2v_run *run, struct t2v_items *items, struct t2v_value value);
/* A value of these items; none if they are NULL. */
struct t2v_value t2v_items_value(enum t2v_type type, struct t2v_items *items);

/* The value of a variable, or NULL. */
struct t2v_value *t2v_scope_find(struct t2v_scope *scope, struct t2v_str name);
struct t2v_scope *t2v_scope_new(struct t2v_run *run, struct t2v_scope *outer);
void t2v_scope_set(struct t2v_run *run, struct t2v_scope *scope, struct t2v_str name,
                   struct t2v_value value);

#endif
