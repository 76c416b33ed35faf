/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_NET_PRENORM_H
#define T2V_NET_PRENORM_H
/*
 * T5, the encoders of the 2020s and the causal models: word embeddings, most without positions,
 * then layers of attention and a feed-forward net, each of which normalises its input; a norm at
 * the end. Most have rotary positions and gated feed-forward nets. The families differ in the names
 * of settings and tensors, in kind and number of norms, and in the attention spans of layers.
 * Private to net/.
 */
#include "net/block/norm.h"
#include "net/block/relative.h"
#include "net/block/rotary.h"
#include "net/family/family.h"
#include "net/load/config.h"
#include "net/load/load.h"

/* Which linear layers have biases. */
enum t2v_biases {
    T2V_BIAS_BY_CONFIG, /* as attention_bias and mlp_bias say */
    T2V_BIAS_NONE,
    T2V_BIAS_QKV,
    T2V_BIAS_MLP,
    T2V_BIAS_ALL,
};

/* What a sublayer's output is added to. */
enum t2v_residual {
    T2V_RESIDUAL_INPUT,    /* its input before the norm */
    T2V_RESIDUAL_NORMED,   /* its input after the norm */
    T2V_RESIDUAL_PARALLEL, /* the layer's input, for both sublayers */
};

/* A family's names. */
struct t2v_prenorm_names {
    /* Keys of config.json; NULL: Llama's name, which most have. */
    const char *hidden, *heads, *inter, *n_layer;
    const char *eps;
    const char *act;      /* NULL: the family sets it */
    const char *kv_heads; /* NULL: as many as heads */
    const char *head_dim; /* NULL: hidden / heads */
    const char *theta;    /* of layers with full attention; NULL: no rotary positions */
    double theta_absent;
    double rotary_part;       /* of each head that is rotated; 0: all */
    const char *max_tok_key;  /* of the longest sequence; NULL: max_position_embeddings */
    size_t max_tok;           /* not 0: that is it, and no key is read */
    struct t2v_absent absent; /* inter 0: four times the hidden size */
    double eps_absent;
    const char *act_absent;
    /* 0: heads, and hidden / heads. A key that is null has the same effect. */
    int64_t kv_heads_absent, head_dim_absent;
    /* Tensors: the prefix before a layer's number, and names after it. */
    const char *words[2], *embed_norm, *final_norm; /* words: one of the two */
    const char *positions; /* learned positions, [max_tok, hidden]; NULL: none */
    const char *layer;
    const char *attention_norm, *qkv[3], *q_norm, *k_norm, *out, *attention_after;
    const char *mlp_norm, *up[2], *down, *mlp_after;
    /* embed_norm, q_norm, k_norm, attention_after, mlp_after: NULL if the family has none. A single
     * name in qkv or up: the checkpoint has the layers stacked. */
    enum t2v_want_kind norm; /* kind of all norms */
    bool first_plain;        /* layer 0 has no attention_norm */
    /* The output layer, for generators; NULL: the family has none. tied_absent: the default of
     * tie_word_embeddings. */
    const char *head;
    bool tied_absent;
    enum t2v_biases biases;
    bool transposed; /* linear layers, but for the head, are [n_in, n_out] */
    bool fused;      /* the rows of qkv[0] are [heads, 3, head_dim] */
    bool ungated;    /* up is [inter, hidden], for the activation alone */
};

/* Llama's names, in family/llama.c; without defaults of sizes and eps. */
extern const struct t2v_prenorm_names t2v_llama_names;

/* The attention spans that a model's layers have: full, or local, a sliding window. */
enum { T2V_FULL, T2V_LOCAL, T2V_N_SPAN };
struct t2v_span {
    struct t2v_heads heads;
    struct t2v_rotary rotary; /* frequency is NULL: no rotary positions, or no such layer */
};

struct t2v_prenorm_layer {
    struct t2v_linear qkv; /* [(heads + 2 kv_heads) * head_dim, hidden] */
    struct t2v_linear out; /* [hidden, heads * head_dim] */
    struct t2v_linear
        up; /* [2 inter, hidden], activated rows first, if gated; else [inter, hidden] */
    struct t2v_linear down; /* [hidden, inter] */
    /* gamma is NULL: no such norm. `after` norms are for a sublayer's output. */
    struct t2v_norm attention_norm, attention_after, mlp_norm, mlp_after;
    struct t2v_norm q_norm, k_norm; /* [head_dim]: of each head */
    int span;
};

struct t2v_prenorm {
    struct t2v_shape shape;
    enum t2v_act act;
    float eps;
    float embed_scale;                  /* factor of the embeddings */
    const struct t2v_tensor *words;     /* [vocab, hidden] */
    const struct t2v_tensor *positions; /* [max_tok, hidden]; NULL: none */
    struct t2v_norm embed_norm, norm;
    enum t2v_residual residual;
    bool scale_by_layer;              /* scores of layer i are divided by i + 1 */
    struct t2v_linear head;           /* [vocab, hidden]; n_out is 0: none, or not asked for */
    struct t2v_prenorm_layer *layers; /* [n_layer] */
    struct t2v_span spans[T2V_N_SPAN];
    struct t2v_relative relative; /* T5's; bias is NULL for others */
};

/* Reads settings and weights. All layers are T2V_FULL, with full attention in both directions. *out
 * is in the loader's arena. T2V_EFORMAT, T2V_EUNSUPPORTED, T2V_ENOMEM. */
int t2v_prenorm_open(struct t2v_loader *loader, const struct t2v_prenorm_names *names,
                     struct t2v_prenorm **out);

/* Sets up T2V_LOCAL, for a family that has layers of both spans: T2V_FULL's attention, but limited
 * to `before` and `after`, and with rotary positions of its own unless rotary is NULL. The family
 * has set the layers' spans by its own setting; layer_types, if present, overrides that. */
int t2v_prenorm_local(struct t2v_loader *loader, struct t2v_prenorm *model, size_t before,
                      size_t after, const struct t2v_rotary_keys *rotary);

/* Makes a family a causal one: tokens attend to earlier ones, and a past is taken. */
void t2v_prenorm_causal(struct t2v_prenorm *model);

/* A family's forward pass; model is a struct t2v_prenorm. */
void t2v_prenorm_forward(const void *model, const struct t2v_run *run, float *hidden);
/* Its output layer. */
const struct t2v_linear *t2v_prenorm_head(const void *model);

#endif
