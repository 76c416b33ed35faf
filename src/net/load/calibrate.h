/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_NET_LOAD_CALIBRATE_H
#define T2V_NET_LOAD_CALIBRATE_H
/*
 * The calibration pass, for forms with outliers: one forward pass over a few random tokens. Each
 * linear layer is packed when the pass first reaches it, since its input then shows which columns
 * are outliers. Random tokens show them as well as real texts do. Private to net/.
 */
#include "net/load/loader.h"
#include "net/run.h"

struct t2v_calibration {
    const struct t2v_kernels *kernels;
    const struct t2v_form *form;
    const struct t2v_shape *shape;
    /* The family's forward pass, and its model. */
    void (*forward)(const void *model, const struct t2v_run *run, float *hidden);
    const void *model;
    const struct t2v_linear *head; /* the output layer, whose input the pass computes; or NULL */
};

/* t2v_pack_finish with a calibration pass. Errors as there. */
int t2v_calibrate(struct t2v_loader *loader, const struct t2v_calibration *calibration, int n_lane);

#endif
