/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_CHAT_CHAT_PRIVATE_H
#define T2V_CHAT_CHAT_PRIVATE_H
/* The templates of a model, which open.c reads and render.c uses. */
#include "base/arena.h"
#include "chat/chat.h"
#include "chat/node.h"

/* fault: why it cannot be used, where its code is not 0. */
struct t2v_chat_template {
    struct t2v_str name;
    struct t2v_node *body;
    struct t2v_err fault;
    struct t2v_chat_template *next;
};

/* A special token: its text, or (additional_special_tokens) several. */
struct t2v_chat_token {
    struct t2v_str name;
    struct t2v_str *texts;
    size_t n_text;
    bool is_list;
    struct t2v_chat_token *next;
};

struct t2v_chat {
    struct t2v_arena arena;
    struct t2v_chat_template *templates;
    struct t2v_chat_token *tokens;
};

#endif
