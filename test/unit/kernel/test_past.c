/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Attention to keys and values in pages: every rung against a reference in double, and each row to
 * the bit as it is alone. `T2V_SEED=N` replays a run.
 */
#include "check.h"

#include "kernel/c/half.h"
#include "net/kv.h"

/* A head of keys and values, plain and in pages. The head is the second of its layer. */
struct past {
    struct t2v_kv_head head;
    size_t n_key, dim;
    float *k, *v; /* [n_key, dim], as stored */
    char **pages;
};

static size_t n_page_of(size_t n_key)
{
    return (n_key + T2V_PAGE_TOK - 1) / T2V_PAGE_TOK;
}

/* A number as it is stored. */
static float draw_stored(bool half)
{
    float x = draw();
    return half ? f16_to(f16_near(x)) : x;
}

static struct past past_new(const struct t2v_kernels *kernels, size_t n_key, size_t dim, bool half)
{
    struct past past = {
        .n_key = n_key,
        .dim = dim,
        .head = {t2v_page_offset(0, 2, 1, dim, half), dim, kernels->key_panel, half},
        .k = malloc(n_key * dim * sizeof(float)),
        .v = malloc(n_key * dim * sizeof(float)),
        .pages = malloc(n_page_of(n_key) * sizeof(char *)),
    };
    size_t bytes = t2v_page_offset(1, 2, 0, dim, half);
    for (size_t i = 0; i < n_page_of(n_key); i++) {
        past.pages[i] = aligned_alloc(64, (bytes + 63) / 64 * 64);
        memset(past.pages[i], 0xff, bytes); /* NaN where nothing is stored */
    }
    const struct t2v_kv kv = {past.pages, 0};
    for (size_t j = 0; j < n_key; j++) {
        for (size_t d = 0; d < dim; d++) {
            past.k[j * dim + d] = draw_stored(half);
            past.v[j * dim + d] = draw_stored(half);
        }
        t2v_kv_store(&kv, &past.head, j, past.k + j * dim, past.v + j * dim);
    }
    return past;
}

static void past_free(struct past *past)
{
    for (size_t i = 0; i < n_page_of(past->n_key); i++)
        free(past->pages[i]);
    free(past->pages);
    free(past->k);
    free(past->v);
}

/* The sizes and settings of a call; its last row is at the last key. */
struct rows {
    size_t n_row, step, before;
    bool sloped, half;
};

/* p: [n_key], the scores of row r before softmax. Returns the sum of their terms' sizes. */
static double scores_of(const struct past *past, const struct t2v_past_attention *call, size_t r,
                        double *p)
{
    size_t at = call->at + r * call->step;
    double size = 0;
    for (size_t j = 0; j < past->n_key; j++) {
        double dot = 0, terms = 0, bias = 0;
        p[j] = -INFINITY;
        if (j > at || at - j > call->before)
            continue;
        for (size_t d = 0; d < past->dim; d++) {
            double term = (double)call->q[r * call->ld + d] * (double)past->k[j * past->dim + d];
            dot += term;
            terms += fabs(term);
        }
        if (call->slopes != NULL)
            bias = (double)call->slopes[call->step == 0 ? r : 0] * ((double)j - (double)at);
        p[j] = dot * (double)call->scale + bias;
        terms += fabs(bias);
        size = terms > size ? terms : size;
    }
    return size;
}

static void check_row(const struct past *past, const struct t2v_past_attention *call, size_t r,
                      double *p)
{
    double size = scores_of(past, call, r, p), max = -INFINITY, sum = 0;
    for (size_t j = 0; j < past->n_key; j++)
        max = p[j] > max ? p[j] : max;
    for (size_t j = 0; j < past->n_key; j++)
        sum += p[j] = exp(p[j] - max);
    for (size_t d = 0; d < past->dim; d++) {
        double want = 0, terms = 0;
        for (size_t j = 0; j < past->n_key; j++) {
            double term = p[j] / sum * (double)past->v[j * past->dim + d];
            want += term;
            terms += fabs(term);
        }
        expect_near((double)call->out[r * call->ld_out + d], want, 1e-6 * (1 + size) * (1 + terms),
                    "past row, keys, dim", r, past->n_key, past->dim);
    }
}

/* Row r of a call, alone, has the bits that it has with the others. */
static void check_alone(const struct t2v_kernels *kernels, const struct past *past,
                        const struct t2v_past_attention *call, size_t r)
{
    float *out = malloc(past->dim * sizeof *out);
    struct t2v_past_attention one = *call;
    one.q += r * call->ld;
    one.at += r * call->step;
    one.n_row = 1;
    one.step = r % 2;
    if (one.slopes != NULL && call->step == 0)
        one.slopes += r;
    one.out = out;
    kernels->past_attention(&one);
    assert_memory_equal(out, call->out + r * call->ld_out, past->dim * sizeof *out);
    free(out);
}

static void check_past(const struct t2v_kernels *kernels, size_t n_key, size_t dim,
                       const struct rows *rows)
{
    struct past past = past_new(kernels, n_key, dim, rows->half);
    size_t n_row = rows->n_row, ld = dim + 3, bytes = t2v_past_scratch(dim) * sizeof(float);
    struct guarded q = guarded_new((n_row - 1) * ld + dim), out = guarded_new(n_row * dim);
    float *scratch = aligned_alloc(64, (bytes + 63) / 64 * 64);
    const struct t2v_past_attention call = {
        .q = q.ptr,
        .ld = ld,
        .n_row = n_row,
        .step = rows->step,
        .at = n_key - 1 - rows->step * (n_row - 1),
        .head_dim = dim,
        .before = rows->before,
        .scale = 0.25f,
        .slopes = rows->sloped ? q.ptr : NULL,
        .pages = past.pages,
        .offset = past.head.offset,
        .half = rows->half,
        .out = out.ptr,
        .ld_out = dim,
        .scratch = scratch,
    };
    double *p = malloc(n_key * sizeof *p);
    memset(scratch, 0xff, bytes);
    kernels->past_attention(&call);
    for (size_t r = 0; r < n_row; r++)
        check_row(&past, &call, r, p);
    check_alone(kernels, &past, &call, 0);
    check_alone(kernels, &past, &call, n_row - 1);
    check_alone(kernels, &past, &call, next_random() % n_row);
    free(p);
    free(scratch);
    guarded_free(&q);
    guarded_free(&out);
    past_free(&past);
}

/* Queries in a row, and heads of one query: all sizes around a tile, a vector and a page. */
static void sizes_of(const struct t2v_kernels *kernels)
{
    static const size_t dims[] = {1, 5, 16, 24, 33, 64, 80, 128};
    static const size_t befores[] = {SIZE_MAX, 0, 1, 31, 64, 100, 200};
    for (size_t i = 0; i < 150; i++) {
        struct rows rows = {
            .n_row = 1 + i % (2 * T2V_TILE_ROWS_MAX + 2),
            .step = i % 3 != 0,
            .before = befores[i % 7],
            .sloped = i % 2 == 0,
            .half = i / 2 % 2 == 0,
        };
        size_t n_key = rows.n_row + next_random() % (3 * T2V_PAGE_TOK);
        check_past(kernels, i % 5 == 0 ? n_page_of(n_key) * T2V_PAGE_TOK : n_key, dims[i % 8],
                   &rows);
    }
}

static void test_sizes(void **state)
{
    (void)state;
    each_rung(sizes_of);
}

static void long_of(const struct t2v_kernels *kernels)
{
    check_past(kernels, 8191, 64, &(struct rows){3, 0, SIZE_MAX, false, true});
    check_past(kernels, 3000, 64, &(struct rows){40, 1, 1000, false, true});
    check_past(kernels, 5000, 16, &(struct rows){17, 1, SIZE_MAX, true, false});
}

static void test_long(void **state)
{
    (void)state;
    each_rung(long_of);
}

int main(void)
{
#if defined(T2V_TEST_EMULATED)
    if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma"))
        return 77; /* "skipped": the emulation itself needs them */
#endif
    set_seed();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_long),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
