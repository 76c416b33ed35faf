/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Weights that are f16 or bf16 in the checkpoint, held as they are and multiplied as floats: the
 * same vectors as from f32, at half the memory and half its traffic.
 */
#include "kernel/c/panels.h"

#include "base/banned.h"

enum { PANEL = 16 };

static size_t panel_bytes(size_t n_in)
{
    return n_in * PANEL * sizeof(uint16_t);
}

static void pack_f16(const struct t2v_linear *layer, const float *plain, size_t n_col, void *panel)
{
    panel_of_f16(layer, plain, n_col, PANEL, panel);
}

static void pack_bf16(const struct t2v_linear *layer, const float *plain, size_t n_col, void *panel)
{
    panel_of_bf16(layer, plain, n_col, PANEL, panel);
}

/* One row of y, over one panel. */
static void multiply(const uint16_t *panel, bool bf16, const float *row, size_t n_in, float *sum)
{
    for (size_t i = 0; i < n_in; i++, panel += PANEL) {
        for (size_t j = 0; j < PANEL; j++)
            sum[j] += row[i] * (bf16 ? bf16_to(panel[j % 8 * 2 + j / 8]) : f16_to(panel[j]));
    }
}

static void linear(const struct t2v_linear *layer, bool bf16, enum t2v_act act, const void *x,
                   size_t stride, size_t n_row, size_t begin, size_t end, float *y, size_t ldy)
{
    for (size_t c = begin; c < end; c += PANEL) {
        size_t width = end - c < PANEL ? end - c : PANEL;
        const float *bias = layer->bias != NULL ? layer->bias + c : NULL;
        for (size_t r = 0; r < n_row; r++) {
            float sum[PANEL] = {0};
            multiply(t2v_linear_panel(layer, c), bf16, (const void *)((const char *)x + r * stride),
                     layer->n_in, sum);
            t2v_bias_act_f32_c(act, bias, sum, width);
            memcpy(y + r * ldy + c, sum, width * sizeof *sum);
        }
    }
}

static void linear_f16(const struct t2v_linear *layer, enum t2v_act act, const void *x,
                       size_t stride, size_t n_row, size_t begin, size_t end, float *y, size_t ldy)
{
    linear(layer, false, act, x, stride, n_row, begin, end, y, ldy);
}

static void linear_bf16(const struct t2v_linear *layer, enum t2v_act act, const void *x,
                        size_t stride, size_t n_row, size_t begin, size_t end, float *y, size_t ldy)
{
    linear(layer, true, act, x, stride, n_row, begin, end, y, ldy);
}

const struct t2v_form t2v_form_f32_of_f16_c = {
    .name = "f32",
    .panel = PANEL,
    .panel_bytes = panel_bytes,
    .max_in = SIZE_MAX,
    .pack = pack_f16,
    .linear = linear_f16,
};

const struct t2v_form t2v_form_f32_of_bf16_c = {
    .name = "f32",
    .panel = PANEL,
    .panel_bytes = panel_bytes,
    .max_in = SIZE_MAX,
    .pack = pack_bf16,
    .linear = linear_bf16,
};
