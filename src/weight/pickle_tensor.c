/* SPDX-License-Identifier: BSD-3-Clause */
#include "weight/pickle_tensor.h"

#include <string.h>

#include "base/mem.h"

#include "base/banned.h"

typedef struct t2v_pickle_machine machine;
typedef struct t2v_pickle_value value;

/* The limit bounds the time for keys, which are hashed at every use. torch's are numbers. */
enum { MAX_KEY_BYTES = 128 };

enum what { ORDERED_DICT, STORAGE, DTYPE, TENSOR_V1, TENSOR_V2, TENSOR_V3, PARAMETER };

/* The globals that are allowed. */
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

const struct t2v_pickle_global *t2v_pickle_find_global(struct t2v_str module, struct t2v_str name)
{
    for (size_t i = 0; i < sizeof globals / sizeof *globals; i++)
        if (t2v_str_is(module, globals[i].module) && t2v_str_is(name, globals[i].name))
            return &globals[i];
    return NULL;
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

/* Adds the storage unless its key is known; *index: where it is. */
static int note_storage(machine *m, struct t2v_pickle_storage storage, size_t *index)
{
    int32_t i = t2v_map_get(&m->by_key, storage.key);
    if (i >= 0) {
        const struct t2v_pickle_storage *seen = &m->storages[i];
        *index = (size_t)i;
        return seen->dtype == storage.dtype && seen->n == storage.n
                   ? 0
                   : t2v_pickle_bad(m, "one storage with two types or sizes");
    }
    if (m->n_storage == m->cap_storage) {
        struct t2v_pickle_storage *grown =
            t2v_grow(m->storages, &m->cap_storage, 64, sizeof *grown);
        if (grown == NULL)
            return t2v_pickle_no_memory(m);
        m->storages = grown;
    }
    if (t2v_map_set(&m->by_key, storage.key, (int32_t)m->n_storage) != 0)
        return t2v_pickle_no_memory(m);
    *index = m->n_storage;
    m->storages[m->n_storage++] = storage;
    return 0;
}

/* metadata: None, or (key, first item, items) for a part of the storage, in old files. */
static int read_view(const machine *m, value metadata, size_t n, struct t2v_pickle_view *out)
{
    out->first = 0;
    out->n = n;
    if (metadata.kind == T2V_PICKLE_NONE)
        return 0;
    if (metadata.kind != T2V_PICKLE_TUPLE || metadata.u.items->n != 3 ||
        !as_size(metadata.u.items->at[1], &out->first) ||
        !as_size(metadata.u.items->at[2], &out->n) || out->first > n || out->n > n - out->first)
        return t2v_pickle_bad(m, "a view that does not lie within its storage");
    return 0;
}

/* A persistent id: ("storage", type, key, location, number of items), and a view in old files. */
int t2v_pickle_storage_id(machine *m)
{
    const value *id = t2v_pickle_pop(m, 1);
    if (id == NULL)
        return t2v_pickle_too_few(m);
    size_t n_item = id->kind == T2V_PICKLE_TUPLE ? id->u.items->n : 0;
    const value *item = n_item != 0 ? id->u.items->at : id;
    struct t2v_pickle_storage storage = {0};
    if (n_item < 5 || n_item > 6 || !t2v_str_is(t2v_pickle_str(item[0]), "storage") ||
        !is_global(item[1], STORAGE) || item[2].kind != T2V_PICKLE_STR ||
        !as_size(item[4], &storage.n))
        return t2v_pickle_bad(m, "a persistent id that is no storage");
    storage.key = t2v_pickle_str(item[2]);
    if (storage.key.len > MAX_KEY_BYTES)
        return t2v_pickle_bad(m, "a storage with a key that is too long");
    storage.dtype = item[1].u.global->dtype;
    if (!t2v_mul(storage.n, t2v_dtype_bits(storage.dtype) / 8, &storage.n_byte))
        return t2v_pickle_bad(m, "a storage that is too large");
    struct t2v_pickle_view *view = t2v_arena_alloc(m->values, 1, sizeof *view);
    if (view == NULL)
        return t2v_pickle_no_memory(m);
    value metadata = n_item == 6 ? item[5] : (value){.kind = T2V_PICKLE_NONE};
    int rc = read_view(m, metadata, storage.n, view);
    if (rc == 0)
        rc = note_storage(m, storage, &view->storage);
    return rc != 0 ? rc : t2v_pickle_push(m, (value){.kind = T2V_PICKLE_VIEW, .u.view = view});
}

/* Reads a tuple or list of sizes. Returns their number, or -1. */
static int as_sizes(value v, size_t out[T2V_MAX_DIMS])
{
    if ((v.kind != T2V_PICKLE_TUPLE && v.kind != T2V_PICKLE_LIST) || v.u.items->n > T2V_MAX_DIMS)
        return -1;
    for (size_t i = 0; i < v.u.items->n; i++)
        if (!as_size(v.u.items->at[i], &out[i]))
            return -1;
    return (int)v.u.items->n;
}

/* Arguments: view, first item, shape, strides. Version 2 adds requires_grad and hooks, both unused;
 * version 3 also the dtype. Metadata, with the bits `conj` and `neg`, may come last. */
static int call_tensor(machine *m, enum what what, const value *arg, size_t n_arg)
{
    size_t n_fix = what == TENSOR_V1 ? 4 : what == TENSOR_V2 ? 6 : 7;
    struct t2v_pickle_tensor *t = t2v_arena_alloc(m->values, 1, sizeof *t);
    if (t == NULL)
        return t2v_pickle_no_memory(m);
    memset(t, 0, sizeof *t);
    if (n_arg < n_fix || n_arg > n_fix + (what != TENSOR_V1) || arg[0].kind != T2V_PICKLE_VIEW ||
        !as_size(arg[1], &t->first) || (what == TENSOR_V3 && !is_global(arg[6], DTYPE)))
        return t2v_pickle_bad(m, "a tensor made of something else");
    t->n_dim = as_sizes(arg[2], t->shape);
    if (t->n_dim < 0 || as_sizes(arg[3], t->stride) != t->n_dim)
        return t2v_pickle_bad(m, "a tensor with no shape that is supported");
    if (n_arg > n_fix && (arg[n_fix].kind != T2V_PICKLE_DICT || arg[n_fix].u.items->n != 0) &&
        arg[n_fix].kind != T2V_PICKLE_NONE)
        return t2v_pickle_unsupported(
            m, "a tensor with metadata (its conj or neg bit) is not supported");
    t->view = *arg[0].u.view;
    t->dtype = what == TENSOR_V3 ? arg[6].u.global->dtype : m->storages[t->view.storage].dtype;
    return t2v_pickle_push(m, (value){.kind = T2V_PICKLE_TENSOR, .u.tensor = t});
}

/* OrderedDict(), or, from Python 2, OrderedDict([[key, value], ...]). */
static int call_dict(machine *m, const value *arg, size_t n_arg)
{
    if (n_arg > 1 || (n_arg == 1 && arg->kind != T2V_PICKLE_LIST))
        return t2v_pickle_bad(m, "an OrderedDict made of something else");
    int rc = t2v_pickle_empty_dict(m);
    for (size_t i = 0; rc == 0 && n_arg == 1 && i < arg->u.items->n; i++) {
        value pair = arg->u.items->at[i];
        rc = t2v_pickle_count(m); /* many calls may share one list */
        if (rc != 0)
            return rc;
        if ((pair.kind != T2V_PICKLE_LIST && pair.kind != T2V_PICKLE_TUPLE) || pair.u.items->n != 2)
            return t2v_pickle_bad(m, "an OrderedDict of something that is no pair");
        rc = t2v_pickle_add_to_top(m, T2V_PICKLE_DICT, pair.u.items->at, 2);
    }
    return rc;
}

int t2v_pickle_call(machine *m)
{
    const value *v = t2v_pickle_pop(m, 2);
    if (v == NULL)
        return t2v_pickle_too_few(m);
    if (v[0].kind != T2V_PICKLE_GLOBAL || v[1].kind != T2V_PICKLE_TUPLE)
        return t2v_pickle_bad(m, "a call of what is no function");
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
    case PARAMETER: /* arguments: tensor, requires_grad, hooks */
        if (n_arg != 3 || arg[0].kind != T2V_PICKLE_TENSOR)
            return t2v_pickle_bad(m, "a parameter made of something else");
        return t2v_pickle_push(m, arg[0]);
    case STORAGE:
    case DTYPE:
        break;
    }
    return t2v_pickle_bad(m, "a call of what is no function");
}
