/* SPDX-License-Identifier: BSD-3-Clause */
#include "weight/pickle.h"

#include <string.h>

#include "base/mem.h"

#include "base/banned.h"

typedef struct t2v_pickle_machine machine;
typedef struct t2v_pickle_value value;

enum {
    /* Each makes one value at most, of some 200 bytes if a tensor. A state dictionary takes some 30
     * opcodes a tensor. */
    MAX_OPS = 2 * 1000 * 1000,
    MAX_PROTO = 5,
    /* A storage's key is read again wherever it is met. Ours are numbers. */
    MAX_KEY_BYTES = 128
};

enum what { ORDERED_DICT, STORAGE, DTYPE, TENSOR_V1, TENSOR_V2, TENSOR_V3, PARAMETER };

/* The global names that are let in. */
static const struct t2v_pickle_global {
    const char *module, *name;
    enum what what;
    enum t2v_dtype dtype;
} globals[] = {
    {"collections", "OrderedDict", ORDERED_DICT, T2V_F32},
    {"torch._utils", "_rebuild_tensor", TENSOR_V1, T2V_F32},
    {"torch._utils", "_rebuild_tensor_v2", TENSOR_V2, T2V_F32},
    {"torch._utils", "_rebuild_tensor_v3", TENSOR_V3, T2V_F32},
    {"torch._utils", "_rebuild_parameter", PARAMETER, T2V_F32},
    {"torch", "FloatStorage", STORAGE, T2V_F32},
    {"torch", "HalfStorage", STORAGE, T2V_F16},
    {"torch", "BFloat16Storage", STORAGE, T2V_BF16},
    {"torch", "DoubleStorage", STORAGE, T2V_F64},
    {"torch", "LongStorage", STORAGE, T2V_I64},
    {"torch", "IntStorage", STORAGE, T2V_I32},
    {"torch", "ShortStorage", STORAGE, T2V_I16},
    {"torch", "CharStorage", STORAGE, T2V_I8},
    {"torch", "ByteStorage", STORAGE, T2V_U8},
    {"torch", "BoolStorage", STORAGE, T2V_BOOL},
    {"torch", "ComplexFloatStorage", STORAGE, T2V_C64},
    {"torch.storage", "UntypedStorage", STORAGE, T2V_U8},
    {"torch", "uint16", DTYPE, T2V_U16},
    {"torch", "uint32", DTYPE, T2V_U32},
    {"torch", "uint64", DTYPE, T2V_U64},
    {"torch", "float8_e5m2", DTYPE, T2V_F8_E5M2},
    {"torch", "float8_e4m3fn", DTYPE, T2V_F8_E4M3},
    {"torch", "float8_e8m0fnu", DTYPE, T2V_F8_E8M0},
    {"torch", "float8_e5m2fnuz", DTYPE, T2V_F8_E5M2FNUZ},
    {"torch", "float8_e4m3fnuz", DTYPE, T2V_F8_E4M3FNUZ},
};

static int bad(const machine *m, const char *reason)
{
    size_t pos = (size_t)(m->at - m->bytes);
    return t2v_fail_at(m->err, T2V_EFORMAT, pos, "pickle, byte %zu: %s", pos, reason);
}

static int unsupported(const machine *m, const char *reason)
{
    return t2v_fail(m->err, T2V_EUNSUPPORTED, "pickle: %s", reason);
}

static int no_memory(const machine *m)
{
    return t2v_fail(m->err, T2V_ENOMEM, "pickle: no memory for its values");
}

static int too_many(const machine *m)
{
    return t2v_fail(m->err, T2V_ETOOLARGE, "pickle: more than %d opcodes", MAX_OPS);
}

struct t2v_str t2v_pickle_str(value v)
{
    bool has = v.kind == T2V_PICKLE_STR || v.kind == T2V_PICKLE_LONG;
    return has ? (struct t2v_str){v.u.ptr, v.len} : (struct t2v_str){NULL, 0};
}

static value of_int(int64_t i)
{
    return (value){.kind = T2V_PICKLE_INT, .u.i = i};
}

/* The next n bytes of the pickle, or NULL when it is shorter. */
static const uint8_t *take(machine *m, size_t n)
{
    if ((size_t)(m->end - m->at) < n)
        return NULL;
    m->at += n;
    return m->at - n;
}

/* The next n_byte bytes as a number, at most 8; false when there are less. */
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
    return bad(m, "cut short");
}

/* The stack: only its part above the last mark may an opcode touch. */

static int push(machine *m, value v)
{
    struct t2v_pickle_items *s = &m->stack;
    if (s->n == s->cap) {
        value *grown = t2v_grow(s->at, &s->cap, 256, sizeof *grown);
        if (grown == NULL)
            return no_memory(m);
        s->at = grown;
    }
    s->at[s->n++] = v;
    return 0;
}

static size_t floor_of(const machine *m)
{
    return m->n_mark != 0 ? m->marks[m->n_mark - 1] : 0;
}

/* The n topmost values, to be read at once, and off the stack; NULL when there are less. */
static const value *pop(machine *m, size_t n)
{
    if (m->stack.n - floor_of(m) < n)
        return NULL;
    m->stack.n -= n;
    return m->stack.at + m->stack.n;
}

static int too_few(const machine *m)
{
    return bad(m, "too few values on the stack");
}

/* Takes the n values above the last mark, and the mark, off the stack; false without a mark. */
static bool pop_mark(machine *m, const value **at, size_t *n)
{
    if (m->n_mark == 0)
        return false;
    *n = m->stack.n - floor_of(m);
    m->n_mark--;
    m->stack.n -= *n;
    *at = *n != 0 ? &m->stack.at[m->stack.n] : NULL;
    return true;
}

static int no_mark(machine *m)
{
    return bad(m, "no mark on the stack");
}

static value *top(const machine *m)
{
    return m->stack.n > floor_of(m) ? &m->stack.at[m->stack.n - 1] : NULL;
}

static int add_items(const machine *m, struct t2v_pickle_items *items, const value *add, size_t n)
{
    if (n > items->cap - items->n) {
        size_t cap = items->n + n < 2 * items->cap ? 2 * items->cap : items->n + n;
        value *grown = t2v_arena_alloc(m->values, cap, sizeof *grown);
        if (grown == NULL)
            return no_memory(m);
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

static int push_items(machine *m, enum t2v_pickle_kind kind, const value *at, size_t n)
{
    struct t2v_pickle_items *items = t2v_arena_alloc(m->values, 1, sizeof *items);
    if (items == NULL)
        return no_memory(m);
    *items = (struct t2v_pickle_items){0};
    int rc = add_items(m, items, at, n);
    return rc != 0 ? rc : push(m, (value){.kind = kind, .u.items = items});
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
    return push(m, (value){.kind = T2V_PICKLE_NONE});
}

static int op_true(machine *m)
{
    return push(m, (value){.kind = T2V_PICKLE_BOOL, .u.i = 1});
}

static int op_false(machine *m)
{
    return push(m, (value){.kind = T2V_PICKLE_BOOL});
}

static int op_int1(machine *m)
{
    uint64_t x;
    return take_size(m, 1, &x) ? push(m, of_int((int64_t)x)) : cut_short(m);
}

static int op_int2(machine *m)
{
    uint64_t x;
    return take_size(m, 2, &x) ? push(m, of_int((int64_t)x)) : cut_short(m);
}

static int op_int4(machine *m)
{
    uint64_t x;
    return take_size(m, 4, &x) ? push(m, of_int((int32_t)(uint32_t)x)) : cut_short(m);
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
        return push(m, (value){T2V_PICKLE_LONG, (uint32_t)n, {.ptr = (const char *)p}});
    if (n != 0 && p[n - 1] >= 0x80)
        x = UINT64_MAX; /* the bytes that are not there are those of a negative number */
    memcpy(&x, p, (size_t)n);
    return push(m, of_int((int64_t)x));
}

static int op_float(machine *m)
{
    return take(m, 8) != NULL ? push(m, (value){.kind = T2V_PICKLE_FLOAT}) : cut_short(m);
}

/* A string after its length of n_len bytes. */
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
    return push(m, (value){T2V_PICKLE_STR, (uint32_t)len, {.ptr = p}});
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

static int op_mark(machine *m)
{
    if (m->n_mark == m->cap_mark) {
        size_t *grown = t2v_grow(m->marks, &m->cap_mark, 64, sizeof *grown);
        if (grown == NULL)
            return no_memory(m);
        m->marks = grown;
    }
    m->marks[m->n_mark++] = m->stack.n;
    return 0;
}

static int op_empty_tuple(machine *m)
{
    return push_items(m, T2V_PICKLE_TUPLE, NULL, 0);
}

static int op_empty_list(machine *m)
{
    return push_items(m, T2V_PICKLE_LIST, NULL, 0);
}

static int op_empty_dict(machine *m)
{
    return push_items(m, T2V_PICKLE_DICT, NULL, 0);
}

static int op_tuple(machine *m)
{
    const value *at;
    size_t n;
    return pop_mark(m, &at, &n) ? push_items(m, T2V_PICKLE_TUPLE, at, n) : no_mark(m);
}

static int push_tuple(machine *m, size_t n)
{
    const value *at = pop(m, n);
    return at != NULL ? push_items(m, T2V_PICKLE_TUPLE, at, n) : too_few(m);
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

/* Adds at[0..n) to the container now on top. `add` stays readable: nothing is pushed meanwhile. */
static int add_to_top(machine *m, enum t2v_pickle_kind kind, const value *at, size_t n)
{
    const value *to = top(m);
    if (to == NULL || to->kind != kind)
        return bad(m, kind == T2V_PICKLE_LIST ? "appends to what is no list"
                                              : "sets items of what is no dictionary");
    if (kind == T2V_PICKLE_DICT && n % 2 != 0)
        return bad(m, "a key without a value");
    return add_items(m, to->u.items, at, n);
}

static int op_append(machine *m)
{
    const value *at = pop(m, 1);
    return at != NULL ? add_to_top(m, T2V_PICKLE_LIST, at, 1) : too_few(m);
}

static int op_appends(machine *m)
{
    const value *at;
    size_t n;
    return pop_mark(m, &at, &n) ? add_to_top(m, T2V_PICKLE_LIST, at, n) : no_mark(m);
}

static int op_setitem(machine *m)
{
    const value *at = pop(m, 2);
    return at != NULL ? add_to_top(m, T2V_PICKLE_DICT, at, 2) : too_few(m);
}

static int op_setitems(machine *m)
{
    const value *at;
    size_t n;
    return pop_mark(m, &at, &n) ? add_to_top(m, T2V_PICKLE_DICT, at, n) : no_mark(m);
}

/* The memo. */

/* Picklers number what they note from 0 (Python 2's fast one from 1), so a number far above is a
 * request for memory. */
static int put(machine *m, uint64_t i)
{
    const value *v = top(m);
    if (v == NULL)
        return too_few(m);
    if (i > m->memo.n + 1)
        return bad(m, "its memo has gaps");
    while (m->memo.cap <= i) {
        value *grown = t2v_grow(m->memo.at, &m->memo.cap, 256, sizeof *grown);
        if (grown == NULL)
            return no_memory(m);
        m->memo.at = grown;
    }
    while (m->memo.n <= i)
        m->memo.at[m->memo.n++] = (value){.kind = T2V_PICKLE_NONE};
    m->memo.at[i] = *v;
    return 0;
}

static int get(machine *m, uint64_t i)
{
    return i < m->memo.n ? push(m, m->memo.at[i]) : bad(m, "reads beyond its memo");
}

static int op_put1(machine *m)
{
    uint64_t i;
    return take_size(m, 1, &i) ? put(m, i) : cut_short(m);
}

static int op_put4(machine *m)
{
    uint64_t i;
    return take_size(m, 4, &i) ? put(m, i) : cut_short(m);
}

static int op_memoize(machine *m)
{
    return put(m, m->memo.n);
}

static int op_get1(machine *m)
{
    uint64_t i;
    return take_size(m, 1, &i) ? get(m, i) : cut_short(m);
}

static int op_get4(machine *m)
{
    uint64_t i;
    return take_size(m, 4, &i) ? get(m, i) : cut_short(m);
}

/* Globals. */

/* For a message: what may be printed of s, cut to 47 bytes. */
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
    for (size_t i = 0; i < sizeof globals / sizeof *globals; i++)
        if (t2v_str_is(module, globals[i].module) && t2v_str_is(name, globals[i].name))
            return push(m, (value){.kind = T2V_PICKLE_GLOBAL, .u.global = &globals[i]});
    char a[48], b[48];
    return t2v_fail(m->err, T2V_EUNSUPPORTED,
                    "global '%s.%s' is refused: only tensors and what holds them are read",
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
    const value *v = pop(m, 2);
    if (v == NULL)
        return too_few(m);
    if (v[0].kind != T2V_PICKLE_STR || v[1].kind != T2V_PICKLE_STR)
        return bad(m, "a global without a name");
    return push_global(m, t2v_pickle_str(v[0]), t2v_pickle_str(v[1]));
}

/* Storages and tensors. */

static bool as_size(value v, size_t *out)
{
    if (v.kind != T2V_PICKLE_INT || v.u.i < 0)
        return false;
    *out = (size_t)v.u.i;
    return true;
}

static bool is_global(value v, enum what what)
{
    return v.kind == T2V_PICKLE_GLOBAL && v.u.global->what == what;
}

/* The index of the storage, which is new or was seen before. */
static int note_storage(machine *m, struct t2v_pickle_storage storage, size_t *index)
{
    int32_t i = t2v_map_get(&m->by_key, storage.key);
    if (i >= 0) {
        const struct t2v_pickle_storage *seen = &m->storages[i];
        *index = (size_t)i;
        return seen->dtype == storage.dtype && seen->n == storage.n
                   ? 0
                   : bad(m, "one storage with two types or sizes");
    }
    if (m->n_storage == m->cap_storage) {
        struct t2v_pickle_storage *grown =
            t2v_grow(m->storages, &m->cap_storage, 64, sizeof *grown);
        if (grown == NULL)
            return no_memory(m);
        m->storages = grown;
    }
    if (t2v_map_set(&m->by_key, storage.key, (int32_t)m->n_storage) != 0)
        return no_memory(m);
    *index = m->n_storage;
    m->storages[m->n_storage++] = storage;
    return 0;
}

/* metadata: None, or (key, first, n) of a part of the storage, as old files have it. */
static int read_view(const machine *m, value metadata, size_t n, struct t2v_pickle_view *out)
{
    out->first = 0;
    out->n = n;
    if (metadata.kind == T2V_PICKLE_NONE)
        return 0;
    if (metadata.kind != T2V_PICKLE_TUPLE || metadata.u.items->n != 3 ||
        !as_size(metadata.u.items->at[1], &out->first) ||
        !as_size(metadata.u.items->at[2], &out->n) || out->first > n || out->n > n - out->first)
        return bad(m, "a view that does not lie in its storage");
    return 0;
}

/* A persistent id: ("storage", type, key, location, number of items, and perhaps a view). */
static int op_persid(machine *m)
{
    const value *id = pop(m, 1);
    if (id == NULL)
        return too_few(m);
    size_t n_item = id->kind == T2V_PICKLE_TUPLE ? id->u.items->n : 0;
    const value *item = n_item != 0 ? id->u.items->at : id;
    struct t2v_pickle_storage storage = {0};
    if (n_item < 5 || n_item > 6 || !t2v_str_is(t2v_pickle_str(item[0]), "storage") ||
        !is_global(item[1], STORAGE) || item[2].kind != T2V_PICKLE_STR ||
        !as_size(item[4], &storage.n))
        return bad(m, "a persistent id that is no storage");
    storage.key = t2v_pickle_str(item[2]);
    if (storage.key.len > MAX_KEY_BYTES)
        return bad(m, "a storage with a key that is too long");
    storage.dtype = item[1].u.global->dtype;
    if (!t2v_mul(storage.n, t2v_dtype_bits(storage.dtype) / 8, &storage.n_byte))
        return bad(m, "a storage that is too large");
    struct t2v_pickle_view *view = t2v_arena_alloc(m->values, 1, sizeof *view);
    if (view == NULL)
        return no_memory(m);
    value metadata = n_item == 6 ? item[5] : (value){.kind = T2V_PICKLE_NONE};
    int rc = read_view(m, metadata, storage.n, view);
    if (rc == 0)
        rc = note_storage(m, storage, &view->storage);
    return rc != 0 ? rc : push(m, (value){.kind = T2V_PICKLE_VIEW, .u.view = view});
}

/* A tuple or list of sizes; returns how many, or -1. */
static int as_sizes(value v, size_t out[T2V_MAX_DIMS])
{
    if ((v.kind != T2V_PICKLE_TUPLE && v.kind != T2V_PICKLE_LIST) || v.u.items->n > T2V_MAX_DIMS)
        return -1;
    for (size_t i = 0; i < v.u.items->n; i++)
        if (!as_size(v.u.items->at[i], &out[i]))
            return -1;
    return (int)v.u.items->n;
}

/* (view, first item, shape, strides, and what each version adds: requires_grad and hooks, which
 * tell nothing; v3: the dtype; then metadata, for the bits `conj` and `neg`). */
static int call_tensor(machine *m, enum what what, const value *arg, size_t n_arg)
{
    size_t n_fix = what == TENSOR_V1 ? 4 : what == TENSOR_V2 ? 6 : 7;
    struct t2v_pickle_tensor *t = t2v_arena_alloc(m->values, 1, sizeof *t);
    if (t == NULL)
        return no_memory(m);
    memset(t, 0, sizeof *t);
    if (n_arg < n_fix || n_arg > n_fix + (what != TENSOR_V1) || arg[0].kind != T2V_PICKLE_VIEW ||
        !as_size(arg[1], &t->first) || (what == TENSOR_V3 && !is_global(arg[6], DTYPE)))
        return bad(m, "a tensor made of something else");
    t->n_dim = as_sizes(arg[2], t->shape);
    if (t->n_dim < 0 || as_sizes(arg[3], t->stride) != t->n_dim)
        return bad(m, "a tensor of no shape that is supported");
    if (n_arg > n_fix && (arg[n_fix].kind != T2V_PICKLE_DICT || arg[n_fix].u.items->n != 0) &&
        arg[n_fix].kind != T2V_PICKLE_NONE)
        return unsupported(m, "a tensor with metadata (its conj or neg bit) is not supported");
    t->view = *arg[0].u.view;
    t->dtype = what == TENSOR_V3 ? arg[6].u.global->dtype : m->storages[t->view.storage].dtype;
    return push(m, (value){.kind = T2V_PICKLE_TENSOR, .u.tensor = t});
}

/* OrderedDict(), or, from Python 2, OrderedDict([[key, value], ...]). */
static int call_dict(machine *m, const value *arg, size_t n_arg)
{
    if (n_arg > 1 || (n_arg == 1 && arg->kind != T2V_PICKLE_LIST))
        return bad(m, "an OrderedDict made of something else");
    int rc = op_empty_dict(m);
    for (size_t i = 0; rc == 0 && n_arg == 1 && i < arg->u.items->n; i++) {
        value pair = arg->u.items->at[i];
        if (m->n_op++ >= MAX_OPS) /* one list may be given many times */
            return too_many(m);
        if ((pair.kind != T2V_PICKLE_LIST && pair.kind != T2V_PICKLE_TUPLE) || pair.u.items->n != 2)
            return bad(m, "an OrderedDict of something that is no pair");
        rc = add_to_top(m, T2V_PICKLE_DICT, pair.u.items->at, 2);
    }
    return rc;
}

static int op_reduce(machine *m)
{
    const value *v = pop(m, 2);
    if (v == NULL)
        return too_few(m);
    if (v[0].kind != T2V_PICKLE_GLOBAL || v[1].kind != T2V_PICKLE_TUPLE)
        return bad(m, "a call of what is no function");
    const struct t2v_pickle_global *global = v[0].u.global;
    const value *arg = v[1].u.items->at;
    size_t n_arg = v[1].u.items->n;
    switch (global->what) {
    case ORDERED_DICT:
        return call_dict(m, arg, n_arg);
    case TENSOR_V1:
    case TENSOR_V2:
    case TENSOR_V3:
        return call_tensor(m, global->what, arg, n_arg);
    case PARAMETER: /* (tensor, requires_grad, hooks): the tensor */
        if (n_arg != 3 || arg[0].kind != T2V_PICKLE_TENSOR)
            return bad(m, "a parameter made of something else");
        return push(m, arg[0]);
    case STORAGE:
    case DTYPE:
        break;
    }
    return bad(m, "a call of what is no function");
}

/* Gives an object its attributes: a state dictionary has `_metadata`, which tells nothing. */
static int op_build(machine *m)
{
    if (pop(m, 1) == NULL || top(m) == NULL)
        return too_few(m);
    if (top(m)->kind != T2V_PICKLE_DICT)
        return unsupported(m, "an object with a state is not supported");
    return 0;
}

/* The opcodes that are let in, less STOP. */
static int (*const ops[256])(machine *m) = {
    [0x80] = op_proto,      [0x95] = op_frame,        ['N'] = op_none,       [0x88] = op_true,
    [0x89] = op_false,      ['K'] = op_int1,          ['M'] = op_int2,       ['J'] = op_int4,
    [0x8a] = op_long1,      ['G'] = op_float,         [0x8c] = op_str1,      ['X'] = op_str4,
    [0x8d] = op_str8,       ['U'] = op_str1,          ['T'] = op_str4,       ['('] = op_mark,
    [')'] = op_empty_tuple, [']'] = op_empty_list,    ['}'] = op_empty_dict, ['t'] = op_tuple,
    [0x85] = op_tuple1,     [0x86] = op_tuple2,       [0x87] = op_tuple3,    ['a'] = op_append,
    ['e'] = op_appends,     ['s'] = op_setitem,       ['u'] = op_setitems,   ['q'] = op_put1,
    ['r'] = op_put4,        [0x94] = op_memoize,      ['h'] = op_get1,       ['j'] = op_get4,
    ['c'] = op_global,      [0x93] = op_stack_global, ['Q'] = op_persid,     ['R'] = op_reduce,
    ['b'] = op_build,
};

static int run(machine *m, value *out)
{
    for (;;) {
        const uint8_t *op = take(m, 1);
        if (op == NULL)
            return cut_short(m);
        if (m->n_op++ >= MAX_OPS)
            return too_many(m);
        if (*op == '.') {
            const value *v = pop(m, 1);
            if (v == NULL || m->stack.n != 0 || m->n_mark != 0)
                return bad(m, "ends with anything but one value on its stack");
            *out = *v;
            return 0;
        }
        if (ops[*op] == NULL)
            return t2v_fail(m->err, T2V_EUNSUPPORTED, "pickle, byte %zu: opcode 0x%02x is refused",
                            (size_t)(op - m->bytes), (unsigned)*op);
        int rc = ops[*op](m);
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
