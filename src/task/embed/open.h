/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_TASK_EMBED_OPEN_H
#define T2V_TASK_EMBED_OPEN_H
/*
 * An embedder opens the model: it chooses the vectorizer by the files of the directory and the
 * settings, has the model loaded as that needs it, and reads what becomes of hidden states.
 */
#include "base/error.h"
#include "task/embed/embedder.h"
#include "task/embed/options.h"

/* Opens options->dir. *out is set on success alone, and freed by t2v_embedder_free. T2V_EIO, what a
 * file's reader says of it (T2V_EFORMAT, T2V_EUNSUPPORTED, T2V_ETOOLARGE) or T2V_ENOMEM, with the
 * file's name and the reason in err. */
int t2v_embedder_open(const struct t2v_embedder_options *options, t2v_embedder **out,
                      struct t2v_err *err);

#endif
