/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_NET_PRENORM_H
#define T2V_NET_PRENORM_H
/*
 * T5 and the encoders of the 2020s: word embeddings without positions, then layers that each
 * normalise what they read, attend, mostly with rotary positions, and have a feed-forward net,
 * mostly gated; one more norm at the end. The families differ in what settings and tensors are
 * called, in the kind of norm and where there are more of them, and in which tokens a layer's
 * tokens see. Private to net/.
 */
#include "net/block/norm.h"
#include "net/block/relative.h"
#include "net/block/rotary.h"
#include "net/family/family.h"
#include "net/load/config.h"
#include "net/load/load.h"

/* What a family calls things. */
struct t2v_prenorm_names {
    /* Keys of config.json; NULL: as Llama's, which most have. */
    const char *hidden, *heads, *inter, *n_layer;
    const char *eps;
    const char *act;      /* NULL: the family reads it */
    const char *kv_heads; /* NULL: as many as heads */
    const char *head_dim; /* NULL: hidden / heads */
    const char *theta;    /* of layers that see all; NULL: there are no rotary positions */
    double theta_absent;
    size_t max_tok; /* 0: max_position_embeddings */
    struct t2v_absent absent;
    double eps_absent;
    const char *act_absent;
    /* 0: as many as there are heads; hidden / heads. So it is where the key is null, too. */
    int64_t kv_heads_absent, head_dim_absent;
    /* Tensors: what stands before a layer's number, and their names behind it. */
    const char *words[2], *embed_norm, *final_norm; /* words: either of two */
    const char *layer;
    const char *attention_norm, *qkv[3], *q_norm, *k_norm, *out, *attention_after;
    const char *mlp_norm, *up[2], *down, *mlp_after;
    /* There is no embed_norm, q_norm, k_norm, attention_after, mlp_after where that is NULL; one
     * name in qkv or up is a layer that has all of them stacked. */
    enum t2v_want_kind norm; /* of all norms */
    bool first_plain;        /* layer 0 has no attention_norm */
    bool ungated;            /* up is [inter, hidden], for the activation alone */
};

/* Llama's own, in family/llama.c, without the defaults of sizes and eps. */
extern const struct t2v_prenorm_names t2v_llama_names;

/* How layers attend: all see all tokens there are to see, or only those near them. */
enum { T2V_FULL, T2V_LOCAL, T2V_N_SPAN };
struct t2v_span {
    struct t2v_heads heads;
    struct t2v_rotary rotary; /* frequency is NULL: no layer is of this kind, or is turned */
};

struct t2v_prenorm_layer {
    struct t2v_linear qkv;  /* [(heads + 2 kv_heads) * head_dim, hidden] */
    struct t2v_linear out;  /* [hidden, heads * head_dim] */
    struct t2v_linear up;   /* [2 inter, hidden]: what the activation is for, what it gates; or
                               [inter, hidden] */
    struct t2v_linear down; /* [hidden, inter] */
    /* Those that are not there have no gamma. `after` is for what a sublayer gives. */
    struct t2v_norm attention_norm, attention_after, mlp_norm, mlp_after;
    struct t2v_norm q_norm, k_norm; /* [head_dim]: of each head */
    int span;
};

struct t2v_prenorm {
    struct t2v_shape shape;
    enum t2v_act act;
    float eps;
    float embed_scale;              /* what embeddings are multiplied by */
    const struct t2v_tensor *words; /* [vocab, hidden] */
    struct t2v_norm embed_norm, norm;
    struct t2v_prenorm_layer *layers; /* [n_layer] */
    struct t2v_span spans[T2V_N_SPAN];
    struct t2v_relative relative; /* T5's; none, if the family does not load it */
};

/* Reads settings and weights, with all layers T2V_FULL, each token seeing all others; *out lies in
 * the loader's arena. */
int t2v_prenorm_open(struct t2v_loader *loader, const struct t2v_prenorm_names *names,
                     struct t2v_prenorm **out);

/* Sets up T2V_LOCAL, for a family that has layers of both spans: T2V_FULL's attention, but limited
 * to `before` and `after`, and with rotary positions of its own unless rotary is NULL. The family
 * has set the layers' spans by its own setting; layer_types, if present, overrides that. */
int t2v_prenorm_local(struct t2v_loader *loader, struct t2v_prenorm *model, size_t before,
                      size_t after, const struct t2v_rotary_keys *rotary);

/* Width of a token's keys and values: shape.kv of a family whose layers are all causal. */
static inline size_t t2v_prenorm_kv(const struct t2v_prenorm *model)
{
    return model->shape.qkv - model->shape.heads * model->shape.head_dim;
}

/* A family's forward pass; model is a struct t2v_prenorm. */
void t2v_prenorm_forward(const void *model, const struct t2v_run *run, float *hidden);

#endif
