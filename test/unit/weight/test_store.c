/* SPDX-License-Identifier: BSD-3-Clause */
/* A model directory's weights: one file, shards, what is missing, and indexes that lead astray. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/mem.h"
#include "weight/store.h"

/* A directory for one test; its files are known by name, so that it can be emptied again. */
struct dir {
    char path[64];
    char names[8][40];
    size_t n;
};

static void path_of(char path[128], const struct dir *dir, const char *name)
{
    snprintf(path, 128, "%s/%s", dir->path, name);
}

static void put_file(struct dir *dir, const char *name, const void *bytes, size_t len)
{
    char path[128];
    path_of(path, dir, name);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, len, file), len);
    fclose(file);
    for (size_t i = 0; i < dir->n; i++)
        if (strcmp(dir->names[i], name) == 0)
            return;
    assert_in_range(dir->n, 0, 7);
    snprintf(dir->names[dir->n++], sizeof dir->names[0], "%s", name);
}

static void put_text(struct dir *dir, const char *name, const char *text)
{
    put_file(dir, name, text, strlen(text));
}

/* A safetensors file of this header and data. */
static void put_tensors(struct dir *dir, const char *name, const char *header, const void *data,
                        size_t n_data)
{
    uint8_t bytes[1024];
    uint64_t n_header = strlen(header);
    assert_in_range(n_header + n_data, 0, sizeof bytes - 8);
    memcpy(bytes, &n_header, 8);
    memcpy(bytes + 8, header, n_header);
    memcpy(bytes + 8 + n_header, data, n_data);
    put_file(dir, name, bytes, 8 + n_header + n_data);
}

static void empty(struct dir *dir)
{
    for (size_t i = 0; i < dir->n; i++) {
        char path[128];
        path_of(path, dir, dir->names[i]);
        unlink(path);
    }
    dir->n = 0;
}

static int setup(void **state)
{
    static struct dir dir;
    dir = (struct dir){.path = "t2v-store-XXXXXX"};
    *state = &dir;
    return mkdtemp(dir.path) != NULL ? 0 : -1;
}

static int teardown(void **state)
{
    struct dir *dir = *state;
    empty(dir);
    return rmdir(dir->path);
}

static void check_fails(const struct dir *dir, int code, const char *const *reasons)
{
    t2v_store *store = NULL;
    struct t2v_err err = {0};
    int rc = t2v_store_open(dir->path, &store, &err);
    if (rc != code || store != NULL || err.code != code)
        fail_msg("expected %d, got %d: %s", code, rc, err.msg);
    for (; *reasons != NULL; reasons++)
        if (strstr(err.msg, *reasons) == NULL)
            fail_msg("expected \"%s\" in: %s", *reasons, err.msg);
}

#define CHECK_FAILS(dir, code, ...) check_fails(dir, code, (const char *const[]){__VA_ARGS__, NULL})

static const struct t2v_tensor *find(const t2v_store *store, const char *name)
{
    return t2v_store_find(store, t2v_str_of(name));
}

static const float data[] = {1.5F, -2.0F, 3.25F, 4.0F};
#define ONE(name) "{\"" name "\":{\"dtype\":\"F32\",\"shape\":[4],\"data_offsets\":[0,16]}}"
#define SINGLE    "model.safetensors"
#define INDEX     "model.safetensors.index.json"

static void test_single(void **state)
{
    struct dir *dir = *state;
    t2v_store *store = NULL;
    struct t2v_err err = {0};
    put_tensors(dir, SINGLE,
                "{\"w\":{\"dtype\":\"F32\",\"shape\":[1,3],\"data_offsets\":[0,12]},"
                "\"v\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[12,16]}}",
                data, sizeof data);
    put_text(dir, INDEX, "is not looked at");
    if (t2v_store_open(dir->path, &store, &err) != 0)
        fail_msg("%s", err.msg);
    assert_int_equal(t2v_store_len(store), 2);
    assert_null(t2v_store_at(store, 2));
    assert_null(find(store, "x"));
    assert_ptr_equal(t2v_store_at(store, 0), find(store, "w"));
    float got[3];
    t2v_tensor_f32(find(store, "w"), 0, 3, got);
    assert_memory_equal(got, data, 12);
    t2v_tensor_f32(find(store, "v"), 0, 1, got);
    assert_true(got[0] == 4.0F);
    char path[128];
    path_of(path, dir, SINGLE);
    assert_string_equal(find(store, "v")->file, path);
    t2v_store_close(store);
    t2v_store_close(NULL);
}

static void test_want(void **state)
{
    struct dir *dir = *state;
    t2v_store *store = NULL;
    static const struct {
        const char *name;
        size_t rows, columns;
        int code;
        const char *says;
    } CASES[] = {
        {"w", 2, 1, 0, ""},
        {"v", 1, 0, 0, ""},
        {"x", 2, 1, T2V_EFORMAT, "tensor x is missing"},
        {"w", 1, 2, T2V_EFORMAT, "tensor w has shape [2, 1], expected [1, 2]"},
        {"w", 2, 0, T2V_EFORMAT, "tensor w has shape [2, 1], expected [2]"},
        {"v", 1, 1, T2V_EFORMAT, "tensor v has shape [1], expected [1, 1]"},
        {"i", 2, 0, T2V_EUNSUPPORTED, "tensor i is U8; F32, F16, BF16 and F64 are supported"},
    };
    put_tensors(dir, SINGLE,
                "{\"w\":{\"dtype\":\"F16\",\"shape\":[2,1],\"data_offsets\":[0,4]},"
                "\"v\":{\"dtype\":\"F64\",\"shape\":[1],\"data_offsets\":[4,12]},"
                "\"i\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[12,14]},"
                "\"z\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[14,16]}}",
                data, sizeof data);
    assert_int_equal(t2v_store_open(dir->path, &store, NULL), 0);
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        const struct t2v_tensor *t = NULL;
        struct t2v_err err = {0};
        int rc = t2v_store_want(store, CASES[i].name, CASES[i].rows, CASES[i].columns, &t, &err);
        if (rc != CASES[i].code || strstr(err.msg, CASES[i].says) == NULL ||
            t != (rc == 0 ? find(store, CASES[i].name) : NULL))
            fail_msg("case %zu: expected %d \"%s\", got %d \"%s\"", i, CASES[i].code, CASES[i].says,
                     rc, err.msg);
    }
    t2v_store_close(store);
}

static void test_shards(void **state)
{
    struct dir *dir = *state;
    t2v_store *store = NULL;
    struct t2v_err err = {0};
    put_tensors(dir, "m-1.safetensors",
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[3],\"data_offsets\":[0,12]},"
                "\"not listed\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[12,16]}}",
                data, sizeof data);
    put_tensors(dir, "m-2.safetensors", ONE("b"), data, sizeof data);
    put_text(
        dir, INDEX,
        "{\"metadata\":{},\"weight_map\":{\"b\":\"m-2.safetensors\",\"a\":\"m-1.safetensors\"}}");
    if (t2v_store_open(dir->path, &store, &err) != 0)
        fail_msg("%s", err.msg);
    assert_int_equal(t2v_store_len(store), 3);
    assert_non_null(strstr(find(store, "a")->file, "m-1"));
    assert_non_null(strstr(find(store, "b")->file, "m-2"));
    assert_true(find(store, "a")->n == 3 && find(store, "b")->n == 4);
    assert_non_null(find(store, "not listed"));
    t2v_store_close(store);
}

#define PICKLE       "pytorch_model.bin"
#define PICKLE_INDEX "pytorch_model.bin.index.json"

/* One of the files that test_pytorch.c reads. */
static void put_torch(struct dir *dir, const char *name, const char *source)
{
    char path[512], *bytes;
    size_t len;
    snprintf(path, sizeof path, "%s/fuzz/corpus/pytorch/%s", T2V_TEST_DIR, source);
    assert_int_equal(t2v_file_read(path, 1 << 20, &bytes, &len, NULL), 0);
    put_file(dir, name, bytes, len);
    t2v_free(bytes);
}

/* Pickles, whole and in shards, in either layout; safetensors go first, then the whole file. */
static void test_pickles(void **state)
{
    struct dir *dir = *state;
    t2v_store *store = NULL;
    struct t2v_err err = {0};
    put_torch(dir, "m-1", "module");
    put_torch(dir, "m-2", "views-legacy");
    put_text(dir, PICKLE_INDEX, "{\"weight_map\":{\"tied\":\"m-1\",\"cube\":\"m-2\"}}");
    if (t2v_store_open(dir->path, &store, &err) != 0)
        fail_msg("%s", err.msg);
    assert_int_equal(t2v_store_len(store), 16);
    assert_true(find(store, "tied")->n == 6 && find(store, "cube")->copied);
    t2v_store_close(store);
    put_text(dir, PICKLE_INDEX, "{\"weight_map\":{\"tied\":\"m-1\",\"cube\":\"m-1\"}}");
    CHECK_FAILS(dir, T2V_EFORMAT, PICKLE_INDEX, "\"cube\"", "is not in m-1");

    put_torch(dir, PICKLE, "module");
    if (t2v_store_open(dir->path, &store, &err) != 0)
        fail_msg("%s", err.msg);
    assert_int_equal(t2v_store_len(store), 6);
    t2v_store_close(store);

    put_tensors(dir, SINGLE, ONE("a"), data, sizeof data);
    if (t2v_store_open(dir->path, &store, &err) != 0)
        fail_msg("%s", err.msg);
    assert_int_equal(t2v_store_len(store), 1);
    t2v_store_close(store);
}

static void test_bad_index(void **state)
{
    struct dir *dir = *state;
    put_tensors(dir, "m-1", ONE("a"), data, sizeof data);
    put_tensors(dir, "m-2", ONE("a"), data, sizeof data);
    put_tensors(dir, "m-3", ONE("b"), data, sizeof data - 1);
    put_text(dir, INDEX, "{");
    CHECK_FAILS(dir, T2V_EFORMAT, dir->path, INDEX, "not JSON");
    put_text(dir, INDEX, "{\"a\":1}");
    CHECK_FAILS(dir, T2V_EFORMAT, dir->path, INDEX, "weight_map");
    put_text(dir, INDEX, "{\"weight_map\":{}}");
    CHECK_FAILS(dir, T2V_EFORMAT, INDEX, "weight_map");
    put_text(dir, INDEX, "{\"weight_map\":{\"a\":1}}");
    CHECK_FAILS(dir, T2V_EFORMAT, INDEX, "\"a\"", "a number");
    put_text(dir, INDEX, "{\"weight_map\":{\"a\":\"m-1\",\"z\":\"m-1\"}}");
    CHECK_FAILS(dir, T2V_EFORMAT, INDEX, "\"z\" is not in m-1");
    put_text(dir, INDEX, "{\"weight_map\":{\"a\":\"m-1\",\"x\":\"m-2\"}}");
    CHECK_FAILS(dir, T2V_EFORMAT, "m-2", "\"a\"", "m-1, too");
    put_text(dir, INDEX, "{\"weight_map\":{\"a\":\"m-1\",\"b\":\"m-3\"}}");
    CHECK_FAILS(dir, T2V_EFORMAT, "m-3", "\"b\"", "beyond the end");
    put_text(dir, INDEX, "{\"weight_map\":{\"a\":\"m-1\",\"b\":\"m-4\"}}");
    CHECK_FAILS(dir, T2V_EIO, dir->path, "m-4", "No such file");

    /* "b" is there, but not where the index says. */
    put_tensors(dir, "m-3", ONE("b"), data, sizeof data);
    put_text(dir, INDEX, "{\"weight_map\":{\"a\":\"m-1\",\"b\":\"m-3\"}}");
    t2v_store *store = NULL;
    assert_int_equal(t2v_store_open(dir->path, &store, NULL), 0);
    t2v_store_close(store);
    put_text(dir, INDEX, "{\"weight_map\":{\"a\":\"m-3\",\"b\":\"m-1\"}}");
    CHECK_FAILS(dir, T2V_EFORMAT, "\"a\" is not in m-3");
}

/* No shard may lie outside the directory. */
static void test_shard_names(void **state)
{
    struct dir *dir = *state;
    static const char *const names[] = {
        "", ".", "..", "/etc/passwd", "../m-1", "sub/../m-1", "./m-1", "m-1\\u0000", "m-1/"};
    put_tensors(dir, "m-1", ONE("a"), data, sizeof data);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char text[100];
        snprintf(text, sizeof text, "{\"weight_map\":{\"a\":\"%s\"}}", names[i]);
        put_text(dir, INDEX, text);
        CHECK_FAILS(dir, T2V_EFORMAT, INDEX, "\"a\"", "no plain name");
    }
}

static void test_missing(void **state)
{
    struct dir *dir = *state;
    CHECK_FAILS(dir, T2V_EIO, dir->path, SINGLE, INDEX, "pytorch_model.bin");
    struct dir nowhere = {.path = "/nonexistent/model"};
    CHECK_FAILS(&nowhere, T2V_EIO, nowhere.path, SINGLE);

    /* Only regular files count. */
    char path[128];
    path_of(path, dir, SINGLE);
    assert_int_equal(mkfifo(path, 0600), 0);
    CHECK_FAILS(dir, T2V_EIO, "looked for");
    unlink(path);

    put_text(dir, "pytorch_model.bin", "x");
    CHECK_FAILS(dir, T2V_EFORMAT, dir->path, "pytorch_model.bin", "not a file of torch.save");
    put_text(dir, SINGLE, "");
    CHECK_FAILS(dir, T2V_EFORMAT, dir->path, SINGLE, "too short");
}

/* Each allocation fails in turn, on both layouts. */
static void check_no_memory(const struct dir *dir)
{
    long n = 0;
    for (;; n++) {
        t2v_store *store = NULL;
        t2v_mem_fail_at(n);
        int rc = t2v_store_open(dir->path, &store, NULL);
        t2v_mem_fail_at(-1);
        t2v_store_close(store);
        if (rc == 0)
            break;
        if (rc != T2V_ENOMEM || store != NULL)
            fail_msg("allocation %ld: expected %d, got %d", n, T2V_ENOMEM, rc);
    }
    assert_in_range(n, 10, 1000);
}

static void test_no_memory(void **state)
{
    struct dir *dir = *state;
    put_tensors(dir, "m-1", ONE("a"), data, sizeof data);
    put_tensors(dir, "m-2", ONE("b"), data, sizeof data);
    put_text(dir, INDEX, "{\"weight_map\":{\"a\":\"m-1\",\"b\":\"m-2\"}}");
    check_no_memory(dir);
    put_tensors(dir, SINGLE, ONE("a"), data, sizeof data);
    check_no_memory(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_single, setup, teardown),
        cmocka_unit_test_setup_teardown(test_shards, setup, teardown),
        cmocka_unit_test_setup_teardown(test_want, setup, teardown),
        cmocka_unit_test_setup_teardown(test_pickles, setup, teardown),
        cmocka_unit_test_setup_teardown(test_bad_index, setup, teardown),
        cmocka_unit_test_setup_teardown(test_shard_names, setup, teardown),
        cmocka_unit_test_setup_teardown(test_missing, setup, teardown),
        cmocka_unit_test_setup_teardown(test_no_memory, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
