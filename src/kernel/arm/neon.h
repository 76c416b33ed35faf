/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_KERNEL_ARM_NEON_H
#define T2V_KERNEL_ARM_NEON_H
/* NEON, which every arm64 processor has, behind the names of vector/base.h. */
#include <arm_neon.h>

#include "kernel/vector/base.h"

enum { LANES = 4, PANEL = 16, VECTORS = PANEL / LANES, PREFETCH_BYTES = 0 };

typedef float32x4_t vf;
typedef int32x4_t vi;
typedef uint32x4_t vmask; /* all bits set in the lanes of the mask */

INLINE vmask mask_below(size_t n)
{
    static const uint32_t index[LANES] = {0, 1, 2, 3};
    return vcltq_u32(vld1q_u32(index), vdupq_n_u32(n < LANES ? (uint32_t)n : LANES));
}

INLINE vmask mask_less(vmask a, vmask b)
{
    return vbicq_u32(a, b);
}

INLINE vf vf_load(const float *p)
{
    return vld1q_f32(p);
}

INLINE void vf_store(float *p, vf v)
{
    vst1q_f32(p, v);
}

INLINE vf vf_load_mask(const float *p, vmask mask)
{
    uint32_t wanted[LANES];
    float v[LANES];
    vst1q_u32(wanted, mask);
    for (size_t i = 0; i < LANES; i++)
        v[i] = wanted[i] != 0 ? p[i] : 0.0f;
    return vld1q_f32(v);
}

INLINE vf vf_load_n(const float *p, size_t n)
{
    if (n >= LANES)
        return vld1q_f32(p);
    vf v = vdupq_n_f32(0.0f);
    if (n > 0)
        v = vld1q_lane_f32(p, v, 0);
    if (n > 1)
        v = vld1q_lane_f32(p + 1, v, 1);
    return n > 2 ? vld1q_lane_f32(p + 2, v, 2) : v;
}

INLINE void vf_store_n(float *p, size_t n, vf v)
{
    if (n >= LANES) {
        vst1q_f32(p, v);
        return;
    }
    if (n > 0)
        vst1q_lane_f32(p, v, 0);
    if (n > 1)
        vst1q_lane_f32(p + 1, v, 1);
    if (n > 2)
        vst1q_lane_f32(p + 2, v, 2);
}

INLINE vf vf_set(float x)
{
    return vdupq_n_f32(x);
}

INLINE vf vf_zero(void)
{
    return vdupq_n_f32(0.0f);
}

INLINE vf vf_add(vf a, vf b)
{
    return vaddq_f32(a, b);
}

INLINE vf vf_sub(vf a, vf b)
{
    return vsubq_f32(a, b);
}

INLINE vf vf_mul(vf a, vf b)
{
    return vmulq_f32(a, b);
}

INLINE vf vf_div(vf a, vf b)
{
    return vdivq_f32(a, b);
}

INLINE vf vf_min(vf a, vf b)
{
    return vminq_f32(a, b);
}

INLINE vf vf_max(vf a, vf b)
{
    return vmaxq_f32(a, b);
}

INLINE vf vf_fma(vf a, vf b, vf c)
{
    return vfmaq_f32(c, a, b);
}

INLINE vf vf_fnma(vf a, vf b, vf c)
{
    return vfmsq_f32(c, a, b);
}

INLINE vf vf_round(vf v)
{
    return vrndnq_f32(v);
}

INLINE vf vf_exp2(vf n)
{
    int32x4_t exponent = vaddq_s32(vcvtq_s32_f32(n), vdupq_n_s32(127));
    return vreinterpretq_f32_s32(vshlq_n_s32(exponent, 23));
}

INLINE vmask vf_not_less(vf a, vf b)
{
    return vmvnq_u32(vcltq_f32(a, b));
}

INLINE vf vf_keep(vmask mask, vf v)
{
    return vreinterpretq_f32_u32(vandq_u32(mask, vreinterpretq_u32_f32(v)));
}

INLINE vf vf_select(vmask mask, vf a, vf b)
{
    return vbslq_f32(mask, a, b);
}

INLINE vf vf_and(vf a, vf b)
{
    return vf_keep(vreinterpretq_u32_f32(a), b);
}

INLINE vf vf_or(vf a, vf b)
{
    return vreinterpretq_f32_u32(vorrq_u32(vreinterpretq_u32_f32(a), vreinterpretq_u32_f32(b)));
}

INLINE float vf_sum(vf v)
{
    return vaddvq_f32(v);
}

INLINE float vf_lanes_max(vf v)
{
    return vmaxvq_f32(v);
}

INLINE float vf_lanes_min(vf v)
{
    return vminvq_f32(v);
}

INLINE void load_b(const enum source source, const char *b, vf column[VECTORS])
{
    const uint16_t *half = (const void *)b;
    UNROLL
    for (int v = 0; v < VECTORS; v++) {
        if (source == F16 || source == SCRATCH_F16) {
            column[v] = vcvt_f32_f16(vreinterpret_f16_u16(vld1_u16(half + v * LANES)));
        } else if (source == BF16) {
            uint32x4_t both = vreinterpretq_u32_u16(vld1q_u16(half + v % 2 * 8));
            uint32x4_t one = v < 2 ? vshlq_n_u32(both, 16) : vandq_u32(both, vdupq_n_u32(~0xffffu));
            column[v] = vreinterpretq_f32_u32(one);
        } else {
            column[v] = vld1q_f32((const float *)(const void *)b + v * LANES);
        }
    }
}

INLINE vf vf_of_ints(vi v)
{
    return vcvtq_f32_s32(v);
}

#endif
