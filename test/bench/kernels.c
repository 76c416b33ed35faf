/* SPDX-License-Identifier: BSD-3-Clause */
/* The linear layers of all-MiniLM-L6-v2 by two kernels in turn: see the script of this name. */
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/team.h"
#include "kernel/kernel.h"

enum { HIDDEN = 384, N_LINEAR = 4, N_LAYER = 24, WARM_UP = 3, MAX_ROUND = 100000 };
static const size_t n_in[N_LINEAR] = {HIDDEN, HIDDEN, HIDDEN, 4 * HIDDEN};
static const size_t n_out[N_LINEAR] = {3 * HIDDEN, HIDDEN, 4 * HIDDEN, HIDDEN};

extern const struct t2v_form there, here;
static const struct t2v_form *const forms[] = {&there, &here};

/* One pass: every layer over the same rows. */
struct pass {
    struct t2v_linear layers[N_LAYER];
    const void *rows[N_LINEAR];
    size_t stride[N_LINEAR];
    size_t n_row;
    float *y;
};

static void run(void *arg, const struct t2v_lane *lane)
{
    const struct pass *pass = arg;
    for (size_t i = 0; i < N_LAYER; i++) {
        const struct t2v_linear *layer = &pass->layers[i];
        size_t panel = layer->form->panel, item, which = i % N_LINEAR;
        enum t2v_act act = which == 2 ? T2V_ACT_GELU : T2V_ACT_NONE;
        while (t2v_lane_take(lane, layer->n_out / panel, &item))
            layer->form->linear(&(struct t2v_linear_call){
                layer, act, pass->rows[which], pass->stride[which], pass->n_row, item * panel,
                (item + 1) * panel, pass->y, layer->n_out});
        t2v_lane_barrier(lane);
    }
}

static float *randoms(size_t n)
{
    float *x = t2v_alloc_aligned(n, sizeof *x);
    for (size_t i = 0; i < n; i++)
        x[i] = (float)rand() / (float)RAND_MAX - 0.5f;
    return x;
}

static void prepare(struct pass *pass, const struct t2v_form *form)
{
    size_t n_byte = 0;
    for (size_t i = 0; i < N_LAYER; i++)
        n_byte += t2v_linear_bytes(form, n_in[i % N_LINEAR], n_out[i % N_LINEAR]);
    char *weights = t2v_alloc_aligned(n_byte, 1);
    float *plain = randoms(4 * HIDDEN * form->panel);
    for (size_t i = 0; i < N_LAYER; i++) {
        struct t2v_linear *layer = &pass->layers[i];
        *layer = (struct t2v_linear){.form = form, .n_in = n_in[i % N_LINEAR]};
        layer->n_out = n_out[i % N_LINEAR];
        layer->weight = weights;
        for (size_t at = 0; at < layer->n_out; at += form->panel) {
            form->pack(layer, plain, form->panel, weights);
            weights += form->panel_bytes(layer->n_in);
        }
    }
    for (size_t i = 0; i < N_LINEAR; i++) {
        const float *x = randoms(pass->n_row * n_in[i]);
        pass->rows[i] = x;
        pass->stride[i] = n_in[i] * sizeof *x;
        if (form->rows != NULL) {
            pass->stride[i] = form->row_bytes(n_in[i]);
            void *rows = t2v_alloc_aligned(pass->n_row, pass->stride[i]);
            form->rows(&pass->layers[i], x, n_in[i], pass->n_row, rows);
            pass->rows[i] = rows;
        }
    }
    pass->y = randoms(pass->n_row * 4 * HIDDEN);
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
    int n_thread = argc > 1 ? atoi(argv[1]) : 2, n = argc > 3 ? atoi(argv[3]) : 300;
    struct pass pass = {.n_row = argc > 2 ? (size_t)atoi(argv[2]) : 12};
    static double ms[2][MAX_ROUND], ratio[MAX_ROUND];
    struct t2v_err err;
    t2v_team *team;
    if (n < 1 || n > MAX_ROUND || pass.n_row == 0 || t2v_team_new(n_thread, &team, &err) != 0)
        return 2;
    prepare(&pass, forms[0]);
    for (int round = 0; round < n + WARM_UP; round++) {
        for (int k = 0; k < 2; k++) {
            int which = (k + round) % 2;
            for (size_t i = 0; i < N_LAYER; i++)
                pass.layers[i].form = forms[which];
            uint64_t start = t2v_clock_ns();
            t2v_team_run(team, run, &pass);
            if (round >= WARM_UP)
                ms[which][round - WARM_UP] = (double)(t2v_clock_ns() - start) * 1e-6;
        }
    }
    for (int i = 0; i < n; i++)
        ratio[i] = ms[0][i] / ms[1][i];
    qsort(ratio, (size_t)n, sizeof ratio[0], compare);
    for (int k = 0; k < 2; k++)
        qsort(ms[k], (size_t)n, sizeof ms[k][0], compare);
    printf("%zu rows, %d threads: there %.3f ms at best, %.3f in the median; here %.3f, %.3f; "
           "%.3f times as fast\n",
           pass.n_row, n_thread, ms[0][0], ms[0][n / 2], ms[1][0], ms[1][n / 2], ratio[n / 2]);
    t2v_team_free(team);
    return 0;
}
