/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_HTTP_API_DIALOGUE_H
#define T2V_HTTP_API_DIALOGUE_H
/*
 * The messages of a chat, rendered with the model's template (chat/chat.h). Before that they are
 * made as templates expect them: content that is an array of text parts becomes their texts joined,
 * and the arguments of a tool call that are a string of JSON, as OpenAI's clients send them, become
 * that object.
 */
#include <stdbool.h>

#include "base/buf.h"
#include "base/str.h"
#include "http/fault.h"
#include "http/models.h"

/* Values of a body (http/body.h), null or missing where there are none. */
struct t2v_dialogue {
    struct t2v_str messages; /* an array of objects */
    struct t2v_str tools;    /* an array of objects */
    struct t2v_str documents;
    struct t2v_str kwargs; /* chat_template_kwargs, an object */
    bool add_prompt;       /* add_generation_prompt */
    bool go_on;            /* continue_final_message */
};

/* Reads the members add_generation_prompt, which is true by default unless the other is, and
 * continue_final_message, which is false. False: *fault is set. */
bool t2v_dialogue_read_ends(struct t2v_str add_prompt, struct t2v_str go_on,
                            struct t2v_dialogue *dialogue, struct t2v_fault *fault);
/* Appends the prompt to out. False: *fault is set, with the type "template_error" if the model has
 * no template, or the template refuses the messages. */
bool t2v_dialogue_render(const struct t2v_served *served, const struct t2v_dialogue *dialogue,
                         struct t2v_buf *out, struct t2v_fault *fault);

#endif
