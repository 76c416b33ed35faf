/* SPDX-License-Identifier: BSD-3-Clause */
/* Any bytes as a safetensors file: accepted tensors must be inside the file and must not overlap.
 */
#include <stdlib.h>

#include "fuzz.h"
#include "weight/reader.h"

static int by_data(const void *a, const void *b)
{
    const struct t2v_tensor *x = a, *y = b;
    return (x->data > y->data) - (x->data < y->data);
}

static void check(struct t2v_tensor *t, size_t n, const uint8_t *data, size_t size)
{
    static float out[4096];
    size_t total = 0;
    for (size_t i = 0; i < n; i++) {
        size_t product = 1, bytes = t[i].n_byte;
        CHECK(t[i].n_dim >= 0 && t[i].n_dim <= T2V_MAX_DIMS);
        for (int d = 0; d < t[i].n_dim; d++)
            product *= t[i].shape[d];
        CHECK(product == t[i].n && bytes <= size);
        CHECK(bytes * 8 == t[i].n * t2v_dtype_bits(t[i].dtype));
        CHECK(t[i].data >= data && t[i].data + bytes <= data + size);
        total += bytes;
        if (t[i].dtype <= T2V_F64 && t[i].n != 0)
            t2v_tensor_f32(&t[i], t[i].n / 2, (t[i].n - t[i].n / 2) % 4096, out);
    }
    CHECK(total <= size);
    if (n != 0)
        qsort(t, n, sizeof *t, by_data);
    const uint8_t *end = data;
    for (size_t i = 0; i < n; i++) {
        if (t[i].n == 0)
            continue;
        CHECK(t[i].data >= end);
        end = t[i].data + t[i].n_byte;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct t2v_arena arena = {0};
    struct t2v_tensor_list list = {0};
    struct t2v_err err = {0};
    int rc = t2v_safetensors_read(data, size, "file", &arena, &list, &err);
    CHECK(rc == 0 || err.msg[0] != '\0');
    if (rc == 0)
        check(list.at, list.n, data, size);
    t2v_tensor_list_deinit(&list);
    t2v_arena_free(&arena);
    return 0;
}
