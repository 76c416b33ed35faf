/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_POOL_MODEL_PRIVATE_H
#define T2V_POOL_MODEL_PRIVATE_H
/* What the files of pool/ know of a model. */
#include "pool/model.h"

enum t2v_vectorizer { T2V_VECTORIZER_DEFAULT, T2V_VECTORIZER_SENTENCE, T2V_VECTORIZER_ONNX };

struct t2v_model {
    char *dir;
    char *config_text; /* config.json as it is */
    size_t config_len;
    t2v_json *config;
    t2v_store *store;
    struct t2v_kernels kernels;
    t2v_encoder *encoder;
    t2v_tokenizer *tokenizer;
    t2v_punkt *punkt;
    enum t2v_vectorizer vectorizer;
    bool direct_tokenize, prefixes;
    size_t max_tok; /* of a sequence, special tokens included */
};

#endif
