/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_TASK_EMBED_OPTIONS_H
#define T2V_TASK_EMBED_OPTIONS_H
/* The settings that decide how a model makes vectors. */
#include <stdbool.h>

/* Strings are borrowed for the call of t2v_embedder_open. */
struct t2v_embedder_options {
    const char *dir;
    const char *vectorizer;    /* "auto", "default", "sentence-transformers", "onnx", "model2vec" */
    const char *precision;     /* "f32", "bf16", "int8", "auto"; "" when not given */
    const char *cpu;           /* cap on the instruction set; "": none */
    int threads;               /* that pack its weights; below 1: one */
    const char *bidirectional; /* "auto", "true", "false": struct t2v_net_options; NULL: auto */
    bool direct_tokenize;
    bool char_cut; /* model2vec: texts are cut as its version 0.8.1 does */
    bool sentence_transformers, onnx_runtime, query_passage_prefixes; /* upstream's environment */
};

#endif
