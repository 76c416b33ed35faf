/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_KERNEL_VECTOR_ACT_H
#define T2V_KERNEL_VECTOR_ACT_H
/*
 * The exponential and the activations, by the formulas of kernel/c/approx.h. Each is one long chain
 * of dependent operations; WIDE vectors are computed side by side to hide the latency.
 */
#include "kernel/vector/base.h"

/* Vectors computed together; a multiple of VECTORS. */
enum { WIDE = 4 };
struct wide {
    vf of[WIDE];
};

/* Runs the statement that follows for each vector k. */
#define EACH                                                                                       \
    UNROLL                                                                                         \
    for (int k = 0; k < WIDE; k++)

/* One step of Horner's scheme: p becomes p * x + c. */
INLINE void wide_horner(struct wide *p, const struct wide *x, float c)
{
    EACH p->of[k] = vf_fma(p->of[k], x->of[k], vf_set(c));
}

INLINE struct wide wide_set(float x)
{
    struct wide all;
    EACH all.of[k] = vf_set(x);
    return all;
}

/* exp(x) for x <= 88; NaN stays NaN. */
INLINE struct wide wide_exp(struct wide x)
{
    const vf min = vf_set(-87.33654f);
    struct wide n, r, p = wide_set(1.9875691500e-4f);
    vmask keep[WIDE];
    EACH keep[k] = vf_not_less(x.of[k], min);
    EACH x.of[k] = vf_min(vf_set(88.3762f), vf_max(min, x.of[k]));
    EACH n.of[k] = vf_round(vf_mul(x.of[k], vf_set(1.44269504f)));
    EACH r.of[k] = vf_fnma(n.of[k], vf_set(0.693359375f), x.of[k]);
    EACH r.of[k] = vf_fma(n.of[k], vf_set(2.12194440e-4f), r.of[k]);
    wide_horner(&p, &r, 1.3981999507e-3f);
    wide_horner(&p, &r, 8.3334519073e-3f);
    wide_horner(&p, &r, 4.1665795894e-2f);
    wide_horner(&p, &r, 1.6666665459e-1f);
    wide_horner(&p, &r, 5.0000001201e-1f);
    EACH p.of[k] = vf_mul(p.of[k], r.of[k]);
    EACH p.of[k] = vf_fma(p.of[k], r.of[k], vf_add(r.of[k], vf_set(1.0f)));
    EACH p.of[k] = vf_keep(keep[k], vf_mul(p.of[k], vf_exp2(n.of[k])));
    return p;
}

/* v within [-limit, limit]; NaN becomes NaN or -limit. */
INLINE vf vf_clamp(vf v, float limit)
{
    return vf_min(vf_max(v, vf_set(-limit)), vf_set(limit));
}

/* x * Phi(x) */
INLINE struct wide wide_gelu(struct wide x)
{
    struct wide y, t, p = wide_set(2.274988020e-8f), q = wide_set(1.197513598e-6f);
    EACH y.of[k] = vf_clamp(x.of[k], 5.6f);
    EACH t.of[k] = vf_mul(y.of[k], y.of[k]);
    wide_horner(&p, &t, 6.352043783e-6f);
    wide_horner(&p, &t, 1.688175544e-4f);
    wide_horner(&p, &t, 4.677210469e-3f);
    wide_horner(&p, &t, 3.385186940e-2f);
    wide_horner(&p, &t, 3.989422321e-1f);
    EACH p.of[k] = vf_mul(y.of[k], p.of[k]);
    wide_horner(&q, &t, 7.364481280e-5f);
    wide_horner(&q, &t, 1.884398516e-3f);
    wide_horner(&q, &t, 2.864542045e-2f);
    wide_horner(&q, &t, 2.515199780e-1f);
    wide_horner(&q, &t, 1.0f);
    EACH p.of[k] = vf_clamp(vf_div(p.of[k], q.of[k]), 0.5f);
    EACH x.of[k] = vf_mul(x.of[k], vf_add(vf_set(0.5f), p.of[k]));
    return x;
}

/* x / (1 + exp(minus_y)) */
INLINE struct wide wide_silu(struct wide x, struct wide minus_y)
{
    struct wide e = wide_exp(minus_y);
    EACH x.of[k] = vf_div(x.of[k], vf_add(vf_set(1.0f), e.of[k]));
    return x;
}

INLINE struct wide wide_gelu_tanh(struct wide x)
{
    struct wide y;
    EACH y.of[k] = vf_mul(vf_mul(x.of[k], x.of[k]), vf_mul(x.of[k], vf_set(0.044715f)));
    EACH y.of[k] = vf_mul(vf_add(x.of[k], y.of[k]), vf_set(-2.0f * 0.79788456f));
    return wide_silu(x, y);
}

INLINE struct wide wide_act(enum t2v_act act, struct wide x)
{
    struct wide minus;
    switch (act) {
    case T2V_ACT_GELU:
        return wide_gelu(x);
    case T2V_ACT_GELU_TANH:
        return wide_gelu_tanh(x);
    case T2V_ACT_RELU:
        EACH x.of[k] = vf_keep(vf_not_less(x.of[k], vf_zero()), x.of[k]);
        return x;
    case T2V_ACT_SILU:
        EACH minus.of[k] = vf_sub(vf_zero(), x.of[k]);
        return wide_silu(x, minus);
    case T2V_ACT_NONE:
        break;
    }
    return x;
}

#endif
