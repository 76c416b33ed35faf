/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_WEIGHT_TENSOR_H
#define T2V_WEIGHT_TENSOR_H
/*
 * Tensors as they are stored in files: their types, shapes and bytes, and the conversion to f32. A
 * tensor borrows its name, its data and its file's path. It is read-only once the file is read.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/str.h"

/* All types of safetensors. t2v_tensor_f32 converts the first four. */
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
    const uint8_t *data; /* [shape] row-major, little endian; may be unaligned */
    size_t n_byte;       /* length of data */
    bool copied;         /* data is in the arena, not in the mapped file */
    const char *file;    /* the path, for messages; borrowed */
};

/* The tensors of one or more files, in the order of the files. A zeroed list is empty. */
struct t2v_tensor_list {
    struct t2v_tensor *at; /* [n], owned */
    size_t n, cap;
};

/* Appends a zeroed tensor and returns it; NULL without memory. May move the others. */
struct t2v_tensor *t2v_tensor_list_add(struct t2v_tensor_list *list);
/* list may be zeroed. */
void t2v_tensor_list_deinit(struct t2v_tensor_list *list);

/* The size of one item in bits, 4 to 64. */
size_t t2v_dtype_bits(enum t2v_dtype dtype);
/* The name as safetensors spells it: "F32", "BF16", ...; static. */
const char *t2v_dtype_name(enum t2v_dtype dtype);

/* Converts items [first, first + n) of an F32, F16, BF16 or F64 tensor to out[n]. The caller has
 * checked the range and the dtype. */
void t2v_tensor_f32(const struct t2v_tensor *tensor, size_t first, size_t n, float *out);
/* Whether all of x[0..n) are finite. */
bool t2v_floats_finite(const float *x, size_t n);
/* Whether all items of the tensor are finite after t2v_tensor_f32. */
bool t2v_tensor_finite(const struct t2v_tensor *tensor);
/* Fills err and returns T2V_EFORMAT: the tensor has NaN or an infinity, which int8 would hide. */
int t2v_tensor_not_finite(const struct t2v_tensor *tensor, struct t2v_err *err);

#endif
