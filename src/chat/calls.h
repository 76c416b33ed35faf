/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_CHAT_CALLS_H
#define T2V_CHAT_CALLS_H
/*
 * Finds the calls of tools in the answer of a model, while it comes or at once. Models write them
 * in one of these forms; a call is {"name": ..., "arguments": {...}}, where the arguments may be
 * named "parameters":
 *
 *   Qwen, Hermes  content <tool_call>call</tool_call> <tool_call>call</tool_call>
 *   Mistral       content [TOOL_CALLS][call, call]    without the mark if decoding left it out
 *   its newer     content [TOOL_CALLS]name[ARGS]{...}[TOOL_CALLS]name[ARGS]{...}    likewise,
 * without models        any of the marks; an id may come before the arguments: [CALL_ID]id Llama 3
 * <|python_tag|>call; call            likewise
 *
 * Where a mark is missing the whole answer must be calls, of tools that the request has. White
 * space between content and calls is dropped. What begins like a call but is none is content. One
 * thread at a time.
 */
#include <stddef.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/str.h"
#include "json/json.h"

typedef struct t2v_calls t2v_calls;

struct t2v_call {
    struct t2v_str name;
    struct t2v_str arguments; /* the text of a JSON object */
};

/* tools: the request's array of {"type": "function", "function": {"name": ...}}, or of {"name":
 * ...}; not kept. 0 or T2V_ENOMEM. */
int t2v_calls_new(const t2v_json *tools, t2v_calls **out);
/* NULL is allowed. */
void t2v_calls_free(t2v_calls *calls);

/* Takes the next piece of the answer and appends to content what is certainly content: whole
 * characters. A call counts from when it is complete; those without a mark, and Mistral's, when the
 * answer ends. 0, T2V_ENOMEM or content's failure. */
int t2v_calls_feed(t2v_calls *calls, struct t2v_str piece, struct t2v_buf *content);
/* After the last piece. A last call whose end mark is missing counts if it is complete. */
int t2v_calls_finish(t2v_calls *calls, struct t2v_buf *content);

/* The calls so far, in order. */
size_t t2v_calls_count(const t2v_calls *calls);
/* Call i, valid as long as *calls. */
struct t2v_call t2v_calls_at(const t2v_calls *calls, size_t i);

#endif
