/* SPDX-License-Identifier: BSD-3-Clause */
/* The portable back end of `linear`: OpenBLAS, included nowhere else. */
#include <cblas.h>
#include <stdio.h>
#include <string.h>

#include "kernel/kernel.h"

#include "base/banned.h"

void t2v_blas_setup(void)
{
    openblas_set_num_threads(1);
}

const char *t2v_blas_name(void)
{
    static char name[160];
    const char *config = openblas_get_config(); /* "OpenBLAS 0.3.21 NO_LAPACKE ..." */
    int len = 0, words = 0;
    for (; config[len] != '\0'; len++) {
        if (config[len] == ' ' && ++words == 2)
            break;
    }
    snprintf(name, sizeof name, "%.*s, core %s", len < 60 ? len : 60, config,
             openblas_get_corename());
    return name;
}

enum { PANEL = 16 };

static size_t panel_bytes(size_t n_in)
{
    return n_in * PANEL * sizeof(float);
}

static void pack(const struct t2v_linear *layer, const float *plain, size_t n_col, void *panel)
{
    memcpy(panel, plain, n_col * layer->n_in * sizeof *plain);
}

static void linear(const struct t2v_linear *layer, enum t2v_act act, const void *x, size_t stride,
                   size_t n_row, size_t begin, size_t end, float *y, size_t ldy)
{
    if (begin >= end || n_row == 0)
        return;
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, (blasint)n_row, (blasint)(end - begin),
                (blasint)layer->n_in, 1.0f, x, (blasint)(stride / sizeof(float)),
                t2v_linear_panel(layer, begin), (blasint)layer->n_in, 0.0f, y + begin,
                (blasint)ldy);
    const float *bias = layer->bias != NULL ? layer->bias + begin : NULL;
    for (size_t r = 0; r < n_row; r++)
        t2v_bias_act_f32_c(act, bias, y + r * ldy + begin, end - begin);
}

const struct t2v_form t2v_form_f32_blas = {
    .name = "f32",
    .panel = PANEL,
    .plain = true,
    .panel_bytes = panel_bytes,
    .max_in = SIZE_MAX,
    .pack = pack,
    .linear = linear,
};
