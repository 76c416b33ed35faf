/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_HTTP_API_COMPLETIONS_H
#define T2V_HTTP_API_COMPLETIONS_H
/* OpenAI's POST /v1/completions: {"model", "prompt": text or texts, ...} to {"choices": [{"text"}],
 * "usage"}, n choices for each prompt, in the order of the prompts. */
#include "http/api/api.h"

extern const struct t2v_operation t2v_completions_complete;

#endif
