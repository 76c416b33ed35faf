/* SPDX-License-Identifier: BSD-3-Clause */
/* float with NEON: 20 accumulators, 4 vectors of weights, 5 of inputs, one a row. */
#include "kernel/arm/neon.h"

enum { TILE_ROWS = 5 };
#define EACH_HEIGHT HEIGHTS_5
#define RUNG(NAME)  NAME##_neon

#include "kernel/arm/f32_mul.h"

#include "kernel/vector/f32.h"

#include "base/banned.h"
