/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_NET_NET_H
#define T2V_NET_NET_H
/*
 * Token ids to hidden states. config.json's model_type selects the family; each is a file in
 * family/, most on postnorm.c or prenorm.c (read postnorm.c first, then family/bert.c).
 *
 * Sequences are concatenated without padding: a batch of n_seq sequences is n_tok rows. An open net
 * is read-only, and may be used by several threads, each with its own scratch. A forward pass
 * allocates nothing.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/team.h"
#include "json/json.h"
#include "kernel/kernel.h"
#include "net/seqs.h"
#include "weight/store.h"

typedef struct t2v_net t2v_net;

struct t2v_net_options {
    int n_lane;                           /* threads that pack weights, at least 1 */
    enum t2v_bidirectional bidirectional; /* of Gemma 3; AUTO: by config.json */
    bool
        head; /* load the output layer, see t2v_net_logits; without it those weights are not read */
};

/* config: config.json, not kept. The store must outlive the net, which reads embeddings from its
 * mapping; other weights are packed and their pages released. kernels is copied. form: of the
 * linear layers, one of kernels'. T2V_EUNSUPPORTED names the setting (quantization_config: the
 * method), or the model_type and those supported; T2V_EFORMAT; T2V_ENOMEM. */
int t2v_net_open(const t2v_json *config, const t2v_store *store, const struct t2v_kernels *kernels,
                 const struct t2v_form *form, const struct t2v_net_options *options, t2v_net **out,
                 struct t2v_err *err);
/* Static embeddings, regardless of config.json. weighted: use the tensors weights and mapping, as
 * model2vec does. */
int t2v_net_open_static(const t2v_store *store, const struct t2v_kernels *kernels, bool weighted,
                        t2v_net **out, struct t2v_err *err);
void t2v_net_free(t2v_net *net);
/* The part of config that is about text: all of it, or what a model that also sees images has
 * apart. Images are not supported; the text part of such a model is like any other. */
const t2v_json *t2v_net_text(const t2v_json *config);
/* 0 if config's model_type is supported, else the error of t2v_net_open. */
int t2v_net_check(const t2v_json *config, struct t2v_err *err);

const char *t2v_net_family(const t2v_net *net);
const struct t2v_shape *t2v_net_shape(const t2v_net *net);
/* Whether these are static embeddings. Then tokens do not attend to each other, there are no
 * special tokens, and a text of any length is the sum of its pieces of at most shape.max_tok
 * tokens. */
bool t2v_net_is_static(const t2v_net *net);
/* Whether the vector of a sequence is always its first token's last hidden state, regardless of the
 * pooling requested. True for DPR alone: its "pooler output" is that state after the projection
 * below. */
bool t2v_net_pools_first(const t2v_net *net);
/* The linear layer [projection_dim, hidden] that DPR applies to the first token's state; NULL for
 * every other family, and if projection_dim is 0. */
const struct t2v_linear *t2v_net_projection(const t2v_net *net);

/* Working memory for batches of up to max_tok tokens on a team of n_lane; one batch at a time.
 * T2V_ENOMEM. */
int t2v_scratch_new(const t2v_net *net, size_t max_tok, int n_lane, t2v_scratch **out);

/* One forward pass; all lanes of a team call it together. hidden: [n_tok, hidden] f32, the last
 * hidden states. It is complete on return, since the last step is a barrier. */
void t2v_net_forward(const t2v_net *net, const struct t2v_lane *lane, const struct t2v_seqs *seqs,
                     t2v_scratch *scratch, float *hidden);

/* Whether the net has an output layer: it was asked for, and the family has one. */
bool t2v_net_has_head(const t2v_net *net);
/* Bytes of all packed weights, which a pass reads. */
size_t t2v_net_weight_bytes(const t2v_net *net);
/* The output layer: scores of the next token. All lanes of a team call it together; it is complete
 * on return, since the last step is a barrier. hidden: [n_row, hidden], last hidden states of any
 * tokens; n_row: 1 to the scratch's max_tok. logits: [n_row, shape.vocab]. Only with
 * t2v_net_has_head. */
void t2v_net_logits(const t2v_net *net, const struct t2v_lane *lane, const float *hidden,
                    size_t n_row, t2v_scratch *scratch, float *logits);

#endif
