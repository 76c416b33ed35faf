/* SPDX-License-Identifier: BSD-3-Clause */
#include "chat/chat.h"

#include "base/mem.h"

#include "base/banned.h"

int t2v_chat_open(const char *dir, t2v_chat **out, struct t2v_err *err)
{
    (void)dir;
    (void)err;
    *out = NULL;
    return 0;
}

int t2v_chat_parse(struct t2v_str text, const t2v_json *tokens, t2v_chat **out, struct t2v_err *err)
{
    (void)text;
    (void)tokens;
    *out = NULL;
    return t2v_fail(err, T2V_EUNSUPPORTED, "chat templates are not supported yet");
}

void t2v_chat_free(t2v_chat *chat)
{
    t2v_free(chat);
}

int t2v_chat_render(const t2v_chat *chat, const struct t2v_chat_request *request,
                    struct t2v_buf *out, struct t2v_err *err)
{
    (void)chat;
    (void)request;
    (void)out;
    return t2v_fail(err, T2V_EUNSUPPORTED, "chat templates are not supported yet");
}
