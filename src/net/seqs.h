/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_NET_SEQS_H
#define T2V_NET_SEQS_H
/*
 * The input of a forward pass, and the public properties of a net. Included by net.h.
 *
 * Dimensions: n_seq sequences, n_tok tokens in all of them, hidden, heads, head_dim, inter (width
 * of the feed-forward layer), vocab.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct t2v_scratch t2v_scratch; /* working memory of a pass */

struct t2v_kv;
struct t2v_seqs {
    const int32_t *ids;  /* [n_tok], each below vocab */
    const size_t *start; /* [n_seq + 1]: sequence s is the rows start[s] .. start[s + 1] - 1 */
    size_t n_seq, n_tok;
    const int32_t
        *types; /* [n_tok], each below the encoder's n_type; NULL: all 0. Not read if n_type is 0 */
    /* [n_seq]: the past of each sequence, see kv.h; an entry, or past itself, may be NULL: no past.
     * Only for nets whose shape.kv is not 0. The pass stores the new tokens' keys and values. */
    struct t2v_kv *const *past;
    /* [n_seq]: how many tokens at the end of each sequence no token attends to; at least one token
     * before them is left. Those attend to all others, at whatever distance. NULL: none. Only for
     * nets whose attention has both directions, and not with a past. */
    const size_t *unseen;
};

/* Sizes of a net. */
struct t2v_shape {
    size_t hidden, heads, head_dim, inter, n_layer, vocab;
    size_t qkv;      /* width of a token's queries, keys and values side by side */
    size_t kv;       /* width of a token's keys and values of one layer; 0: takes no past */
    bool half_kv;    /* the past is stored as f16: of nets whose linear layers are not f32 */
    bool gated;      /* the feed-forward net is act(a) * b, with a and b of inter each */
    bool alibi;      /* scores have a bias by distance, see struct t2v_heads */
    size_t n_rotary; /* cos/sin tables that the forward pass makes, see block/rotary.h */
    size_t max_tok;  /* longest sequence */
    size_t n_type;   /* token types; 0: the family has none */
};

/* Whether Gemma 3's tokens attend to later ones, too. */
enum t2v_bidirectional { T2V_BIDIRECTIONAL_AUTO, T2V_BIDIRECTIONAL_TRUE, T2V_BIDIRECTIONAL_FALSE };

void t2v_scratch_free(t2v_scratch *scratch); /* NULL: no effect */

#endif
