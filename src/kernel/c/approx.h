/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_KERNEL_C_APPROX_H
#define T2V_KERNEL_C_APPROX_H
/*
 * The exponential and the activations without libm, in a form that compilers vectorise. The kernels
 * of x86 and arm compute the same formulas with intrinsics.
 */
#include <stdint.h>
#include <string.h>

#include "kernel/kernel.h"

/* exp(x), relative error below 2e-7 for -87.33 <= x <= 88.37. Below: 0. Above: exp(88.37) =
 * 2.4e38. NaN for NaN. x = n ln 2 + r with |r| <= ln 2 / 2; the polynomial for exp(r) is the one
 * of Cephes' expf (Moshier). */
static inline float approx_exp(float x)
{
    const float round = 12582912.0f; /* 1.5 * 2^23: adding it rounds to an integer */
    float floored =
        x > -87.33654f ? x : -87.33654f; /* NaN becomes it, too: n is always an integer */
    float clamped = floored > 88.3762f ? 88.3762f : floored;
    float n = (clamped * 1.44269504f + round) - round;
    float r = (clamped - n * 0.693359375f) + n * 2.12194440e-4f;
    float p = 1.9875691500e-4f;
    p = p * r + 1.3981999507e-3f;
    p = p * r + 8.3334519073e-3f;
    p = p * r + 4.1665795894e-2f;
    p = p * r + 1.6666665459e-1f;
    p = p * r + 5.0000001201e-1f;
    p = p * r * r + r + 1.0f;
    uint32_t bits = (uint32_t)((int32_t)n + 127) << 23;
    float scale;
    memcpy(&scale, &bits, sizeof scale);
    float below = x < -87.33654f ? 0.0f : x; /* x: NaN stays */
    return x >= -87.33654f ? p * scale : below;
}

/* x * Phi(x), Phi being the normal distribution function; absolute error below 3e-7 * max(1, |x|),
 * and 0 for x <= -5.6. Phi(x) - 1/2 = x P(x^2) / Q(x^2), a minimax fit over
 * |x| <= 5.5 (error 7e-9 before rounding). */
static inline float approx_gelu(float x)
{
    float y = x > -5.6f ? x : -5.6f; /* NaN too: it comes back with the last product */
    y = y < 5.6f ? y : 5.6f;
    float t = y * y;
    float p = 2.274988020e-8f;
    p = p * t + 6.352043783e-6f;
    p = p * t + 1.688175544e-4f;
    p = p * t + 4.677210469e-3f;
    p = p * t + 3.385186940e-2f;
    p = p * t + 3.989422321e-1f;
    float q = 1.197513598e-6f;
    q = q * t + 7.364481280e-5f;
    q = q * t + 1.884398516e-3f;
    q = q * t + 2.864542045e-2f;
    q = q * t + 2.515199780e-1f;
    q = q * t + 1.0f;
    float r = y * p / q;
    r = r > -0.5f ? r : -0.5f;
    return x * (0.5f + (r < 0.5f ? r : 0.5f));
}

/* x / (1 + exp(-x)) */
static inline float approx_silu(float x)
{
    return x / (1.0f + approx_exp(-x));
}

/* 0.5 x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))), since (1 + tanh u) / 2 = 1 / (1 + exp(-2u)) */
static inline float approx_gelu_tanh(float x)
{
    float u = 0.79788456f * (x + 0.044715f * x * x * x);
    return x / (1.0f + approx_exp(-2.0f * u));
}

#endif
