/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_KERNEL_VECTOR_ACT_H
#define T2V_KERNEL_VECTOR_ACT_H
/* The exponential and the activations: the formulas of kernel/c/approx.h. */

/* exp(x) for x <= 88. */
INLINE vf vf_exp(vf x)
{
    const vf least = vf_set(-87.33654f);
    vmask keep = vf_ge(x, least);
    x = vf_min(vf_max(x, least), vf_set(88.3762f));
    vf n = vf_round(vf_mul(x, vf_set(1.44269504f)));
    vf r = vf_fma(n, vf_set(2.12194440e-4f), vf_fnma(n, vf_set(0.693359375f), x));
    vf p = vf_set(1.9875691500e-4f);
    p = vf_fma(p, r, vf_set(1.3981999507e-3f));
    p = vf_fma(p, r, vf_set(8.3334519073e-3f));
    p = vf_fma(p, r, vf_set(4.1665795894e-2f));
    p = vf_fma(p, r, vf_set(1.6666665459e-1f));
    p = vf_fma(p, r, vf_set(5.0000001201e-1f));
    p = vf_fma(vf_mul(p, r), r, vf_add(r, vf_set(1.0f)));
    return vf_keep(keep, vf_mul(p, vf_exp2(n)));
}

/* v within [-limit, limit]; NaN becomes -limit. */
INLINE vf vf_clamp(vf v, float limit)
{
    return vf_min(vf_max(v, vf_set(-limit)), vf_set(limit));
}

/* x * Phi(x) */
INLINE vf vf_gelu(vf x)
{
    vf y = vf_clamp(x, 5.6f), t = vf_mul(y, y);
    vf p = vf_set(2.274988020e-8f), q = vf_set(1.197513598e-6f);
    p = vf_fma(p, t, vf_set(6.352043783e-6f));
    q = vf_fma(q, t, vf_set(7.364481280e-5f));
    p = vf_fma(p, t, vf_set(1.688175544e-4f));
    q = vf_fma(q, t, vf_set(1.884398516e-3f));
    p = vf_fma(p, t, vf_set(4.677210469e-3f));
    q = vf_fma(q, t, vf_set(2.864542045e-2f));
    p = vf_fma(p, t, vf_set(3.385186940e-2f));
    q = vf_fma(q, t, vf_set(2.515199780e-1f));
    p = vf_fma(p, t, vf_set(3.989422321e-1f));
    q = vf_fma(q, t, vf_set(1.0f));
    vf r = vf_clamp(vf_div(vf_mul(y, p), q), 0.5f);
    return vf_mul(x, vf_add(vf_set(0.5f), r));
}

/* x / (1 + exp(minus_y)) */
INLINE vf vf_silu(vf x, vf minus_y)
{
    return vf_div(x, vf_add(vf_set(1.0f), vf_exp(minus_y)));
}

INLINE vf vf_gelu_tanh(vf x)
{
    vf cube = vf_mul(vf_mul(x, x), vf_mul(x, vf_set(0.044715f)));
    return vf_silu(x, vf_mul(vf_add(x, cube), vf_set(-2.0f * 0.79788456f)));
}

INLINE vf vf_act(enum t2v_act act, vf x)
{
    switch (act) {
    case T2V_ACT_GELU:
        return vf_gelu(x);
    case T2V_ACT_GELU_TANH:
        return vf_gelu_tanh(x);
    case T2V_ACT_RELU:
        return vf_max(x, vf_zero());
    case T2V_ACT_SILU:
        return vf_silu(x, vf_sub(vf_zero(), x));
    case T2V_ACT_NONE:
        break;
    }
    return x;
}

#endif
