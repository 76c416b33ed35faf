/* SPDX-License-Identifier: BSD-3-Clause */
#include "weight/tensor.h"

#include <string.h>

#include "base/mem.h"

#include "base/banned.h"

struct t2v_tensor *t2v_tensor_list_add(struct t2v_tensor_list *list)
{
    if (list->n == INT32_MAX) /* the store's map has int32 values */
        return NULL;
    if (list->n == list->cap) {
        struct t2v_tensor *grown = t2v_grow(list->at, &list->cap, 64, sizeof *grown);
        if (grown == NULL)
            return NULL;
        list->at = grown;
    }
    struct t2v_tensor *t = &list->at[list->n++];
    memset(t, 0, sizeof *t);
    return t;
}

void t2v_tensor_list_deinit(struct t2v_tensor_list *list)
{
    t2v_free(list->at);
    *list = (struct t2v_tensor_list){0};
}

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "tensors are used as they are stored");

static const struct {
    const char *name;
    size_t bits;
} dtypes[] = {
    [T2V_F32] = {"F32", 32},
    [T2V_F16] = {"F16", 16},
    [T2V_BF16] = {"BF16", 16},
    [T2V_F64] = {"F64", 64},
    [T2V_I64] = {"I64", 64},
    [T2V_I32] = {"I32", 32},
    [T2V_I16] = {"I16", 16},
    [T2V_I8] = {"I8", 8},
    [T2V_U8] = {"U8", 8},
    [T2V_BOOL] = {"BOOL", 8},
    [T2V_U64] = {"U64", 64},
    [T2V_U32] = {"U32", 32},
    [T2V_U16] = {"U16", 16},
    [T2V_C64] = {"C64", 64},
    [T2V_F8_E5M2] = {"F8_E5M2", 8},
    [T2V_F8_E4M3] = {"F8_E4M3", 8},
    [T2V_F8_E8M0] = {"F8_E8M0", 8},
    [T2V_F8_E4M3FNUZ] = {"F8_E4M3FNUZ", 8},
    [T2V_F8_E5M2FNUZ] = {"F8_E5M2FNUZ", 8},
    [T2V_F6_E2M3] = {"F6_E2M3", 6},
    [T2V_F6_E3M2] = {"F6_E3M2", 6},
    [T2V_F4] = {"F4", 4},
};
_Static_assert(sizeof dtypes / sizeof *dtypes == T2V_N_DTYPE, "one line for each dtype");

size_t t2v_dtype_bits(enum t2v_dtype dtype)
{
    return dtypes[dtype].bits;
}

const char *t2v_dtype_name(enum t2v_dtype dtype)
{
    return dtypes[dtype].name;
}

/* The loops below load with memcpy, since data may be unaligned. They have no branches, so the
 * compiler vectorises them. */

/* The bits of a half, shifted into a float's fields, are a number 2^112 times too small: the
 * difference of the biases. Multiplying by 2^112 also normalises subnormals. Infinity and NaN keep
 * an exponent of all ones. */
static void from_f16(const uint8_t *data, size_t n, float *out)
{
    for (size_t i = 0; i < n; i++) {
        uint16_t half;
        memcpy(&half, data + 2 * i, sizeof half);
        uint32_t bits = (uint32_t)(half & 0x7fff) << 13;
        float x;
        memcpy(&x, &bits, sizeof x);
        x *= 0x1p112F;
        memcpy(&bits, &x, sizeof bits);
        bits |= (half & 0x7c00) == 0x7c00 ? UINT32_C(0x7f800000) : 0;
        bits |= (uint32_t)(half & 0x8000) << 16;
        memcpy(out + i, &bits, sizeof bits);
    }
}

/* A bf16 is the upper half of a float. */
static void from_bf16(const uint8_t *data, size_t n, float *out)
{
    for (size_t i = 0; i < n; i++) {
        uint16_t upper;
        memcpy(&upper, data + 2 * i, sizeof upper);
        uint32_t bits = (uint32_t)upper << 16;
        memcpy(out + i, &bits, sizeof bits);
    }
}

static void from_f64(const uint8_t *data, size_t n, float *out)
{
    for (size_t i = 0; i < n; i++) {
        double x;
        memcpy(&x, data + 8 * i, sizeof x);
        out[i] = (float)x;
    }
}

void t2v_tensor_f32(const struct t2v_tensor *tensor, size_t first, size_t n, float *out)
{
    if (n == 0)
        return;
    const uint8_t *data = tensor->data + first * (t2v_dtype_bits(tensor->dtype) / 8);
    switch (tensor->dtype) {
    case T2V_F32:
        memcpy(out, data, n * sizeof *out);
        break;
    case T2V_F16:
        from_f16(data, n, out);
        break;
    case T2V_BF16:
        from_bf16(data, n, out);
        break;
    case T2V_F64:
        from_f64(data, n, out);
        break;
    default: /* excluded by the caller */
        memset(out, 0, n * sizeof *out);
        break;
    }
}

bool t2v_floats_finite(const float *x, size_t n)
{
    uint32_t carried = 0;
    for (size_t i = 0; i < n; i++) {
        uint32_t bits;
        memcpy(&bits, x + i, sizeof bits);
        carried |=
            (bits & 0x7f800000) + 0x00800000; /* an exponent of all ones carries into bit 31 */
    }
    return carried >> 31 == 0;
}

bool t2v_tensor_finite(const struct t2v_tensor *tensor)
{
    enum { CHUNK = 2048 };
    float chunk[CHUNK];
    bool finite = true;
    for (size_t i = 0, n; i < tensor->n && finite; i += n) {
        n = tensor->n - i < CHUNK ? tensor->n - i : CHUNK;
        t2v_tensor_f32(tensor, i, n, chunk);
        finite = t2v_floats_finite(chunk, n);
    }
    return finite;
}

int t2v_tensor_not_finite(const struct t2v_tensor *tensor, struct t2v_err *err)
{
    return t2v_fail(err, T2V_EFORMAT,
                    "%s: tensor %.*s holds NaN or an infinity, which int8 would hide; the file is "
                    "broken",
                    tensor->file, T2V_STR_ARG(tensor->name));
}
