/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * pytorch_model.bin: files that the real torch made (make-torch-files), and zip files and pickles
 * that were made to be wrong, one way each.
 */
#include <fcntl.h>
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

#include "base/file.h"
#include "base/mem.h"
#include "weight/reader.h"

/* Bytes that end where an unmapped page begins: one read too far is a crash. */
struct guarded {
    uint8_t *map, *bytes;
    size_t n_map, len;
};

static struct guarded guarded_new(const void *bytes, size_t len)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE), n = (len + page - 1) / page * page;
    uint8_t *map = mmap(NULL, n + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_true(map != MAP_FAILED);
    assert_int_equal(mprotect(map + n, page, PROT_NONE), 0);
    if (len != 0)
        memcpy(map + n - len, bytes, len);
    return (struct guarded){map, map + n - len, n + page, len};
}

static void guarded_free(struct guarded *g)
{
    munmap(g->map, g->n_map);
}

struct result {
    int rc;
    struct t2v_err err;
    struct t2v_arena arena;
    struct t2v_tensor_list list;
};

static void result_free(struct result *r)
{
    t2v_tensor_list_deinit(&r->list);
    t2v_arena_free(&r->arena);
}

static struct result read_bytes(const uint8_t *bytes, size_t len)
{
    struct result r = {0};
    r.rc = t2v_pytorch_read(bytes, len, "FILE", &r.arena, &r.list, &r.err);
    if (r.rc != 0 && strncmp(r.err.msg, "FILE: ", 6) != 0)
        fail_msg("a message without its file: %s", r.err.msg);
    return r;
}

static void check_fails(const char *what, struct result *r, int code, const char *reason)
{
    if (r->rc != code || strstr(r->err.msg, reason) == NULL)
        fail_msg("%s: expected %d \"%s\", got %d \"%s\"", what, code, reason, r->rc, r->err.msg);
    result_free(r);
}

/* Files by the real torch. */

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

static struct guarded load(const char *name)
{
    char path[512], *bytes;
    size_t len;
    struct t2v_err err;
    snprintf(path, sizeof path, "%s/fuzz/corpus/pytorch/%s", T2V_TEST_DIR, name);
    if (t2v_file_read(path, 1 << 20, &bytes, &len, &err) != 0)
        fail_msg("%s", err.msg);
    struct guarded g = guarded_new(bytes, len);
    t2v_free(bytes);
    return g;
}

static const struct t2v_tensor *find(const struct result *r, const char *name)
{
    for (size_t i = 0; i < r->list.n; i++)
        if (t2v_str_is(r->list.at[i].name, name))
            return &r->list.at[i];
    fail_msg("no tensor %s", name);
    return NULL;
}

/* Item i as a number: what torch made of i. */
static double item(const struct t2v_tensor *t, size_t i)
{
    float x;
    uint64_t bits = 0;
    size_t size = t2v_dtype_bits(t->dtype) / 8;
    if (t->dtype <= T2V_F64) {
        t2v_tensor_f32(t, i, 1, &x);
        return (double)x;
    }
    memcpy(&bits, t->data + i * size, size);
    if (t->dtype == T2V_C64) {
        memcpy(&x, &bits, sizeof x);
        return (double)x;
    }
    return (double)bits;
}

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

/* Pickles by hand. */

#define STR(n, s)        "X" n "\0\0\0" s
#define STORAGE_OF(type) "(" STR("\7", "storage") type STR("\1", "0") STR("\3", "cpu") "K\2tQ"
#define STORAGE          STORAGE_OF("ctorch\nFloatStorage\n")
#define VIEW(metadata)                                                                             \
    "(" STR("\7", "storage") "ctorch\nFloatStorage\n" STR("\1", "0")                               \
        STR("\3", "cpu") "K\2" metadata "tQ"
#define REBUILD                         "ctorch._utils\n_rebuild_tensor_v2\n"
#define TENSOR_AT(first, shape, stride) REBUILD "(" STORAGE first shape stride "\x89}tR"
#define TENSOR                          TENSOR_AT("K\0", "K\2\x85", "K\1\x85")
#define DICT(tensor)                    "\x80\2}" STR("\1", "w") tensor "s."
#define MAX_SIZE                        "\x8a\x08\xff\xff\xff\xff\xff\xff\xff\x7f"

/* A zip file by hand; what a test needs to find its parts again. */
struct zip {
    uint8_t bytes[4096];
    size_t len, n;
    size_t local[8], central[8], end;
};

static void put(struct zip *zip, const void *bytes, size_t n)
{
    assert_in_range(n, 0, sizeof zip->bytes - zip->len);
    memcpy(zip->bytes + zip->len, bytes, n);
    zip->len += n;
}

static void put_int(struct zip *zip, uint64_t x, size_t n_byte)
{
    put(zip, &x, n_byte);
}

static void put_entry(struct zip *zip, const char *name, const void *data, size_t n)
{
    zip->local[zip->n++] = zip->len;
    put(zip, "PK\3\4", 4);
    put_int(zip, 0, 8);
    put_int(zip, 0, 6);
    put_int(zip, n, 4);
    put_int(zip, n, 4);
    put_int(zip, strlen(name), 2);
    put_int(zip, 0, 2);
    put(zip, name, strlen(name));
    put(zip, data, n);
}

static void put_directory(struct zip *zip)
{
    size_t begin = zip->len;
    for (size_t i = 0; i < zip->n; i++) {
        const uint8_t *local = zip->bytes + zip->local[i];
        size_t n_name = local[26];
        zip->central[i] = zip->len;
        put(zip, "PK\1\2", 4);
        put_int(zip, 0, 2);
        put(zip, local + 4, 26);
        put_int(zip, 0, 6);
        put_int(zip, 0, 4);
        put_int(zip, zip->local[i], 4);
        put(zip, local + 30, n_name);
    }
    zip->end = zip->len;
    put(zip, "PK\5\6\0\0\0\0", 8);
    put_int(zip, zip->n, 2);
    put_int(zip, zip->n, 2);
    put_int(zip, zip->end - begin, 4);
    put_int(zip, begin, 4);
    put_int(zip, 0, 2);
}

static const float data[2] = {3, 4};

static struct zip zip_of(const void *pickle, size_t len)
{
    struct zip zip = {0};
    put_entry(&zip, "m/data.pkl", pickle, len);
    put_entry(&zip, "m/byteorder", "little", 6);
    put_entry(&zip, "m/data/0", data, sizeof data);
    put_directory(&zip);
    return zip;
}

static struct result read_zip(const struct zip *zip)
{
    struct guarded g = guarded_new(zip->bytes, zip->len);
    struct result r = read_bytes(g.bytes, g.len);
    guarded_free(&g);
    return r;
}

#define CASE(pickle, code, reason)                                                                 \
    {                                                                                              \
        pickle, sizeof(pickle) - 1, code, reason                                                   \
    }

static const struct {
    const char *pickle;
    size_t len;
    int code;
    const char *reason;
} pickles[] = {
    CASE(DICT(TENSOR), 0, ""),
    CASE(DICT(TENSOR_AT("K\1", "K\1\x85", "K\7\x85")), 0, ""), /* one item: any stride */
    CASE(DICT(TENSOR_AT("K\2", "K\0\x85", "K\1\x85")), 0, ""), /* no item: anywhere */
    CASE(DICT(TENSOR_AT("K\0", "K\2\x85", "K\0\x85")), 0, ""), /* expanded */
    CASE(DICT(REBUILD "(" VIEW("N") "K\0K\2\x85K\1\x85\x89}tR"), 0, ""),
    CASE(DICT(REBUILD "(" VIEW("(K\1K\1K\1t") "K\0K\1\x85K\1\x85\x89}tR"), 0, ""),
    /* What is refused by name. */
    CASE("cos\nsystem\n(" STR("\2", "id") "tR.", T2V_EUNSUPPORTED,
         "FILE: global 'os.system' is refused"),
    CASE("\x80\4" STR("\5", "posix") STR("\6", "system") "\x93)R.", T2V_EUNSUPPORTED,
         "global 'posix.system' is refused"),
    CASE("cbuiltins\neval\n.", T2V_EUNSUPPORTED, "global 'builtins.eval' is refused"),
    CASE("c__builtin__\ngetattr\n.", T2V_EUNSUPPORTED, "'__builtin__.getattr' is refused"),
    CASE("ctorch.storage\n_load_from_bytes\n.", T2V_EUNSUPPORTED, "_load_from_bytes' is"),
    CASE("ctorch._utils\n_rebuild_qtensor\n.", T2V_EUNSUPPORTED, "_rebuild_qtensor' is"),
    CASE("c\xff\x01\n%s%n\n.", T2V_EUNSUPPORTED, "global '??.%s%n' is refused"),
    CASE("ctorch\nfloatstorage\n.", T2V_EUNSUPPORTED, "'torch.floatstorage' is refused"),
    CASE("c\n\n.", T2V_EUNSUPPORTED, "global '.' is refused"),
    CASE("(ios\nsystem\n.", T2V_EUNSUPPORTED, "byte 1: opcode 0x69 is refused"),
    CASE("\x80\2ccollections\nOrderedDict\n)\x81.", T2V_EUNSUPPORTED, "opcode 0x81 is"),
    CASE("\x82\1.", T2V_EUNSUPPORTED, "opcode 0x82 is refused"),
    CASE("P1\n.", T2V_EUNSUPPORTED, "opcode 0x50 is refused"),
    CASE("\x80\6N.", T2V_EUNSUPPORTED, "protocol 6 is not supported"),
    CASE("\x80\2ctorch\nFloatStorage\n}b.", T2V_EUNSUPPORTED, "an object with a state"),
    /* A stack machine's own ways to fail. */
    CASE("", T2V_EFORMAT, "cut short"),
    CASE(".", T2V_EFORMAT, "one value on its stack"),
    CASE("NN.", T2V_EFORMAT, "one value on its stack"),
    CASE("(N.", T2V_EFORMAT, "one value on its stack"),
    CASE("N", T2V_EFORMAT, "cut short"),
    CASE("t.", T2V_EFORMAT, "no mark"),
    CASE("N(\x85.", T2V_EFORMAT, "too few"),
    CASE("N\x86.", T2V_EFORMAT, "too few"),
    CASE("(u.", T2V_EFORMAT, "no dictionary"),
    CASE("}(Nu.", T2V_EFORMAT, "a key without"),
    CASE("]N.", T2V_EFORMAT, "one value"),
    CASE("}Na.", T2V_EFORMAT, "no list"),
    CASE("](}s.", T2V_EFORMAT, "too few"),
    CASE("R.", T2V_EFORMAT, "too few"),
    CASE("N)R.", T2V_EFORMAT, "no function"),
    CASE("ctorch\nFloatStorage\n)R.", T2V_EFORMAT, "no function"),
    CASE(REBUILD ")R.", T2V_EFORMAT, "made of something else"),
    CASE("ctorch._utils\n_rebuild_parameter\n)R.", T2V_EFORMAT, "a parameter made of"),
    CASE("ccollections\nOrderedDict\n}\x85R.", T2V_EFORMAT, "an OrderedDict made of"),
    CASE("ccollections\nOrderedDict\n]Na\x85R.", T2V_EFORMAT, "no pair"),
    CASE("b.", T2V_EFORMAT, "too few"),
    CASE("}h\0.", T2V_EFORMAT, "beyond its memo"),
    CASE("}j\xff\xff\xff\xff.", T2V_EFORMAT, "beyond its memo"),
    CASE("}r\xff\xff\xff\xff.", T2V_EFORMAT, "memo has gaps"),
    CASE("}q\2.", T2V_EFORMAT, "memo has gaps"),
    CASE("q\0.", T2V_EFORMAT, "too few"),
    CASE("\x94.", T2V_EFORMAT, "too few"),
    CASE("NN\x93.", T2V_EFORMAT, "without a name"),
    CASE("X\xff\xff\xff\xff.", T2V_EFORMAT, "cut short"),
    CASE("\x8d\xff\xff\xff\xff\xff\xff\xff\xff.", T2V_EFORMAT, "cut short"),
    CASE("\x8a\xff.", T2V_EFORMAT, "cut short"),
    CASE("ctorch", T2V_EFORMAT, "cut short"),
    CASE("ctorch\n", T2V_EFORMAT, "cut short"),
    CASE("N.N", T2V_EFORMAT, "goes on after"),
    CASE("N.", T2V_EFORMAT, "no dictionary of tensors"),
    CASE("}.", T2V_EFORMAT, "no tensor under any name"),
    CASE("]q\0h\0a.", T2V_EFORMAT, "no dictionary of tensors"), /* a list in itself */
    CASE("}q\0" STR("\1", "w") "h\0s.", T2V_EFORMAT, "no tensor under any name"),
    /* Storages and tensors. */
    CASE("NQ.", T2V_EFORMAT, "no storage"),
    CASE("(NNNNNtQ.", T2V_EFORMAT, "no storage"),
    CASE("(" STR("\6", "module") "ctorch\nFloatStorage\nX\1\0\0\0000NK\2tQ.", T2V_EFORMAT,
         "no storage"),
    CASE("(" STR("\7", "storage") "ctorch\nFloatStorage\nX\1\0\0\0000NJ\xff\xff\xff\xfftQ.",
         T2V_EFORMAT, "no storage"),
    CASE("(" STR("\7", "storage") "ctorch\nFloatStorage\nX\1\0\0\0000N" MAX_SIZE "tQ.", T2V_EFORMAT,
         "too large"),
    CASE("(" STR("\7", "storage") "ctorch\nFloatStorage\nX\1\0\0\0001NK\2tQ.", T2V_EFORMAT,
         "no entry of the zip"),
    CASE("(" STR("\7", "storage") "ctorch\nFloatStorage\nX\1\0\0\0000NK\3tQ.", T2V_EFORMAT,
         "has 8 bytes, its pickle says 12"),
    CASE("]" STORAGE "a" STORAGE_OF("ctorch\nIntStorage\n") "a.", T2V_EFORMAT, "two types"),
    CASE(DICT(TENSOR_AT("K\1", "K\2\x85", "K\1\x85")), T2V_EFORMAT, "\"w\": does not lie"),
    CASE(DICT(TENSOR_AT("K\2", "K\1\x85", "K\1\x85")), T2V_EFORMAT, "\"w\": does not lie"),
    CASE(DICT(TENSOR_AT("K\0", "K\2\x85", "K\2\x85")), T2V_EFORMAT, "\"w\": does not lie"),
    CASE(DICT(TENSOR_AT(MAX_SIZE, "K\2\x85", "K\1\x85")), T2V_EFORMAT, "does not lie"),
    CASE(DICT(TENSOR_AT("K\0", "K\2\x85", MAX_SIZE "\x85")), T2V_EFORMAT, "does not lie"),
    CASE(DICT(TENSOR_AT("K\0", "K\3\x85", MAX_SIZE "\x85")), T2V_EFORMAT, "does not lie"),
    CASE(DICT(TENSOR_AT("K\0", MAX_SIZE MAX_SIZE "\x86", "K\0K\0\x86")), T2V_EFORMAT,
         "shape is too large"),
    CASE(DICT(TENSOR_AT("K\0", MAX_SIZE "\x85", "K\0\x85")), T2V_EFORMAT, "shape is too large"),
    CASE(DICT(TENSOR_AT("K\0", "J\xff\xff\xff\x7f\x85", "K\0\x85")), T2V_EUNSUPPORTED,
         "expanded view"),
    CASE(DICT(TENSOR_AT("J\xff\xff\xff\xff", "K\1\x85", "K\1\x85")), T2V_EFORMAT,
         "made of something else"),
    CASE(DICT(TENSOR_AT("K\0", "J\xff\xff\xff\xff\x85", "K\1\x85")), T2V_EFORMAT, "no shape"),
    CASE(DICT(TENSOR_AT("K\0", "K\2\x85", ")")), T2V_EFORMAT, "no shape"),
    CASE(DICT(TENSOR_AT("K\0", "(K\1K\1K\1K\1K\1K\1K\1K\1K\1t", "(K\1K\1K\1K\1K\1K\1K\1K\1K\1t")),
         T2V_EFORMAT, "no shape"),
    CASE(DICT(REBUILD "(" VIEW("(K\1K\1K\2t") "K\0K\1\x85K\1\x85\x89}tR"), T2V_EFORMAT,
         "a view that does not lie"),
    CASE(DICT(REBUILD "(" VIEW("(K\1K\1K\1t") "K\1K\1\x85K\1\x85\x89}tR"), T2V_EFORMAT,
         "\"w\": does not lie"),
    CASE(DICT(REBUILD "(" STORAGE "K\0K\2\x85K\1\x85\x89}}" STR("\4", "conj") "\x88stR"),
         T2V_EUNSUPPORTED, "metadata"),
    CASE("}" STR("\1", "\xff") TENSOR "s.", T2V_EUNSUPPORTED, "printable"),
};

static void test_pickles(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof pickles / sizeof *pickles; i++) {
        struct zip zip = zip_of(pickles[i].pickle, pickles[i].len);
        struct result r = read_zip(&zip);
        char what[40];
        snprintf(what, sizeof what, "case %zu", i);
        check_fails(what, &r, pickles[i].code, pickles[i].reason);
    }
}

/* Bombs: what is short in the file and long in memory, or deep. */
static void test_bombs(void **state)
{
    (void)state;
    enum { N = 2000 * 1000 + 10 };
    static const struct {
        const char *begin, *repeat, *reason;
        int code;
    } cases[] = {
        {"]", "(", "cut short", T2V_EFORMAT},
        {"", "]", "cut short", T2V_EFORMAT},
        {"N", "\x85", "cut short", T2V_EFORMAT}, /* a tuple in a tuple in a tuple */
        {"]\x94", "h\1", "beyond its memo", T2V_EFORMAT},
        {"N", "\x94", "more than 2000000 opcodes", T2V_ETOOLARGE},
        {"", "}", "more than 2000000 opcodes", T2V_ETOOLARGE},
    };
    uint8_t *bytes = malloc(N + 300);
    assert_non_null(bytes);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        /* In the legacy layout, where a pickle may be as long as the file. */
        struct guarded g = load("module-legacy");
        size_t len = 137 + strlen(cases[i].begin), n_repeat = strlen(cases[i].repeat);
        size_t end = cases[i].code == T2V_ETOOLARGE ? N + 200 : 1000 * 1000;
        memcpy(bytes, g.bytes, 137);
        memcpy(bytes + 137, cases[i].begin, len - 137);
        for (; len + n_repeat <= end; len += n_repeat)
            memcpy(bytes + len, cases[i].repeat, n_repeat);
        struct result r = read_bytes(bytes, len);
        check_fails(cases[i].repeat, &r, cases[i].code, cases[i].reason);
        guarded_free(&g);
    }
    free(bytes);
}

/* One list given to OrderedDict over and over: items are counted, not only opcodes. */
static void test_dict_bomb(void **state)
{
    (void)state;
    enum { PAIRS = 20 * 1000, CALLS = 1000 };
    static const char begin[] = "ccollections\nOrderedDict\nq\0]q\1(", pair[] = "NN\x86",
                      call[] = "h\0h\1\x85R";
    struct guarded g = load("module-legacy");
    uint8_t *bytes = malloc(137 + sizeof begin + PAIRS * 3 + 1 + CALLS * 6);
    assert_non_null(bytes);
    size_t len = 137;
    memcpy(bytes, g.bytes, len);
    memcpy(bytes + len, begin, sizeof begin - 1);
    len += sizeof begin - 1;
    for (int i = 0; i < PAIRS; i++, len += 3)
        memcpy(bytes + len, pair, 3);
    bytes[len++] = 'e';
    for (int i = 0; i < CALLS; i++, len += 6)
        memcpy(bytes + len, call, 6);
    struct result r = read_bytes(bytes, len);
    check_fails("dict bomb", &r, T2V_ETOOLARGE, "opcodes");
    free(bytes);
    guarded_free(&g);
}

#define BYTES(s) s, sizeof(s) - 1

/* What is long is noted once and then used everywhere: names are copied, keys looked up. */
static void test_long_names(void **state)
{
    (void)state;
    enum { LONG = 600 };
    static const struct {
        const char *before;
        size_t n_before;
        const char *after;
        size_t n_after;
        const char *reason;
        int code;
    } cases[] = {
        {BYTES("}X\x58\2\0\0"), BYTES(TENSOR "s."), "name of 600 bytes, the limit is 512",
         T2V_ETOOLARGE},
        {BYTES("(" STR("\7", "storage") "ctorch\nFloatStorage\nX\x58\2\0\0"),
         BYTES(STR("\3", "cpu") "K\2tQ."), "a key that is too long", T2V_EFORMAT},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char pickle[LONG + 300], *at = pickle;
        memcpy(at, cases[i].before, cases[i].n_before);
        at += cases[i].n_before;
        memset(at, 'a', LONG);
        memcpy(at + LONG, cases[i].after, cases[i].n_after);
        struct zip zip = zip_of(pickle, cases[i].n_before + LONG + cases[i].n_after);
        struct result r = read_zip(&zip);
        check_fails(cases[i].reason, &r, cases[i].code, cases[i].reason);
    }
}

/* Zip files by hand. */

enum part { LOCAL, CENTRAL, END };

static void test_zip(void **state)
{
    (void)state;
    static const struct {
        enum part part;
        size_t entry, at, n_byte;
        uint64_t value;
        int code;
        const char *reason;
    } cases[] = {
        {LOCAL, 1, 0, 1, 'p', T2V_EFORMAT, "\"m/byteorder\" has no local header"},
        {LOCAL, 1, 31, 1, '-', T2V_EFORMAT, "\"m/byteorder\" has no local header"},
        {LOCAL, 1, 26, 2, 10, T2V_EFORMAT, "has no local header"},
        {LOCAL, 1, 28, 2, 0xffff, T2V_EFORMAT, "beyond the end of the entries"},
        {LOCAL, 1, 8, 2, 8, T2V_EFORMAT, "differs from its local"},
        {LOCAL, 1, 18, 4, 5, T2V_EFORMAT, "differs from its local"},
        {LOCAL, 1, 22, 4, 5, T2V_EFORMAT, "differs from its local"},
        {CENTRAL, 1, 0, 1, 'p', T2V_EFORMAT, "ends before its last"},
        {CENTRAL, 1, 8, 2, 1, T2V_EUNSUPPORTED, "\"m/byteorder\" is encrypted"},
        {CENTRAL, 1, 10, 2, 8, T2V_EUNSUPPORTED, "\"m/byteorder\" is compressed"},
        {CENTRAL, 1, 20, 4, 5, T2V_EUNSUPPORTED, "is compressed"},
        {CENTRAL, 1, 24, 4, 0xffffffff, T2V_EFORMAT, "lacks its zip64 field"},
        {CENTRAL, 1, 28, 2, 0xffff, T2V_EFORMAT, "ends before its last"},
        {CENTRAL, 1, 32, 2, 1, T2V_EFORMAT, "ends before its last"},
        {CENTRAL, 2, 32, 2, 1, T2V_EFORMAT, "ends before its last"},
        {CENTRAL, 1, 42, 4, 0xfffffffe, T2V_EFORMAT, "begins beyond"},
        {CENTRAL, 1, 42, 4, 0, T2V_EFORMAT, "has no local header"},
        {CENTRAL, 1, 46, 1, '?', T2V_EFORMAT, "\"?/byteorder\" has no local header"},
        {END, 0, 0, 1, 'p', T2V_EFORMAT, "no end record"},
        {END, 0, 20, 2, 1, T2V_EFORMAT, "no end record"},
        {END, 0, 10, 2, 4, T2V_EFORMAT, "too short for its entries"},
        {END, 0, 10, 2, 2, T2V_EFORMAT, "longer than its entries"},
        {END, 0, 10, 2, 0, T2V_EFORMAT, "empty"},
        {END, 0, 12, 4, 0xfffffff0, T2V_EFORMAT, "does not lie before"},
        {END, 0, 16, 4, 0xfffffff0, T2V_EFORMAT, "does not lie before"},
        {END, 0, 16, 4, 0, T2V_EFORMAT, "ends before its last"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct zip zip = zip_of(DICT(TENSOR), sizeof DICT(TENSOR) - 1);
        size_t at = cases[i].part == LOCAL     ? zip.local[cases[i].entry]
                    : cases[i].part == CENTRAL ? zip.central[cases[i].entry]
                                               : zip.end;
        memcpy(zip.bytes + at + cases[i].at, &cases[i].value, cases[i].n_byte);
        struct result r = read_zip(&zip);
        char what[40];
        snprintf(what, sizeof what, "case %zu", i);
        check_fails(what, &r, cases[i].code, cases[i].reason);
    }
}

static void test_zip_entries(void **state)
{
    (void)state;
    /* Two names, one place; the first one's data reaches into the second one. */
    struct zip zip = {0};
    put_entry(&zip, "m/data.pkl", DICT(TENSOR), sizeof DICT(TENSOR) - 1);
    put_entry(&zip, "m/data/0", data, sizeof data);
    uint32_t more = sizeof data + 1;
    put_entry(&zip, "m/other", "", 0);
    memcpy(zip.bytes + zip.local[1] + 18, &more, 4);
    memcpy(zip.bytes + zip.local[1] + 22, &more, 4);
    put_directory(&zip);
    struct result r = read_zip(&zip);
    check_fails("overlap", &r, T2V_EFORMAT, "\"m/other\" overlaps");

    zip = (struct zip){0};
    put_entry(&zip, "m/data.pkl", "N.", 2);
    put_entry(&zip, "m/data.pkl", "N.", 2);
    put_directory(&zip);
    r = read_zip(&zip);
    check_fails("twice", &r, T2V_EFORMAT, "\"m/data.pkl\" stands there twice");

    zip = (struct zip){0};
    put_entry(&zip, "m/data.pkl", "N.", 2);
    put_entry(&zip, "n/data.pkl", "N.", 2);
    put_directory(&zip);
    r = read_zip(&zip);
    check_fails("two pickles", &r, T2V_EFORMAT, "not exactly one NAME/data.pkl");

    zip = (struct zip){0};
    put_entry(&zip, "data.pkl", "N.", 2);
    put_entry(&zip, "m/n/data.pkl", "N.", 2);
    put_directory(&zip);
    r = read_zip(&zip);
    check_fails("no pickle", &r, T2V_EFORMAT, "not exactly one NAME/data.pkl");

    /* A comment at the end, with what looks like an end record in it. */
    zip = zip_of(DICT(TENSOR), sizeof DICT(TENSOR) - 1);
    zip.bytes[zip.end + 20] = 40;
    put(&zip, "comment PK\5\6 and more of the comment here", 40);
    r = read_zip(&zip);
    assert_int_equal(r.rc, 0);
    result_free(&r);
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

/* A file of more than 6 GB with a hole in it: offsets that need zip64, in the directory, the local
 * header and the end record. */

#define LARGE_ITEMS (UINT64_C(1) << 30)
#define LARGE_BYTES (4 * LARGE_ITEMS)
#define LARGE_HOLE  (UINT64_C(2) << 30)

static void write_at(int fd, const void *bytes, size_t len, uint64_t at)
{
    assert_int_equal(pwrite(fd, bytes, len, (off_t)at), len);
}

/* The local header of a storage whose sizes stand in its zip64 field, which is left out. */
static void put_large_local(struct zip *zip)
{
    put(zip, "PK\3\4", 4);
    put_int(zip, 0, 8);
    put_int(zip, 0, 6);
    put_int(zip, UINT64_MAX, 8);
    put_int(zip, 8, 2);
    put_int(zip, 0, 2);
    put(zip, "m/data/0", 8);
}

static void put_central64(struct zip *zip, const char *name, uint64_t size, uint64_t begin)
{
    put(zip, "PK\1\2", 4);
    put_int(zip, 0, 8);
    put_int(zip, 0, 8);
    put_int(zip, UINT64_MAX, 8);
    put_int(zip, strlen(name), 2);
    put_int(zip, 28, 2);
    put_int(zip, 0, 8);
    put_int(zip, 0, 2);
    put_int(zip, 0xffffffff, 4);
    put(zip, name, strlen(name));
    put_int(zip, 1 | 24 << 16, 4);
    put_int(zip, size, 8);
    put_int(zip, size, 8);
    put_int(zip, begin, 8);
}

/* Both end records and the locator, for a directory of two entries at `begin`. */
static void put_end64(struct zip *zip, uint64_t begin, uint64_t n_directory)
{
    put(zip, "PK\6\6", 4);
    put_int(zip, 44, 8);
    put_int(zip, 0, 4);
    put_int(zip, 0, 8);
    put_int(zip, 2, 8);
    put_int(zip, 2, 8);
    put_int(zip, n_directory, 8);
    put_int(zip, begin, 8);
    put(zip, "PK\6\7\0\0\0\0", 8);
    put_int(zip, begin + n_directory, 8);
    put_int(zip, 1, 4);
    put(zip, "PK\5\6\0\0\0\0\2\0\2\0", 12);
    put_int(zip, n_directory, 4);
    put_int(zip, 0xffffffff, 4);
    put_int(zip, 0, 2);
}

/* Writes it: the hole, a storage of 4 GiB whose data ends with 3, 4, the pickle, the directory. The
 * file's length, or 0 where there can be no such file; *data_end is where the data ends. */
static size_t write_large(int fd, uint64_t *data_end)
{
    static const char pickle[] =
        "}" STR("\1", "w") REBUILD "((" STR("\7", "storage") "ctorch\nFloatStorage\n" STR("\1", "0")
            STR("\3", "cpu") "\x8a\5\0\0\0\x40\0tQ\x8a\5\xfe\xff\xff\x3f\0K\2\x85K\1\x85\x89}tRs.";
    struct zip zip = {0};
    put_large_local(&zip);
    uint64_t pickle_at = LARGE_HOLE + zip.len + LARGE_BYTES;
    if (ftruncate(fd, (off_t)(pickle_at + 4096)) != 0)
        return 0;
    write_at(fd, "PK\3\4", 4, 0); /* what the file begins with */
    write_at(fd, zip.bytes, zip.len, LARGE_HOLE);
    write_at(fd, data, sizeof data, pickle_at - sizeof data);

    zip = (struct zip){0};
    put_entry(&zip, "m/data.pkl", pickle, sizeof pickle - 1);
    size_t before = zip.len;
    put_central64(&zip, "m/data/0", LARGE_BYTES, LARGE_HOLE);
    put_central64(&zip, "m/data.pkl", sizeof pickle - 1, pickle_at);
    put_end64(&zip, pickle_at + before, zip.len - before);
    write_at(fd, zip.bytes, zip.len, pickle_at);
    *data_end = pickle_at;
    return (size_t)pickle_at + zip.len;
}

static void test_large(void **state)
{
    (void)state;
    char path[] = "t2v-large-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    unlink(path);
    uint64_t data_end = 0;
    size_t len = write_large(fd, &data_end);
    assert_int_equal(ftruncate(fd, (off_t)len), 0);
    uint8_t *map =
        len != 0 ? mmap(NULL, len, PROT_READ, MAP_PRIVATE | MAP_NORESERVE, fd, 0) : MAP_FAILED;
    close(fd);
    if (map == MAP_FAILED)
        skip();
    struct result r = read_bytes(map, len);
    if (r.rc != 0)
        fail_msg("%s", r.err.msg);
    const struct t2v_tensor *t = find(&r, "w");
    assert_true(t->n == 2 && t->data == map + data_end - sizeof data);
    assert_true(item(t, 0) == 3 && item(t, 1) == 4);
    result_free(&r);
    munmap(map, len);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dtypes),     cmocka_unit_test(test_views),
        cmocka_unit_test(test_module),     cmocka_unit_test(test_odd_files),
        cmocka_unit_test(test_cut_short),  cmocka_unit_test(test_flipped),
        cmocka_unit_test(test_no_memory),  cmocka_unit_test(test_pickles),
        cmocka_unit_test(test_bombs),      cmocka_unit_test(test_dict_bomb),
        cmocka_unit_test(test_zip),        cmocka_unit_test(test_zip_entries),
        cmocka_unit_test(test_not_torch),  cmocka_unit_test(test_large),
        cmocka_unit_test(test_long_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
