/* SPDX-License-Identifier: BSD-3-Clause */
/* int16 with AVX2: as int8_fine, but weights are read as they are. */
#include "kernel/x86/avx2.h"

enum { TILE_ROWS = 5, GROUP = 2 };
#define EACH_HEIGHT    HEIGHTS_5
#define FORM_INT8      t2v_form_int16_avx2
#define WEIGHT         int16_t
#define ROWS_INT8      t2v_rows_int16_avx2
#define ROW_BYTES_INT8 t2v_row_bytes_int8_fine
#define PAIRS          false
#define load_weights   vi_load

#include "kernel/vector/tile.h"

INLINE vi dot(vi acc, vi values, vi weights)
{
    return _mm256_add_epi32(acc, _mm256_madd_epi16(values, weights));
}

#include "kernel/x86/int8_mul.h"

#include "kernel/vector/int8.h"

#include "base/banned.h"
