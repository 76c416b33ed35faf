/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_KERNEL_C_PANELS_H
#define T2V_KERNEL_C_PANELS_H
/*
 * The layout of float weights in a panel of `panel` columns: [n_in, panel], as f32, f16 or bf16.
 * The 16-bit types take only values that they represent exactly. In bf16 columns j and j + panel /
 * 2 share 32 bits: j the lower half, the other the upper. plain: [n_col, n_in], as in the
 * checkpoint; columns past n_col are 0.
 */
#include "kernel/c/half.h"
#include "kernel/rungs.h"

static inline void panel_of_f32(const struct t2v_linear *layer, const float *plain, size_t n_col,
                                size_t panel, float *to)
{
    size_t n_in = layer->n_in;
    for (size_t i = 0; i < n_in; i++, to += panel) {
        for (size_t j = 0; j < panel; j++)
            to[j] = j < n_col ? plain[j * n_in + i] : 0.0f;
    }
}

static inline void panel_of_f16(const struct t2v_linear *layer, const float *plain, size_t n_col,
                                size_t panel, uint16_t *to)
{
    size_t n_in = layer->n_in;
    for (size_t i = 0; i < n_in; i++, to += panel) {
        for (size_t j = 0; j < panel; j++)
            to[j] = j < n_col ? f16_from(plain[j * n_in + i]) : 0;
    }
}

static inline void panel_of_bf16(const struct t2v_linear *layer, const float *plain, size_t n_col,
                                 size_t panel, uint16_t *to)
{
    size_t n_in = layer->n_in, half = panel / 2;
    for (size_t i = 0; i < n_in; i++, to += panel) {
        for (size_t j = 0; j < panel; j++)
            to[j % half * 2 + j / half] = j < n_col ? bf16_near(plain[j * n_in + i]) : 0;
    }
}

#endif
