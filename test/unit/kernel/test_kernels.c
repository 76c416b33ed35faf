/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Every rung against a reference in double, over all sizes around its tile, with operands that end
 * where an unmapped page begins. `T2V_SEED=N` replays a run.
 */
#include "check.h"

#include <stdio.h>

#include "kernel/c/approx.h"
#include "kernel/c/half.h"

static double act_double(enum t2v_act act, double x)
{
    switch (act) {
    case T2V_ACT_GELU:
        return 0.5 * x * erfc(-x / sqrt(2.0));
    case T2V_ACT_GELU_TANH:
        return 0.5 * x * (1 + tanh(sqrt(2 / M_PI) * (x + 0.044715 * x * x * x)));
    case T2V_ACT_RELU:
        return x > 0 ? x : 0;
    case T2V_ACT_SILU:
        return x / (1 + exp(-x));
    case T2V_ACT_NONE:
        break;
    }
    return x;
}

/* A layer with the n_out rows of plain in the form's own way; layer_free. */
static struct t2v_linear layer_new(const struct t2v_form *form, const float *plain, size_t n_in,
                                   size_t n_out, const float *bias)
{
    char *weight = aligned_alloc(64, (t2v_linear_bytes(form, n_in, n_out) + 63) / 64 * 64);
    struct t2v_linear layer = {
        .form = form, .n_in = n_in, .n_out = n_out, .weight = weight, .bias = bias};
    for (size_t c = 0; c < n_out; c += form->panel) {
        size_t n_col = n_out - c < form->panel ? n_out - c : form->panel;
        form->pack(&layer, plain + c * n_in, n_col,
                   weight + c / form->panel * form->panel_bytes(n_in));
    }
    return layer;
}

static void layer_free(struct t2v_linear *layer)
{
    void *weight;
    memcpy(&weight, &layer->weight, sizeof weight); /* it is only the kernels' to read */
    free(weight);
}

/* A weight, and a number of a row, as the form multiplies them. */
static double weight_read(const struct t2v_form *form, float x)
{
    return (double)(strcmp(form->name, "bf16") == 0 ? bf16_to(bf16_near(x)) : x);
}

static double row_read(const struct t2v_form *form, float x)
{
    return form->rows != NULL ? weight_read(form, x) : (double)x;
}

/* The rows as the form reads them; free. */
static void *rows_new(const struct t2v_linear *layer, const float *x, size_t n_row, size_t *stride)
{
    const struct t2v_form *form = layer->form;
    *stride = form->rows != NULL ? form->row_bytes(layer->n_in) : layer->n_in * sizeof *x;
    char *rows = malloc(n_row * *stride);
    if (form->rows != NULL)
        form->rows(layer, x, layer->n_in, n_row, rows);
    else
        memcpy(rows, x, n_row * *stride);
    return rows;
}

/* One linear layer: rows x [n_in -> n_out], columns [begin, n_out). */
static void check_linear(const struct t2v_form *form, size_t rows, size_t n_in, size_t n_out,
                         size_t begin, enum t2v_act act)
{
    struct guarded x = guarded_new(rows * n_in), w = guarded_new(n_out * n_in);
    struct guarded bias = guarded_new(n_out), y = guarded_new(rows * n_out);
    struct t2v_linear layer = layer_new(form, w.ptr, n_in, n_out, rows % 3 == 1 ? NULL : bias.ptr);
    size_t stride;
    void *read = rows_new(&layer, x.ptr, rows, &stride);
    form->linear(&(struct t2v_linear_call){&layer, act, form->rows != NULL ? read : x.ptr, stride,
                                           rows, begin, n_out, y.ptr, n_out});
    free(read);
    for (size_t r = 0; r < rows; r++) {
        for (size_t c = begin; c < n_out; c++) {
            double sum = layer.bias != NULL ? (double)bias.ptr[c] : 0, size = 1 + fabs(sum);
            for (size_t i = 0; i < n_in; i++) {
                double term =
                    row_read(form, x.ptr[r * n_in + i]) * weight_read(form, w.ptr[c * n_in + i]);
                sum += term;
                size += fabs(term);
            }
            expect_near((double)y.ptr[r * n_out + c], act_double(act, sum), 1.5e-6 * size,
                        "linear rows, in, out", rows, n_in, n_out);
        }
    }
    layer_free(&layer);
    guarded_free(&x);
    guarded_free(&w);
    guarded_free(&bias);
    guarded_free(&y);
}

static void sweep_linear(const struct t2v_form *form)
{
    static const size_t ins[] = {1, 2, 7, 8, 32, 33, 130};
    for (size_t rows = 1; rows <= 29; rows++) {
        for (size_t n_out = 1; n_out <= 2 * form->panel + 1; n_out++)
            check_linear(form, rows, ins[(rows + n_out) % 7], n_out, 0, (enum t2v_act)(n_out % 5));
        check_linear(form, rows, 40, 3 * form->panel + 5, form->panel, T2V_ACT_GELU);
    }
}

/* What a norm's y may be. */
enum into { INTO_X, INTO_ADD, INTO_OTHER, INTO_MODES };

struct norm_case {
    bool rms, has_add, has_beta;
    enum into into;
};

/* One row in double. before: x + add. */
static void check_norm_row(const struct norm_case *c, const float *before, const float *got,
                           const float *gamma, const float *beta, double eps, size_t row, size_t n)
{
    double mean = 0, variance = 0;
    for (size_t i = 0; i < n && !c->rms; i++)
        mean += (double)before[i] / (double)n;
    for (size_t i = 0; i < n; i++)
        variance += pow((double)before[i] - mean, 2) / (double)n;
    for (size_t i = 0; i < n; i++) {
        double d = ((double)before[i] - mean) / sqrt(variance + eps);
        double want = d * (double)gamma[i] + (c->has_beta && !c->rms ? (double)beta[i] : 0);
        double bound = 4e-5 * (1 + fabs(d)) * (1 + fabs((double)gamma[i])) *
                       (n < 3 && !c->rms ? 40 : 1); /* few values: the mean cancels them */
        expect_near((double)got[i], want, bound,
                    c->rms ? "rms_norm row, n, i" : "layer_norm row, n, i", row, n, i);
    }
}

static void check_norm(t2v_norm_fn *fn, const struct norm_case *c, size_t rows, size_t n)
{
    const float eps = 1e-5f;
    struct guarded x = guarded_new(rows * n), add = guarded_new(rows * n);
    struct guarded other = guarded_new(rows * n);
    struct guarded gamma = guarded_new(n), beta = guarded_new(n);
    float *before = malloc(rows * n * sizeof *before);
    float *y = c->into == INTO_X ? x.ptr : c->into == INTO_ADD ? add.ptr : other.ptr;
    for (size_t i = 0; i < rows * n; i++)
        before[i] = x.ptr[i] + (c->has_add ? add.ptr[i] : 0.0f);
    fn(x.ptr, c->has_add ? add.ptr : NULL, rows, n, gamma.ptr, c->has_beta ? beta.ptr : NULL, eps,
       y);
    for (size_t r = 0; r < rows; r++)
        check_norm_row(c, before + r * n, y + r * n, gamma.ptr, beta.ptr, (double)eps, r, n);
    if (c->into != INTO_X)
        assert_memory_equal(x.ptr, before, rows * n * sizeof *before);
    free(before);
    guarded_free(&x);
    guarded_free(&add);
    guarded_free(&other);
    guarded_free(&gamma);
    guarded_free(&beta);
}

static void check_gate(t2v_gate_fn *fn, enum t2v_act act, size_t rows, size_t n)
{
    struct guarded ab = guarded_new(rows * 2 * n), y = guarded_new(rows * n);
    fn(act, ab.ptr, rows, n, y.ptr);
    for (size_t r = 0; r < rows; r++) {
        for (size_t i = 0; i < n; i++) {
            double a = (double)ab.ptr[r * 2 * n + i], b = (double)ab.ptr[r * 2 * n + n + i];
            expect_near((double)y.ptr[r * n + i], act_double(act, a) * b,
                        6e-7 * fmax(1, fabs(a)) * fabs(b), "gate rows, n, i", rows, n, i);
        }
    }
    guarded_free(&ab);
    guarded_free(&y);
}

/* What one query's output should be, with the bound that its terms give. */
static void check_query(const struct t2v_attention *call, size_t i, double *p)
{
    size_t at = call->query_at + i, n_key = call->n_key;
    double max = -INFINITY, sum = 0, size = 0;
    for (size_t j = 0; j < n_key; j++) {
        p[j] = -INFINITY;
        if ((j < at && at - j > call->before) || (j > at && j - at > call->after))
            continue;
        double dot = 0, terms = 0, add = 0;
        for (size_t d = 0; d < call->head_dim; d++) {
            double term = (double)call->q[i * call->ld + d] * (double)call->k[j * call->ld_kv + d];
            dot += term;
            terms += fabs(term);
        }
        if (call->bias != NULL)
            add = (double)call->bias[(ptrdiff_t)(j - i)];
        p[j] = dot * (double)call->scale + add;
        size = fmax(size, terms + fabs(add));
        max = fmax(max, p[j]);
    }
    for (size_t j = 0; j < n_key; j++)
        sum += p[j] = exp(p[j] - max);
    for (size_t d = 0; d < call->head_dim; d++) {
        double want = 0, terms = 0;
        for (size_t j = 0; j < n_key; j++) {
            if (!(p[j] > 0))
                continue;
            want += p[j] / sum * (double)call->v[j * call->ld_kv + d];
            terms += p[j] / sum * fabs((double)call->v[j * call->ld_kv + d]);
        }
        expect_near((double)call->out[i * call->ld_out + d], want, 1e-6 * (1 + size) * (1 + terms),
                    "attention query, keys, dim", at, n_key, call->head_dim);
    }
}

/* Keys and values that no query of the block sees become NaN: nobody may read them. */
static void spoil_unseen(const struct t2v_attention *call, float *qkv)
{
    size_t first = call->query_at, last = first + call->n_query - 1;
    for (size_t j = 0; j < call->n_key; j++) {
        if (!(j < first && first - j > call->before) && !(j > last && j - last > call->after))
            continue;
        for (size_t d = 0; d < 2 * call->head_dim; d++)
            qkv[j * call->ld + call->head_dim + d] = NAN;
    }
}

/* first: the key where query 0 stands. */
static void check_attention(t2v_attention_fn *fn, size_t first, size_t n_query, size_t n_key,
                            size_t dim, bool has_bias, size_t before, size_t after)
{
    size_t ld = 3 * dim;
    struct guarded qkv = guarded_new(n_key * ld), out = guarded_new(n_query * dim);
    struct guarded bias = guarded_new(n_query - 1 + n_key);
    size_t scratch_bytes = (t2v_attention_scratch(n_key, dim) * sizeof(float) + 63) / 64 * 64;
    struct t2v_attention call = {
        .q = qkv.ptr + first * ld,
        .k = qkv.ptr + dim,
        .v = qkv.ptr + 2 * dim,
        .ld = ld,
        .ld_kv = ld,
        .n_query = n_query,
        .n_key = n_key,
        .head_dim = dim,
        .query_at = first,
        .before = before,
        .after = after,
        .scale = 0.25f,
        .bias = has_bias ? bias.ptr + n_query - 1 : NULL,
        .out = out.ptr,
        .ld_out = dim,
        .scratch = aligned_alloc(64, scratch_bytes),
    };
    memset(call.scratch, 0xff, scratch_bytes); /* NaNs, should any be read */
    spoil_unseen(&call, qkv.ptr);
    fn(&call);
    double *p = malloc(n_key * sizeof *p);
    for (size_t i = 0; i < n_query; i++)
        check_query(&call, i, p);
    free(p);
    free(call.scratch);
    guarded_free(&qkv);
    guarded_free(&bias);
    guarded_free(&out);
}

static void linear_of(const struct t2v_kernels *kernels)
{
    sweep_linear(kernels->f32);
    assert_int_equal(kernels->bf16 == NULL, strcmp(kernels->name, "blas") == 0);
    if (kernels->bf16 != NULL)
        sweep_linear(kernels->bf16);
}

static void test_linear(void **state)
{
    (void)state;
    each_rung(linear_of);
}

static void norm_of(const struct t2v_kernels *kernels)
{
    for (size_t n = 1; n <= 42; n++) {
        for (size_t i = 0; i < 8 * INTO_MODES; i++) {
            const struct norm_case c = {i & 1, i & 2, i & 4, (enum into)(i / 8)};
            check_norm(c.rms ? kernels->rms_norm : kernels->layer_norm, &c, 1 + n % 3,
                       n < 42 ? n : 384);
        }
    }
}

static void test_norm(void **state)
{
    (void)state;
    each_rung(norm_of);
}

static void gate_of(const struct t2v_kernels *kernels)
{
    for (size_t n = 1; n <= 40; n++)
        check_gate(kernels->gate, (enum t2v_act)(n % 5), 1 + n % 3, n);
    check_gate(kernels->gate, T2V_ACT_GELU_TANH, 2, 2048);
}

static void test_gate(void **state)
{
    (void)state;
    each_rung(gate_of);
}

static void attention_of(const struct t2v_kernels *kernels)
{
    static const size_t dims[] = {1, 5, 8, 16, 24, 32, 64, 80};
    t2v_attention_fn *fn = kernels->attention;
    for (size_t n_key = 1; n_key <= 2 * T2V_PANEL_MAX + 1; n_key++) {
        for (size_t d = 0; d < sizeof dims / sizeof dims[0]; d++) {
            size_t n_query = 1 + (n_key * 7 + d) % n_key;
            check_attention(fn, n_key - n_query, n_query, n_key, dims[d], (n_key + d) % 2 == 0,
                            SIZE_MAX, SIZE_MAX);
        }
    }
    check_attention(fn, 170, 130, 300, 32, false, SIZE_MAX, SIZE_MAX);
    check_attention(fn, 170, 130, 300, 48, true, SIZE_MAX, SIZE_MAX);
    check_attention(fn, 8189, 3, 8192, 64, true, SIZE_MAX, SIZE_MAX);
}

/* Causal, and windows of all widths around a panel's. */
static void windows_of(const struct t2v_kernels *kernels)
{
    static const size_t limits[] = {SIZE_MAX, 0, 1, 5, 8, 16, 31, 64};
    t2v_attention_fn *fn = kernels->attention;
    for (size_t i = 0; i < 64; i++) {
        size_t before = limits[i / 8], after = limits[i % 8];
        for (size_t n_key = 1; n_key < 90; n_key += 1 + i % 7) {
            size_t n_query = 1 + next_random() % n_key, spare = n_key - n_query;
            check_attention(fn, next_random() % (spare + 1), n_query, n_key, 1 + n_key % 24,
                            i % 3 == 0, before, after);
        }
        check_attention(fn, 1000, 128, 2000, 32, i % 2 == 0, before, after);
    }
}

static void test_windows(void **state)
{
    (void)state;
    each_rung(windows_of);
}

static void test_attention(void **state)
{
    (void)state;
    each_rung(attention_of);
}

/* Weights of 16 bits: mostly around 1, now and then any number that there is. */
static float draw_f16(void)
{
    uint64_t r = next_random();
    uint16_t any = (uint16_t)(r >> 48), near = (uint16_t)((any & 0x8fff) | 0x3000);
    bool finite = (any & 0x7c00) != 0x7c00;
    return f16_to(r % 16 == 0 && finite ? any : near);
}

static float draw_bf16(void)
{
    float x = next_random() % 16 == 0 ? draw() * 1e-38f : draw();
    return bf16_to(bf16_near(x));
}

/* One linear layer whose weights are held in 16 bits: the same bits as from floats. */
static void check_held(const struct t2v_form *form, const struct t2v_form *f32, float (*next)(void),
                       size_t rows, size_t n_in, size_t n_out)
{
    struct guarded x = guarded_new(rows * n_in), w = guarded_new(n_out * n_in);
    struct guarded bias = guarded_new(n_out);
    struct guarded want = guarded_new(rows * n_out), got = guarded_new(rows * n_out);
    for (size_t i = 0; i < n_out * n_in; i++)
        w.ptr[i] = next();
    struct t2v_linear plain = layer_new(f32, w.ptr, n_in, n_out, bias.ptr);
    struct t2v_linear held = layer_new(form, w.ptr, n_in, n_out, bias.ptr);
    size_t stride = n_in * sizeof(float);
    f32->linear(&(struct t2v_linear_call){&plain, T2V_ACT_NONE, x.ptr, stride, rows, 0, n_out,
                                          want.ptr, n_out});
    form->linear(&(struct t2v_linear_call){&held, T2V_ACT_NONE, x.ptr, stride, rows, 0, n_out,
                                           got.ptr, n_out});
    for (size_t i = 0; i < rows * n_out; i++)
        expect_near((double)got.ptr[i], (double)want.ptr[i], 0, "held rows, in, i", rows, n_in, i);
    layer_free(&plain);
    layer_free(&held);
    guarded_free(&x);
    guarded_free(&w);
    guarded_free(&bias);
    guarded_free(&want);
    guarded_free(&got);
}

static void held_of(const struct t2v_kernels *kernels)
{
    static const size_t ins[] = {1, 2, 7, 32, 130};
    if (kernels->f32_of_f16 == NULL)
        return;
    for (size_t rows = 1; rows <= 29; rows++) {
        for (size_t n_out = 1; n_out <= 2 * T2V_PANEL_MAX + 1; n_out += 1 + n_out % 3) {
            size_t n_in = ins[(rows + n_out) % 5];
            check_held(kernels->f32_of_f16, kernels->f32, draw_f16, rows, n_in, n_out);
            check_held(kernels->f32_of_bf16, kernels->f32, draw_bf16, rows, n_in, n_out);
        }
    }
}

static void test_held(void **state)
{
    (void)state;
    each_rung(held_of);
}

static void test_half(void **state)
{
    (void)state;
    for (unsigned h = 0; h <= 0xffff; h++) {
        assert_int_equal(f16_from(f16_to((uint16_t)h)), h);
        bool nan = (h & 0x7fff) > 0x7f80;
        assert_int_equal(bf16_near(bf16_to((uint16_t)h)), nan ? 0x7fc0 : h);
    }
    assert_true(f16_to(1) == 0x1p-24f && f16_to(0x3c00) == 1.0f && f16_to(0xfbff) == -65504.0f);
    assert_true(isinf(f16_to(0x7c00)) && isnan(f16_to(0x7c01)) && isnan(f16_to(0xffff)));
}

/* Between two neighbours of f16 the nearer one is taken, in the middle the even one. */
static void test_half_near(void **state)
{
    (void)state;
    for (uint16_t h = 0; h < 0x7bff; h++) {
        float low = f16_to(h), high = f16_to((uint16_t)(h + 1)), middle = (low + high) / 2;
        assert_int_equal(f16_near(low), h);
        assert_int_equal(f16_near(-high), (h + 1) | 0x8000);
        assert_int_equal(f16_near(middle), h + (h & 1));
        assert_int_equal(f16_near(low + (middle - low) * 0.75f), h);
        assert_int_equal(f16_near(high - (high - middle) * 0.75f), h + 1);
    }
    assert_int_equal(f16_near(65519.0f), 0x7bff);
    assert_int_equal(f16_near(-3e38f), 0xfbff);
    assert_int_equal(f16_near(INFINITY), 0x7bff);
    assert_true(isnan(f16_to(f16_near(NAN))) && isnan(f16_to(f16_near(-NAN))));
}

/* A row's result must not depend on how many rows there are: text alone and in a batch. */
static void check_rows(const struct t2v_form *form)
{
    enum { N_IN = 71, N_OUT = 48, ROWS = 14 };
    struct guarded x = guarded_new(ROWS * N_IN), w = guarded_new(N_OUT * N_IN);
    float all[ROWS * N_OUT], one[N_OUT];
    struct t2v_linear layer = layer_new(form, w.ptr, N_IN, N_OUT, NULL);
    size_t stride;
    char *rows = rows_new(&layer, x.ptr, ROWS, &stride);
    form->linear(
        &(struct t2v_linear_call){&layer, T2V_ACT_GELU, rows, stride, ROWS, 0, N_OUT, all, N_OUT});
    for (size_t r = 0; r < ROWS; r++) {
        form->linear(&(struct t2v_linear_call){&layer, T2V_ACT_GELU, rows + r * stride, stride, 1,
                                               0, N_OUT, one, N_OUT});
        assert_memory_equal(one, all + r * N_OUT, sizeof one);
    }
    free(rows);
    layer_free(&layer);
    guarded_free(&x);
    guarded_free(&w);
}

static void rows_of(const struct t2v_kernels *kernels)
{
    if (!kernels->f32->plain) /* OpenBLAS does not promise it */
        check_rows(kernels->f32);
    if (kernels->bf16 != NULL)
        check_rows(kernels->bf16);
}

static void test_rows_alone(void **state)
{
    (void)state;
    each_rung(rows_of);
}

/* The activations over their whole range, through a layer that multiplies by one. */
static void acts_of(const struct t2v_kernels *kernels)
{
    const float one = 1.0f;
    struct t2v_linear layer = layer_new(kernels->f32, &one, 1, 1, NULL);
    for (int a = T2V_ACT_NONE; a <= T2V_ACT_SILU; a++) {
        for (float x = -100.0f; x < 100.0f; x += 0.0137f) {
            float y;
            kernels->f32->linear(
                &(struct t2v_linear_call){&layer, (enum t2v_act)a, &x, sizeof x, 1, 0, 1, &y, 1});
            expect_near((double)y, act_double((enum t2v_act)a, (double)x),
                        5e-7 * fmax(1.0, fabs((double)x)), "activation, 1000 |x|", (size_t)a,
                        (size_t)(1000.0f * fabsf(x)), x < 0.0f);
        }
    }
    layer_free(&layer);
}

static void test_activations(void **state)
{
    (void)state;
    each_rung(acts_of);
}

/* NaN stays NaN: in activations, gated or not, and in a score that attention has for one key alone,
 * whose exponential must not become 0. */
static void not_finite_of(const struct t2v_kernels *kernels)
{
    const float one = 1.0f, nan = NAN;
    struct t2v_linear layer = layer_new(kernels->f32, &one, 1, 1, NULL);
    for (int a = T2V_ACT_NONE; a <= T2V_ACT_SILU; a++) {
        float y = 0.0f, ab[2] = {NAN, 1.0f}, gated = 0.0f;
        kernels->f32->linear(
            &(struct t2v_linear_call){&layer, (enum t2v_act)a, &nan, sizeof nan, 1, 0, 1, &y, 1});
        kernels->gate((enum t2v_act)a, ab, 1, 1, &gated);
        assert_true(isnan(y) && isnan(gated));
    }
    layer_free(&layer);
    enum { KEYS = 40 };
    for (size_t key = 0; key < KEYS; key++) {
        float qkv[KEYS * 3], bias[KEYS] = {0}, out = 0.0f;
        for (size_t i = 0; i < KEYS * 3; i++)
            qkv[i] = 1.0f;
        bias[key] = NAN;
        struct t2v_attention call = {.q = qkv,
                                     .k = qkv + 1,
                                     .v = qkv + 2,
                                     .ld = 3,
                                     .ld_kv = 3,
                                     .n_query = 1,
                                     .n_key = KEYS,
                                     .head_dim = 1,
                                     .before = SIZE_MAX,
                                     .after = SIZE_MAX,
                                     .scale = 1.0f,
                                     .bias = bias,
                                     .out = &out,
                                     .ld_out = 1};
        call.scratch = aligned_alloc(64, (t2v_attention_scratch(KEYS, 1) * 4 + 63) / 64 * 64);
        kernels->attention(&call);
        assert_true(isnan(out));
        free(call.scratch);
    }
}

static void test_not_finite(void **state)
{
    (void)state;
    each_rung(not_finite_of);
}

static void test_exp(void **state)
{
    (void)state;
    for (float x = -87.3f; x < 88.3f; x += 0.0031f) {
        double want = exp((double)x);
        expect_near((double)approx_exp(x), want, 2e-7 * want, "exp", 0, 0, 0);
    }
    assert_true(approx_exp(-1000.0f) == 0.0f);
    assert_true(approx_exp(-INFINITY) == 0.0f);
    assert_true(isfinite(approx_exp(1000.0f)));
    assert_true(isnan(approx_exp(NAN)));
}

static void test_unknown_rung(void **state)
{
    (void)state;
    struct t2v_kernels kernels;
    struct t2v_err err;
    assert_int_equal(t2v_kernels_init(&kernels, "sse9", &err), T2V_EUNSUPPORTED);
    assert_non_null(strstr(err.msg, "sse9"));
}

int main(void)
{
#if defined(T2V_TEST_EMULATED)
    if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma"))
        return 77; /* "skipped": the emulation itself needs them */
#endif
    set_seed();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_exp),          cmocka_unit_test(test_activations),
        cmocka_unit_test(test_not_finite),   cmocka_unit_test(test_linear),
        cmocka_unit_test(test_norm),         cmocka_unit_test(test_gate),
        cmocka_unit_test(test_attention),    cmocka_unit_test(test_windows),
        cmocka_unit_test(test_held),         cmocka_unit_test(test_half),
        cmocka_unit_test(test_half_near),    cmocka_unit_test(test_rows_alone),
        cmocka_unit_test(test_unknown_rung),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
