/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_HTTP_API_TOOLS_H
#define T2V_HTTP_API_TOOLS_H
/*
 * Tools that a chat may call: what a request says of them, and the calls in what the model says. A
 * call that the request wants ("required", or a tool by name) is made by a grammar: the text is
 * then {"name": ..., "arguments": {...}}. Else the calls are found in the text (chat/calls.h).
 */
#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/str.h"
#include "chat/calls.h"
#include "http/api/generation.h"

enum t2v_tool_choice {
    T2V_TOOLS_NONE,  /* there are none, or none is to be called */
    T2V_TOOLS_AUTO,  /* as the model likes */
    T2V_TOOLS_FORCED /* one must be called */
};

/* A zeroed struct has none. */
struct t2v_tools {
    enum t2v_tool_choice choice;
    t2v_json *list;      /* of AUTO; owned */
    t2v_calls **streams; /* [n_stream], one for each choice of a stream; owned */
    size_t n_stream;
};
void t2v_tools_deinit(struct t2v_tools *tools);

/* Reads `tools` and `tool_choice`, both perhaps null or missing. Sets the generation's grammar
 * where a call is wanted. False: the fault is set. */
bool t2v_tools_read(const struct t2v_params *params, struct t2v_str tools, struct t2v_str choice,
                    struct t2v_tools *out, struct t2v_generation *generation);

/* Whether `tools`, perhaps null or missing, is what t2v_tools_read takes. False: the fault is set.
 */
bool t2v_tools_check(const struct t2v_params *params, struct t2v_str tools);

struct t2v_tool_call {
    struct t2v_str name;
    struct t2v_str arguments; /* JSON */
};

/* The calls in a text. */
struct t2v_tool_calls {
    struct t2v_tool_call *list; /* [n], owned */
    size_t n;
    struct t2v_buf content; /* what is not a call; of a stream, what is left of it */
    struct t2v_buf name;    /* of a forced call */
    t2v_calls *calls;       /* what the strings of the list point into; owned, but for a stream's */
    int fail;               /* T2V_ENOMEM, or 0 */
};
/* Finds them in text, which is borrowed until t2v_tool_calls_deinit. */
void t2v_tools_parse(const struct t2v_tools *tools, struct t2v_str text,
                     struct t2v_tool_calls *out);
void t2v_tool_calls_deinit(struct t2v_tool_calls *calls);

/* For a stream of n choices; before the first piece. False: the fault is set. */
bool t2v_tools_begin(struct t2v_tools *tools, size_t n, struct t2v_fault *fault);
/* Takes the next piece of choice `index` and appends what is certainly content. */
void t2v_tools_piece(const struct t2v_tools *tools, size_t index, struct t2v_str piece,
                     struct t2v_buf *content);
/* The calls, after the last piece. text: all of it, borrowed as above. */
void t2v_tools_last(const struct t2v_tools *tools, size_t index, struct t2v_str text,
                    struct t2v_tool_calls *out);
/* Appends "tool_calls":[...] in OpenAI's form. id, index: of the answer and the choice, for the ids
 * of the calls. in_piece: of a stream, where each has its index. */
void t2v_tools_write(const struct t2v_tool_calls *calls, const char *id, size_t index,
                     bool in_piece, struct t2v_buf *out);

#endif
