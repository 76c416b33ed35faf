/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_HTTP_API_CHAT_COMPLETIONS_H
#define T2V_HTTP_API_CHAT_COMPLETIONS_H
/*
 * OpenAI's POST /v1/chat/completions: {"model", "messages", ...} to {"choices": [{"message"}],
 * "usage"}. `tools` go to the model's template; calls of tools in what it says become tool_calls.
 * With tool_choice "required" or a named tool, the text is held to be such a call.
 */
#include "http/api/api.h"

extern const struct t2v_operation t2v_chat_completions;

#endif
