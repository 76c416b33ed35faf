/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_NET_LOAD_PACK_H
#define T2V_NET_LOAD_PACK_H
/*
 * Weights of linear layers into the kernels' form. Families note what is to be packed; when all is
 * loaded it is packed by several threads at once. Private to net/load/ and net.c.
 */
#include "base/error.h"
#include "base/team.h"
#include "kernel/kernel.h"
#include "net/load/loader.h"

/* Notes that layer's weight is to be made of the n_part stacked parts, each [some rows, n_in]. The
 * layer and the parts must outlive the loader. T2V_ENOMEM or 0. */
int t2v_pack_note(struct t2v_loader *loader, struct t2v_linear *layer,
                  const struct t2v_tensor *const *parts, size_t n_part);
/* Packs what was noted, on as many as n_lane threads; where loader->calibrate is set, each layer as
 * the calibration pass comes to it. T2V_ENOMEM, or T2V_EFORMAT for a weight that is not finite. */
int t2v_pack_finish(struct t2v_loader *loader, int n_lane);

/* The noted work for a layer that is not packed yet; NULL: there is none. */
struct t2v_pack *t2v_pack_find(const struct t2v_packing *packing, const struct t2v_linear *layer);
/* Packs it, with the outliers that matter most in x, [n_tok, n_in], its input in the calibration
 * pass. Called by all lanes; ends at a barrier. */
void t2v_pack_observed(const struct t2v_packing *packing, struct t2v_pack *pack,
                       const struct t2v_lane *lane, const float *x, size_t n_tok);

#endif
