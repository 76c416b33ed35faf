/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_TEST_WEIGHT_TORCH_H
#define T2V_TEST_WEIGHT_TORCH_H
/* Runs the reader of pytorch_model.bin over bytes in memory, with checks of what it returns. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/mem.h"
#include "weight/reader.h"

/* A copy of bytes just before an unmapped page, so that reading beyond their end crashes. */
struct guarded {
    uint8_t *map, *bytes;
    size_t n_map, len;
};

static inline struct guarded guarded_new(const void *bytes, size_t len)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE), n = (len + page - 1) / page * page;
    uint8_t *map = mmap(NULL, n + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_true(map != MAP_FAILED);
    assert_int_equal(mprotect(map + n, page, PROT_NONE), 0);
    if (len != 0)
        memcpy(map + n - len, bytes, len);
    return (struct guarded){map, map + n - len, n + page, len};
}

static inline void guarded_free(struct guarded *g)
{
    munmap(g->map, g->n_map);
}

/* What one run of the reader returned. */
struct result {
    int rc;
    struct t2v_err err;
    struct t2v_arena arena;
    struct t2v_tensor_list list;
};

static inline void result_free(struct result *r)
{
    t2v_tensor_list_deinit(&r->list);
    t2v_arena_free(&r->arena);
}

static inline struct result read_bytes(const uint8_t *bytes, size_t len)
{
    struct result r = {0};
    r.rc = t2v_pytorch_read(bytes, len, "FILE", &r.arena, &r.list, &r.err);
    if (r.rc != 0 && strncmp(r.err.msg, "FILE: ", 6) != 0)
        fail_msg("a message without its file: %s", r.err.msg);
    return r;
}

/* Checks the code and that the message contains reason, then frees r. */
static inline void check_fails(const char *what, struct result *r, int code, const char *reason)
{
    if (r->rc != code || strstr(r->err.msg, reason) == NULL)
        fail_msg("%s: expected %d \"%s\", got %d \"%s\"", what, code, reason, r->rc, r->err.msg);
    result_free(r);
}

/* A file that torch wrote: test/fuzz/corpus/pytorch/NAME. */
static inline struct guarded load(const char *name)
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

/* The tensor of that name, which must be there. */
static inline const struct t2v_tensor *find(const struct result *r, const char *name)
{
    for (size_t i = 0; i < r->list.n; i++)
        if (t2v_str_is(r->list.at[i].name, name))
            return &r->list.at[i];
    fail_msg("no tensor %s", name);
    return NULL;
}

/* Item i as a number; for a type that t2v does not convert, its bits. */
static inline double item(const struct t2v_tensor *t, size_t i)
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

#endif
