/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_WEIGHT_STORE_H
#define T2V_WEIGHT_STORE_H
/*
 * The tensors of a model directory by name. They come from model.safetensors, or the shards that
 * model.safetensors.index.json lists, or pytorch_model.bin, or its shards. The files stay mapped
 * until the store is closed; tensors point into them. No file is trusted: each tensor is checked to
 * be inside its file. In safetensors no two tensors overlap; in pickles they may, since tensors
 * share storages there. Read-only once opened; any thread.
 */
#include "weight/tensor.h"

typedef struct t2v_store t2v_store;

/* Opens the weights of a directory. *out is set on success only, for t2v_store_close. T2V_EIO: no
 * weights, or a file cannot be read; T2V_EFORMAT, T2V_EUNSUPPORTED, T2V_ETOOLARGE: a file's
 * contents; T2V_ENOMEM. Messages name the file. */
int t2v_store_open(const char *model_dir, t2v_store **out, struct t2v_err *err);
/* NULL is allowed. Tensors of the store become invalid. */
void t2v_store_close(t2v_store *store);

/* The tensor of that name, owned by the store; NULL when there is none. */
const struct t2v_tensor *t2v_store_find(const t2v_store *store, struct t2v_str name);
/* Sets *out to the tensor of that name. It must have a dtype that t2v_tensor_f32 converts and the
 * shape [rows, columns], or [rows] when columns is 0. T2V_EFORMAT (missing, or another shape) or
 * T2V_EUNSUPPORTED (dtype), with a message that names the tensor and what was expected. */
int t2v_store_want(const t2v_store *store, const char *name, size_t rows, size_t columns,
                   const struct t2v_tensor **out, struct t2v_err *err);
/* All tensors, in the order of the files: their number, and tensor i; NULL past the end. */
size_t t2v_store_len(const t2v_store *store);
const struct t2v_tensor *t2v_store_at(const t2v_store *store, size_t i);

#endif
