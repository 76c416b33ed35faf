/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_NET_LOAD_LOAD_H
#define T2V_NET_LOAD_LOAD_H
/*
 * Loads tensors into a family's struct of weights, by tables of wants. Private to net/.
 */
#include "base/error.h"
#include "kernel/kernel.h"
#include "net/block/norm.h"
#include "net/load/loader.h"

enum t2v_want_kind {
    T2V_WANT_LINEAR, /* to: struct t2v_linear, whose weight t2v_pack_finish sets. NAME.weight
                        [n_out, n_in] and NAME.bias [n_out]; several names are stacked into one
                        layer, each of n_out */
    T2V_WANT_MATRIX, /* the same without a bias */
    T2V_WANT_NORM,   /* to: struct t2v_norm, NAME.weight and NAME.bias (or .gamma, .beta) [n_out] */
    T2V_WANT_SCALE,  /* the same without a bias */
    T2V_WANT_RMS,    /* as T2V_WANT_SCALE, for an RMS norm */
    T2V_WANT_RMS_MINUS_ONE, /* the same, where the stored weight is gamma - 1 */
    T2V_WANT_TABLE /* to: const struct t2v_tensor *, NAME.weight [n_out, n_in], not converted;
                      further names are alternatives */
};

struct t2v_want {
    enum t2v_want_kind kind;
    void *to;
    const char *names[3];
    size_t n_in, n_out;
};

/* n zeroed items of size bytes each, for a model and its layers, owned by the loader's arena. NULL
 * without memory; loader->err says so then, and the caller returns T2V_ENOMEM. */
void *t2v_load_alloc(const struct t2v_loader *loader, size_t n, size_t size);
/* Sets loader->prefix to the first of the prefixes with which the tensor `name` exists. prefixes:
 * ends with NULL. T2V_EFORMAT if there is none. */
int t2v_load_prefix(struct t2v_loader *loader, const char *const *prefixes, const char *name);
/* Loads all wants; tensor names are loader->prefix, `under`, then the want's name. Errors name the
 * tensor and the expected shape. */
int t2v_load(struct t2v_loader *loader, const char *under, const struct t2v_want *wants,
             size_t n_want);
/* Loads up to three wants of linear layers as one stacked layer, into the first one's `to`. All
 * have the same kind and n_in, and one name each. head_dim: not 0 if the rows of a single want are
 * in the order of struct t2v_order. */
int t2v_load_stack(struct t2v_loader *loader, const char *under, const struct t2v_want *parts,
                   size_t n_part, size_t head_dim);

/* The output layer: `name`, [vocab, hidden] without a bias, and with neither prefix nor `under`; or
 * the words' table, [vocab, hidden], again, as config.json's tie_word_embeddings says. tied_absent:
 * the value of that, if absent. */
int t2v_load_head(struct t2v_loader *loader, const char *name, bool tied_absent,
                  const struct t2v_tensor *words, struct t2v_linear *out);

#endif
