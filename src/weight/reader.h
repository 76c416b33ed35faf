/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_WEIGHT_READER_H
#define T2V_WEIGHT_READER_H
/*
 * What the readers of the file formats have in common: each takes a whole file as bytes, trusts
 * none of them, and adds the tensors that it finds to a list. They know neither directories nor
 * shards (store.c does), so that a fuzzer can call them on memory.
 */
#include "base/arena.h"
#include "weight/store.h"

struct t2v_tensor_list {
    struct t2v_tensor *at; /* owned */
    size_t n, cap;
};

/* A zeroed one at the end of the list, or NULL when memory cannot be had. Moves the earlier ones.
 */
struct t2v_tensor *t2v_tensor_list_add(struct t2v_tensor_list *list);
void t2v_tensor_list_deinit(struct t2v_tensor_list *list);

/* Adds the tensors of bytes[0..len) to the list: their data points into bytes (or, if it had to be
 * put in order, into the arena: `copied`), their names lie in the arena, their `file` is the given
 * path, borrowed. T2V_EFORMAT, T2V_EUNSUPPORTED, T2V_ETOOLARGE or T2V_ENOMEM; messages begin with
 * the file. A failure may leave some tensors in the list. */
typedef int t2v_tensor_reader(const uint8_t *bytes, size_t len, const char *file,
                              struct t2v_arena *arena, struct t2v_tensor_list *list,
                              struct t2v_err *err);

t2v_tensor_reader t2v_pytorch_read;
t2v_tensor_reader t2v_safetensors_read;

#endif
