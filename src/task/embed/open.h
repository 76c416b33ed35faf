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

/* Opens an embedder that gives what sentence-transformers gives for the directory of `first`, an
 * embedder under another vectorizer: the pooling, modules, prompts and limit of modules.json, and
 * mean pooling without that file. It uses the model of `first`, which must outlive it. Only where
 * sentence_bert_config.json changes config.json or the tokenizer (config_args, tokenizer_args), the
 * model is opened once more, in the same precision. `first` may be in use meanwhile.
 *
 * *out is NULL, and the caller uses `first` instead, where that runs sentence-transformers already,
 * and where sentence-transformers cannot run the model: under model2vec, and for DPR. Under onnx
 * *out is an embedder with the int8 weights of `first`. Errors as t2v_embedder_open; *out is NULL
 * then, too. T2V_EUNSUPPORTED: modules.json has what is not supported; `first` can still be
 * used. */
int t2v_embedder_open_sentence(const t2v_embedder *first, t2v_embedder **out, struct t2v_err *err);

/* The same for a task that makes something else of hidden states (task/sparse/): an embedder that
 * only prepares texts, with the prompts and limits that sentence-transformers takes from the
 * directory. modules.json's modules are not run, and may be any; *out is never NULL on success.
 * T2V_EUNSUPPORTED for static embeddings and DPR. */
int t2v_embedder_open_texts(const t2v_embedder *first, t2v_embedder **out, struct t2v_err *err);

#endif
