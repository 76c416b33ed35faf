/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_NET_NET_H
#define T2V_NET_NET_H
/*
 * Token ids to hidden states. The family is chosen by config.json's model_type; each is one file
 * that holds its table of tensors and its forward pass (read postnorm.c first, then
 * bert.c).
 *
 * Sequences lie end to end, without padding: a batch of n_seq sequences is n_tok rows. A net
 * is read-only once opened; a forward pass works in a scratch of its own and allocates nothing.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/team.h"
#include "kernel/kernel.h"
#include "net/seqs.h"
#include "weight/store.h"
#include "json/json.h"

typedef struct t2v_net t2v_net;

struct t2v_net_options {
    int n_lane;                           /* threads that pack weights, at least 1 */
    enum t2v_bidirectional bidirectional; /* AUTO: as config.json says. Other families ignore it */
};

/* config: config.json. The store must outlive the encoder, which looks embeddings up in its
 * mapping; other weights are packed and their pages given back. kernels is copied; form: of the
 * linear layers, one of kernels'. T2V_EUNSUPPORTED names the model_type (and those that are
 * supported) or the setting. */
int t2v_net_open(const t2v_json *config, const t2v_store *store, const struct t2v_kernels *kernels,
                 const struct t2v_form *form, const struct t2v_net_options *options, t2v_net **out,
                 struct t2v_err *err);
/* Static embeddings, whatever config.json says; weighted: use the tensors weights and mapping, as
 * model2vec does. */
int t2v_net_open_static(const t2v_store *store, const struct t2v_kernels *kernels, bool weighted,
                        t2v_net **out, struct t2v_err *err);
void t2v_net_free(t2v_net *net);
/* Whether config's model_type is one of ours; the same error if not. */
int t2v_net_check(const t2v_json *config, struct t2v_err *err);

const char *t2v_net_family(const t2v_net *net);
const struct t2v_shape *t2v_net_shape(const t2v_net *net);
/* Whether tokens do not see each other: a text of any length is the sum of its pieces, none of them
 * longer than shape.max_tok, and has no special tokens. Static embeddings alone. */
bool t2v_net_is_static(const t2v_net *net);
/* Whether the vector of a sequence is its first token's last hidden state, whatever pooling is
 * asked for: DPR alone, whose "pooler output" is that and then the projection below. */
bool t2v_net_pools_first(const t2v_net *net);
/* The linear layer [projection_dim, hidden] that DPR applies to the first token's state; NULL for
 * every other family, and where projection_dim is 0. */
const struct t2v_linear *t2v_net_projection(const t2v_net *net);

/* Working memory for batches of up to max_tok tokens on a team of n_lane; one batch at a time.
 * T2V_ENOMEM. */
int t2v_scratch_new(const t2v_net *net, size_t max_tok, int n_lane, t2v_scratch **out);

/* Called by every lane of a team together. hidden: [n_tok, hidden] f32, the last hidden states; it
 * is complete when all lanes have returned to a barrier, which the last step is. */
void t2v_net_forward(const t2v_net *net, const struct t2v_lane *lane, const struct t2v_seqs *seqs,
                     t2v_scratch *scratch, float *hidden);

#endif
