/* SPDX-License-Identifier: BSD-3-Clause */
#include "weight/pickle.h"

#include <string.h>

#include "weight/pickle_tensor.h"

#include "base/banned.h"

typedef struct t2v_pickle_machine machine;
typedef struct t2v_pickle_value value;

enum { MAX_PROTO = 5 };

static value of_int(int64_t i)
{
    return (value){.kind = T2V_PICKLE_INT, .u.i = i};
}

/* Takes the next n bytes of the pickle; NULL when fewer are left. */
static const uint8_t *take(machine *m, size_t n)
{
    if ((size_t)(m->end - m->at) < n)
        return NULL;
    m->at += n;
    return m->at - n;
}

/* Takes a little-endian number of n_byte <= 8 bytes; false when fewer are left. */
static bool take_size(machine *m, size_t n_byte, uint64_t *out)
{
    const uint8_t *p = take(m, n_byte);
    if (p == NULL)
        return false;
    *out = 0;
    memcpy(out, p, n_byte);
    return true;
}

static int cut_short(const machine *m)
{
    return t2v_pickle_bad(m, "cut short");
}

/* Opcodes of plain values. */

static int op_proto(machine *m)
{
    uint64_t version;
    if (!take_size(m, 1, &version))
        return cut_short(m);
    if (version > MAX_PROTO)
        return t2v_fail(m->err, T2V_EUNSUPPORTED, "pickle: protocol %u is not supported",
                        (unsigned)version);
    return 0;
}

static int op_frame(machine *m)
{
    return take(m, 8) != NULL ? 0 : cut_short(m);
}

static int op_none(machine *m)
{
    return t2v_pickle_push(m, (value){.kind = T2V_PICKLE_NONE});
}

static int op_true(machine *m)
{
    return t2v_pickle_push(m, (value){.kind = T2V_PICKLE_BOOL, .u.i = 1});
}

static int op_false(machine *m)
{
    return t2v_pickle_push(m, (value){.kind = T2V_PICKLE_BOOL});
}

static int op_int1(machine *m)
{
    uint64_t x;
    return take_size(m, 1, &x) ? t2v_pickle_push(m, of_int((int64_t)x)) : cut_short(m);
}

static int op_int2(machine *m)
{
    uint64_t x;
    return take_size(m, 2, &x) ? t2v_pickle_push(m, of_int((int64_t)x)) : cut_short(m);
}

static int op_int4(machine *m)
{
    uint64_t x;
    return take_size(m, 4, &x) ? t2v_pickle_push(m, of_int((int32_t)(uint32_t)x)) : cut_short(m);
}

static int op_long1(machine *m)
{
    uint64_t n, x = 0;
    if (!take_size(m, 1, &n))
        return cut_short(m);
    const uint8_t *p = take(m, (size_t)n);
    if (p == NULL)
        return cut_short(m);
    if (n > sizeof x)
        return t2v_pickle_push(m, (value){T2V_PICKLE_LONG, (uint32_t)n, {.ptr = (const char *)p}});
    if (n != 0 && p[n - 1] >= 0x80)
        x = UINT64_MAX; /* sign extension */
    memcpy(&x, p, (size_t)n);
    return t2v_pickle_push(m, of_int((int64_t)x));
}

static int op_float(machine *m)
{
    return take(m, 8) != NULL ? t2v_pickle_push(m, (value){.kind = T2V_PICKLE_FLOAT})
                              : cut_short(m);
}

/* A length of n_len bytes, then the string. */
static int push_str(machine *m, size_t n_len)
{
    uint64_t len;
    if (!take_size(m, n_len, &len))
        return cut_short(m);
    const char *p = (const char *)take(m, (size_t)len);
    if (p == NULL)
        return cut_short(m);
    if (len > UINT32_MAX)
        return t2v_fail(m->err, T2V_ETOOLARGE, "pickle: a string of %llu bytes",
                        (unsigned long long)len);
    return t2v_pickle_push(m, (value){T2V_PICKLE_STR, (uint32_t)len, {.ptr = p}});
}

static int op_str1(machine *m)
{
    return push_str(m, 1);
}

static int op_str4(machine *m)
{
    return push_str(m, 4);
}

static int op_str8(machine *m)
{
    return push_str(m, 8);
}

/* Containers. */

static int op_empty_tuple(machine *m)
{
    return t2v_pickle_push_items(m, T2V_PICKLE_TUPLE, NULL, 0);
}

static int op_empty_list(machine *m)
{
    return t2v_pickle_push_items(m, T2V_PICKLE_LIST, NULL, 0);
}

static int op_tuple(machine *m)
{
    const value *at;
    size_t n;
    return t2v_pickle_pop_mark(m, &at, &n) ? t2v_pickle_push_items(m, T2V_PICKLE_TUPLE, at, n)
                                           : t2v_pickle_no_mark(m);
}

static int push_tuple(machine *m, size_t n)
{
    const value *at = t2v_pickle_pop(m, n);
    return at != NULL ? t2v_pickle_push_items(m, T2V_PICKLE_TUPLE, at, n) : t2v_pickle_too_few(m);
}

static int op_tuple1(machine *m)
{
    return push_tuple(m, 1);
}

static int op_tuple2(machine *m)
{
    return push_tuple(m, 2);
}

static int op_tuple3(machine *m)
{
    return push_tuple(m, 3);
}

static int op_append(machine *m)
{
    const value *at = t2v_pickle_pop(m, 1);
    return at != NULL ? t2v_pickle_add_to_top(m, T2V_PICKLE_LIST, at, 1) : t2v_pickle_too_few(m);
}

static int op_appends(machine *m)
{
    const value *at;
    size_t n;
    return t2v_pickle_pop_mark(m, &at, &n) ? t2v_pickle_add_to_top(m, T2V_PICKLE_LIST, at, n)
                                           : t2v_pickle_no_mark(m);
}

static int op_setitem(machine *m)
{
    const value *at = t2v_pickle_pop(m, 2);
    return at != NULL ? t2v_pickle_add_to_top(m, T2V_PICKLE_DICT, at, 2) : t2v_pickle_too_few(m);
}

static int op_setitems(machine *m)
{
    const value *at;
    size_t n;
    return t2v_pickle_pop_mark(m, &at, &n) ? t2v_pickle_add_to_top(m, T2V_PICKLE_DICT, at, n)
                                           : t2v_pickle_no_mark(m);
}

/* The memo. */

static int op_put1(machine *m)
{
    uint64_t i;
    return take_size(m, 1, &i) ? t2v_pickle_put(m, i) : cut_short(m);
}

static int op_put4(machine *m)
{
    uint64_t i;
    return take_size(m, 4, &i) ? t2v_pickle_put(m, i) : cut_short(m);
}

static int op_memoize(machine *m)
{
    return t2v_pickle_put(m, m->memo.n);
}

static int op_get1(machine *m)
{
    uint64_t i;
    return take_size(m, 1, &i) ? t2v_pickle_get(m, i) : cut_short(m);
}

static int op_get4(machine *m)
{
    uint64_t i;
    return take_size(m, 4, &i) ? t2v_pickle_get(m, i) : cut_short(m);
}

/* Globals. */

/* s for a message: printable ASCII, other bytes as '?', at most 47. */
static const char *shown(struct t2v_str s, char out[48])
{
    size_t n = s.len < 47 ? s.len : 47;
    for (size_t i = 0; i < n; i++)
        out[i] = s.ptr[i] >= ' ' && s.ptr[i] <= '~' ? s.ptr[i] : '?';
    out[n] = '\0';
    return out;
}

static int push_global(machine *m, struct t2v_str module, struct t2v_str name)
{
    const struct t2v_pickle_global *global = t2v_pickle_find_global(module, name);
    if (global != NULL)
        return t2v_pickle_push(m, (value){.kind = T2V_PICKLE_GLOBAL, .u.global = global});
    char a[48], b[48];
    return t2v_fail(m->err, T2V_EUNSUPPORTED,
                    "global '%s.%s' is refused: only tensors and their containers are read",
                    shown(module, a), shown(name, b));
}

static bool take_line(machine *m, struct t2v_str *out)
{
    const uint8_t *begin = m->at;
    const uint8_t *feed = begin != m->end ? memchr(begin, '\n', (size_t)(m->end - begin)) : NULL;
    if (feed == NULL)
        return false;
    *out = (struct t2v_str){(const char *)begin, (size_t)(feed - begin)};
    m->at = feed + 1;
    return true;
}

static int op_global(machine *m)
{
    struct t2v_str module, name;
    if (!take_line(m, &module) || !take_line(m, &name))
        return cut_short(m);
    return push_global(m, module, name);
}

static int op_stack_global(machine *m)
{
    const value *v = t2v_pickle_pop(m, 2);
    if (v == NULL)
        return t2v_pickle_too_few(m);
    if (v[0].kind != T2V_PICKLE_STR || v[1].kind != T2V_PICKLE_STR)
        return t2v_pickle_bad(m, "a global without a name");
    return push_global(m, t2v_pickle_str(v[0]), t2v_pickle_str(v[1]));
}

/* Sets the attributes of an object. A state dictionary has one, `_metadata`, which is ignored. */
static int op_build(machine *m)
{
    if (t2v_pickle_pop(m, 1) == NULL || t2v_pickle_top(m) == NULL)
        return t2v_pickle_too_few(m);
    if (t2v_pickle_top(m)->kind != T2V_PICKLE_DICT)
        return t2v_pickle_unsupported(m, "an object with a state is not supported");
    return 0;
}

/* The opcodes that are allowed. run() handles STOP, '.'. */
static int (*const ops[256])(machine *m) = {
    [0x80] = op_proto,
    [0x95] = op_frame,
    ['N'] = op_none,
    [0x88] = op_true,
    [0x89] = op_false,
    ['K'] = op_int1,
    ['M'] = op_int2,
    ['J'] = op_int4,
    [0x8a] = op_long1,
    ['G'] = op_float,
    [0x8c] = op_str1,
    ['X'] = op_str4,
    [0x8d] = op_str8,
    ['U'] = op_str1,
    ['T'] = op_str4,
    ['('] = t2v_pickle_mark,
    [')'] = op_empty_tuple,
    [']'] = op_empty_list,
    ['}'] = t2v_pickle_empty_dict,
    ['t'] = op_tuple,
    [0x85] = op_tuple1,
    [0x86] = op_tuple2,
    [0x87] = op_tuple3,
    ['a'] = op_append,
    ['e'] = op_appends,
    ['s'] = op_setitem,
    ['u'] = op_setitems,
    ['q'] = op_put1,
    ['r'] = op_put4,
    [0x94] = op_memoize,
    ['h'] = op_get1,
    ['j'] = op_get4,
    ['c'] = op_global,
    [0x93] = op_stack_global,
    ['Q'] = t2v_pickle_storage_id,
    ['R'] = t2v_pickle_call,
    ['b'] = op_build,
};

static int run(machine *m, value *out)
{
    for (;;) {
        const uint8_t *op = take(m, 1);
        if (op == NULL)
            return cut_short(m);
        int rc = t2v_pickle_count(m);
        if (rc != 0)
            return rc;
        if (*op == '.') {
            const value *v = t2v_pickle_pop(m, 1);
            if (v == NULL || m->stack.n != 0 || m->n_mark != 0)
                return t2v_pickle_bad(m, "does not end with exactly one value on its stack");
            *out = *v;
            return 0;
        }
        if (ops[*op] == NULL)
            return t2v_fail(m->err, T2V_EUNSUPPORTED, "pickle, byte %zu: opcode 0x%02x is refused",
                            (size_t)(op - m->bytes), (unsigned)*op);
        rc = ops[*op](m);
        if (rc != 0)
            return rc;
    }
}

int t2v_pickle_read(machine *m, const uint8_t *bytes, size_t len, value *out, size_t *n_read,
                    struct t2v_err *err)
{
    m->bytes = m->at = bytes;
    m->end = bytes + len;
    m->err = err;
    m->stack.n = m->memo.n = m->n_mark = 0;
    int rc = run(m, out);
    m->err = NULL;
    *n_read = (size_t)(m->at - bytes);
    return rc;
}
