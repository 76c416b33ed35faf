/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_HTTP_API_TEI_ROWS_H
#define T2V_HTTP_API_TEI_ROWS_H
/*
 * What text-embeddings-inference gives of a text that is not one vector: the vectors of its tokens,
 * and sparse vectors. Requests are those of /embed (tei.h), without normalize and dimensions.
 */
#include "http/api/api.h"

/* POST /embed_all: [[[float]]], for each text and each of its tokens, special ones too, the last
 * hidden state. */
extern const struct t2v_operation t2v_tei_embed_all;
/* POST /embed_sparse: [[{"index", "value"}]], of each text the entries of the vocabulary whose
 * weight is not 0, in rising order. */
extern const struct t2v_operation t2v_tei_embed_sparse;

#endif
