/* SPDX-License-Identifier: BSD-3-Clause */
/* Any bytes as pytorch_model.bin: each accepted tensor must be inside the file, or be a copy that
 * is not larger than the file. */
#include "fuzz.h"
#include "weight/reader.h"

static void check(const struct t2v_tensor *t, const uint8_t *data, size_t size)
{
    static float out[4096];
    size_t product = 1, sum = 0;
    CHECK(t->n_dim >= 0 && t->n_dim <= T2V_MAX_DIMS);
    for (int d = 0; d < t->n_dim; d++)
        product *= t->shape[d];
    CHECK(product == t->n && t->n_byte <= size);
    CHECK(t->n_byte * 8 == t->n * t2v_dtype_bits(t->dtype));
    CHECK(t->copied || (t->data >= data && t->data + t->n_byte <= data + size));
    for (size_t i = 0; i < t->n_byte; i++)
        sum += t->data[i];
    CHECK(sum <= 255 * t->n_byte);
    if (t->dtype <= T2V_F64 && t->n != 0)
        t2v_tensor_f32(t, t->n / 2, (t->n - t->n / 2) % 4096, out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct t2v_arena arena = {0};
    struct t2v_tensor_list list = {0};
    struct t2v_err err = {0};
    int rc = t2v_pytorch_read(data, size, "file", &arena, &list, &err);
    CHECK(rc == 0 ? list.n != 0 : err.msg[0] != '\0' && err.code == rc);
    size_t copied = 0;
    for (size_t i = 0; rc == 0 && i < list.n; i++) {
        check(&list.at[i], data, size);
        copied += list.at[i].copied ? list.at[i].n_byte : 0;
    }
    CHECK(copied <= size);
    t2v_tensor_list_deinit(&list);
    t2v_arena_free(&arena);
    return 0;
}
