/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_HTTP_API_RERANK_H
#define T2V_HTTP_API_RERANK_H
/* Scores of documents for a query: POST /rerank of text-embeddings-inference and of Weaviate's
 * reranker container, told apart by the body; POST /v1/rerank and /v2/rerank of Cohere and Jina. */
#include "http/api/api.h"

extern const struct t2v_api t2v_api_rerank, t2v_api_cohere;
extern const struct t2v_operation t2v_rerank_rank, t2v_cohere_rank;

#endif
