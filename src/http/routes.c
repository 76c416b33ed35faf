/* SPDX-License-Identifier: BSD-3-Clause */
/* The table of routes. Metrics list them in this order. */
#include "http/api/answers.h"
#include "http/api/chat_completions.h"
#include "http/api/completions.h"
#include "http/api/entities.h"
#include "http/api/labels.h"
#include "http/api/multi_vector.h"
#include "http/api/ollama.h"
#include "http/api/ollama_models.h"
#include "http/api/ollama_text.h"
#include "http/api/openai.h"
#include "http/api/page.h"
#include "http/api/probe.h"
#include "http/api/rerank.h"
#include "http/api/root.h"
#include "http/api/sentences.h"
#include "http/api/tei.h"
#include "http/api/tei_info.h"
#include "http/api/tei_rows.h"
#include "http/api/tei_tokens.h"
#include "http/api/tgi.h"
#include "http/api/tgi_tokens.h"
#include "http/api/vectors.h"
#include "http/route.h"

#include "base/banned.h"

enum { OPEN = T2V_ROUTE_OPEN, PROBE = T2V_ROUTE_OPEN | T2V_ROUTE_PROBE };

static const struct t2v_route rows[] = {
    {"/.well-known/live", T2V_GET, PROBE, "/.well-known/live", &t2v_probe_live, NULL},
    {"/.well-known/ready", T2V_GET, PROBE, "/.well-known/ready", &t2v_probe_ready, NULL},
    {"/health", T2V_GET, PROBE, "/health", &t2v_probe_health, NULL},
    {"/healthz", T2V_GET, PROBE, "/health", &t2v_probe_health, NULL},
    {"/meta", T2V_GET, 0, "/meta", &t2v_probe_meta, NULL},
    {"/vectors", T2V_POST, 0, "/vectors", &t2v_vectors_embed, NULL},
    {"/vectors/", T2V_POST, 0, "/vectors", &t2v_vectors_embed, NULL},
    {"/v1/embeddings", T2V_POST, 0, "/v1/embeddings", &t2v_openai_embed, NULL},
    {"/embeddings", T2V_POST, 0, "/v1/embeddings", &t2v_openai_embed, NULL},
    {"/v1/multi-vector", T2V_POST, 0, "/v1/multi-vector", &t2v_multi_vector_embed, NULL},
    {"/v1/models", T2V_GET, 0, "/v1/models", &t2v_openai_models, NULL},
    {"/v1/models/", T2V_GET, T2V_ROUTE_ID, "/v1/models", &t2v_openai_model, NULL},
    {"/", T2V_GET, PROBE, "/health", &t2v_page_root, NULL},
    {"/", T2V_POST, 0, "/", &t2v_root, NULL},
    {"/page.css", T2V_GET, OPEN, "/page", &t2v_page_style, NULL},
    {"/page.js", T2V_GET, OPEN, "/page", &t2v_page_script, NULL},
    {"/ping", T2V_GET, PROBE, "/health", &t2v_probe_health, NULL},
    {"/embed", T2V_POST, 0, "/embed", &t2v_tei_embed, NULL},
    {"/pipeline/feature-extraction", T2V_POST, 0, "/embed", &t2v_tei_features, NULL},
    {"/similarity", T2V_POST, 0, "/similarity", &t2v_tei_similarity, NULL},
    {"/rerank", T2V_POST, 0, "/rerank", &t2v_rerank_rank, NULL},
    {"/predict", T2V_POST, 0, "/predict", &t2v_labels_predict, NULL},
    {"/answers", T2V_POST, 0, "/answers", &t2v_answers_weaviate, NULL},
    {"/ner", T2V_POST, 0, "/ner", &t2v_entities_weaviate, NULL},
    {"/v1/rerank", T2V_POST, 0, "/v1/rerank", &t2v_cohere_rank, NULL},
    {"/v2/rerank", T2V_POST, 0, "/v1/rerank", &t2v_cohere_rank, NULL},
    {"/embed_all", T2V_POST, 0, "/embed_all", &t2v_tei_embed_all, NULL},
    {"/embed_sparse", T2V_POST, 0, "/embed_sparse", &t2v_tei_embed_sparse, NULL},
    {"/tokenize", T2V_POST, 0, "/tokenize", &t2v_tei_tokenize, NULL},
    {"/sentences", T2V_POST, 0, "/sentences", &t2v_sentences_split, NULL},
    {"/decode", T2V_POST, 0, "/decode", &t2v_tei_decode, NULL},
    {"/info", T2V_GET, 0, "/info", &t2v_tei_info, NULL},
    {"/api/embed", T2V_POST, 0, "/api/embed", &t2v_ollama_embed, NULL},
    {"/api/embeddings", T2V_POST, 0, "/api/embed", &t2v_ollama_embed_one, NULL},
    {"/generate", T2V_POST, 0, "/generate", &t2v_tgi_generate, NULL},
    {"/generate_stream", T2V_POST, 0, "/generate", &t2v_tgi_stream, NULL},
    {"/chat_tokenize", T2V_POST, 0, "/chat_tokenize", &t2v_tgi_chat_tokenize, NULL},
    {"/v1/completions", T2V_POST, 0, "/v1/completions", &t2v_completions_complete, NULL},
    {"/completions", T2V_POST, 0, "/v1/completions", &t2v_completions_complete, NULL},
    {"/v1/chat/completions", T2V_POST, 0, "/v1/chat/completions", &t2v_chat_completions, NULL},
    {"/chat/completions", T2V_POST, 0, "/v1/chat/completions", &t2v_chat_completions, NULL},
    {"/api/generate", T2V_POST, 0, "/api/generate", &t2v_ollama_generate, NULL},
    {"/api/chat", T2V_POST, 0, "/api/chat", &t2v_ollama_chat, NULL},
    {"/api/show", T2V_POST, 0, "/api/show", &t2v_ollama_show, NULL},
    {"/api/ps", T2V_GET, 0, "/api/ps", &t2v_ollama_ps, NULL},
    {"/api/tags", T2V_GET, 0, "/api/tags", &t2v_ollama_tags, NULL},
    {"/api/version", T2V_GET, 0, "/api/version", &t2v_ollama_version, NULL},
    {"/metrics", T2V_GET, PROBE, "/metrics", &t2v_probe_metrics, NULL},
    {"/openapi.json", T2V_GET, OPEN, "/openapi.json", &t2v_probe_openapi, NULL},
    {"/v1/", 0, T2V_ROUTE_ID, "other", NULL, &t2v_api_openai},
    {"", 0, T2V_ROUTE_ID, "other", NULL, &t2v_api_vectors},
};

const struct t2v_routes t2v_routes = {rows, sizeof rows / sizeof *rows};
