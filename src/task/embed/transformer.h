/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_TASK_EMBED_TRANSFORMER_H
#define T2V_TASK_EMBED_TRANSFORMER_H
/*
 * The settings of sentence-transformers' Transformer module: sentence_bert_config.json, or an older
 * name of it. config_args overrides keys of config.json, and tokenizer_args overrides keys of
 * tokenizer_config.json; the other settings limit or change texts. The keys are those of
 * sentence-transformers 5.1 and 6.2; where the two differ, a file with keys of 6 is read as 6 does.
 */
#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/notes.h"
#include "base/str.h"
#include "model/json_file.h"

/* Whether texts are messages of a chat, and how one's content is written. */
enum t2v_message_form { T2V_MESSAGE_NONE, T2V_MESSAGE_FLAT, T2V_MESSAGE_STRUCTURED };

/* Zeroed for a model without the file. */
struct t2v_transformer {
    size_t max_tok;                 /* of a sequence; 0: as the model and its tokenizer say */
    size_t query_tok, document_tok; /* the same for queries, for documents; 0: max_tok */
    bool lower;                     /* texts are lower-cased first */
    bool bare;                      /* texts get no special tokens */
    enum t2v_message_form message;
    struct t2v_str chat_args;      /* of the chat template, an object; ptr NULL: none */
    struct t2v_str config_args;    /* overrides keys of config.json; ptr NULL: none */
    struct t2v_str tokenizer_args; /* overrides keys of tokenizer_config.json; ptr NULL: none */
    struct t2v_json_file file;     /* private: owns the texts above */
};

/* Reads the file in folder. heads: another head than that of the file's task comes after the
 * model, so what the file says of the model's output has no effect. out stays zeroed where there is
 * none. A key that would change vectors and is not supported, or that is unknown, is
 * T2V_EUNSUPPORTED: "FILE: KEY ...". Settings that earlier releases ignored are added to notes (may
 * be NULL). */
int t2v_transformer_read(const char *folder, bool heads, struct t2v_transformer *out,
                         struct t2v_notes *notes, struct t2v_err *err);
void t2v_transformer_deinit(struct t2v_transformer *transformer);

#endif
