/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_TASK_EMBED_VECTORIZER_H
#define T2V_TASK_EMBED_VECTORIZER_H
/*
 * Which vectorizer: the marker files of upstream's images, the environment, the model's type.
 * Private to task/embed/.
 */
#include <stdbool.h>

#include "base/error.h"
#include "model/model.h"
#include "task/embed/options.h"

enum t2v_vectorizer {
    T2V_VECTORIZER_DEFAULT,
    T2V_VECTORIZER_SENTENCE,
    T2V_VECTORIZER_ONNX,
    T2V_VECTORIZER_MODEL2VEC,
    T2V_N_VECTORIZER
};

extern const char *const t2v_vectorizer_names[T2V_N_VECTORIZER];

/* Reads the marker files and chooses. *prefixes: texts get the task_type before them.
 * T2V_EUNSUPPORTED: the model does not run under it. */
int t2v_vectorizer_choose(const t2v_model *model, const struct t2v_embedder_options *options,
                          enum t2v_vectorizer *out, bool *prefixes, struct t2v_err *err);
/* Sets *there: whether the model's directory has a marker file of that name, whatever it says. */
int t2v_marker_exists(const t2v_model *model, const char *name, bool *there, struct t2v_err *err);

#endif
