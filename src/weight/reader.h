/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_WEIGHT_READER_H
#define T2V_WEIGHT_READER_H
/*
 * The readers of the two file formats. Each takes a whole file as bytes, which it does not trust,
 * and appends the file's tensors to a list. Directories and shards are the store's business
 * (store.c), so a fuzzer can call a reader on memory.
 */
#include "base/arena.h"
#include "weight/tensor.h"

/* Appends the tensors of bytes[0..len) to the list. Their data points into bytes, or into the arena
 * if it had to be reordered (`copied`). Their names are in the arena. `file` is kept as their path:
 * borrowed, as bytes are. T2V_EFORMAT, T2V_EUNSUPPORTED, T2V_ETOOLARGE or T2V_ENOMEM; messages
 * begin with `file`. After a failure the list may have some of the tensors. */
typedef int t2v_tensor_reader(const uint8_t *bytes, size_t len, const char *file,
                              struct t2v_arena *arena, struct t2v_tensor_list *list,
                              struct t2v_err *err);

t2v_tensor_reader t2v_pytorch_read;
t2v_tensor_reader t2v_safetensors_read;

#endif
