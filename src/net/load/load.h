/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_NET_LOAD_LOAD_H
#define T2V_NET_LOAD_LOAD_H
/*
 * Tensors into a family's struct of weights, by tables of wants. Private to net/.
 */
#include "base/error.h"
#include "kernel/kernel.h"
#include "net/block/norm.h"
#include "net/load/loader.h"

enum t2v_want_kind {
    T2V_WANT_LINEAR, /* to: struct t2v_linear (its weight comes when all is loaded), with
                        NAME.weight [n_out, n_in] and NAME.bias [n_out]; several names are stacked
                        into one layer, n_out being that of each */
    T2V_WANT_MATRIX, /* the same without a bias */
    T2V_WANT_NORM,   /* to: struct t2v_norm, NAME.weight and NAME.bias (or .gamma, .beta) [n_out] */
    T2V_WANT_SCALE,  /* the same without a bias */
    T2V_WANT_RMS,    /* as T2V_WANT_SCALE, for a norm that is .rms */
    T2V_WANT_RMS_MINUS_ONE, /* the same, gamma being one more than the tensor says */
    T2V_WANT_TABLE /* to: const struct t2v_tensor *, NAME.weight [n_out, n_in], left as it is;
                      further names are what else it may be called */
};

struct t2v_want {
    enum t2v_want_kind kind;
    void *to;
    const char *names[3];
    size_t n_in, n_out;
};

/* Sets loader->prefix to the first of the prefixes (the last is NULL) under which `name` is. */
int t2v_load_prefix(struct t2v_loader *loader, const char *const *prefixes, const char *name);
/* Loads all wants, their names behind loader->prefix and `under`. Errors name the tensor and say
 * which shape was expected. */
int t2v_load(struct t2v_loader *loader, const char *under, const struct t2v_want *wants,
             size_t n_want);
/* Up to three wants of linear layers, of one kind and one name each, with the same n_in, as one
 * layer: the first one's `to`. */
int t2v_load_stack(struct t2v_loader *loader, const char *under, const struct t2v_want *parts,
                   size_t n_part);

#endif
