/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_HTTP_API_ENTITIES_H
#define T2V_HTTP_API_ENTITIES_H
/* The entities of texts: names of persons, places and so on. */
#include "http/api/api.h"

/* POST /ner as Weaviate's ner-transformers container: {"text"} to {"text", "tokens": [{"entity",
 * "word", "certainty", "startPosition", "endPosition"}]}; tokens is null for an empty text. Errors
 * have a string `error`. */
extern const struct t2v_operation t2v_entities_weaviate;
/* Hugging Face's token classification: {"inputs": "text" or ["text"], "parameters":
 * {"aggregation_strategy", "ignore_labels", "stride"}} to [{"entity" or "entity_group", "score",
 * "word", "start", "end"}], of a list of texts a list of these. */
extern const struct t2v_operation t2v_entities_hub;

#endif
