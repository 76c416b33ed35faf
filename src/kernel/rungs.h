/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_KERNEL_RUNGS_H
#define T2V_KERNEL_RUNGS_H
/*
 * The kernels of each instruction set, for init.c and for one another. A name ends with its
 * instruction set; what each kernel does is in kernel.h. Private to kernel/.
 */
#include "kernel/kernel.h"

typedef void t2v_rows_fn(const struct t2v_linear *layer, const float *x, size_t ldx, size_t n_row,
                         void *out);

/* Plain C. */
extern const struct t2v_form t2v_form_f32_c, t2v_form_f32_of_f16_c, t2v_form_f32_of_bf16_c,
    t2v_form_bf16_c;
extern const struct t2v_form t2v_form_int8_c, t2v_form_int8_fine_c, t2v_form_int16_c;
t2v_rows_fn t2v_rows_int8_c, t2v_rows_int8_fine_c, t2v_rows_int16_c;
t2v_norm_fn t2v_layer_norm_f32_c, t2v_rms_norm_f32_c;
t2v_gate_fn t2v_gate_f32_c;
t2v_attention_fn t2v_attention_f32_c;
t2v_past_attention_fn t2v_past_attention_f32_c;
extern const size_t t2v_key_panel_c;
/* y[i] = act(y[i] + bias[i]): the end of a linear layer, for back ends that only multiply. bias, y:
 * [n]; bias may be NULL. */
void t2v_bias_act_f32_c(enum t2v_act act, const float *bias, float *y, size_t n);
/* row_bytes of every form int8, and of every form int8_fine and int16. */
size_t t2v_row_bytes_int8(size_t n_in);
size_t t2v_row_bytes_int8_fine(size_t n_in);

/* OpenBLAS. t2v_blas_setup limits it to one thread per call, since the team divides the work. */
extern const struct t2v_form t2v_form_f32_blas;
void t2v_blas_setup(void);

#if defined(__x86_64__)
/* AVX2, with FMA and F16C; AVX-VNNI has its own int8 alone. */
extern const struct t2v_form t2v_form_f32_avx2, t2v_form_f32_of_f16_avx2, t2v_form_f32_of_bf16_avx2,
    t2v_form_bf16_avx2;
extern const struct t2v_form t2v_form_int8_avx2, t2v_form_int8_fine_avx2, t2v_form_int16_avx2,
    t2v_form_int8_avxvnni;
t2v_rows_fn t2v_rows_int8_avx2, t2v_rows_int8_fine_avx2, t2v_rows_int16_avx2;
t2v_norm_fn t2v_layer_norm_f32_avx2, t2v_rms_norm_f32_avx2;
t2v_gate_fn t2v_gate_f32_avx2;
t2v_attention_fn t2v_attention_f32_avx2;
t2v_past_attention_fn t2v_past_attention_f32_avx2;
extern const size_t t2v_key_panel_avx2;

/* AVX-512F, AVX512_VNNI, AVX512_BF16. */
extern const struct t2v_form t2v_form_f32_avx512, t2v_form_f32_of_f16_avx512,
    t2v_form_f32_of_bf16_avx512, t2v_form_bf16_avx512;
extern const struct t2v_form t2v_form_int8_avx512vnni, t2v_form_int8_fine_avx512vnni,
    t2v_form_int16_avx512vnni, t2v_form_bf16_avx512bf16;
t2v_norm_fn t2v_layer_norm_f32_avx512, t2v_rms_norm_f32_avx512;
t2v_gate_fn t2v_gate_f32_avx512;
t2v_attention_fn t2v_attention_f32_avx512;
t2v_past_attention_fn t2v_past_attention_f32_avx512;
extern const size_t t2v_key_panel_avx512;
#endif

#if defined(__aarch64__)
/* NEON, its dot product, i8mm. */
extern const struct t2v_form t2v_form_f32_neon, t2v_form_f32_of_f16_neon, t2v_form_f32_of_bf16_neon,
    t2v_form_bf16_neon;
extern const struct t2v_form t2v_form_int8_dotprod, t2v_form_int8_i8mm;
t2v_rows_fn t2v_rows_int8_dotprod;
t2v_norm_fn t2v_layer_norm_f32_neon, t2v_rms_norm_f32_neon;
t2v_gate_fn t2v_gate_f32_neon;
t2v_attention_fn t2v_attention_f32_neon;
t2v_past_attention_fn t2v_past_attention_f32_neon;
extern const size_t t2v_key_panel_neon;
#endif

#endif
