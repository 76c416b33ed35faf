/* SPDX-License-Identifier: BSD-3-Clause */
/* T5's relative positions: distances fall into buckets, and a bucket has a bias for each head. */
#include "net/block/relative.h"

#include <math.h>
#include <stdlib.h>

#include "base/banned.h"

/* Half of the buckets are for keys after the query. In each half, the first half has one bucket for
 * each short distance; the rest have longer distances in logarithmic steps up to max_distance.
 * float32 throughout, as in Transformers, since the bucket borders depend on rounding. */
static size_t bucket_of(int64_t offset, int n_bucket, int max_distance)
{
    int half = n_bucket / 2, exact = half / 2;
    int64_t n = llabs(offset);
    int bucket = (int)n;
    if (n >= exact) {
        float steps = logf((float)n / (float)exact) / (float)log((double)max_distance / exact) *
                      (float)(half - exact);
        bucket = steps < (float)(half - exact) ? exact + (int)steps : half - 1;
    }
    return (size_t)(bucket + (offset > 0 ? half : 0));
}

int t2v_relative_new(const struct t2v_loader *loader, const struct t2v_tensor *table, int n_bucket,
                     int max_distance, size_t max_tok, struct t2v_relative *out)
{
    size_t heads = table->shape[1], n_offset = 2 * max_tok - 1;
    if (max_distance <= n_bucket / 4)
        return t2v_fail(loader->err, T2V_EUNSUPPORTED,
                        "config.json: a relative distance of %d for %d buckets is not supported",
                        max_distance, n_bucket);
    float *bias = t2v_arena_alloc(loader->arena, heads * n_offset, sizeof *bias);
    float *row = t2v_arena_alloc(loader->arena, heads, sizeof *row);
    if (bias == NULL || row == NULL)
        return t2v_fail(loader->err, T2V_ENOMEM, "no memory for the relative positions");
    for (size_t i = 0; i < n_offset; i++) {
        int64_t offset = (int64_t)i - (int64_t)(max_tok - 1);
        t2v_tensor_f32(table, bucket_of(offset, n_bucket, max_distance) * heads, heads, row);
        for (size_t h = 0; h < heads; h++)
            bias[h * n_offset + i] = row[h];
    }
    *out = (struct t2v_relative){bias, max_tok};
    return 0;
}
