/* SPDX-License-Identifier: BSD-3-Clause */
#if defined(__x86_64__)
#include <cpuid.h>
#elif defined(__aarch64__)
#include <sys/auxv.h>
#endif
#include <string.h>

#include "kernel/rungs.h"

#include "base/banned.h"

/* Instruction sets, in ascending order of preference for each kind of processor, as the values of
 * --cpu are. */
enum rung {
    RUNG_C,
    RUNG_BLAS,
    RUNG_AVX2,
    RUNG_AVXVNNI, /* the sets above do not imply it */
    RUNG_AVX512,
    RUNG_VNNI,
    RUNG_BF16,
    RUNG_NEON = RUNG_AVX2,
    RUNG_DOTPROD,
    RUNG_I8MM
};

#if defined(__x86_64__)
/* By cpuid, since clang 14's __builtin_cpu_supports does not know AVX-VNNI. That the system saves
 * the registers is known: the caller has checked AVX2. */
static bool has_avxvnni(void)
{
    unsigned a, b, c, d;
    return __get_cpuid_count(7, 1, &a, &b, &c, &d) != 0 && (a & bit_AVXVNNI) != 0;
}
#endif

#if defined(__x86_64__)
/* Whether vdpbf16ps does more than as many bits of float multiply-adds. Intel's processors do one
 * in two cycles, and two float ones in each: half the products. */
static bool multiplies_bf16(void)
{
    return __builtin_cpu_supports("avx512bf16") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512vl") && !__builtin_cpu_is("intel");
}
#endif

static enum rung processor_rung(void)
{
#if defined(__x86_64__)
    /* clang 14's __builtin_cpu_supports does not know F16C. */
    unsigned a, b, c, d;
    bool f16c = __get_cpuid(1, &a, &b, &c, &d) != 0 && (c & bit_F16C) != 0;
    /* __builtin_cpu_supports also checks that the system saves the registers. */
    if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma") || !f16c)
        return RUNG_BLAS;
    if (!__builtin_cpu_supports("avx512f"))
        return RUNG_AVXVNNI;
    if (!__builtin_cpu_supports("avx512vnni") || !__builtin_cpu_supports("avx512bw"))
        return RUNG_AVX512;
    return multiplies_bf16() ? RUNG_BF16 : RUNG_VNNI;
#elif defined(__aarch64__)
    if ((getauxval(AT_HWCAP) & HWCAP_ASIMDDP) == 0)
        return RUNG_NEON; /* every arm64 processor has it */
    return (getauxval(AT_HWCAP2) & HWCAP2_I8MM) != 0 ? RUNG_I8MM : RUNG_DOTPROD;
#else
    return RUNG_BLAS;
#endif
}

/* Lowers *rung to the one named cap. */
static int cap_rung(const char *cap, enum rung *rung, struct t2v_err *err)
{
    static const struct {
        const char *name;
        enum rung max;
    } caps[] = {
        {"c", RUNG_C},
        {"blas", RUNG_BLAS},
#if defined(__x86_64__)
        {"avx2", RUNG_AVX2},
        {"avxvnni", RUNG_AVXVNNI},
        {"avx512", RUNG_AVX512},
        {"avx512vnni", RUNG_VNNI},
        {"avx512bf16", RUNG_BF16},
#endif
#if defined(__aarch64__)
        {"neon", RUNG_NEON},
        {"dotprod", RUNG_DOTPROD},
        {"i8mm", RUNG_I8MM},
#endif
    };
    if (cap == NULL || *cap == '\0')
        return 0;
    for (size_t i = 0; i < sizeof caps / sizeof caps[0]; i++) {
        if (strcmp(cap, caps[i].name) == 0) {
            if (caps[i].max < *rung)
                *rung = caps[i].max;
            return 0;
        }
    }
    return t2v_fail(err, T2V_EUNSUPPORTED, "cpu: '%.40s' is not for this kind of processor", cap);
}

/* Replaces entries of the table by vector kernels, up to `rung`. */
#if defined(__x86_64__)
static void use_vectors(struct t2v_kernels *out, enum rung rung)
{
    if (rung < RUNG_AVX2)
        return;
    out->name = "avx2";
    out->f32 = &t2v_form_f32_avx2;
    out->int8 = &t2v_form_int8_avx2;
    out->int8_fine = &t2v_form_int8_fine_avx2;
    out->int16 = &t2v_form_int16_avx2;
    out->f32_of_f16 = &t2v_form_f32_of_f16_avx2;
    out->f32_of_bf16 = &t2v_form_f32_of_bf16_avx2;
    out->bf16 = &t2v_form_bf16_avx2;
    out->layer_norm = t2v_layer_norm_f32_avx2;
    out->rms_norm = t2v_rms_norm_f32_avx2;
    out->gate = t2v_gate_f32_avx2;
    out->attention = t2v_attention_f32_avx2;
    out->past_attention = t2v_past_attention_f32_avx2;
    out->key_panel = t2v_key_panel_avx2;
    if (rung >= RUNG_AVXVNNI && has_avxvnni()) {
        out->name = "avxvnni";
        out->int8 = &t2v_form_int8_avxvnni;
    }
    if (rung < RUNG_AVX512)
        return;
    out->name = "avx512";
    out->f32 = &t2v_form_f32_avx512;
    out->f32_of_f16 = &t2v_form_f32_of_f16_avx512;
    out->f32_of_bf16 = &t2v_form_f32_of_bf16_avx512;
    out->bf16 = &t2v_form_bf16_avx512;
    out->layer_norm = t2v_layer_norm_f32_avx512;
    out->rms_norm = t2v_rms_norm_f32_avx512;
    out->gate = t2v_gate_f32_avx512;
    out->attention = t2v_attention_f32_avx512;
    out->past_attention = t2v_past_attention_f32_avx512;
    out->key_panel = t2v_key_panel_avx512;
    if (rung < RUNG_VNNI)
        return;
    out->name = "avx512vnni";
    out->int8 = &t2v_form_int8_avx512vnni;
    out->int8_fine = &t2v_form_int8_fine_avx512vnni;
    out->int16 = &t2v_form_int16_avx512vnni;
    if (rung < RUNG_BF16)
        return;
    out->name = "avx512bf16";
    out->bf16 = &t2v_form_bf16_avx512bf16;
}
#elif defined(__aarch64__)
static void use_vectors(struct t2v_kernels *out, enum rung rung)
{
    if (rung < RUNG_NEON)
        return;
    out->name = "neon";
    out->f32 = &t2v_form_f32_neon;
    out->f32_of_f16 = &t2v_form_f32_of_f16_neon;
    out->f32_of_bf16 = &t2v_form_f32_of_bf16_neon;
    out->bf16 = &t2v_form_bf16_neon;
    out->layer_norm = t2v_layer_norm_f32_neon;
    out->rms_norm = t2v_rms_norm_f32_neon;
    out->gate = t2v_gate_f32_neon;
    out->attention = t2v_attention_f32_neon;
    out->past_attention = t2v_past_attention_f32_neon;
    out->key_panel = t2v_key_panel_neon;
    if (rung < RUNG_DOTPROD)
        return;
    out->name = "dotprod";
    out->int8 = &t2v_form_int8_dotprod;
    out->int8_fine = out->int16 = NULL;
    if (rung < RUNG_I8MM)
        return;
    out->name = "i8mm";
    out->int8 = &t2v_form_int8_i8mm;
}
#else
static void use_vectors(struct t2v_kernels *out, enum rung rung)
{
    (void)out;
    (void)rung;
}
#endif

int t2v_kernels_init(struct t2v_kernels *out, const char *cap, struct t2v_err *err)
{
    enum rung rung = processor_rung();
    int rc = cap_rung(cap, &rung, err);
    if (rc != 0)
        return rc;
    t2v_blas_setup();
    *out = (struct t2v_kernels){
        .name = "c",
        .f32 = &t2v_form_f32_c,
        .int8 = &t2v_form_int8_c,
        .int8_fine = &t2v_form_int8_fine_c,
        .int16 = &t2v_form_int16_c,
        .f32_of_f16 = &t2v_form_f32_of_f16_c,
        .f32_of_bf16 = &t2v_form_f32_of_bf16_c,
        .bf16 = &t2v_form_bf16_c,
        .layer_norm = t2v_layer_norm_f32_c,
        .rms_norm = t2v_rms_norm_f32_c,
        .gate = t2v_gate_f32_c,
        .attention = t2v_attention_f32_c,
        .past_attention = t2v_past_attention_f32_c,
        .key_panel = t2v_key_panel_c,
    };
    if (rung < RUNG_BLAS)
        return 0;
    out->name = "blas";
    out->f32 = &t2v_form_f32_blas;
    out->f32_of_f16 = out->f32_of_bf16 = out->bf16 = NULL;
    use_vectors(out, rung);
    return 0;
}

int t2v_kernels_form(const struct t2v_kernels *kernels, const char *precision,
                     const struct t2v_form **out, struct t2v_err *err)
{
    const struct t2v_form *form = NULL;
    if (strcmp(precision, "f32") == 0)
        form = kernels->f32;
    else if (strcmp(precision, "bf16") == 0)
        form = kernels->bf16;
    else if (strcmp(precision, "int8") == 0)
        form = kernels->int8;
    else if (strcmp(precision, "auto") == 0)
        form = kernels->bf16 != NULL && kernels->bf16->rows != NULL ? kernels->bf16 : kernels->f32;
    if (form == NULL)
        return t2v_fail(err, T2V_EUNSUPPORTED, "precision %.20s is not supported by %s kernels",
                        precision, kernels->name);
    *out = form;
    return 0;
}

static size_t round_up(size_t n, size_t to)
{
    return (n + to - 1) / to * to;
}

/* Packed keys, packed values and the scores of a tile, each as the widest instruction set pads it.
 */
size_t t2v_attention_scratch(size_t n_key, size_t head_dim)
{
    size_t keys = round_up(n_key, T2V_PANEL_MAX), dim = round_up(head_dim, T2V_PANEL_MAX);
    return keys * dim * 2 + round_up(n_key, T2V_SCORES_MAX) * T2V_TILE_ROWS_MAX;
}

/* Scores, output of a page and output so far, of a tile's rows. */
size_t t2v_past_scratch(size_t head_dim)
{
    return T2V_TILE_ROWS_MAX * (T2V_PAGE_TOK + 2 * t2v_page_value_len(head_dim));
}
