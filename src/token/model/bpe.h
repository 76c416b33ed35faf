/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_TOKEN_MODEL_BPE_H
#define T2V_TOKEN_MODEL_BPE_H
/* BPE: merges of neighbours, by rank. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/str.h"
#include "token/model/model.h"

/* A BPE model made step by step: new, add each token, then each merge in its order, finish.
 * After a failure free it. */
struct t2v_bpe_settings {
    struct t2v_str unk_token;      /* ptr NULL: characters that are no token vanish */
    struct t2v_str prefix, suffix; /* of what continues, of what ends a word */
    bool fuse_unk, byte_fallback, ignore_merges;
};
/* n_vocab, n_merge: about how many there will be. 0 or T2V_ENOMEM, which add gives, too. */
int t2v_bpe_new(size_t n_vocab, size_t n_merge, const struct t2v_bpe_settings *settings,
                struct t2v_token_model **out);
int t2v_bpe_add(struct t2v_token_model *model, struct t2v_str token, int32_t id);
/* T2V_EFORMAT (not of tokens, or to none), T2V_ETOOLARGE (too many), T2V_ENOMEM. */
int t2v_bpe_merge(struct t2v_token_model *model, struct t2v_str left, struct t2v_str right,
                  uint32_t rank, struct t2v_err *err);
int t2v_bpe_finish(struct t2v_token_model *model, struct t2v_err *err);
/* True when this merge is there already. */
bool t2v_bpe_has_merge(const struct t2v_token_model *model, struct t2v_str left,
                       struct t2v_str right);

#endif
