/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_WEIGHT_PICKLE_TENSOR_H
#define T2V_WEIGHT_PICKLE_TENSOR_H
/*
 * What a pickle may name and call: the few globals that torch.save uses for tensors. Each function
 * below takes its arguments off the machine's stack and pushes its result.
 */
#include "weight/pickle_machine.h"

/* The global of that name, static; NULL when it is not allowed. */
const struct t2v_pickle_global *t2v_pickle_find_global(struct t2v_str module, struct t2v_str name);
/* Replaces a persistent id by a view of its storage. T2V_EFORMAT or T2V_ENOMEM. */
int t2v_pickle_storage_id(struct t2v_pickle_machine *m);
/* Replaces a global and its tuple of arguments by the result of the call: a dictionary, a tensor,
 * or a parameter's tensor. T2V_EFORMAT, T2V_EUNSUPPORTED, T2V_ETOOLARGE or T2V_ENOMEM. */
int t2v_pickle_call(struct t2v_pickle_machine *m);

#endif
