/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_NET_LOAD_SINGLE_H
#define T2V_NET_LOAD_SINGLE_H
/*
 * Single weights outside a net, one call each: modules of sentence-transformers, classification
 * heads. All are f32 and copied to the arena, so the store may be closed afterwards. Errors name
 * the tensor and the expected shape.
 */
#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/error.h"
#include "kernel/kernel.h"
#include "weight/store.h"

struct t2v_single {
    const t2v_store *store;
    const struct t2v_kernels *kernels; /* of linear layers; else NULL */
    struct t2v_arena *arena;           /* owns the result */
    struct t2v_err *err;               /* may be NULL */
};

/* The tensor `name`, [n]. T2V_EFORMAT, T2V_ENOMEM. */
int t2v_single_vector(const struct t2v_single *from, const char *name, size_t n, const float **out);
/* A linear layer: NAME.weight, [n_out, n_in], and with has_bias NAME.bias, [n_out]. T2V_EFORMAT,
 * T2V_ENOMEM. */
int t2v_single_linear(const struct t2v_single *from, const char *name, size_t n_in, size_t n_out,
                      bool has_bias, struct t2v_linear *out);

#endif
