/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_HTTP_API_TEI_INFO_H
#define T2V_HTTP_API_TEI_INFO_H
/* GET /info of text-embeddings-inference: the first model, and the limits of the server. */
#include "http/api/api.h"

extern const struct t2v_operation t2v_tei_info;

#endif
