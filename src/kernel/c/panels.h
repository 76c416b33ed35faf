/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_KERNEL_C_PANELS_H
#define T2V_KERNEL_C_PANELS_H
/*
 * How float weights lie in a panel of `panel` columns: [n_in, panel], so that the weights that meet
 * one input stand together; as f32, f16 or bf16 (plain's floats then are such). In bf16 the first
 * half of the columns lies in the lower halves of 32 bits, the second in the upper. plain: [n_col,
 * n_in]; columns past n_col are 0.
 */
#include "kernel/c/half.h"
#include "kernel/kernel.h"

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
            to[j % half * 2 + j / half] = j < n_col ? bf16_from(plain[j * n_in + i]) : 0;
    }
}

#endif
