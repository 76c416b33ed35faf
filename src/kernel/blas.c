/* SPDX-License-Identifier: BSD-3-Clause */
/* Linear layers by OpenBLAS, for processors without vector kernels here. */
#include <cblas.h>
#include <stdio.h>
#include <string.h>

#include "kernel/rungs.h"

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

static void linear(const struct t2v_linear_call *call)
{
    const struct t2v_linear *layer = call->layer;
    const size_t n = call->end - call->begin, n_in = layer->n_in;
    if (call->begin >= call->end || call->n_row == 0)
        return;
    float *y = call->y + call->begin;
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, (blasint)call->n_row, (blasint)n,
                (blasint)n_in, 1.0f, call->x, (blasint)(call->stride / sizeof(float)),
                t2v_linear_panel(layer, call->begin), (blasint)n_in, 0.0f, y, (blasint)call->ldy);
    const float *bias = layer->bias != NULL ? layer->bias + call->begin : NULL;
    for (size_t r = 0; r < call->n_row; r++)
        t2v_bias_act_f32_c(call->act, bias, y + r * call->ldy, n);
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
