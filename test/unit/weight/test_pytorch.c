/* SPDX-License-Identifier: BSD-3-Clause */
/* pytorch_model.bin: files that the real torch wrote (make-torch-files), whole and damaged. */
#include "torch.h"

static const char *const torch_files[] = {
    "dtypes",
    "dtypes-legacy",
    "dtypes-new",
    "module",
    "module-legacy",
    "module-protocol-3",
    "module-protocol-4",
    "module-protocol-5",
    "no-byteorder",
    "parameter",
    "python2-legacy",
    "module-legacy-protocol-4",
    "views",
    "views-legacy",
    "extras",
    "checkpoint",
    "whole-module",
    "big-endian",
};
enum { N_FILES = sizeof torch_files / sizeof *torch_files };

static void test_dtypes(void **state)
{
    (void)state;
    static const struct {
        const char *file, *name;
        enum t2v_dtype dtype;
        double last; /* the sixth item */
    } cases[] = {
        {"dtypes", "float32", T2V_F32, 5},
        {"dtypes", "float16", T2V_F16, 5},
        {"dtypes", "bfloat16", T2V_BF16, 5},
        {"dtypes", "float64", T2V_F64, 5},
        {"dtypes", "int64", T2V_I64, 5},
        {"dtypes", "int32", T2V_I32, 5},
        {"dtypes", "int16", T2V_I16, 5},
        {"dtypes", "int8", T2V_I8, 5},
        {"dtypes", "uint8", T2V_U8, 5},
        {"dtypes", "bool", T2V_BOOL, 1},
        {"dtypes", "complex64", T2V_C64, 5},
        {"dtypes-new", "uint16", T2V_U16, 5},
        {"dtypes-new", "uint32", T2V_U32, 5},
        {"dtypes-new", "uint64", T2V_U64, 5},
        {"dtypes-new", "float8_e5m2", T2V_F8_E5M2, 0x45},
        {"dtypes-new", "float8_e4m3fn", T2V_F8_E4M3, 0x4a},
        {"dtypes-new", "float8_e5m2fnuz", T2V_F8_E5M2FNUZ, 0x49},
        {"dtypes-new", "float8_e4m3fnuz", T2V_F8_E4M3FNUZ, 0x52},
        {"dtypes-legacy", "float32", T2V_F32, 5},
        {"dtypes-legacy", "bfloat16", T2V_BF16, 5},
        {"dtypes-legacy", "bool", T2V_BOOL, 1},
        {"dtypes-legacy", "complex64", T2V_C64, 5},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct guarded g = load(cases[i].file);
        struct result r = read_bytes(g.bytes, g.len);
        if (r.rc != 0)
            fail_msg("%s: %s", cases[i].file, r.err.msg);
        const struct t2v_tensor *t = find(&r, cases[i].name);
        if (t->dtype != cases[i].dtype || t->n_dim != 2 || t->shape[0] != 2 || t->shape[1] != 3 ||
            t->n_byte * 8 != 6 * t2v_dtype_bits(t->dtype) || item(t, 5) != cases[i].last)
            fail_msg("%s, %s: expected %s %g, got %s %g, %zu bytes", cases[i].file, cases[i].name,
                     t2v_dtype_name(cases[i].dtype), cases[i].last, t2v_dtype_name(t->dtype),
                     item(t, 5), t->n_byte);
        result_free(&r);
        guarded_free(&g);
    }
}

struct want {
    const char *name;
    int n_dim;
    size_t shape[3];
    bool copied;
    double items[24];
};

static void check_tensors(const char *file, const struct want *want, size_t n)
{
    struct guarded g = load(file);
    struct result r = read_bytes(g.bytes, g.len);
    if (r.rc != 0)
        fail_msg("%s: %s", file, r.err.msg);
    assert_int_equal(r.list.n, n);
    for (size_t i = 0; i < n; i++) {
        const struct t2v_tensor *t = find(&r, want[i].name);
        size_t n_item = 1;
        for (int d = 0; d < want[i].n_dim; d++)
            n_item *= want[i].shape[d];
        if (t->n_dim != want[i].n_dim || t->n != n_item || t->copied != want[i].copied ||
            memcmp(t->shape, want[i].shape, (size_t)t->n_dim * sizeof *t->shape) != 0)
            fail_msg("%s, %s: %d dimensions, %zu items, copied %d", file, want[i].name, t->n_dim,
                     t->n, t->copied);
        if (!t->copied)
            assert_true(t->data >= g.bytes && t->data + t->n_byte <= g.bytes + g.len);
        for (size_t k = 0; k < n_item; k++)
            if (item(t, k) != want[i].items[k])
                fail_msg("%s, %s, item %zu: expected %g, got %g", file, want[i].name, k,
                         want[i].items[k], item(t, k));
    }
    result_free(&r);
    guarded_free(&g);
}

static void test_views(void **state)
{
    (void)state;
    static const struct want want[] = {
        {"whole", 2, {3, 4}, false, {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}},
        {"transposed", 2, {4, 3}, true, {0, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11}},
        {"rows", 2, {2, 4}, false, {4, 5, 6, 7, 8, 9, 10, 11}},
        {"column", 1, {3}, true, {2, 6, 10}},
        {"slice", 1, {3}, false, {4, 5, 6}},
        {"expanded", 2, {2, 3}, true, {2, 2, 2, 2, 2, 2}},
        {"cube", 3, {4, 2, 3}, true, {0, 4, 8,  12, 16, 20, 1, 5, 9,  13, 17, 21,
                                      2, 6, 10, 14, 18, 22, 3, 7, 11, 15, 19, 23}},
        {"scalar", 0, {0}, false, {9}},
        {"empty", 2, {0, 3}, false, {0}},
        {"one", 2, {1, 1}, false, {9}},
    };
    check_tensors("views", want, sizeof want / sizeof *want);
    check_tensors("views-legacy", want, sizeof want / sizeof *want);
}

/* A state dictionary of a module, _metadata and all, under every protocol. */
static void test_module(void **state)
{
    (void)state;
    static const struct want want[] = {
        {"0.weight", 2, {2, 3}, false, {0, 1, 2, 3, 4, 5}},
        {"0.bias", 1, {2}, false, {0, 1}},
        {"1.weight", 1, {2}, false, {0, 1}},
        {"1.bias", 1, {2}, false, {0, 1}},
        {"position_ids", 2, {1, 4}, false, {0, 1, 2, 3}},
        {"tied", 2, {2, 3}, false, {0, 1, 2, 3, 4, 5}},
    };
    static const char *const files[] = {
        "module",        "module-protocol-3",       "module-protocol-4", "module-protocol-5",
        "module-legacy", "module-legacy-protocol-4"};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        check_tensors(files[i], want, sizeof want / sizeof *want);
}

static void test_odd_files(void **state)
{
    (void)state;
    static const struct want extras[] = {{"w", 1, {2}, false, {0, 1}}};
    check_tensors("extras", extras, 1);
    static const struct want parameter[] = {{"w", 2, {2, 2}, false, {0, 1, 2, 3}}};
    check_tensors("parameter", parameter, 1);
    check_tensors("no-byteorder", parameter, 1);
    static const struct want part[] = {{"w", 1, {2}, false, {3, 4}}};
    check_tensors("python2-legacy", part, 1);

    static const struct {
        const char *file, *reason;
        int code;
    } cases[] = {
        {"checkpoint", "no tensor under any name", T2V_EFORMAT},
        {"whole-module", "global 'torch.nn.modules.linear.Linear' is refused", T2V_EUNSUPPORTED},
        {"big-endian", "not little-endian", T2V_EUNSUPPORTED},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct guarded g = load(cases[i].file);
        struct result r = read_bytes(g.bytes, g.len);
        check_fails(cases[i].file, &r, cases[i].code, cases[i].reason);
        guarded_free(&g);
    }
}

/* No beginning of a file is a file. */
static void test_cut_short(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_FILES; i++) {
        struct guarded g = load(torch_files[i]);
        for (size_t n = 0; n < g.len; n++) {
            struct guarded part = guarded_new(g.bytes, n);
            struct result r = read_bytes(part.bytes, n);
            if (r.rc == 0)
                fail_msg("%s: %zu bytes of %zu are taken", torch_files[i], n, g.len);
            result_free(&r);
            guarded_free(&part);
        }
        guarded_free(&g);
    }
}

/* Each byte changed: whatever is still taken lies inside the file. */
static void test_flipped(void **state)
{
    (void)state;
    static const uint8_t flips[] = {0x01, 0x80, 0xff};
    for (size_t f = 0; f < N_FILES; f++) {
        struct guarded g = load(torch_files[f]);
        for (size_t i = 0; i < 3 * g.len; i++) {
            g.bytes[i / 3] ^= flips[i % 3];
            struct result r = read_bytes(g.bytes, g.len);
            for (size_t k = 0; r.rc == 0 && k < r.list.n; k++) {
                const struct t2v_tensor *t = &r.list.at[k];
                if (!t->copied && (t->data < g.bytes || t->data + t->n_byte > g.bytes + g.len))
                    fail_msg("%s, byte %zu: a tensor outside", torch_files[f], i / 3);
                if (t->n != 0)
                    (void)(item(t, 0) + item(t, t->n - 1));
            }
            result_free(&r);
            g.bytes[i / 3] ^= flips[i % 3];
        }
        guarded_free(&g);
    }
}

static void test_no_memory(void **state)
{
    (void)state;
    static const char *const files[] = {"views", "views-legacy", "module-protocol-4"};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        struct guarded g = load(files[i]);
        long n = 0;
        for (;; n++) {
            t2v_mem_fail_at(n);
            struct result r = read_bytes(g.bytes, g.len);
            t2v_mem_fail_at(-1);
            int rc = r.rc;
            result_free(&r);
            if (rc == 0)
                break;
            if (rc != T2V_ENOMEM)
                fail_msg("%s, allocation %ld: expected %d, got %d", files[i], n, T2V_ENOMEM, rc);
        }
        assert_in_range(n, 8, 1000);
        guarded_free(&g);
    }
}

static void test_not_torch(void **state)
{
    (void)state;
    static const struct {
        const char *text, *reason;
        int code;
    } cases[] = {
        {"", "not a file of torch.save", T2V_EFORMAT},
        {"<html>", "not a file of torch.save", T2V_EFORMAT},
        {"PK\3\4", "no end record", T2V_EFORMAT},
        {"\x80", "not a file of torch.save", T2V_EFORMAT},
        {"\x80\2K\1.", "not of torch.save", T2V_EFORMAT},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct result r = read_bytes((const uint8_t *)cases[i].text, strlen(cases[i].text));
        check_fails(cases[i].text, &r, cases[i].code, cases[i].reason);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dtypes),    cmocka_unit_test(test_views),
        cmocka_unit_test(test_module),    cmocka_unit_test(test_odd_files),
        cmocka_unit_test(test_cut_short), cmocka_unit_test(test_flipped),
        cmocka_unit_test(test_no_memory), cmocka_unit_test(test_not_torch),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
