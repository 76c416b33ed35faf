/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_HTTP_API_TGI_TOKENS_H
#define T2V_HTTP_API_TGI_TOKENS_H
/* What TGI says of tokens and of itself: /tokenize, /chat_tokenize, /info. */
#include "http/api/api.h"
#include "http/models.h"

/* Whether a body of /tokenize is for a generator: the model that it names is one (or the first of
 * all, if it names none), and `inputs` is one text. */
bool t2v_tgi_is_meant(const struct t2v_service *service, struct t2v_str body);
/* {"inputs": text} to [{"id", "text", "start", "stop"}]; offsets in bytes. */
extern const struct t2v_operation t2v_tgi_tokenize;
/* POST /chat_tokenize: {"messages", ...} to {"tokenize_response": [...], "templated_text"}. */
extern const struct t2v_operation t2v_tgi_chat_tokenize;
/* Appends the answer of GET /info. */
void t2v_tgi_write_info(const struct t2v_service *service, const struct t2v_served *served,
                        struct t2v_buf *out);

#endif
