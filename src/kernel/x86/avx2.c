/* SPDX-License-Identifier: BSD-3-Clause */
/* float with AVX2: twelve sums of eight, two vectors of weights and a factor fill its registers. */
#include "kernel/x86/avx2.h"

enum { TILE_ROWS = 6 };
#define EACH_HEIGHT HEIGHTS_6
#define RUNG(NAME)  NAME##_avx2

#include "kernel/x86/f32_mul.h"

#include "kernel/vector/f32.h"

#include "base/banned.h"
