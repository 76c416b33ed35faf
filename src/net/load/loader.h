/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_NET_LOAD_LOADER_H
#define T2V_NET_LOAD_LOADER_H
/*
 * The state of opening a net: what a family reads its settings and weights from, and where both go.
 * Functions that take a loader report errors to its err. Private to net/.
 */
#include <stdbool.h>

#include "base/arena.h"
#include "base/team.h"
#include "json/json.h"
#include "kernel/kernel.h"
#include "net/seqs.h"
#include "weight/store.h"

struct t2v_packing;

enum { T2V_LOADER_TABLES = 4 };

/* How a checkpoint orders a linear layer's weights, where not as [n_out, n_in]. */
struct t2v_order {
    bool transposed; /* [n_in, n_out] */
    size_t head_dim; /* not 0: rows of queries, keys and values are [heads, 3, head_dim], and so are
                      * biases; in the layer they are [3, heads, head_dim] */
};

/* The checkpoint's row of a layer's row, of n_out. */
static inline size_t t2v_order_row(const struct t2v_order *order, size_t row, size_t n_out)
{
    size_t dim = order->head_dim, part = n_out / 3;
    return dim == 0 ? row : (row % part / dim * 3 + row / part) * dim + row % dim;
}

struct t2v_loader {
    const t2v_json *config; /* config.json; NULL for static embeddings */
    struct t2v_err *err;    /* may be NULL */
    const t2v_store *store;
    const struct t2v_form *form;           /* of linear layers */
    const struct t2v_form *attention_form; /* of queries, keys, values and attention's output */
    const struct t2v_form *f32; /* of linear layers above form->max_in, and of those kept exact */
    const struct t2v_kernels *kernels;
    struct t2v_arena *arena; /* owns what is converted or packed */
    char prefix[64];         /* before every name: "bert.", "" */
    struct t2v_pack *packs;  /* [n_pack]: layers to pack, see pack.h; freed by t2v_free */
    size_t n_pack, cap_pack;
    /* Tables that stay in the mapping: the calibration pass maps far more of them than it reads,
     * where the page cache has large pages. Only the first few count. */
    const struct t2v_tensor *tables[T2V_LOADER_TABLES];
    size_t n_table;
    size_t n_packed; /* bytes that the packed weights need */
    enum t2v_bidirectional bidirectional;
    bool weighted; /* static embeddings: use the tensors weights and mapping, as model2vec does */
    bool
        transposed; /* the checkpoint's linear layers are [n_in, n_out], but for the output layer */
    bool head;      /* load the output layer, if the family has one */
    bool finite;    /* refuse non-finite weights, which quantising would hide */
    /* One lane's calibration pass, see calibrate.h; NULL if the form takes no outliers. */
    void (*calibrate)(void *arg, const struct t2v_lane *lane, struct t2v_packing *packing);
    void *calibrate_arg;
};

#endif
