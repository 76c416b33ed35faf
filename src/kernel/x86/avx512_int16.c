/* SPDX-License-Identifier: BSD-3-Clause */
/* int16 with AVX-512 VNNI. */
#include "kernel/x86/avx512_dot16.h"

#define FORM_INT8    t2v_form_int16_avx512vnni
#define WEIGHT       int16_t
#define ROWS_INT8    t2v_rows_int16_avx2
#define load_weights vi_load

#include "kernel/x86/int8_mul.h"

#include "kernel/vector/int8.h"

#include "base/banned.h"
