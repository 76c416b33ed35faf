/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_TASK_EMBED_MESSAGE_H
#define T2V_TASK_EMBED_MESSAGE_H
/*
 * Texts as messages: where sentence-transformers' settings say so (transformer.h), a text is the
 * user's message of a chat, a prompt is the system's, and the model's chat template makes of them
 * what is encoded. A template's fixed end stays when a long text is cut. Private to task/embed/.
 */
#include <stdbool.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/str.h"
#include "chat/chat.h"
#include "json/json.h"
#include "task/embed/params.h"
#include "task/embed/transformer.h"
#include "token/tokenizer.h"

/* With what a text is sent. */
struct t2v_message_way {
    struct t2v_str prompt; /* may be empty: none */
    enum t2v_side side;
};

/* Zeroed: texts are no messages. */
struct t2v_message {
    t2v_chat *chat;  /* NULL: texts are no messages */
    bool structured; /* content is a list of parts */
    bool add_prompt; /* add_generation_prompt */
    bool keep_end;
    t2v_json *kwargs[T2V_N_SIDE]; /* variables of the template; NULL: none */
};

/* dir: with the tokenizer and its templates. T2V_EUNSUPPORTED: there is no template that can be
 * used. T2V_EFORMAT: an argument of the template is of a wrong type. */
int t2v_message_open(const char *dir, const struct t2v_transformer *settings,
                     struct t2v_message *out, struct t2v_err *err);
void t2v_message_deinit(struct t2v_message *message);

/* Appends what the template makes of a text. Errors:
 * t2v_chat_render's. */
int t2v_message_render(const struct t2v_message *message, struct t2v_message_way way,
                       struct t2v_str text, struct t2v_buf *out, struct t2v_err *err);
/* Puts the template's end over the end of the ids of a text that was cut. */
int t2v_message_restore(const struct t2v_message *message, const t2v_tokenizer *tokenizer,
                        t2v_token_space *space, struct t2v_message_way way, struct t2v_ids *ids,
                        struct t2v_err *err);

#endif
