/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_WEIGHT_STORE_H
#define T2V_WEIGHT_STORE_H
/*
 * The tensors of a model directory by name: model.safetensors, or the shards that
 * model.safetensors.index.json lists, or pytorch_model.bin and its shards in the same way. The
 * files stay mapped until the store is closed; tensors point into them. Files are hostile until
 * proven otherwise: every tensor lies in its file, or in its part of it. In safetensors no two
 * overlap; in pickles they may, since tensors share storages there. Read-only once opened.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/str.h"

/* All that safetensors knows; the first four are those that t2v_tensor_f32 converts. */
enum t2v_dtype {
    T2V_F32,
    T2V_F16,
    T2V_BF16,
    T2V_F64,
    T2V_I64,
    T2V_I32,
    T2V_I16,
    T2V_I8,
    T2V_U8,
    T2V_BOOL,
    T2V_U64,
    T2V_U32,
    T2V_U16,
    T2V_C64,
    T2V_F8_E5M2,
    T2V_F8_E4M3,
    T2V_F8_E8M0,
    T2V_F8_E4M3FNUZ,
    T2V_F8_E5M2FNUZ,
    T2V_F6_E2M3,
    T2V_F6_E3M2,
    T2V_F4,
    T2V_N_DTYPE
};
enum { T2V_MAX_DIMS = 8 };

struct t2v_tensor {
    struct t2v_str name;
    enum t2v_dtype dtype;
    int n_dim;
    size_t shape[T2V_MAX_DIMS];
    size_t n;            /* product of shape */
    const uint8_t *data; /* n items, little endian, row-major; perhaps not aligned */
    size_t n_byte;       /* of data */
    bool copied;         /* data lies in memory of the store's, not in the mapped file */
    const char *file;    /* where it lies, for messages */
};

typedef struct t2v_store t2v_store;

int t2v_store_open(const char *model_dir, t2v_store **out, struct t2v_err *err);
void t2v_store_close(t2v_store *store);

/* The tensor of that name, or NULL. */
const struct t2v_tensor *t2v_store_find(const t2v_store *store, struct t2v_str name);
/* The tensor of that name, if it is one of floats (of a dtype that t2v_tensor_f32 converts) and of
 * shape [rows, columns], or [rows] where columns is 0. T2V_EFORMAT or T2V_EUNSUPPORTED, with a
 * message that names it and what it should be. */
int t2v_store_want(const t2v_store *store, const char *name, size_t rows, size_t columns,
                   const struct t2v_tensor **out, struct t2v_err *err);
/* Fails with T2V_EFORMAT: the tensor has NaN or an infinity, which int8 would hide. */
int t2v_tensor_not_finite(const struct t2v_tensor *tensor, struct t2v_err *err);
/* All of them, in the order of the files. */
size_t t2v_store_len(const t2v_store *store);
const struct t2v_tensor *t2v_store_at(const t2v_store *store, size_t i);

size_t t2v_dtype_bits(enum t2v_dtype dtype);      /* of one item: 4 to 64 */
const char *t2v_dtype_name(enum t2v_dtype dtype); /* "F32", "BF16", ... as safetensors spells it */

/* Converts n items of an f32, f16, bf16 or f64 tensor, from item `first` on, to f32. The caller has
 * checked the range and the dtype. */
void t2v_tensor_f32(const struct t2v_tensor *tensor, size_t first, size_t n, float *out);
/* Whether none of the n floats is NaN or infinite. */
bool t2v_floats_finite(const float *x, size_t n);
/* The same for all items of a tensor, as t2v_tensor_f32 converts them. */
bool t2v_tensor_finite(const struct t2v_tensor *tensor);

#endif
