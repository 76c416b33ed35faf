/* SPDX-License-Identifier: BSD-3-Clause */
#include "chat/run.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "chat/chat.h"

#include "base/banned.h"

struct t2v_value t2v_run_fail(struct t2v_run *run, int code, const char *format, ...)
{
    char message[256], shown[300];
    va_list args;
    if (run->rc != 0)
        return t2v_none();
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    t2v_utf8_show(shown, sizeof shown, t2v_str_of(message));
    if (run->node != NULL)
        run->rc = t2v_fail(run->err, code, "line %u, column %u: %s", run->node->line,
                           run->node->column, shown);
    else
        run->rc = t2v_fail(run->err, code, "%s", shown);
    return t2v_none();
}

struct t2v_value t2v_run_raise(struct t2v_run *run, struct t2v_str message)
{
    char shown[300];
    t2v_utf8_show(shown, sizeof shown, message);
    if (run->rc == 0)
        run->rc = t2v_fail(run->err, T2V_EFORMAT, "%s", shown);
    return t2v_none();
}

bool t2v_run_step(struct t2v_run *run, size_t bytes)
{
    size_t n = 1 + bytes / 16;
    if (run->rc == 0 && n > run->steps)
        t2v_run_fail(run, T2V_ETOOLARGE, "the chat template takes too many steps");
    if (run->rc == 0)
        run->steps -= n;
    return run->rc == 0;
}

bool t2v_run_enter(struct t2v_run *run)
{
    if (++run->depth > T2V_CHAT_MAX_DEPTH)
        t2v_run_fail(run, T2V_ETOOLARGE, "the chat template or its values are nested too deep");
    return run->rc == 0;
}

void t2v_run_leave(struct t2v_run *run)
{
    run->depth--;
}

void *t2v_run_alloc(struct t2v_run *run, size_t n, size_t size)
{
    size_t bytes;
    if (run->rc != 0)
        return NULL;
    if (!t2v_mul(n, size, &bytes) || bytes > T2V_CHAT_MAX_BYTES ||
        run->arena.bytes > T2V_CHAT_MAX_BYTES - bytes) {
        t2v_run_fail(run, T2V_ETOOLARGE, "the chat template needs too much memory");
        return NULL;
    }
    void *ptr = t2v_run_step(run, bytes) ? t2v_arena_alloc(&run->arena, n, size) : NULL;
    if (ptr == NULL)
        t2v_run_fail(run, T2V_ENOMEM, "no memory for the chat template");
    return ptr;
}

void t2v_run_buf(struct t2v_buf *buf)
{
    t2v_buf_init(buf, T2V_CHAT_MAX_OUTPUT);
}

struct t2v_value t2v_run_take(struct t2v_run *run, struct t2v_buf *buf)
{
    struct t2v_value value = t2v_string((struct t2v_str){"", 0});
    if (buf->fail != 0)
        t2v_run_fail(run, buf->fail,
                     buf->fail == T2V_ENOMEM ? "no memory for the chat template"
                                             : "a text of the chat template is too large");
    if (buf->len != 0) {
        char *copy = t2v_run_alloc(run, buf->len, 1);
        if (copy != NULL) {
            memcpy(copy, buf->ptr, buf->len);
            value.text = (struct t2v_str){copy, buf->len};
        }
    }
    t2v_buf_deinit(buf);
    return value;
}

struct t2v_items *t2v_items_new(struct t2v_run *run, size_t cap)
{
    struct t2v_items *items = t2v_run_alloc(run, 1, sizeof *items);
    struct t2v_value *at = t2v_run_alloc(run, cap, sizeof *at);
    if (items == NULL || at == NULL)
        return NULL;
    *items = (struct t2v_items){.at = at, .cap = cap};
    return items;
}

void *t2v_run_grow(struct t2v_run *run, const void *at, size_t n, size_t *cap, size_t size)
{
    size_t more = *cap < 4 ? 4 : *cap * 2;
    void *grown = t2v_run_alloc(run, more, size);
    if (grown == NULL)
        return NULL;
    if (n != 0)
        memcpy(grown, at, n * size);
    *cap = more;
    return grown;
}

void t2v_items_add(struct t2v_run *run, struct t2v_items *items, struct t2v_value value)
{
    if (items == NULL)
        return;
    if (items->n == items->cap) {
        struct t2v_value *at = t2v_run_grow(run, items->at, items->n, &items->cap, sizeof *at);
        if (at == NULL)
            return;
        items->at = at;
    }
    items->at[items->n++] = value;
}

struct t2v_value t2v_items_value(enum t2v_type type, struct t2v_items *items)
{
    if (items == NULL)
        return t2v_none();
    return (struct t2v_value){.type = type, .items = items};
}

static struct t2v_value *find_in(struct t2v_scope *scope, struct t2v_str name)
{
    for (size_t i = 0; i < scope->n; i++) {
        if (t2v_str_eq(scope->at[i].name, name))
            return &scope->at[i].value;
    }
    return NULL;
}

struct t2v_value *t2v_scope_find(struct t2v_scope *scope, struct t2v_str name)
{
    struct t2v_value *value = NULL;
    for (; scope != NULL && value == NULL; scope = scope->outer)
        value = find_in(scope, name);
    return value;
}

struct t2v_scope *t2v_scope_new(struct t2v_run *run, struct t2v_scope *outer)
{
    struct t2v_scope *scope = t2v_run_alloc(run, 1, sizeof *scope);
    if (scope != NULL)
        *scope = (struct t2v_scope){.outer = outer};
    return scope;
}

void t2v_scope_set(struct t2v_run *run, struct t2v_scope *scope, struct t2v_str name,
                   struct t2v_value value)
{
    struct t2v_value *there = scope != NULL ? find_in(scope, name) : NULL;
    if (there != NULL) {
        *there = value;
        return;
    }
    if (scope == NULL)
        return;
    if (scope->n == scope->cap) {
        struct t2v_variable *at = t2v_run_grow(run, scope->at, scope->n, &scope->cap, sizeof *at);
        if (at == NULL)
            return;
        scope->at = at;
    }
    scope->at[scope->n++] = (struct t2v_variable){name, value};
}
