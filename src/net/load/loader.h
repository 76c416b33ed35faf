/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_NET_LOAD_LOADER_H
#define T2V_NET_LOAD_LOADER_H
/*
 * What a family loads its weights with. Private to net/.
 */
#include <stdbool.h>

#include "base/arena.h"
#include "base/team.h"
#include "kernel/kernel.h"
#include "net/seqs.h"
#include "weight/store.h"

struct t2v_packing;

struct t2v_loader {
    const t2v_store *store;
    const struct t2v_form *form; /* of linear layers */
    const struct t2v_form *f32;  /* of those that form cannot hold, or that must be exact */
    const struct t2v_kernels *kernels;
    struct t2v_arena *arena; /* owns what is converted or packed */
    char prefix[64];         /* before every name: "bert.", "" */
    struct t2v_pack *packs;  /* [n_pack]: what t2v_pack_finish is to do; t2v_free */
    size_t n_pack, cap_pack;
    size_t n_packed; /* bytes it will take */
    enum t2v_bidirectional bidirectional;
    bool weighted; /* static embeddings: use the tensors weights and mapping, as model2vec does */
    bool finite;   /* refuse weights that are not finite, which the form would hide */
    /* Where the form takes outliers: one lane's calibration pass, see calibrate.h. NULL: no layer
     * gets outliers. */
    void (*calibrate)(void *arg, const struct t2v_lane *lane, struct t2v_packing *packing);
    void *calibrate_arg;
};

#endif
