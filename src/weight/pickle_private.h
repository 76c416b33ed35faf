/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_WEIGHT_PICKLE_PRIVATE_H
#define T2V_WEIGHT_PICKLE_PRIVATE_H
/*
 * What the machine (pickle.c) and what makes tensors (pickle_tensor.c) are to each other: the
 * machine hands over where a pickle names a storage or calls a function; the other side takes its
 * arguments off the stack and pushes what comes of them.
 */
#include "weight/pickle.h"

/* --- pickle.c --- */

/* Errors: what is wrong at the byte now read; what is well formed and not supported; no memory. */
int t2v_pickle_bad(const struct t2v_pickle_machine *m, const char *reason);
int t2v_pickle_unsupported(const struct t2v_pickle_machine *m, const char *reason);
int t2v_pickle_no_memory(const struct t2v_pickle_machine *m);
int t2v_pickle_too_few(const struct t2v_pickle_machine *m);

/* Counts one more step against the limit on opcodes; T2V_ETOOLARGE beyond it. */
int t2v_pickle_count(struct t2v_pickle_machine *m);

/* 0 or T2V_ENOMEM. */
int t2v_pickle_push(struct t2v_pickle_machine *m, struct t2v_pickle_value v);
/* The n topmost values above the last mark, to be read before anything is pushed, and off the
 * stack; NULL when there are less. */
const struct t2v_pickle_value *t2v_pickle_pop(struct t2v_pickle_machine *m, size_t n);
int t2v_pickle_empty_dict(struct t2v_pickle_machine *m);
/* Adds at[0..n) (keys and values in turn, for a dictionary) to the container of that kind that must
 * be on top. Nothing is pushed meanwhile, so that at may be what t2v_pickle_pop gave. */
int t2v_pickle_add_to_top(struct t2v_pickle_machine *m, enum t2v_pickle_kind kind,
                          const struct t2v_pickle_value *at, size_t n);

/* --- pickle_tensor.c --- */

/* The global of that name, or NULL: it is not let in. */
const struct t2v_pickle_global *t2v_pickle_find_global(struct t2v_str module, struct t2v_str name);
/* A persistent id on the stack becomes a view of its storage. */
int t2v_pickle_storage_id(struct t2v_pickle_machine *m);
/* A global and a tuple of arguments become what the function would make of them. */
int t2v_pickle_call(struct t2v_pickle_machine *m);

#endif
