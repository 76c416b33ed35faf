/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_MODEL_MODEL_H
#define T2V_MODEL_MODEL_H
/*
 * A model directory, opened once: config.json, tokenizer, net, kernels, and the limits that these
 * put on a sequence. What is computed with it is a task (task/task.h), which opens the model in
 * three steps, since the settings of the task decide how it is loaded:
 *
 *     t2v_model_find    what is in the directory; config.json is read
 *     t2v_model_load    kernels, weights and tokenizer, with the task's options
 *     t2v_model_fit     the limits; tokenizer and net must fit each other
 *
 * Read-only after that; any number of threads may use it.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/notes.h"
#include "base/str.h"
#include "json/json.h"
#include "kernel/kernel.h"
#include "net/net.h"
#include "token/tokenizer.h"
#include "weight/store.h"

typedef struct t2v_model t2v_model;

/* Reads what is in dir; as_model2vec: as that library looks for it. From now on a file that links
 * lead out of dir is refused. *out is set on success alone, and freed by t2v_model_free. T2V_EIO,
 * T2V_EFORMAT, T2V_EUNSUPPORTED (the model_type is none of ours), T2V_ETOOLARGE or T2V_ENOMEM, with
 * the file's name in err. */
int t2v_model_find(const char *dir, bool as_model2vec, t2v_model **out, struct t2v_err *err);
/* NULL is allowed. */
void t2v_model_free(t2v_model *model);

/* Strings are borrowed for the call. */
struct t2v_model_options {
    const char *precision;     /* "f32", "bf16", "int8", "auto" */
    const char *cpu;           /* cap on the instruction set; "": none */
    int threads;               /* that pack its weights; below 1: one */
    const char *bidirectional; /* "auto", "true", "false": struct t2v_net_options; NULL: auto */
    bool head;                 /* load the output layer: struct t2v_net_options */
    bool weighted;             /* static embeddings: use the tensors weights and mapping, as
                                  model2vec does */
    struct t2v_str
        config_args; /* a JSON object whose keys override config.json's; ptr NULL: none */
    struct t2v_str tokenizer_args; /* the same for tokenizer_config.json */
};

/* T2V_EUNSUPPORTED names the setting, T2V_EFORMAT the key or tensor. Where tokenizer and weights
 * both fail, err is the tokenizer's. */
int t2v_model_load(t2v_model *model, const struct t2v_model_options *options, struct t2v_err *err);

/* What the limits depend on. */
struct t2v_model_use {
    size_t limit;   /* of a sequence's tokens, of the task's own, such as t2v_tokenizer_model_max;
                       SIZE_MAX: none */
    bool pairs;     /* sequences may be pairs of texts */
    bool every_row; /* a tokenizer with ids that the embeddings lack is T2V_EFORMAT; else that is a
                       warning, and t2v_model_check_ids refuses such a text */
    bool again;     /* another task has fitted the model: the warning is not repeated */
};

/* *max_tok: the longest sequence of this use, special tokens included. Several tasks may use one
 * model, each with a limit of its own. T2V_EFORMAT: tokenizer and net do not fit each other, or a
 * sequence has no room for its special tokens. The caller then asks t2v_guard_check whether a file
 * changed while it was read. Unlike t2v_model_find, this and t2v_model_load do not name the
 * directory (see t2v_fail_in_dir). */
int t2v_model_fit(const t2v_model *model, const struct t2v_model_use *use, size_t *max_tok,
                  struct t2v_err *err);

/* T2V_EMODEL, naming the token, where one of the ids has no row in the embeddings. */
int t2v_model_check_ids(const t2v_model *model, const struct t2v_ids *ids, struct t2v_err *err);

/* As given to t2v_model_find. */
const char *t2v_model_dir(const t2v_model *model);
/* The folder of config.json, weights and tokenizer: nearly always dir. */
const char *t2v_model_net_dir(const t2v_model *model);
/* Static embeddings: a table, and no net. */
bool t2v_model_is_static(const t2v_model *model);
/* The text of config.json: one JSON object. */
struct t2v_str t2v_model_config(const t2v_model *model);
/* The same as a tree, with config_args; NULL where static embeddings come without settings. */
const t2v_json *t2v_model_settings(const t2v_model *model);

/* From here on: after t2v_model_load. */
const char *t2v_model_family(const t2v_model *model);    /* "bert" */
const char *t2v_model_precision(const t2v_model *model); /* "f32" */
const char *t2v_model_cpu(const t2v_model *model);       /* the rung of kernels: "avx2" */
const struct t2v_kernels *t2v_model_kernels(const t2v_model *model);
/* The form of the net's linear layers. */
const struct t2v_form *t2v_model_form(const t2v_model *model);
const t2v_net *t2v_model_net(const t2v_model *model);
const t2v_store *t2v_model_store(const t2v_model *model);
const t2v_tokenizer *t2v_model_tokenizer(const t2v_model *model);
/* For the task that opens the model, which may set truncation. */
t2v_tokenizer *t2v_model_own_tokenizer(t2v_model *model);
/* Settings of the directory that earlier releases ignored; the task adds its own. */
struct t2v_notes *t2v_model_notes(t2v_model *model);

#endif
