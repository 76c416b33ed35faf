/* SPDX-License-Identifier: BSD-3-Clause */
/* float with AVX2: 12 accumulators, 2 vectors of weights and 1 input fill the 16 registers. */
#include "kernel/x86/avx2.h"

enum { TILE_ROWS = 6 };
#define EACH_HEIGHT HEIGHTS_6
#define RUNG(NAME)  NAME##_avx2

#include "kernel/x86/f32_mul.h"

#include "kernel/vector/f32.h"

#include "base/banned.h"
