/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The forms int8, int8_fine and int16 of every rung: rows and integer sums against their
 * definition, to the bit; the whole layer against double, within what quantising may cost. Sizes
 * around every tile, operands that end at an unmapped page, extreme values. `T2V_SEED=N` replays a
 * run.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "kernel/c/int8.h"

static uint64_t seed;

static uint64_t next_random(void)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed;
}

static float draw(void)
{
    uint64_t r = next_random();
    float x = (float)(int64_t)(r >> 40) / (float)(1 << 23) - 1.0f;
    return r % 61 == 0 ? x * 9.0f : r % 67 == 0 ? 0.0f : x;
}

/* Bytes that end at an unmapped page. */
struct guarded {
    void *ptr, *map;
    size_t bytes;
};

static struct guarded guarded_new(size_t n)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE), body = (n + page - 1) / page * page;
    struct guarded g = {.bytes = body + page};
    g.map = mmap(NULL, g.bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_true(g.map != MAP_FAILED);
    assert_int_equal(mprotect((char *)g.map + body, page, PROT_NONE), 0);
    g.ptr = (char *)g.map + body - n;
    return g;
}

static void guarded_free(struct guarded *g)
{
    munmap(g->map, g->bytes);
}

/* A layer, its float weights, and rows for it. */
struct sample {
    const struct t2v_form *form;
    size_t n_in, n_out, n_row, row_bytes;
    struct t2v_linear layer;
    struct guarded plain, x, rows, y, bias, weight, keep;
};

static void sample_outliers(struct sample *s, size_t n)
{
    uint32_t *keep = s->keep.ptr;
    struct t2v_outliers *out = &s->layer.outliers;
    memset(keep, 0xff, s->n_in * sizeof *keep);
    for (out->n = 0; out->n < n && out->n < s->n_in;) {
        size_t i = next_random() % s->n_in;
        if (keep[i] == 0)
            continue;
        keep[i] = 0;
        out->index[out->n++] = (uint32_t)i;
        for (size_t r = 0; r < s->n_row; r++)
            ((float *)s->x.ptr)[r * s->n_in + i] *= 30.0f;
    }
    out->keep = n == 0 ? NULL : keep;
}

static void sample_pack(struct sample *s)
{
    const struct t2v_form *form = s->form;
    const float *plain = s->plain.ptr;
    for (size_t c = 0; c < s->n_out; c += form->panel) {
        size_t n_col = s->n_out - c < form->panel ? s->n_out - c : form->panel;
        form->pack(&s->layer, plain + c * s->n_in, n_col,
                   (char *)s->weight.ptr + c / form->panel * form->panel_bytes(s->n_in));
    }
}

static struct sample sample_new(const struct t2v_form *form, size_t n_row, size_t n_in,
                                size_t n_out, size_t n_outlier)
{
    struct sample s = {.form = form, .n_in = n_in, .n_out = n_out, .n_row = n_row};
    s.row_bytes = form->row_bytes(n_in);
    s.plain = guarded_new(n_out * n_in * sizeof(float));
    s.x = guarded_new(n_row * n_in * sizeof(float));
    s.rows = guarded_new(n_row * s.row_bytes);
    s.y = guarded_new(n_row * n_out * sizeof(float));
    s.bias = guarded_new(n_out * sizeof(float));
    s.weight = guarded_new(t2v_linear_bytes(form, n_in, n_out));
    s.keep = guarded_new(n_in * sizeof(uint32_t));
    for (size_t i = 0; i < n_out * n_in; i++)
        ((float *)s.plain.ptr)[i] = draw();
    for (size_t i = 0; i < n_row * n_in; i++)
        ((float *)s.x.ptr)[i] = draw();
    for (size_t i = 0; i < n_out; i++)
        ((float *)s.bias.ptr)[i] = draw();
    s.layer = (struct t2v_linear){.form = form,
                                  .n_in = n_in,
                                  .n_out = n_out,
                                  .weight = s.weight.ptr,
                                  .bias = n_row % 3 == 1 ? NULL : s.bias.ptr};
    sample_outliers(&s, n_outlier);
    sample_pack(&s);
    return s;
}

static void sample_free(struct sample *s)
{
    guarded_free(&s->plain);
    guarded_free(&s->x);
    guarded_free(&s->rows);
    guarded_free(&s->y);
    guarded_free(&s->bias);
    guarded_free(&s->weight);
    guarded_free(&s->keep);
}

static bool is_fine(const struct t2v_form *form)
{
    return form->row_bytes == t2v_row_bytes_int8_fine;
}

/* Whether rows and panels are those of c/int8.h, so that their bytes can be compared. */
static bool is_defined(const struct t2v_form *form)
{
    return form->row_bytes == t2v_row_bytes_int8 || is_fine(form);
}

static bool is_int16(const struct t2v_form *form)
{
    return strcmp(form->name, "int16") == 0;
}

/* The largest |q| of rows of 16 bits, and of weights. */
static float row_max(const struct t2v_form *form, size_t n_in)
{
    return is_int16(form) ? int16_max(n_in) : int8_fine_max(n_in);
}
static float weight_max(const struct t2v_form *form, size_t n_in)
{
    return is_int16(form) ? int16_max(n_in) : 127.0f;
}

/* Value i of a row. */
static int32_t value_at(const struct t2v_form *form, const struct int8_row *row, size_t i)
{
    const int16_t *shorts = (const void *)(row + 1);
    const uint8_t *bytes = (const void *)(row + 1);
    return is_fine(form) ? shorts[i] : bytes[i];
}

/* The layout of its panels, pairs left out. */
static struct int8_layout layout_of(const struct t2v_form *form)
{
    size_t bytes = is_int16(form) ? 2 : 1;
    size_t group = (form->panel_bytes(1) / form->panel - INT8_N_OF_COLUMN * sizeof(float)) / bytes;
    return (struct int8_layout){.bytes = bytes, .width = form->panel, .group = group};
}

/* --- rows --- */

static void expect_same_rows(const struct sample *s)
{
    char *want = malloc(s->n_row * s->row_bytes);
    t2v_rows_fn *rows = is_int16(s->form)  ? t2v_rows_int16_c
                        : is_fine(s->form) ? t2v_rows_int8_fine_c
                                           : t2v_rows_int8_c;
    rows(&s->layer, s->x.ptr, s->n_in, s->n_row, want);
    for (size_t r = 0; r < s->n_row; r++) {
        const struct int8_row *a = (const void *)(want + r * s->row_bytes);
        const struct int8_row *b = (const void *)((char *)s->rows.ptr + r * s->row_bytes);
        bool same = a->scale == b->scale && a->min == b->min;
        for (size_t k = 0; k < T2V_OUTLIERS; k++)
            same = same && a->outlier[k] == b->outlier[k];
        if (!same)
            fail_msg("n_in %zu row %zu: got scale %.9g least %.9g, expected %.9g, %.9g", s->n_in, r,
                     (double)b->scale, (double)b->min, (double)a->scale, (double)a->min);
        for (size_t i = 0; i < int8_padded(s->n_in); i++) {
            int32_t got = value_at(s->form, b, i), expected = value_at(s->form, a, i);
            if (got != expected)
                fail_msg("n_in %zu row %zu value %zu: got %d, expected %d", s->n_in, r, i, got,
                         expected);
        }
    }
    free(want);
}

static void rows_of(const struct t2v_kernels *kernels)
{
    const struct t2v_form *form = kernels->int8;
    if (!is_defined(form))
        return;
    for (size_t n_in = 1; n_in <= 100; n_in++) {
        for (size_t n_outlier = 0; n_outlier <= T2V_OUTLIERS; n_outlier += T2V_OUTLIERS) {
            struct sample s = sample_new(form, 1 + n_in % 3, n_in, 1, n_outlier);
            float *x = s.x.ptr;
            for (size_t i = 0; i < n_in && n_in % 7 == 0; i++)
                x[i] = n_in % 2 == 0 ? 0.0f : -3.25f; /* all one value */
            if (n_in % 11 == 0)
                x[n_in / 2] = 1e-38f;
            if (n_in % 13 == 0)
                x[n_in / 2] = 3e38f;
            form->rows(&s.layer, x, n_in, s.n_row, s.rows.ptr);
            expect_same_rows(&s);
            sample_free(&s);
        }
    }
}

/* --- sums --- */

/* The integers of one row and panel column, as they lie. */
static int64_t exact_sum(const struct sample *s, size_t r, size_t column)
{
    const struct int8_layout layout = layout_of(s->form);
    size_t group = layout.group, j = column % layout.width;
    const int8_t *w = t2v_linear_panel(&s->layer, column - j);
    const int16_t *w16 = t2v_linear_panel(&s->layer, column - j);
    const struct int8_row *row = (const void *)((const char *)s->rows.ptr + r * s->row_bytes);
    int64_t sum = 0;
    for (size_t i = 0; i < s->n_in; i++) {
        size_t at = (i / group * layout.width + j) * group + i % group;
        sum += value_at(s->form, row, i) * (layout.bytes == 2 ? w16[at] : w[at]);
    }
    return sum;
}

/* Rows of scale 1 and least value 0 make the sums themselves come out. */
static void expect_exact(struct sample *s)
{
    const struct int8_layout layout = layout_of(s->form);
    s->layer.bias = NULL;
    for (size_t r = 0; r < s->n_row; r++) {
        struct int8_row head = {.scale = 1.0f};
        memcpy((char *)s->rows.ptr + r * s->row_bytes, &head, sizeof head);
    }
    s->form->linear(&(struct t2v_linear_call){&s->layer, T2V_ACT_NONE, s->rows.ptr, s->row_bytes,
                                              s->n_row, 0, s->n_out, s->y.ptr, s->n_out});
    for (size_t r = 0; r < s->n_row; r++) {
        for (size_t c = 0; c < s->n_out; c++) {
            size_t j = c % s->form->panel;
            const char *panel = t2v_linear_panel(&s->layer, c - j);
            const float *scale = (const void *)(panel + int8_weight_bytes(&layout, s->n_in));
            float want = (float)exact_sum(s, r, c) * scale[j];
            float got = ((float *)s->y.ptr)[r * s->n_out + c];
            if (got != want)
                fail_msg("rows %zu in %zu out %zu: row %zu column %zu: got %.9g, expected %.9g",
                         s->n_row, s->n_in, s->n_out, r, c, (double)got, (double)want);
        }
    }
}

static void sums_of(const struct t2v_kernels *kernels)
{
    static const size_t ins[] = {1, 3, 4, 5, 31, 32, 33, 64, 130};
    const struct t2v_form *form = kernels->int8;
    if (!is_defined(form))
        return;
    for (size_t rows = 1; rows <= 29; rows++) {
        for (size_t n_out = 1; n_out <= 2 * form->panel + 1; n_out += 1 + rows % 3) {
            struct sample s = sample_new(form, rows, ins[(rows + n_out) % 9], n_out, 0);
            form->rows(&s.layer, s.x.ptr, s.n_in, rows, s.rows.ptr);
            expect_exact(&s);
            sample_free(&s);
        }
    }
    /* so many rows that most tiles ask for nothing ahead */
    struct sample s = sample_new(form, 400, 5, form->panel + 1, 0);
    form->rows(&s.layer, s.x.ptr, s.n_in, s.n_row, s.rows.ptr);
    expect_exact(&s);
    sample_free(&s);
}

/* Rows of nothing but the largest value. */
static void fill_rows(const struct sample *s)
{
    memset(s->rows.ptr, 255, s->n_row * s->row_bytes);
    for (size_t r = 0; is_fine(s->form) && r < s->n_row; r++) {
        char *row = (char *)s->rows.ptr + r * s->row_bytes;
        int16_t *q = (int16_t *)(void *)(row + sizeof(struct int8_row));
        for (size_t i = 0; i < s->n_in; i++)
            q[i] = (int16_t)row_max(s->form, s->n_in);
    }
}

/* Such rows against weights that all pull one way, or by pairs, or by turns. */
static void extremes_of(const struct t2v_kernels *kernels)
{
    const struct t2v_form *form = kernels->int8;
    if (!is_defined(form))
        return;
    for (int kind = 0; kind < 6; kind++) {
        struct sample s = sample_new(form, 7, 4096, 3 * form->panel, 0);
        float *w = s.plain.ptr;
        for (size_t i = 0; i < s.n_out * s.n_in; i++) {
            static const float patterns[6][4] = {{1, 1, 1, 1},     {-1, -1, -1, -1},
                                                 {1, -1, 1, -1},   {1, 1, -1, -1},
                                                 {1, 0.01f, 1, 0}, {-1, -0.02f, 0, -1}};
            w[i] = patterns[kind][i % 4] * 5.0f;
        }
        sample_pack(&s);
        fill_rows(&s);
        expect_exact(&s);
        sample_free(&s);
    }
}

/* --- the whole --- */

static double act_double(enum t2v_act act, double x)
{
    return act == T2V_ACT_GELU   ? 0.5 * x * erfc(-x / sqrt(2.0))
           : act == T2V_ACT_RELU ? fmax(x, 0)
                                 : x;
}

/* What rounding may cost: half a step of every weight and of every value. The bound holds for
 * columns whose pairs are limited, too, whose steps may be twice as large; int8_fine and int16 have
 * none. */
static void check_whole(const struct t2v_form *form, size_t rows, size_t n_in, size_t n_out,
                        size_t begin, size_t n_outlier, enum t2v_act act)
{
    struct sample s = sample_new(form, rows, n_in, n_out, n_outlier);
    const float *plain = s.plain.ptr, *keep = s.keep.ptr;
    form->rows(&s.layer, s.x.ptr, n_in, rows, s.rows.ptr);
    form->linear(&(struct t2v_linear_call){&s.layer, act, s.rows.ptr, s.row_bytes, rows, begin,
                                           n_out, s.y.ptr, n_out});
    for (size_t r = 0; r < rows; r++) {
        const float *x = (float *)s.x.ptr + r * n_in;
        double min = 0, max = 0;
        for (size_t i = 0; i < n_in; i++) {
            bool kept = ((const uint32_t *)(const void *)keep)[i] != 0;
            min = kept ? fmin(min, (double)x[i]) : min;
            max = kept ? fmax(max, (double)x[i]) : max;
        }
        double step_x = (max - min) / 255 / 2;
        if (is_fine(form))
            step_x = fmax(max, -min) / (double)row_max(form, n_in) / 2;
        for (size_t c = begin; c < n_out; c++) {
            const float *w = plain + c * n_in;
            double sum = s.layer.bias != NULL ? (double)s.layer.bias[c] : 0, top = 0;
            for (size_t i = 0; i < n_in; i++) {
                sum += (double)x[i] * (double)w[i];
                top = fmax(top, fabs((double)w[i]));
            }
            double step_w = (is_fine(form) ? 1 : 2) * top / (double)weight_max(form, n_in) / 2;
            double bound = 2e-5 * (1 + fabs(sum));
            for (size_t i = 0; i < n_in; i++) {
                bool kept = ((const uint32_t *)(const void *)keep)[i] != 0;
                double cost = fabs((double)x[i]) * step_w + fabs((double)w[i]) * step_x;
                bound += kept ? cost + step_w * step_x : 1e-6 * fabs((double)(x[i] * w[i]));
            }
            double got = (double)((float *)s.y.ptr)[r * n_out + c], want = act_double(act, sum);
            if (!(fabs(got - want) <= 1.2 * bound)) /* GELU's slope is below 1.2 */
                fail_msg("rows %zu in %zu out %zu: row %zu column %zu: got %.9g, expected %.9g, "
                         "bound %.3g",
                         rows, n_in, n_out, r, c, got, want, bound);
        }
    }
    sample_free(&s);
}

static void whole_of(const struct t2v_kernels *kernels)
{
    static const enum t2v_act acts[] = {T2V_ACT_NONE, T2V_ACT_GELU, T2V_ACT_RELU};
    static const size_t ins[] = {1, 2, 3, 7, 8, 32, 33, 70, 131};
    const struct t2v_form *form = kernels->int8;
    for (size_t rows = 1; rows <= 15; rows++) {
        for (size_t n_out = 1; n_out <= 2 * form->panel + 1; n_out += 1 + rows % 2)
            check_whole(form, rows, ins[(rows + n_out) % 9], n_out, 0, n_out % 2 * T2V_OUTLIERS,
                        acts[n_out % 3]);
        check_whole(form, rows, 40, 3 * form->panel + 5, form->panel, 2, T2V_ACT_GELU);
    }
}

/* A row's result, to the bit, whatever rows are beside it. */
static void alone_of(const struct t2v_kernels *kernels)
{
    const struct t2v_form *form = kernels->int8;
    struct sample s = sample_new(form, 29, 70, 80, T2V_OUTLIERS);
    float one[80];
    form->rows(&s.layer, s.x.ptr, s.n_in, s.n_row, s.rows.ptr);
    form->linear(&(struct t2v_linear_call){&s.layer, T2V_ACT_GELU, s.rows.ptr, s.row_bytes, s.n_row,
                                           0, 80, s.y.ptr, 80});
    for (size_t r = 0; r < s.n_row; r++) {
        form->rows(&s.layer, (float *)s.x.ptr + r * s.n_in, s.n_in, 1, s.rows.ptr);
        form->linear(&(struct t2v_linear_call){&s.layer, T2V_ACT_GELU, s.rows.ptr, s.row_bytes, 1,
                                               0, 80, one, 80});
        assert_memory_equal(one, (float *)s.y.ptr + r * 80, sizeof one);
    }
    sample_free(&s);
}

/* A row with a value that is not finite gives no finite value, and the row beside it is as it was,
 * wherever the value is: among the outliers or not. */
static void not_finite_of(const struct t2v_kernels *kernels)
{
    const float values[] = {NAN, -NAN, INFINITY, -INFINITY};
    const struct t2v_form *form = kernels->int8;
    for (size_t i = 0; i < 4; i++) {
        for (size_t where = 0; where < 40; where++) {
            struct sample s = sample_new(form, 2, 40, 40, where % 2 * T2V_OUTLIERS);
            float *y = s.y.ptr, want[40];
            form->rows(&s.layer, s.x.ptr, 40, 2, s.rows.ptr);
            form->linear(&(struct t2v_linear_call){&s.layer, T2V_ACT_GELU, s.rows.ptr, s.row_bytes,
                                                   2, 0, 40, y, 40});
            memcpy(want, y + 40, sizeof want);
            ((float *)s.x.ptr)[where] = values[i];
            form->rows(&s.layer, s.x.ptr, 40, 2, s.rows.ptr);
            form->linear(&(struct t2v_linear_call){&s.layer, T2V_ACT_GELU, s.rows.ptr, s.row_bytes,
                                                   2, 0, 40, y, 40});
            for (size_t c = 0; c < 40; c++)
                assert_false(isfinite(y[c]));
            assert_memory_equal(y + 40, want, sizeof want);
            sample_free(&s);
        }
    }
}

/* What is not finite in weights, which are refused before they come here, or nearly so: anything
 * may come out, at no harm. A row of one value must come out as it should. */
static void odd_of(const struct t2v_kernels *kernels)
{
    const float odd[] = {NAN, INFINITY, -INFINITY, 3.4e38f, -3.4e38f, 1e-40f};
    const struct t2v_form *form = kernels->int8;
    for (size_t i = 0; i < 6; i++) {
        for (size_t where = 0; where < 40; where += 13) {
            struct sample s = sample_new(form, 2, 40, 40, where % 2 * T2V_OUTLIERS);
            ((float *)s.x.ptr)[where] = odd[i];
            ((float *)s.plain.ptr)[where + 40 * where] = odd[i];
            sample_pack(&s);
            form->rows(&s.layer, s.x.ptr, 40, 2, s.rows.ptr);
            form->linear(&(struct t2v_linear_call){&s.layer, T2V_ACT_GELU, s.rows.ptr, s.row_bytes,
                                                   2, 0, 40, s.y.ptr, 40});
            sample_free(&s);
        }
    }
    struct sample s = sample_new(form, 1, 40, 40, 0);
    for (size_t i = 0; i < 40; i++)
        ((float *)s.x.ptr)[i] = 0.0f;
    form->rows(&s.layer, s.x.ptr, 40, 1, s.rows.ptr);
    form->linear(&(struct t2v_linear_call){&s.layer, T2V_ACT_NONE, s.rows.ptr, s.row_bytes, 1, 0,
                                           40, s.y.ptr, 40});
    for (size_t c = 0; c < 40; c++)
        assert_true(((float *)s.y.ptr)[c] == 0.0f);
    sample_free(&s);
}

/* --- all rungs --- */

static void each_rung(void (*check)(const struct t2v_kernels *kernels))
{
    static const char *const rungs[] = {"c",          "avx2", "avxvnni", "avx512",
                                        "avx512vnni", "neon", "dotprod", "i8mm"};
    const struct t2v_form *last = NULL, *last_fine = NULL;
    for (size_t i = 0; i < sizeof rungs / sizeof rungs[0]; i++) {
        struct t2v_kernels kernels;
        if (t2v_kernels_init(&kernels, rungs[i], NULL) != 0)
            continue;
        if (kernels.int8 != last)
            check(&kernels);
        last = kernels.int8;
        if (kernels.int8_fine == NULL || kernels.int8_fine == last_fine)
            continue;
        last_fine = kernels.int8 = kernels.int8_fine;
        check(&kernels);
        kernels.int8 = kernels.int16;
        check(&kernels);
    }
}

#define TEST(NAME)                                                                                 \
    static void test_##NAME(void **state)                                                          \
    {                                                                                              \
        (void)state;                                                                               \
        each_rung(NAME##_of);                                                                      \
    }
TEST(rows)
TEST(sums)
TEST(extremes)
TEST(whole)
TEST(alone)
TEST(not_finite)
TEST(odd)

int main(void)
{
    const char *given = getenv("T2V_SEED");
    seed = given != NULL ? strtoull(given, NULL, 0) : 0x9e3779b97f4a7c15u;
    print_message("T2V_SEED=%llu\n", (unsigned long long)seed);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),     cmocka_unit_test(test_sums),
        cmocka_unit_test(test_extremes), cmocka_unit_test(test_whole),
        cmocka_unit_test(test_alone),    cmocka_unit_test(test_not_finite),
        cmocka_unit_test(test_odd),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
