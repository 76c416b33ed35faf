/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_WEIGHT_PICKLE_H
#define T2V_WEIGHT_PICKLE_H
/*
 * Reads pickles as torch.save writes them. A pickle is a program for a small stack machine, and may
 * name and call any Python function. This reader knows numbers, strings, tuples, lists,
 * dictionaries, storages and tensors, and no functions but those that make tensors. It refuses any
 * other opcode or global, and names it.
 *
 * It never reads through a tensor, whose storage may not be known yet. Whoever loads the storages
 * (pytorch.c) checks that each tensor lies inside its own.
 */
#include "weight/pickle_machine.h"

/* Runs the pickle at the start of bytes[0..len), which must outlive the values. Sets *out to its
 * value and *n_read to its length in bytes. T2V_EFORMAT, T2V_EUNSUPPORTED, T2V_ETOOLARGE or
 * T2V_ENOMEM; *n_read is set then, too: how far it got. Messages do not name the file. */
int t2v_pickle_read(struct t2v_pickle_machine *machine, const uint8_t *bytes, size_t len,
                    struct t2v_pickle_value *out, size_t *n_read, struct t2v_err *err);

#endif
