/* SPDX-License-Identifier: BSD-3-Clause */
#include "weight/pickle_machine.h"

#include <string.h>

#include "base/mem.h"

#include "base/banned.h"

typedef struct t2v_pickle_machine machine;
typedef struct t2v_pickle_value value;

/* An opcode makes one value at most, of some 200 bytes if a tensor. A state dictionary takes some
 * 30 opcodes a tensor. */
enum { MAX_OPS = 2 * 1000 * 1000 };

int t2v_pickle_init(machine *m, struct t2v_arena *values)
{
    *m = (machine){.values = values};
    return t2v_map_init(&m->by_key, 0);
}

void t2v_pickle_deinit(machine *m)
{
    t2v_free(m->stack.at);
    t2v_free(m->memo.at);
    t2v_free(m->marks);
    t2v_free(m->storages);
    t2v_map_deinit(&m->by_key);
    *m = (machine){0};
}

/* Errors. */

int t2v_pickle_bad(const machine *m, const char *reason)
{
    size_t pos = (size_t)(m->at - m->bytes);
    return t2v_fail_at(m->err, T2V_EFORMAT, pos, "pickle, byte %zu: %s", pos, reason);
}

int t2v_pickle_unsupported(const machine *m, const char *reason)
{
    return t2v_fail(m->err, T2V_EUNSUPPORTED, "pickle: %s", reason);
}

int t2v_pickle_no_memory(const machine *m)
{
    return t2v_fail(m->err, T2V_ENOMEM, "pickle: no memory for its values");
}

int t2v_pickle_count(machine *m)
{
    if (m->n_op++ < MAX_OPS)
        return 0;
    return t2v_fail(m->err, T2V_ETOOLARGE, "pickle: more than %d opcodes", MAX_OPS);
}

struct t2v_str t2v_pickle_str(value v)
{
    bool has = v.kind == T2V_PICKLE_STR || v.kind == T2V_PICKLE_LONG;
    return has ? (struct t2v_str){v.u.ptr, v.len} : (struct t2v_str){NULL, 0};
}

/* The stack. */

int t2v_pickle_push(machine *m, value v)
{
    struct t2v_pickle_items *s = &m->stack;
    if (s->n == s->cap) {
        value *grown = t2v_grow(s->at, &s->cap, 256, sizeof *grown);
        if (grown == NULL)
            return t2v_pickle_no_memory(m);
        s->at = grown;
    }
    s->at[s->n++] = v;
    return 0;
}

static size_t floor_of(const machine *m)
{
    return m->n_mark != 0 ? m->marks[m->n_mark - 1] : 0;
}

const value *t2v_pickle_pop(machine *m, size_t n)
{
    if (m->stack.n - floor_of(m) < n)
        return NULL;
    m->stack.n -= n;
    return m->stack.at + m->stack.n;
}

int t2v_pickle_too_few(const machine *m)
{
    return t2v_pickle_bad(m, "too few values on the stack");
}

bool t2v_pickle_pop_mark(machine *m, const value **at, size_t *n)
{
    if (m->n_mark == 0)
        return false;
    *n = m->stack.n - floor_of(m);
    m->n_mark--;
    m->stack.n -= *n;
    *at = *n != 0 ? &m->stack.at[m->stack.n] : NULL;
    return true;
}

int t2v_pickle_no_mark(const machine *m)
{
    return t2v_pickle_bad(m, "no mark on the stack");
}

const value *t2v_pickle_top(const machine *m)
{
    return m->stack.n > floor_of(m) ? &m->stack.at[m->stack.n - 1] : NULL;
}

int t2v_pickle_mark(machine *m)
{
    if (m->n_mark == m->cap_mark) {
        size_t *grown = t2v_grow(m->marks, &m->cap_mark, 64, sizeof *grown);
        if (grown == NULL)
            return t2v_pickle_no_memory(m);
        m->marks = grown;
    }
    m->marks[m->n_mark++] = m->stack.n;
    return 0;
}

/* Containers. */

static int add_items(const machine *m, struct t2v_pickle_items *items, const value *add, size_t n)
{
    if (n > items->cap - items->n) {
        size_t cap = items->n + n < 2 * items->cap ? 2 * items->cap : items->n + n;
        value *grown = t2v_arena_alloc(m->values, cap, sizeof *grown);
        if (grown == NULL)
            return t2v_pickle_no_memory(m);
        if (items->n != 0)
            memcpy(grown, items->at, items->n * sizeof *grown);
        items->at = grown;
        items->cap = cap;
    }
    if (n != 0)
        memcpy(items->at + items->n, add, n * sizeof *add);
    items->n += n;
    return 0;
}

int t2v_pickle_push_items(machine *m, enum t2v_pickle_kind kind, const value *at, size_t n)
{
    struct t2v_pickle_items *items = t2v_arena_alloc(m->values, 1, sizeof *items);
    if (items == NULL)
        return t2v_pickle_no_memory(m);
    *items = (struct t2v_pickle_items){0};
    int rc = add_items(m, items, at, n);
    return rc != 0 ? rc : t2v_pickle_push(m, (value){.kind = kind, .u.items = items});
}

int t2v_pickle_empty_dict(machine *m)
{
    return t2v_pickle_push_items(m, T2V_PICKLE_DICT, NULL, 0);
}

int t2v_pickle_add_to_top(machine *m, enum t2v_pickle_kind kind, const value *at, size_t n)
{
    const value *to = t2v_pickle_top(m);
    if (to == NULL || to->kind != kind)
        return t2v_pickle_bad(m, kind == T2V_PICKLE_LIST
                                     ? "appends, but no list is on the stack"
                                     : "sets items, but no dictionary is on the stack");
    if (kind == T2V_PICKLE_DICT && n % 2 != 0)
        return t2v_pickle_bad(m, "a key without a value");
    return add_items(m, to->u.items, at, n);
}

/* The memo. */

/* Picklers number their entries from 0 (Python 2's cPickle from 1), so an index far above the last
 * one only asks for memory. */
int t2v_pickle_put(machine *m, uint64_t i)
{
    const value *v = t2v_pickle_top(m);
    if (v == NULL)
        return t2v_pickle_too_few(m);
    if (i > m->memo.n + 1)
        return t2v_pickle_bad(m, "its memo has gaps");
    while (m->memo.cap <= i) {
        value *grown = t2v_grow(m->memo.at, &m->memo.cap, 256, sizeof *grown);
        if (grown == NULL)
            return t2v_pickle_no_memory(m);
        m->memo.at = grown;
    }
    while (m->memo.n <= i)
        m->memo.at[m->memo.n++] = (value){.kind = T2V_PICKLE_NONE};
    m->memo.at[i] = *v;
    return 0;
}

int t2v_pickle_get(machine *m, uint64_t i)
{
    return i < m->memo.n ? t2v_pickle_push(m, m->memo.at[i])
                         : t2v_pickle_bad(m, "reads beyond its memo");
}
