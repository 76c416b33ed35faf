/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_NET_FAMILY_H
#define T2V_NET_FAMILY_H
/*
 * What a family's file is made of, and the blocks that families share. Private to net/, and to
 * task/classify/, which reads config.json alike.
 *
 * A family reads its settings from config.json (t2v_config_*), fills its struct of weights from a
 * table of wants (t2v_load), and strings blocks together in its forward pass. Every block is called
 * by all lanes of the team, does this lane's share, and ends at a barrier, so that the next block
 * may read all of what it wrote.
 */
#include <stdbool.h>

#include "base/arena.h"
#include "net/net.h"

/* Feed-forward nets take so many tokens at a time: what is between their layers is the widest there
 * is, and would be gigabytes for the longest texts of a large model. */
enum { T2V_FEED_TOK = 1024 };

/* One step of the way through a model, as one lane sees it. */
struct t2v_run {
    const struct t2v_kernels *kernels;
    const struct t2v_lane *lane;
    const struct t2v_seqs *seqs;
    t2v_scratch *scratch;
    struct t2v_packing *packing; /* while weights are packed on the way; else NULL */
};

struct t2v_scratch {
    float *qkv;   /* [max_tok, shape.qkv] */
    float *mixed; /* [max_tok, heads * head_dim, or hidden if that is more]: the heads' output */
    float *delta; /* [max_tok, hidden]: what a layer adds */
    float *inter; /* [T2V_FEED_TOK, inter] */
    float *turns; /* [max_tok, shape.n_turn * head_dim]: rotary positions */
    float *gate;  /* [T2V_FEED_TOK, 2 inter]; nothing where shape.gated is false */
    char *rows;   /* a layer's input, where the form of its weights wants it otherwise */
    float *lanes; /* [n_lane, lane_len]: attention's */
    size_t lane_len;
    float *base; /* all of the above */
};

struct t2v_loader {
    const t2v_store *store;
    const struct t2v_form *form; /* of linear layers */
    const struct t2v_form *f32;  /* of those that form cannot hold, or that must be exact */
    const struct t2v_kernels *kernels;
    struct t2v_arena *arena; /* owns what is converted or packed */
    char prefix[64];         /* before every name: "bert.", "" */
    struct t2v_pack *packs;  /* [n_pack]: what t2v_pack_finish is to do; t2v_free */
    size_t n_pack, cap_pack;
    size_t n_packed; /* bytes it will take */
    enum t2v_bidirectional bidirectional;
    bool weighted; /* static embeddings: use the tensors weights and mapping, as model2vec does */
    bool finite;   /* refuse weights that are not finite, which the form would hide */
    /* Where the form takes outliers: every lane's way through the model, over random tokens, with
     * packing in its run. NULL: no layer gets outliers. */
    void (*trial)(void *arg, const struct t2v_lane *lane, struct t2v_packing *packing);
    void *trial_arg;
};

struct t2v_family {
    const char *model_type;
    /* Reads config and weights into *model (from the arena) and *shape. */
    int (*open)(const t2v_json *config, struct t2v_loader *loader, struct t2v_shape *shape,
                void **model, struct t2v_err *err);
    void (*forward)(const void *model, const struct t2v_run *run, float *hidden);
    /* As t2v_net_pools_first and t2v_net_projection; false and NULL where nothing is said.
     */
    bool pools_first;
    bool is_static; /* t2v_net_is_static */
    const struct t2v_linear *(*projection)(const void *model);
};

extern const struct t2v_family t2v_family_bert, t2v_family_camembert, t2v_family_distilbert,
    t2v_family_dpr, t2v_family_electra, t2v_family_eurobert, t2v_family_gemma3,
    t2v_family_model2vec, t2v_family_modernbert, t2v_family_mpnet, t2v_family_qwen3,
    t2v_family_roberta, t2v_family_t5, t2v_family_xlm_roberta;

/* --- config.c: settings, each error naming config.json and the key --- */

/* Defaults for sizes that config.json lacks: those of the family's config class in Transformers.
 * Most such files are then refused, because their weights have other shapes. */
struct t2v_absent {
    int64_t hidden, heads, inter, n_layer, vocab, positions;
};

/* An integer of config.json that must lie in [min, max]. */
struct t2v_size_key {
    const char *key;
    int64_t min, max;
    int64_t absent; /* what counts when the key is not there or null; negative: that is an error */
    size_t *to;
};
int t2v_config_sizes(const t2v_json *config, const struct t2v_size_key *keys, size_t n_key,
                     struct t2v_err *err);
int t2v_config_float(const t2v_json *config, const char *key, double min, double max, double absent,
                     float *out, struct t2v_err *err);
int t2v_config_bool(const t2v_json *config, const char *key, bool absent, bool *out,
                    struct t2v_err *err);
/* A string; null is refused. */
int t2v_config_word(const t2v_json *config, const char *key, const char *absent,
                    struct t2v_str *out, struct t2v_err *err);
/* The activation that Transformers calls by that name; key: where it stands, for the error. */
int t2v_act_of(struct t2v_str name, const char *key, enum t2v_act *out, struct t2v_err *err);
/* absent: what counts when the key is not there; null is refused. */
int t2v_config_act(const t2v_json *config, const char *key, const char *absent, enum t2v_act *out,
                   struct t2v_err *err);

/* --- load.c: tensors --- */

struct t2v_norm {
    const float *gamma, *beta; /* [n]; beta may be NULL */
    bool rms;                  /* nothing is taken from x, see t2v_norm_fn */
};

enum t2v_want_kind {
    T2V_WANT_LINEAR, /* to: struct t2v_linear (its weight comes when all is loaded), with
                        NAME.weight [n_out, n_in] and NAME.bias [n_out]; several names are stacked
                        into one layer, n_out being that of each */
    T2V_WANT_MATRIX, /* the same without a bias */
    T2V_WANT_NORM,   /* to: struct t2v_norm, NAME.weight and NAME.bias (or .gamma, .beta) [n_out] */
    T2V_WANT_SCALE,  /* the same without a bias */
    T2V_WANT_RMS,    /* as T2V_WANT_SCALE, for a norm that is .rms */
    T2V_WANT_RMS_LESS_ONE, /* the same, gamma being one more than the tensor says */
    T2V_WANT_TABLE /* to: const struct t2v_tensor *, NAME.weight [n_out, n_in], left as it is;
                      further names are what else it may be called */
};

struct t2v_want {
    enum t2v_want_kind kind;
    void *to;
    const char *names[3];
    size_t n_in, n_out;
};

/* Sets loader->prefix to the first of the prefixes (the last is NULL) under which `name` is. */
int t2v_load_prefix(struct t2v_loader *loader, const char *const *prefixes, const char *name,
                    struct t2v_err *err);
/* Loads all wants, their names behind loader->prefix and `under`. Errors name the tensor and say
 * which shape was expected. */
int t2v_load(struct t2v_loader *loader, const char *under, const struct t2v_want *wants,
             size_t n_want, struct t2v_err *err);
/* Up to three wants of linear layers, of one kind and one name each, with the same n_in, as one
 * layer: the first one's `to`. */
int t2v_load_stack(struct t2v_loader *loader, const char *under, const struct t2v_want *parts,
                   size_t n_part, struct t2v_err *err);

/* --- pack.c --- */

/* Notes that layer's weight is to be made of the stacked parts. T2V_ENOMEM or 0. */
int t2v_pack_note(struct t2v_loader *loader, struct t2v_linear *layer,
                  const struct t2v_tensor *const *parts, size_t n_part);
/* Does what was noted, on as many as n_lane threads. The encoder calls it when a family has loaded
 * all it wants. */
int t2v_pack_finish(struct t2v_loader *loader, int n_lane, struct t2v_err *err);
/* The layer is about to be used for the first time, in a trial, on x, [n_tok, n_in]: finds its
 * outliers and packs it. Called by all lanes, ends at a barrier. */
void t2v_pack_on_the_way(const struct t2v_run *run, const struct t2v_linear *layer, const float *x);

/* --- relative.c --- */

/* What each head adds to the score of a key that stands so many tokens behind the query. */
struct t2v_relative {
    const float *bias; /* [heads, 2 max_tok - 1], offsets -(max_tok - 1) to max_tok - 1; or NULL */
    size_t max_tok;
};
/* From a table of buckets, [at least n_bucket, heads], of which the first n_bucket are used. */
int t2v_relative_new(const struct t2v_loader *loader, const struct t2v_tensor *table, int n_bucket,
                     int max_distance, size_t max_tok, struct t2v_relative *out,
                     struct t2v_err *err);
/* Where the head's offset 0 is. */
static inline const float *t2v_relative_at(const struct t2v_relative *relative, size_t head)
{
    return relative->bias + head * (2 * relative->max_tok - 1) + relative->max_tok - 1;
}

/* --- blocks.c --- */

/* A layer's attention. */
struct t2v_heads {
    size_t heads, head_dim;
    size_t kv_heads;      /* of keys and values: so many, each for heads / kv_heads of queries */
    size_t before, after; /* how far a token sees, as in struct t2v_attention */
    float scale;
    const struct t2v_relative *relative; /* NULL: nothing is added to scores */
};
/* All tokens see each other, heads have keys of their own, scores are divided by the root of
 * head_dim. */
struct t2v_heads t2v_heads_plain(const struct t2v_shape *shape);

/* The rows of this lane. */
void t2v_block_rows(const struct t2v_run *run, size_t *begin, size_t *end);
/* y = the rows of table, [vocab, n], that the ids name. y: [n_tok, n]. */
void t2v_block_embed(const struct t2v_run *run, const struct t2v_tensor *table, size_t n, float *y);
/* y = act(x W^T + b). x: [n_tok, n_in], y: [n_tok, n_out]. */
void t2v_block_linear(const struct t2v_run *run, const struct t2v_linear *layer, enum t2v_act act,
                      const float *x, float *y);
/* x += add, unless add is NULL; then y = norm(x). x, add, y: [n_tok, n]; y may be x or add. */
void t2v_block_norm(const struct t2v_run *run, float *x, const float *add, size_t n,
                    const struct t2v_norm *norm, float eps, float *y);
/* y = act(a) * b. ab: [n_tok, a and b of n each], y: [n_tok, n]. */
void t2v_block_gate(const struct t2v_run *run, enum t2v_act act, const float *ab, size_t n,
                    float *y);
/* y = down(act(up(x))), or with gated down(act(a) * b), a and b being what up makes of x. x, y:
 * [n_tok, n]; y may be x. */
void t2v_block_feed(const struct t2v_run *run, const struct t2v_linear *up,
                    const struct t2v_linear *down, enum t2v_act act, bool gated, const float *x,
                    float *y);
/* Attention within each sequence. qkv: [n_tok, queries of all heads, keys, values], out: [n_tok,
 * heads * head_dim]. */
void t2v_block_attention(const struct t2v_run *run, const struct t2v_heads *how, const float *qkv,
                         float *out);

/* --- rotary.c --- */

struct t2v_rotary {
    const float *frequency; /* [head_dim / 2]: how far a position turns each pair of a head */
};
/* The settings of a layer type ("full_attention") from rope_parameters or rope_scaling, which may
 * be flat: that counts for this type, or not. theta, where it is not in there, from theta_key, or
 * else as given. head_dim is even. A kind that is not supported is named. */
int t2v_rotary_open(const t2v_json *config, const char *layer_type, bool flat_counts,
                    const char *theta_key, double theta, size_t head_dim,
                    const struct t2v_loader *loader, struct t2v_rotary *out, struct t2v_err *err);
/* turns: [n_tok, cosines of head_dim / 2 angles, then sines]. The one block without a barrier: only
 * t2v_block_rotate reads it, the same rows in the same lane. */
void t2v_block_rotary(const struct t2v_run *run, const struct t2v_rotary *rotary, size_t head_dim,
                      float *turns);
/* Queries and keys in qkv, as t2v_block_attention has them, are each normalised by RMS norm if the
 * norm has a gamma, [head_dim], and turned. */
void t2v_block_rotate(const struct t2v_run *run, const struct t2v_heads *how, const float *turns,
                      const struct t2v_norm *q_norm, const struct t2v_norm *k_norm, float eps,
                      float *qkv);

#endif
