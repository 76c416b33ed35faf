/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Linear layers whose weights are stored as f16 or bf16 and multiplied as floats: the same result
 * as from f32, with half the memory and half the traffic.
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

/* One row of y for one panel. */
static void multiply(const uint16_t *panel, bool bf16, const float *row, size_t n_in, float *sum)
{
    for (size_t i = 0; i < n_in; i++, panel += PANEL) {
        for (size_t j = 0; j < PANEL; j++)
            sum[j] += row[i] * (bf16 ? bf16_to(panel[j % 8 * 2 + j / 8]) : f16_to(panel[j]));
    }
}

static void linear(const struct t2v_linear_call *call, bool bf16)
{
    const struct t2v_linear *layer = call->layer;
    for (size_t c = call->begin; c < call->end; c += PANEL) {
        size_t width = call->end - c < PANEL ? call->end - c : PANEL;
        const float *bias = layer->bias != NULL ? layer->bias + c : NULL;
        for (size_t r = 0; r < call->n_row; r++) {
            const float *row = (const void *)((const char *)call->x + r * call->stride);
            float sum[PANEL] = {0};
            multiply(t2v_linear_panel(layer, c), bf16, row, layer->n_in, sum);
            t2v_bias_act_f32_c(call->act, bias, sum, width);
            memcpy(call->y + r * call->ldy + c, sum, width * sizeof *sum);
        }
    }
}

static void linear_f16(const struct t2v_linear_call *call)
{
    linear(call, false);
}

static void linear_bf16(const struct t2v_linear_call *call)
{
    linear(call, true);
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

const struct t2v_form t2v_form_bf16_c = {
    .name = "bf16",
    .panel = PANEL,
    .panel_bytes = panel_bytes,
    .max_in = SIZE_MAX,
    .pack = pack_bf16,
    .linear = linear_bf16,
};
