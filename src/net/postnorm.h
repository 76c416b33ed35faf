/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_NET_POSTNORM_H
#define T2V_NET_POSTNORM_H
/*
 * BERT and its kin: word + position (+ token type) embeddings, then layers of self-attention and a
 * feed-forward net, each added to its input and normalised after that. The families differ in the
 * names of settings and tensors, in the first position, and in the bias of attention scores.
 * Private to net/.
 */
#include "net/block/norm.h"
#include "net/block/relative.h"
#include "net/family/family.h"
#include "net/load/config.h"
#include "net/load/load.h"

/* A family's names. */
struct t2v_postnorm_names {
    /* Keys of config.json. */
    const char *hidden, *heads, *inter, *n_layer, *act;
    const char *eps;    /* NULL: it is always 1e-12 */
    const char *n_type; /* NULL: no token types */
    const char *embed;  /* NULL: embeddings have the hidden size */
    struct t2v_absent absent;
    int64_t embed_absent; /* the default of embed */
    /* Tensors: the prefix before a layer's number, and names after it. */
    const char *layer;
    const char *qkv[3], *out, *attention_norm, *up, *down, *norm;
};

/* BERT's names, which most of these families have kept. */
extern const struct t2v_postnorm_names t2v_bert_names;

struct t2v_postnorm_layer {
    struct t2v_linear qkv;  /* [3 hidden, hidden] */
    struct t2v_linear out;  /* [hidden, hidden] */
    struct t2v_linear up;   /* [inter, hidden] */
    struct t2v_linear down; /* [hidden, inter] */
    struct t2v_norm attention_norm, norm;
};

struct t2v_postnorm {
    struct t2v_shape shape;
    enum t2v_act act;
    float eps;
    int32_t pad;                        /* see t2v_postnorm_open */
    size_t embed;                       /* width of the embeddings, at most hidden */
    const struct t2v_tensor *words;     /* [vocab, embed] */
    const struct t2v_tensor *positions; /* [pad + 1 + max_tok, embed] */
    bool no_positions;                  /* positions are not added */
    const struct t2v_tensor *types;     /* [shape.n_type, embed]; or NULL */
    struct t2v_norm norm;
    struct t2v_linear project;         /* [hidden, embed]; n_out is 0 if the two are equal */
    struct t2v_postnorm_layer *layers; /* [n_layer] */
    struct t2v_relative relative;      /* bias is NULL unless the family loads it */
};

/* Opens the common part of a family: *out is a struct t2v_postnorm in the loader's arena. Tensors
 * have the names `names` after one of `prefixes`, which ends with NULL. pad: id of the padding
 * token, which always has position `pad`; the other tokens have positions from pad + 1 on. -1: no
 * such token, and positions from 0. T2V_EFORMAT, T2V_EUNSUPPORTED, T2V_ENOMEM. */
int t2v_postnorm_open(struct t2v_loader *loader, const struct t2v_postnorm_names *names,
                      const char *const *prefixes, int32_t pad, struct t2v_shape *shape,
                      void **out);

/* A family's forward pass; model is a struct t2v_postnorm. */
void t2v_postnorm_forward(const void *model, const struct t2v_run *run, float *hidden);

#endif
