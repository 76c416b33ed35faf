/* SPDX-License-Identifier: BSD-3-Clause */
/* The reference for int8, int8_fine and int16, see int8.h. */
#include "kernel/c/int8.h"

#include "base/banned.h"

enum { PANEL = 16, GROUP = 4 };
static const struct int8_layout layout = {.bytes = 1, .width = PANEL, .group = GROUP};
static const struct int8_layout layout_int16 = {.bytes = 2, .width = PANEL, .group = GROUP};

static size_t panel_bytes(size_t n_in)
{
    return int8_panel_bytes(&layout, n_in);
}

static void pack(const struct t2v_linear *layer, const float *plain, size_t n_col, void *panel)
{
    int8_pack(&layout, layer, plain, n_col, panel);
}

static size_t panel_bytes_int16(size_t n_in)
{
    return int8_panel_bytes(&layout_int16, n_in);
}

static void pack_int16(const struct t2v_linear *layer, const float *plain, size_t n_col,
                       void *panel)
{
    int8_pack(&layout_int16, layer, plain, n_col, panel);
}

size_t t2v_row_bytes_int8(size_t n_in)
{
    return int8_row_bytes(n_in);
}

void t2v_rows_int8_c(const struct t2v_linear *layer, const float *x, size_t ldx, size_t n_row,
                     void *out)
{
    const struct t2v_outliers *outliers = &layer->outliers;
    size_t n = layer->n_in;
    char *to = out;
    for (size_t r = 0; r < n_row; r++, x += ldx, to += int8_row_bytes(n)) {
        float min = int8_kept(outliers, x, 0), max = min, zero = 0.0f;
        for (size_t i = 0; i < n; i++) {
            float v = int8_kept(outliers, x, i);
            zero += v * 0.0f; /* NaN from the first v that is not finite */
            min = v < min ? v : min;
            max = v > max ? v : max;
        }
        min += zero;
        float inverse = int8_row_inverse(min, max);
        struct int8_row row = {.scale = (max - min) / 255.0f, .min = min};
        for (size_t k = 0; k < outliers->n; k++)
            row.outlier[k] = x[outliers->index[k]];
        memcpy(to, &row, sizeof row);
        uint8_t *q = (uint8_t *)to + sizeof row;
        for (size_t i = 0; i < n; i++)
            q[i] = (uint8_t)int8_round((int8_kept(outliers, x, i) - min) * inverse);
        memset(q + n, 0, int8_padded(n) - n);
    }
}

size_t t2v_row_bytes_int8_fine(size_t n_in)
{
    return int8_fine_row_bytes(n_in);
}

/* max: the largest |q|. */
static void fine_rows(const struct t2v_linear *layer, const float *x, size_t ldx, size_t n_row,
                      float max, void *out)
{
    const struct t2v_outliers *outliers = &layer->outliers;
    size_t n = layer->n_in;
    char *to = out;
    for (size_t r = 0; r < n_row; r++, x += ldx, to += int8_fine_row_bytes(n)) {
        float size = 0.0f, zero = 0.0f;
        for (size_t i = 0; i < n; i++) {
            float v = int8_kept(outliers, x, i);
            zero += v * 0.0f; /* NaN from the first v that is not finite */
            size = fabsf(v) > size ? fabsf(v) : size;
        }
        float inverse = int8_fine_inverse(size, max);
        struct int8_row row = {.scale = size / max + zero};
        for (size_t k = 0; k < outliers->n; k++)
            row.outlier[k] = x[outliers->index[k]];
        memcpy(to, &row, sizeof row);
        int16_t *q = (int16_t *)(void *)(to + sizeof row);
        for (size_t i = 0; i < n; i++)
            q[i] = (int16_t)int8_round(int8_kept(outliers, x, i) * inverse);
        memset(q + n, 0, (int8_padded(n) - n) * sizeof *q);
    }
}

void t2v_rows_int8_fine_c(const struct t2v_linear *layer, const float *x, size_t ldx, size_t n_row,
                          void *out)
{
    fine_rows(layer, x, ldx, n_row, int8_fine_max(layer->n_in), out);
}

void t2v_rows_int16_c(const struct t2v_linear *layer, const float *x, size_t ldx, size_t n_row,
                      void *out)
{
    fine_rows(layer, x, ldx, n_row, int16_max(layer->n_in), out);
}

/* How many bytes a row's values and the weights have. */
enum kind { INT8, INT8_FINE, INT16 };

static inline void panel_sums(const struct t2v_linear *layer, const void *panel, const void *row,
                              const enum kind kind, int32_t sum[PANEL])
{
    const uint8_t *q = row;
    const int16_t *q16 = row, *w16 = panel;
    const int8_t *w = panel;
    memset(sum, 0, PANEL * sizeof *sum);
    for (size_t i = 0; i < layer->n_in; i += GROUP) {
        for (size_t j = 0; j < PANEL; j++) {
            for (size_t k = 0; k < GROUP; k++) {
                size_t at = i * PANEL + j * GROUP + k;
                sum[j] +=
                    (kind == INT8 ? q[i + k] : q16[i + k]) * (kind == INT16 ? w16[at] : w[at]);
            }
        }
    }
}

static inline void linear(const struct t2v_linear_call *call, const enum kind kind)
{
    const struct int8_layout *of = kind == INT16 ? &layout_int16 : &layout;
    const struct t2v_linear *layer = call->layer;
    for (size_t c = call->begin; c < call->end; c += PANEL) {
        const char *panel = t2v_linear_panel(layer, c);
        const float *scale = (const void *)(panel + int8_weight_bytes(of, layer->n_in));
        const float *sum = scale + INT8_SUM * PANEL, *outlier = scale + INT8_OUTLIER * PANEL;
        size_t width = call->end - c < PANEL ? call->end - c : PANEL;
        const float *bias = layer->bias != NULL ? layer->bias + c : NULL;
        for (size_t r = 0; r < call->n_row; r++) {
            const struct int8_row *row = (const void *)((const char *)call->x + r * call->stride);
            float *to = call->y + r * call->ldy + c;
            int32_t product[PANEL];
            panel_sums(layer, panel, row + 1, kind, product);
            for (size_t j = 0; j < width; j++) {
                to[j] = (float)product[j] * (row->scale * scale[j]) + row->min * sum[j];
                for (size_t k = 0; k < T2V_OUTLIERS; k++)
                    to[j] += row->outlier[k] * outlier[k * PANEL + j];
            }
            t2v_bias_act_f32_c(call->act, bias, to, width);
        }
    }
}

static void linear_int8(const struct t2v_linear_call *call)
{
    linear(call, INT8);
}

static void linear_int8_fine(const struct t2v_linear_call *call)
{
    linear(call, INT8_FINE);
}

static void linear_int16(const struct t2v_linear_call *call)
{
    linear(call, INT16);
}

const struct t2v_form t2v_form_int8_c = {
    .name = "int8",
    .panel = PANEL,
    .takes_outliers = true,
    .panel_bytes = panel_bytes,
    .max_in = INT8_MAX_IN,
    .pack = pack,
    .row_bytes = t2v_row_bytes_int8,
    .rows = t2v_rows_int8_c,
    .linear = linear_int8,
};

const struct t2v_form t2v_form_int8_fine_c = {
    .name = "int8",
    .panel = PANEL,
    .takes_outliers = true,
    .panel_bytes = panel_bytes,
    .max_in = INT8_MAX_IN,
    .pack = pack,
    .row_bytes = t2v_row_bytes_int8_fine,
    .rows = t2v_rows_int8_fine_c,
    .linear = linear_int8_fine,
};

const struct t2v_form t2v_form_int16_c = {
    .name = "int16",
    .panel = PANEL,
    .takes_outliers = true,
    .panel_bytes = panel_bytes_int16,
    .max_in = INT8_MAX_IN,
    .pack = pack_int16,
    .row_bytes = t2v_row_bytes_int8_fine,
    .rows = t2v_rows_int16_c,
    .linear = linear_int16,
};
