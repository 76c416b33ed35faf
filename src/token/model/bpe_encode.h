/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_TOKEN_MODEL_BPE_ENCODE_H
#define T2V_TOKEN_MODEL_BPE_ENCODE_H
/*
 * The encoder of BPE and the tables it reads, which bpe.c builds.
 *
 * A piece is cut into characters, each a symbol. Then, again and again, the pair of neighbours
 * whose merge comes first in the list (of equal ones the leftmost) becomes one symbol.
 *
 * Two things keep it quick. The table of pairs has all merges, and also the pairs of characters
 * that are neighbours in some token without being a merge themselves. No token crosses two
 * characters that are not in the table, so the piece is cut there: a run of
 * symbols is about a word, however long the piece. And a short run is scanned for its best pair at
 * each merge, but a long one ("aaaa...") has a heap, so that time does not grow with the square of
 * its length.
 */
#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/map.h"
#include "base/str.h"
#include "token/ids.h"
#include "token/model/model.h"
#include "token/model/pairs.h"

enum { T2V_BPE_LOW_CHARS = 0x800 }; /* characters of one and two bytes have a table */

struct t2v_bpe {
    struct t2v_token_model base; /* first: the two are cast into each other */
    struct t2v_arena arena;      /* owns the strings of vocab and of the settings */
    struct t2v_map vocab;
    struct t2v_pairs pairs;
    int32_t low[T2V_BPE_LOW_CHARS]; /* ids of the characters that are tokens, or -1 */
    int32_t bytes[256];             /* ids of "<0x00>" and so on, or -1 */
    struct t2v_str prefix, suffix;
    struct t2v_str unk_token; /* ptr NULL: none */
    bool fuse_unk, byte_fallback, ignore_merges;
    bool cuts; /* no token crosses a pair that is not in the table */
};

/* encode of struct t2v_token_model_ops; model is the base of a finished struct t2v_bpe. */
int t2v_bpe_encode(const struct t2v_token_model *model, struct t2v_buf *scratch,
                   struct t2v_str piece, struct t2v_ids *ids, struct t2v_buf *spans);

#endif
