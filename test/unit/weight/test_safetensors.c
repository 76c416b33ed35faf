/* SPDX-License-Identifier: BSD-3-Clause */
/* The safetensors reader on files that were made to be wrong, one way each. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"
#include "weight/reader.h"

/* Bytes that end where an unmapped page begins: one read too far is a crash. */
struct guarded {
    uint8_t *map, *bytes;
    size_t n_map;
};

static struct guarded guarded_new(size_t len)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE), n = (len + page - 1) / page * page;
    uint8_t *map = mmap(NULL, n + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_true(map != MAP_FAILED);
    assert_int_equal(mprotect(map + n, page, PROT_NONE), 0);
    return (struct guarded){map, map + n - len, n + page};
}

struct result {
    int rc;
    struct t2v_err err;
    struct t2v_arena arena;
    struct t2v_tensor_list list;
    struct guarded file;
};

static void result_free(struct result *r)
{
    t2v_tensor_list_deinit(&r->list);
    t2v_arena_free(&r->arena);
    munmap(r->file.map, r->file.n_map);
}

static struct result read_bytes(const void *bytes, size_t len)
{
    struct result r = {.file = guarded_new(len)};
    memcpy(r.file.bytes, bytes, len);
    r.rc = t2v_safetensors_read(r.file.bytes, len, "FILE", &r.arena, &r.list, &r.err);
    return r;
}

/* A file with this header, and n_data bytes of data 0, 1, 2, ... */
static struct result read_file(const char *header, size_t n_data)
{
    uint64_t n_header = strlen(header);
    size_t len = 8 + n_header + n_data;
    uint8_t *bytes = malloc(len);
    assert_non_null(bytes);
    memcpy(bytes, &n_header, 8);
    memcpy(bytes + 8, header, n_header);
    for (size_t i = 0; i < n_data; i++)
        bytes[8 + n_header + i] = (uint8_t)i;
    struct result r = read_bytes(bytes, len);
    free(bytes);
    return r;
}

static void test_good(void **state)
{
    (void)state;
    struct result r = read_file(
        "{\"__metadata__\":{\"format\":\"pt\"},"
        "\"b\":{\"dtype\":\"F16\",\"shape\":[2,3],\"data_offsets\":[4,16]},"
        "\"a\":{\"dtype\":\"F32\",\"shape\":[],\"data_offsets\":[0,4]},"
        "\"none\":{\"dtype\":\"I64\",\"shape\":[0,9007199254740991],\"data_offsets\":[16,16]},"
        "\"\":{\"dtype\":\"U8\",\"shape\":[1,1,1,1,1,1,1,2],\"data_offsets\":[16,18],\"more\":1}}  "
        " ",
        18);
    if (r.rc != 0)
        fail_msg("%s", r.err.msg);
    const uint8_t *data = r.file.map + r.file.n_map - (size_t)sysconf(_SC_PAGESIZE) - 18;
    assert_int_equal(r.list.n, 4);
    const struct t2v_tensor *t = r.list.at;
    assert_true(t2v_str_is(t[0].name, "b") && t[0].dtype == T2V_F16 && t[0].n_dim == 2);
    assert_true(t[0].shape[0] == 2 && t[0].shape[1] == 3 && t[0].n == 6 && t[0].data == data + 4);
    assert_string_equal(t[0].file, "FILE");
    assert_true(t2v_str_is(t[1].name, "a") && t[1].n_dim == 0 && t[1].n == 1 && t[1].data == data);
    assert_true(t2v_str_is(t[2].name, "none") && t[2].n == 0);
    assert_true(t[3].name.len == 0 && t[3].n_dim == 8 && t[3].n == 2 && t[3].data == data + 16);
    result_free(&r);

    r = read_file("{}", 0);
    assert_true(r.rc == 0 && r.list.n == 0);
    result_free(&r);
}

/* What no encoder computes with is still told apart and measured: it may lie beside what one wants.
 */
static void test_every_dtype(void **state)
{
    (void)state;
    for (int i = 0; i < T2V_N_DTYPE; i++) {
        enum t2v_dtype dtype = (enum t2v_dtype)i;
        size_t n_byte = t2v_dtype_bits(dtype); /* of 8 items */
        char header[160];
        snprintf(header, sizeof header,
                 "{\"t\":{\"dtype\":\"%s\",\"shape\":[2,4],\"data_offsets\":[0,%zu]},"
                 "\"u\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[%zu,%zu]}}",
                 t2v_dtype_name(dtype), n_byte, n_byte, n_byte + 1);
        struct result r = read_file(header, n_byte + 1);
        if (r.rc != 0)
            fail_msg("%s: %s", t2v_dtype_name(dtype), r.err.msg);
        const struct t2v_tensor *t = r.list.at;
        if (t->dtype != dtype || t->n != 8 || t->n_byte != n_byte)
            fail_msg("%s: expected 8 items, %zu bytes; got %s, %zu, %zu", t2v_dtype_name(dtype),
                     n_byte, t2v_dtype_name(t->dtype), t->n, t->n_byte);
        result_free(&r);
    }
}

static void test_bad_length(void **state)
{
    (void)state;
    static const struct {
        uint64_t said;
        size_t len; /* of the file */
        int code;
    } cases[] = {
        {0, 0, T2V_EFORMAT},
        {0, 7, T2V_EFORMAT},
        {0, 8, T2V_EFORMAT}, /* an empty header is no JSON */
        {1, 8, T2V_EFORMAT},
        {UINT64_MAX, 100, T2V_EFORMAT},
        {UINT64_MAX - 7, 8, T2V_EFORMAT},
        {93, 100, T2V_EFORMAT},
        {92, 100, T2V_EFORMAT}, /* fits, but is no JSON */
        {100000001, 100000009, T2V_ETOOLARGE},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint8_t *bytes = calloc(1, cases[i].len + 8);
        assert_non_null(bytes);
        memcpy(bytes, &cases[i].said, 8);
        struct result r = read_bytes(bytes, cases[i].len);
        if (r.rc != cases[i].code || strncmp(r.err.msg, "FILE: ", 6) != 0)
            fail_msg("case %zu: expected %d, got %d: %s", i, cases[i].code, r.rc, r.err.msg);
        result_free(&r);
        free(bytes);
    }
}

#define TENSOR(dtype, shape, offsets)                                                              \
    "{\"t\":{\"dtype\":" dtype ",\"shape\":" shape ",\"data_offsets\":" offsets "}}"

static void test_bad_tensor(void **state)
{
    (void)state;
    static const struct {
        const char *header, *reason;
        int code;
    } cases[] = {
        {"[]", "no JSON object", T2V_EFORMAT},
        {"{\"t\":1}", "described by no object", T2V_EFORMAT},
        {"{\"t\":{}}", "dtype is no string", T2V_EFORMAT},
        {"{\"t\":{\"dtype\":\"F32\"}}", "shape is no array", T2V_EFORMAT},
        {"{\"t\":{\"dtype\":\"F32\",\"shape\":[2]}}", "no pair", T2V_EFORMAT},
        {TENSOR("3", "[2]", "[0,8]"), "dtype is no string", T2V_EFORMAT},
        {TENSOR("\"F8_E4M3FN\"", "[8]", "[0,8]"), "dtype F8_E4M3FN is not", T2V_EUNSUPPORTED},
        {TENSOR("\"f32\"", "[2]", "[0,8]"), "dtype f32 is not", T2V_EUNSUPPORTED},
        {TENSOR("\"\"", "[2]", "[0,8]"), "is not supported", T2V_EUNSUPPORTED},
        {TENSOR("\"F32\"", "{}", "[0,8]"), "shape is no array", T2V_EFORMAT},
        {TENSOR("\"F32\"", "[-2]", "[0,8]"), "no size", T2V_EFORMAT},
        {TENSOR("\"F32\"", "[2.5]", "[0,8]"), "no size", T2V_EFORMAT},
        {TENSOR("\"F32\"", "[\"2\"]", "[0,8]"), "no size", T2V_EFORMAT},
        {TENSOR("\"F32\"", "[1e300]", "[0,8]"), "no size", T2V_EFORMAT},
        {TENSOR("\"F32\"", "[1,1,1,1,1,1,1,1,2]", "[0,8]"), "dimensions", T2V_EFORMAT},
        {TENSOR("\"F32\"", "[4294967296,4294967296]", "[0,8]"), "too large", T2V_EFORMAT},
        {TENSOR("\"F32\"", "[4294967296,4294967296,0]", "[0,0]"), "too large", T2V_EFORMAT},
        {TENSOR("\"F32\"", "[2147483648,2147483648]", "[0,0]"), "do not span", T2V_EFORMAT},
        {TENSOR("\"F32\"", "[2]", "[0]"), "no pair", T2V_EFORMAT},
        {TENSOR("\"F32\"", "[2]", "[0,8,8]"), "no pair", T2V_EFORMAT},
        {TENSOR("\"F32\"", "[2]", "[-8,0]"), "no pair", T2V_EFORMAT},
        {TENSOR("\"F32\"", "[2]", "[0,\"8\"]"), "no pair", T2V_EFORMAT},
        {TENSOR("\"F32\"", "[2]", "[8,0]"), "before they begin", T2V_EFORMAT},
        {TENSOR("\"F32\"", "[2]", "[1,9]"), "beyond the end", T2V_EFORMAT},
        {TENSOR("\"F32\"", "[2]", "[0,9007199254740991]"), "beyond the end", T2V_EFORMAT},
        {TENSOR("\"F32\"", "[2]", "[0,7]"), "do not span", T2V_EFORMAT},
        {TENSOR("\"F32\"", "[1]", "[0,8]"), "do not span", T2V_EFORMAT},
        {TENSOR("\"F32\"", "[0]", "[0,8]"), "do not span", T2V_EFORMAT},
        {TENSOR("\"F4\"", "[15]", "[0,8]"), "do not span", T2V_EFORMAT},
        {TENSOR("\"F4\"", "[8]", "[0,8]"), "do not span", T2V_EFORMAT},
        {TENSOR("\"C64\"", "[2]", "[0,8]"), "do not span", T2V_EFORMAT},
        {"{\"t\":{\"dtype\":\"F4\",\"shape\":[4],\"data_offsets\":[0,2]},"
         "\"u\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[1,2]}}",
         "\"t\" and \"u\" overlap", T2V_EFORMAT},
        {"{\"t\":{\"dtype\":\"U8\",\"shape\":[5],\"data_offsets\":[0,5]},"
         "\"u\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[4,8]}}",
         "\"t\" and \"u\" overlap", T2V_EFORMAT},
        {"{\"t\":{\"dtype\":\"U8\",\"shape\":[8],\"data_offsets\":[0,8]},"
         "\"u\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[3,4]}}",
         "\"t\" and \"u\" overlap", T2V_EFORMAT},
        {"{\"t\":{\"dtype\":\"U8\",\"shape\":[8],\"data_offsets\":[0,8]},"
         "\"u\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[4,4]}}",
         "\"t\" and \"u\" overlap", T2V_EFORMAT},
        {TENSOR("\"U8\"", "[7]", "[1,8]"), "tensor \"t\": bytes of no tensor", T2V_EFORMAT},
        {TENSOR("\"U8\"", "[0]", "[8,8]"), "tensor \"t\": bytes of no tensor", T2V_EFORMAT},
        {"{\"u\":{\"dtype\":\"U8\",\"shape\":[3],\"data_offsets\":[0,3]},"
         "\"t\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[4,8]}}",
         "tensor \"t\": bytes of no tensor", T2V_EFORMAT},
        {"{}", "8 bytes after its last tensor", T2V_EFORMAT},
        {"{\"u\":{\"dtype\":\"U8\",\"shape\":[7],\"data_offsets\":[0,7]}}",
         "1 byte after its last tensor", T2V_EFORMAT},
        {"{\"t\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]},"
         "\"t\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[1,2]}}",
         "duplicate object key", T2V_EFORMAT},
        {"{\"t\":{\"dtype\":\"U8\",\"dtype\":\"I8\",\"shape\":[1],\"data_offsets\":[0,1]}}",
         "duplicate object key", T2V_EFORMAT},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct result r = read_file(cases[i].header, 8);
        bool named = strncmp(r.err.msg, "FILE: ", 6) == 0 &&
                     (strstr(cases[i].header, "\"t\":{\"dtype\"") == NULL ||
                      strstr(r.err.msg, "\"t\"") != NULL || strstr(r.err.msg, "JSON") != NULL);
        if (r.rc != cases[i].code || !named || strstr(r.err.msg, cases[i].reason) == NULL)
            fail_msg("case %zu, %s: expected %d \"%s\", got %d \"%s\"", i, cases[i].header,
                     cases[i].code, cases[i].reason, r.rc, r.err.msg);
        result_free(&r);
    }
}

/* Every prefix of a good file is an error, except where only data that nobody names is missing. */
static void test_cut_short(void **state)
{
    (void)state;
    static const char header[] = TENSOR("\"F32\"", "[2]", "[0,8]");
    uint8_t bytes[8 + sizeof header + 8] = {0};
    uint64_t n_header = sizeof header - 1;
    size_t len = 8 + (size_t)n_header + 8;
    memcpy(bytes, &n_header, 8);
    memcpy(bytes + 8, header, n_header);
    for (size_t n = 0; n <= len; n++) {
        struct result r = read_bytes(bytes, n);
        if ((r.rc == 0) != (n == len))
            fail_msg("%zu bytes of %zu: got %d", n, len, r.rc);
        result_free(&r);
    }
}

static void test_no_memory(void **state)
{
    (void)state;
    long n = 0;
    for (;; n++) {
        t2v_mem_fail_at(n);
        struct result r = read_file(TENSOR("\"F32\"", "[2]", "[0,8]"), 8);
        t2v_mem_fail_at(-1);
        int rc = r.rc;
        result_free(&r);
        if (rc == 0)
            break;
        if (rc != T2V_ENOMEM)
            fail_msg("allocation %ld: expected %d, got %d", n, T2V_ENOMEM, rc);
    }
    assert_in_range(n, 5, 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),       cmocka_unit_test(test_every_dtype),
        cmocka_unit_test(test_bad_length), cmocka_unit_test(test_bad_tensor),
        cmocka_unit_test(test_cut_short),  cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
