/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_TOKEN_DECODE_VOCAB_H
#define T2V_TOKEN_DECODE_VOCAB_H
/*
 * The inverse vocabulary: from an id to the spelling of its token. An added token wins over a token
 * of the model with the same id. Read-only once built, any thread. Private to this folder.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"
#include "token/added.h"
#include "token/model/model.h"

struct t2v_decode_vocab {
    struct t2v_decode_token {
        uint32_t begin, len; /* in texts; len UINT32_MAX: no token has this id */
    } * tokens;              /* [n_id] */
    uint8_t *special;        /* [n_id] 1: skip_special_tokens leaves it out */
    size_t n_id;
    struct t2v_buf texts;
};

/* Fills *vocab; free it even after a failure. It takes 9 bytes for each id up to the largest, which
 * is at most T2V_TOKEN_MAX_ID, and the tokens' texts. T2V_ENOMEM, T2V_ETOOLARGE (texts of more than
 * 1 GiB). */
int t2v_decode_vocab_build(const struct t2v_token_model *model, const struct t2v_added *added,
                           struct t2v_decode_vocab *vocab);
void t2v_decode_vocab_deinit(struct t2v_decode_vocab *vocab);

/* The token with this id, valid as long as *vocab; ptr is NULL where there is none (a token may be
 * empty). */
struct t2v_str t2v_decode_vocab_get(const struct t2v_decode_vocab *vocab, int32_t id);

#endif
