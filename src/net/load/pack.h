/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_NET_LOAD_PACK_H
#define T2V_NET_LOAD_PACK_H
/*
 * Packs weights of linear layers into their form. Families register layers while they load; after
 * that several threads pack them. Private to net/load/ and net.c.
 */
#include "base/error.h"
#include "base/team.h"
#include "kernel/kernel.h"
#include "net/load/loader.h"

/* Registers a layer to be packed from n_part <= 3 stacked parts, [any, n_in] each; or from one in
 * another order. Layer and parts must outlive the loader. T2V_ENOMEM or 0. */
int t2v_pack_note(struct t2v_loader *loader, struct t2v_linear *layer,
                  const struct t2v_tensor *const *parts, size_t n_part,
                  const struct t2v_order *order);
/* Packs the registered layers on up to n_lane threads; if loader->calibrate is set, each when the
 * calibration pass reaches it. T2V_ENOMEM; T2V_EFORMAT for a non-finite weight. */
int t2v_pack_finish(struct t2v_loader *loader, int n_lane);

/* The entry of a layer that is not packed yet, or NULL. */
struct t2v_pack *t2v_pack_find(const struct t2v_packing *packing, const struct t2v_linear *layer);
/* Packs it, with the largest outliers of x, [n_tok, n_in], its input in the calibration pass. All
 * lanes call it; it ends at a barrier. */
void t2v_pack_observed(const struct t2v_packing *packing, struct t2v_pack *pack,
                       const struct t2v_lane *lane, const float *x, size_t n_tok);

#endif
