/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_NET_FAMILY_QWEN_H
#define T2V_NET_FAMILY_QWEN_H
/*
 * What Qwen2 and Qwen3 have in common: causal attention, which in upper layers may be limited to a
 * sliding window. Private to net/.
 */
#include "net/prenorm.h"

/* A family's `open`, for these names. */
int t2v_qwen_open(struct t2v_loader *loader, const struct t2v_prenorm_names *names,
                  struct t2v_shape *shape, void **model);

#endif
