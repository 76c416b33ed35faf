/* SPDX-License-Identifier: BSD-3-Clause */
#include "net/kv.h"

#include "base/error.h"
#include "base/mem.h"

#include "base/banned.h"

int t2v_kv_init(struct t2v_kv *kv, const struct t2v_shape *shape, size_t cap)
{
    size_t n_row, n;
    if (shape->kv == 0)
        return T2V_EUNSUPPORTED;
    if (!t2v_mul(shape->n_layer, cap, &n_row) || !t2v_mul(n_row, shape->kv, &n))
        return T2V_ENOMEM;
    float *rows = t2v_alloc_aligned(n, sizeof *rows);
    if (rows == NULL)
        return T2V_ENOMEM;
    *kv = (struct t2v_kv){.n_layer = shape->n_layer, .width = shape->kv, .cap = cap, .rows = rows};
    return 0;
}

void t2v_kv_deinit(struct t2v_kv *kv)
{
    t2v_free(kv->rows);
    *kv = (struct t2v_kv){0};
}
