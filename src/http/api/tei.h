/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_HTTP_API_TEI_H
#define T2V_HTTP_API_TEI_H
/*
 * The API of text-embeddings-inference (TEI): the vectors of texts, and their similarity. Beside it
 * the shape that Weaviate's text2vec-huggingface and older Hugging Face clients send, `inputs` with
 * `options`. root.h has POST /, where all of them meet.
 */
#include <stdbool.h>

#include "base/str.h"
#include "http/api/api.h"
#include "http/api/embedding.h"

/* Its errors: {"error": "...", "error_type": "Validation"}. A model that cannot do what is asked,
 * and one that fails, are 424. */
extern const struct t2v_api t2v_api_tei;

/* POST /embed: {"inputs", "normalize", "truncate", ...} to [[float]]. The text "" alone is 400. */
extern const struct t2v_operation t2v_tei_embed;
/* The same at POST /, where "" has a vector as any other text. */
extern const struct t2v_operation t2v_tei_inputs;
/* The same where vectors have the length that the model's modules.json gives them, unless the
 * request has `normalize`. */
extern const struct t2v_operation t2v_tei_features;
/* POST /similarity: {"inputs": {"source_sentence", "sentences"}} to [float], cosines. */
extern const struct t2v_operation t2v_tei_similarity;

/* For `read`: what a request says of its length. Values of a body, null or missing: a text that is
 * too long is cut at its end. False: *fault is set. */
struct t2v_tei_length {
    struct t2v_str truncate, direction; /* a boolean; "left" or "right" */
};
bool t2v_tei_read_length(const struct t2v_tei_length *length, struct t2v_embed_encode *encode,
                         struct t2v_fault *fault);
/* For `read`: sets encode->prompt_name. value: a string, null or missing. 422 for a name that is
 * none of the embedder's. */
bool t2v_tei_read_prompt(struct t2v_str value, const t2v_embedder *embedder,
                         struct t2v_embed_encode *encode, struct t2v_fault *fault);
/* For `write`: a text that was too long, and was not to be cut, is 422. */
void t2v_tei_fix_fault(const struct t2v_embed_encode *encode, struct t2v_fault *fault);

#endif
