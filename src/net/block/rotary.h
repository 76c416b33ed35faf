/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_NET_BLOCK_ROTARY_H
#define T2V_NET_BLOCK_ROTARY_H
/*
 * Rotary positions (Su and others, 2021). Private to net/.
 */
#include "json/json.h"
#include "net/block/attention.h"
#include "net/block/norm.h"
#include "net/load/loader.h"

struct t2v_rotary {
    const float *frequency; /* [dim / 2]: the angle per position of each pair of a head */
    size_t dim;             /* elements of a head that are rotated, the first ones */
};
/* Where config.json has the settings of a layer type. */
struct t2v_rotary_keys {
    const char *layer_type; /* the key in rope_parameters or rope_scaling: "full_attention" */
    const char *theta;      /* the key of theta, if neither of those has a rope_theta */
    double theta_absent;    /* theta, if there is no such key either */
    bool flat_counts;       /* rope_parameters or rope_scaling without layer types apply, too */
    bool partial;           /* partial_rotary_factor is the family's matter; else it is refused */
};
/* Reads the settings of a layer type; frequency is in the loader's arena. dim: even.
 * T2V_EUNSUPPORTED names a rope_type that is not supported. T2V_EFORMAT, T2V_ENOMEM. */
int t2v_rotary_open(const struct t2v_loader *loader, const struct t2v_rotary_keys *keys, size_t dim,
                    struct t2v_rotary *out);
/* The cos/sin table, for each token at its position: [n_tok, head_dim], the cosines of dim / 2
 * angles, then their sines. The one block that does not end at a barrier: t2v_block_rotate alone
 * reads the table, and each lane reads the rows that it wrote. */
void t2v_block_rotary(const struct t2v_run *run, const struct t2v_rotary *rotary, size_t head_dim,
                      float *table);
/* Rotates the first heads->rotary_dim elements of each head of queries and keys in qkv, in the
 * layout of t2v_block_attention, by the table. Before that
 * each head is normalised by q_norm or k_norm, RMS norms of [head_dim], unless gamma is NULL. */
void t2v_block_rotate(const struct t2v_run *run, const struct t2v_heads *heads, const float *table,
                      const struct t2v_norm *q_norm, const struct t2v_norm *k_norm, float eps,
                      float *qkv);

#endif
