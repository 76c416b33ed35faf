/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_TEST_KERNEL_SIMDE_H
#define T2V_TEST_KERNEL_SIMDE_H
/*
 * AVX-512 for processors without it: put before a kernel's source (-include), it makes SIMDe
 * compute that source's intrinsics by AVX2 and plain C. What SIMDe 0.7.4 lacks is written out here.
 */
#include <cpuid.h>
#include <string.h>

/* init.c asks for AVX-VNNI by this. */
#undef __get_cpuid_count
#define __get_cpuid_count(leaf, sub, a, b, c, d) (*(a) = *(b) = *(c) = *(d) = ~0u, 1)

#define SIMDE_ENABLE_NATIVE_ALIASES
#include <simde/x86/avx512.h>
#include <simde/x86/f16c.h>
#include <simde/x86/fma.h>

/* By itself, so that as on a processor nothing is touched but what the mask names. */
static inline simde__m512 simde_mm512_maskz_loadu_ps(simde__mmask16 mask, const void *from)
{
    float at[16] = {0};
    for (int i = 0; i < 16; i++) {
        if (mask >> i & 1)
            memcpy(&at[i], (const char *)from + 4 * i, 4);
    }
    return simde_mm512_loadu_ps(at);
}
#define _mm512_maskz_loadu_ps simde_mm512_maskz_loadu_ps

static inline void simde_mm512_mask_storeu_ps(void *to, simde__mmask16 mask, simde__m512 v)
{
    float at[16];
    simde_mm512_storeu_ps(at, v);
    for (int i = 0; i < 16; i++) {
        if (mask >> i & 1)
            memcpy((char *)to + 4 * i, &at[i], 4);
    }
}
#define _mm512_mask_storeu_ps simde_mm512_mask_storeu_ps

/* Both halves of a vector by the 256-bit instruction of the same name. */
static inline simde__m512i simde_mm512_cvtps_epi32(simde__m512 v)
{
    simde__m512_private in = simde__m512_to_private(v);
    simde__m512i_private out;
    for (int i = 0; i < 2; i++)
        out.m256i[i] = simde_mm256_cvtps_epi32(in.m256[i]);
    return simde__m512i_from_private(out);
}
#define _mm512_cvtps_epi32 simde_mm512_cvtps_epi32

static inline simde__m512 simde_mm512_cvtepi32_ps(simde__m512i v)
{
    simde__m512i_private in = simde__m512i_to_private(v);
    simde__m512_private out;
    for (int i = 0; i < 2; i++)
        out.m256[i] = simde_mm256_cvtepi32_ps(in.m256i[i]);
    return simde__m512_from_private(out);
}
#define _mm512_cvtepi32_ps simde_mm512_cvtepi32_ps

static inline simde__m512 simde_mm512_cvtph_ps(simde__m256i v)
{
    simde__m256i_private in = simde__m256i_to_private(v);
    simde__m512_private out;
    for (int i = 0; i < 2; i++)
        out.m256[i] = simde_mm256_cvtph_ps(in.m128i[i]);
    return simde__m512_from_private(out);
}
#define _mm512_cvtph_ps simde_mm512_cvtph_ps

static inline simde__m256i simde_mm512_cvtepi32_epi16(simde__m512i v)
{
    simde__m512i_private in = simde__m512i_to_private(v);
    simde__m256i_private out;
    for (int i = 0; i < 16; i++)
        out.u16[i] = (uint16_t)in.u32[i];
    return simde__m256i_from_private(out);
}
#define _mm512_cvtepi32_epi16 simde_mm512_cvtepi32_epi16

/* AVX-VNNI's own, by neighbours: 16 bits hold a byte, 32 the sum of two products. */
static inline simde__m256i simde_mm256_dpbusd_avx_epi32(simde__m256i sum, simde__m256i u,
                                                        simde__m256i s)
{
    const simde__m256i low = simde_mm256_set1_epi16(255);
    simde__m256i even = simde_mm256_srai_epi16(simde_mm256_slli_epi16(s, 8), 8);
    simde__m256i odd = simde_mm256_srai_epi16(s, 8);
    even = simde_mm256_madd_epi16(simde_mm256_and_si256(u, low), even);
    odd = simde_mm256_madd_epi16(simde_mm256_srli_epi16(u, 8), odd);
    return simde_mm256_add_epi32(sum, simde_mm256_add_epi32(even, odd));
}
#define _mm256_dpbusd_avx_epi32 simde_mm256_dpbusd_avx_epi32

#endif
