/* SPDX-License-Identifier: BSD-3-Clause */
/* int8_fine with AVX-512 VNNI: weights are widened to 16 bits. */
#include "kernel/x86/avx512_dot16.h"

#define FORM_INT8 t2v_form_int8_fine_avx512vnni
#define WEIGHT    int8_t
#define ROWS_INT8 t2v_rows_int8_fine_avx2

INLINE vi load_weights(const char *p)
{
    return _mm512_cvtepi8_epi16(_mm256_loadu_si256((const void *)p));
}

#include "kernel/x86/int8_mul.h"

#include "kernel/vector/int8.h"

#include "base/banned.h"
