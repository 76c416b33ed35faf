/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_TOKEN_MODEL_BPE_H
#define T2V_TOKEN_MODEL_BPE_H
/* Builds a BPE model: its vocabulary, and merges of neighbours by rank. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/str.h"
#include "token/model/model.h"

/* Call new, add for each token, merge for each merge in its order, then finish. After a failure
 * call t2v_token_model_free. */
struct t2v_bpe_settings {
    struct t2v_str unk_token;      /* ptr NULL: characters that are not a token are dropped */
    struct t2v_str prefix, suffix; /* of tokens that continue a word, that end one */
    bool fuse_unk, byte_fallback, ignore_merges;
};
/* n_vocab, n_merge: estimates. The strings of settings are copied. 0 or T2V_ENOMEM. */
int t2v_bpe_new(size_t n_vocab, size_t n_merge, const struct t2v_bpe_settings *settings,
                struct t2v_token_model **out);
/* Copies token. 0 or T2V_ENOMEM. */
int t2v_bpe_add(struct t2v_token_model *model, struct t2v_str token, int32_t id);
/* T2V_EFORMAT (left, right or the merged token is not in the vocabulary), T2V_ETOOLARGE (too many
 * merges), T2V_ENOMEM. */
int t2v_bpe_merge(struct t2v_token_model *model, struct t2v_str left, struct t2v_str right,
                  uint32_t rank, struct t2v_err *err);
/* Makes the model ready for encode. 0 or T2V_ENOMEM. */
int t2v_bpe_finish(struct t2v_token_model *model, struct t2v_err *err);
/* True when this merge is there already. */
bool t2v_bpe_has_merge(const struct t2v_token_model *model, struct t2v_str left,
                       struct t2v_str right);

#endif
