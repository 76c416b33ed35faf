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

/* The tensor `name`, [n]. */
int t2v_single_vector(const t2v_store *store, const char *name, size_t n, struct t2v_arena *arena,
                      const float **out, struct t2v_err *err);
/* A linear layer: NAME.weight, [n_out, n_in], and with has_bias NAME.bias, [n_out]. */
int t2v_single_linear(const t2v_store *store, const char *name, size_t n_in, size_t n_out,
                      bool has_bias, const struct t2v_kernels *kernels, struct t2v_arena *arena,
                      struct t2v_linear *out, struct t2v_err *err);

#endif
