/* SPDX-License-Identifier: BSD-3-Clause */
/* float with AVX-512: 28 accumulators, 2 vectors of weights and 1 input, of 32 registers. */
#include "kernel/x86/avx512.h"

enum { TILE_ROWS = 14 };
#define EACH_HEIGHT HEIGHTS_14
#define RUNG(NAME)  NAME##_avx512

#include "kernel/x86/f32_mul.h"

#include "kernel/vector/f32.h"

#include "base/banned.h"
