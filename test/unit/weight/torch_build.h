/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_TEST_WEIGHT_TORCH_BUILD_H
#define T2V_TEST_WEIGHT_TORCH_BUILD_H
/*
 * Files in torch's format, built by hand: macros for the opcodes of a pickle, functions for the
 * parts of a zip file.
 */
#include "torch.h"

/* STR(n, s): a string s of n bytes. STORAGE: a persistent id of storage "0" with 2 items. TENSOR: a
 * tensor that is all of STORAGE. DICT(tensor): the pickle of {"w": tensor}. */
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

/* A zip file, and where its parts are, for tests that change them. */
struct zip {
    uint8_t bytes[4096];
    size_t len, n;
    size_t local[8], central[8], end;
};

static inline void put(struct zip *zip, const void *bytes, size_t n)
{
    assert_in_range(n, 0, sizeof zip->bytes - zip->len);
    memcpy(zip->bytes + zip->len, bytes, n);
    zip->len += n;
}

static inline void put_int(struct zip *zip, uint64_t x, size_t n_byte)
{
    put(zip, &x, n_byte);
}

static inline void put_entry(struct zip *zip, const char *name, const void *data, size_t n)
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

static inline void put_directory(struct zip *zip)
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

/* The data of STORAGE. */
static const float data[2] = {3, 4};

/* The zip file that torch.save would write around the pickle, with one storage. */
static inline struct zip zip_of(const void *pickle, size_t len)
{
    struct zip zip = {0};
    put_entry(&zip, "m/data.pkl", pickle, len);
    put_entry(&zip, "m/byteorder", "little", 6);
    put_entry(&zip, "m/data/0", data, sizeof data);
    put_directory(&zip);
    return zip;
}

static inline struct result read_zip(const struct zip *zip)
{
    struct guarded g = guarded_new(zip->bytes, zip->len);
    struct result r = read_bytes(g.bytes, g.len);
    guarded_free(&g);
    return r;
}

#endif
