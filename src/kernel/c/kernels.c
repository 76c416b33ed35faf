/* SPDX-License-Identifier: BSD-3-Clause */
/* The reference: what every other instruction set must compute, as simply as possible. */
#include <math.h>
#include <string.h>

#include "kernel/c/approx.h"
#include "kernel/c/panels.h"
#include "kernel/rungs.h"

#include "base/banned.h"

/* One loop per activation, so that the compiler can vectorise each. */
static void apply(enum t2v_act act, float *y, size_t n)
{
    switch (act) {
    case T2V_ACT_GELU:
        for (size_t i = 0; i < n; i++)
            y[i] = approx_gelu(y[i]);
        break;
    case T2V_ACT_GELU_TANH:
        for (size_t i = 0; i < n; i++)
            y[i] = approx_gelu_tanh(y[i]);
        break;
    case T2V_ACT_RELU:
        for (size_t i = 0; i < n; i++)
            y[i] = y[i] < 0.0f ? 0.0f : y[i]; /* NaN stays */
        break;
    case T2V_ACT_SILU:
        for (size_t i = 0; i < n; i++)
            y[i] = approx_silu(y[i]);
        break;
    case T2V_ACT_NONE:
        break;
    }
}

void t2v_bias_act_f32_c(enum t2v_act act, const float *bias, float *y, size_t n)
{
    if (bias != NULL) {
        for (size_t i = 0; i < n; i++)
            y[i] += bias[i];
    }
    apply(act, y, n);
}

enum { PANEL = 16 };

static size_t panel_bytes(size_t n_in)
{
    return n_in * PANEL * sizeof(float);
}

static void pack(const struct t2v_linear *layer, const float *plain, size_t n_col, void *panel)
{
    panel_of_f32(layer, plain, n_col, PANEL, panel);
}

static void linear_f32(const struct t2v_linear_call *call)
{
    const struct t2v_linear *layer = call->layer;
    for (size_t c = call->begin; c < call->end; c += PANEL) {
        const float *panel = t2v_linear_panel(layer, c);
        const float *bias = layer->bias != NULL ? layer->bias + c : NULL;
        size_t width = call->end - c < PANEL ? call->end - c : PANEL;
        for (size_t r = 0; r < call->n_row; r++) {
            const float *row = (const void *)((const char *)call->x + r * call->stride);
            float *y = call->y + r * call->ldy + c, sum[PANEL] = {0};
            for (size_t i = 0; i < layer->n_in; i++) {
                for (size_t j = 0; j < PANEL; j++)
                    sum[j] += row[i] * panel[i * PANEL + j];
            }
            memcpy(y, sum, width * sizeof *sum);
            t2v_bias_act_f32_c(call->act, bias, y, width);
        }
    }
}

const struct t2v_form t2v_form_f32_c = {
    .name = "f32",
    .panel = PANEL,
    .panel_bytes = panel_bytes,
    .max_in = SIZE_MAX,
    .pack = pack,
    .linear = linear_f32,
};

/* x += add, unless add is NULL. Returns the sum of x. */
static float add_up(float *x, const float *add, size_t n)
{
    float sum = 0.0f;
    for (size_t i = 0; i < n; i++) {
        if (add != NULL)
            x[i] += add[i];
        sum += x[i];
    }
    return sum;
}

void t2v_layer_norm_f32_c(float *x, const float *add, size_t n_row, size_t n, const float *gamma,
                          const float *beta, float eps, float *y)
{
    for (size_t r = 0; r < n_row; r++, x += n, y += n) {
        float mean = add_up(x, add != NULL ? add + r * n : NULL, n) / (float)n, squares = 0.0f;
        for (size_t i = 0; i < n; i++)
            squares += (x[i] - mean) * (x[i] - mean);
        float inverse = 1.0f / sqrtf(squares / (float)n + eps);
        for (size_t i = 0; i < n; i++)
            y[i] = (x[i] - mean) * inverse * gamma[i] + (beta != NULL ? beta[i] : 0.0f);
    }
}

void t2v_rms_norm_f32_c(float *x, const float *add, size_t n_row, size_t n, const float *gamma,
                        const float *beta, float eps, float *y)
{
    (void)beta;
    for (size_t r = 0; r < n_row; r++, x += n, y += n) {
        float squares = 0.0f;
        add_up(x, add != NULL ? add + r * n : NULL, n);
        for (size_t i = 0; i < n; i++)
            squares += x[i] * x[i];
        float inverse = 1.0f / sqrtf(squares / (float)n + eps);
        for (size_t i = 0; i < n; i++)
            y[i] = x[i] * inverse * gamma[i];
    }
}

void t2v_gate_f32_c(enum t2v_act act, const float *ab, size_t n_row, size_t n, float *y)
{
    for (size_t r = 0; r < n_row; r++, ab += 2 * n, y += n) {
        memcpy(y, ab, n * sizeof *y);
        apply(act, y, n);
        for (size_t i = 0; i < n; i++)
            y[i] *= ab[n + i];
    }
}

/* Keys are transposed to [head_dim, n_key] first: every inner loop then runs along memory, and the
 * compiler can vectorise it without reordering a sum. */
void t2v_attention_f32_c(const struct t2v_attention *whole)
{
    const struct t2v_attention cut = t2v_attention_cut(whole), *call = &cut;
    size_t n = call->n_key, begin, end;
    float *score = call->scratch, *transposed = score + n;
    for (size_t j = 0; j < n; j++) {
        for (size_t d = 0; d < call->head_dim; d++)
            transposed[d * n + j] = call->k[j * call->ld_kv + d];
    }
    for (size_t i = 0; i < call->n_query; i++) {
        const float *q = call->q + i * call->ld;
        float *out = call->out + i * call->ld_out;
        float max = -INFINITY, sum = 0.0f;
        t2v_attention_seen(call, i, &begin, &end);
        for (size_t j = begin; j < end; j++)
            score[j] = 0.0f;
        for (size_t d = 0; d < call->head_dim; d++) {
            float scaled = q[d] * call->scale;
            for (size_t j = begin; j < end; j++)
                score[j] += scaled * transposed[d * n + j];
        }
        if (call->bias != NULL) {
            for (size_t j = begin; j < end; j++)
                score[j] += (call->bias - i)[j];
        }
        for (size_t j = begin; j < end; j++)
            max = score[j] > max ? score[j] : max;
        for (size_t j = begin; j < end; j++)
            score[j] = approx_exp(score[j] - max);
        for (size_t j = begin; j < end; j++)
            sum += score[j];
        for (size_t d = 0; d < call->head_dim; d++)
            out[d] = 0.0f;
        for (size_t j = begin; j < end; j++) {
            const float *v = call->v + j * call->ld_kv;
            float weight = score[j] / sum;
            for (size_t d = 0; d < call->head_dim; d++)
                out[d] += weight * v[d];
        }
    }
}

/* --- attention to pages --- */

enum { KEY_PANEL = 16 };
const size_t t2v_key_panel_c = KEY_PANEL;

/* A row on its way through the pages. */
struct past_row {
    float top, sum;
    float *scores; /* [T2V_PAGE_TOK] */
    float *total;  /* [head_dim] */
};

/* Number i of a head in a page. */
static float page_value(const char *head, bool half, size_t i)
{
    float x;
    uint16_t h;
    if (!half) {
        memcpy(&x, head + i * sizeof x, sizeof x);
        return x;
    }
    memcpy(&h, head + i * sizeof h, sizeof h);
    return f16_to(h);
}

/* The scores of a page's keys begin to end - 1. */
static void past_scores(const struct t2v_past_attention *call, const float *q, const char *page,
                        size_t begin, size_t end, float *scores)
{
    for (size_t j = begin; j < end; j++) {
        size_t k = j / KEY_PANEL * KEY_PANEL * call->head_dim + j % KEY_PANEL;
        float sum = 0.0f;
        for (size_t d = 0; d < call->head_dim; d++)
            sum += q[d] * page_value(page, call->half, k + d * KEY_PANEL);
        scores[j] = sum * call->scale;
    }
}

/* Adds a page to the row: its keys begin to end - 1. */
static void past_add(const struct t2v_past_attention *call, struct past_row *row, const char *page,
                     size_t begin, size_t end)
{
    size_t dim = t2v_page_value_len(call->head_dim), values = T2V_PAGE_TOK * call->head_dim;
    float top = row->top, sum = 0.0f;
    for (size_t j = begin; j < end; j++)
        top = row->scores[j] > top || row->scores[j] != row->scores[j] ? row->scores[j] : top;
    float fix = row->top < top ? approx_exp(row->top - top) : 1.0f;
    for (size_t d = 0; d < call->head_dim; d++)
        row->total[d] *= fix;
    for (size_t j = begin; j < end; j++) {
        float weight = approx_exp(row->scores[j] - top);
        sum += weight;
        for (size_t d = 0; d < call->head_dim; d++)
            row->total[d] += weight * page_value(page, call->half, values + j * dim + d);
    }
    row->sum = row->sum * fix + sum;
    row->top = top;
}

void t2v_past_attention_f32_c(const struct t2v_past_attention *call)
{
    for (size_t r = 0; r < call->n_row; r++) {
        size_t at = call->at + r * call->step, first = at > call->before ? at - call->before : 0;
        struct past_row row = {
            .top = -INFINITY, .scores = call->scratch, .total = call->scratch + T2V_PAGE_TOK};
        memset(row.total, 0, call->head_dim * sizeof *row.total);
        for (size_t page = first / T2V_PAGE_TOK; page * T2V_PAGE_TOK <= at; page++) {
            const char *head = call->pages[page] + call->offset;
            size_t from = page * T2V_PAGE_TOK, left = at + 1 - from;
            size_t begin = first > from ? first - from : 0;
            size_t end = left < T2V_PAGE_TOK ? left : T2V_PAGE_TOK;
            past_scores(call, call->q + r * call->ld, head, begin, end, row.scores);
            for (size_t j = begin; j < end && call->slopes != NULL; j++)
                row.scores[j] +=
                    call->slopes[call->step == 0 ? r : 0] * ((float)from + (float)j - (float)at);
            past_add(call, &row, head, begin, end);
        }
        for (size_t d = 0; d < call->head_dim; d++)
            call->out[r * call->ld_out + d] = row.total[d] / row.sum;
    }
}
