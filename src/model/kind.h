/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_MODEL_KIND_H
#define T2V_MODEL_KIND_H
/*
 * What kind of model a directory holds, before it is opened: it decides which task opens it. Only
 * small files are read.
 */
#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "json/json.h"

enum t2v_kind {
    T2V_KIND_EMBEDDER,   /* vectors: task/embed/open.h */
    T2V_KIND_MASKED_LM,  /* ...ForMaskedLM: an embedder, whose head can also give sparse vectors */
    T2V_KIND_RERANKER,   /* ...ForSequenceClassification with one label: task/classify/open.h */
    T2V_KIND_CLASSIFIER, /* the same with several labels */
    T2V_KIND_READER,     /* ...ForQuestionAnswering: task/classify/open.h */
    T2V_KIND_TAGGER,     /* ...ForTokenClassification: task/classify/open.h */
    T2V_KIND_GENERATOR,  /* ...ForCausalLM or ...LMHeadModel: task/generate/generator.h */
    T2V_N_KIND
};

/* "embedder", "masked language model", ... for messages and /meta. */
extern const char *const t2v_kind_names[T2V_N_KIND];

/* The kind of the model in dir. chosen: the settings name a vectorizer, so dir is an embedder.
 *
 * A directory with the marker file model_name, or with modules.json, is an embedder, too: such a
 * model may well call itself ...ForCausalLM. The exception is a modules.json beside a
 * config_sentence_transformers.json whose model_type is CrossEncoder, which sentence-transformers 6
 * writes for rerankers. Everything else goes by architectures[0] of config.json; what that does not
 * name is an embedder.
 *
 * Errors are those of t2v_model_find, except that a model_type that is not supported is none; and
 * T2V_EUNSUPPORTED for a CrossEncoder that is not a Transformer alone. *out is set on success. As
 * t2v_model_find, it confines later reads to dir. */
int t2v_kind_find(const char *dir, bool chosen, enum t2v_kind *out, struct t2v_err *err);

/* The kind by config.json's architectures[0] alone. T2V_EFORMAT from t2v_kind_count_labels. */
int t2v_kind_of_config(const t2v_json *config, enum t2v_kind *out, struct t2v_err *err);

/* How many labels config.json has: the number of entries of id2label, which num_labels must not
 * contradict; else num_labels, else 2. T2V_EFORMAT: a wrong type, or not 1 to 65536. */
int t2v_kind_count_labels(const t2v_json *config, size_t *out, struct t2v_err *err);

#endif
