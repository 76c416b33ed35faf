/* SPDX-License-Identifier: BSD-3-Clause */
/* Any bytes as a chat template, and after a NUL as the messages: what is rendered must be UTF-8,
 * within the limits, and the same again. */
#include "chat/chat.h"
#include "base/utf8.h"
#include "fuzz.h"

static const struct t2v_str MESSAGES =
    T2V_STR("[{\"role\":\"system\",\"content\":\" be \\u00df \"},{\"role\":\"user\",\"content\":"
            "[{\"type\":\"text\",\"text\":\"hi\"},{\"n\":[1,2.5,-3e9,null,true]}]},"
            "{\"role\":\"assistant\",\"content\":\"ok\",\"tool_calls\":[{\"name\":\"f\"}]}]");

static void check_render(const t2v_chat *chat, const t2v_json *messages, bool continued)
{
    struct t2v_chat_request request = {.messages = messages,
                                       .tools = messages,
                                       .add_generation_prompt = !continued,
                                       .continue_final_message = continued};
    struct t2v_buf once, twice;
    struct t2v_err err = {0};
    t2v_buf_init(&once, SIZE_MAX);
    t2v_buf_init(&twice, SIZE_MAX);
    int rc = t2v_chat_render(chat, &request, &once, &err);
    CHECK(rc == 0 || (rc == err.code && err.msg[0] != '\0'));
    CHECK(once.len <= T2V_CHAT_MAX_OUTPUT && t2v_utf8_valid(t2v_buf_str(&once), NULL));
    CHECK(t2v_chat_render(chat, &request, &twice, NULL) == rc);
    CHECK(t2v_str_eq(t2v_buf_str(&once), t2v_buf_str(&twice)));
    t2v_buf_deinit(&once);
    t2v_buf_deinit(&twice);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct t2v_str text = {(const char *)data, size}, template = t2v_str_cut(&text, '\0');
    t2v_json *messages = NULL;
    t2v_chat *chat = NULL;
    struct t2v_err err = {0};
    int rc = t2v_chat_parse(template, NULL, &chat, &err);
    CHECK((rc == 0) == (chat != NULL) && (rc == 0 || err.msg[0] != '\0'));
    if (rc == 0 && (text.len == 0 || t2v_json_parse(text, &messages, NULL) != 0))
        CHECK(t2v_json_parse(MESSAGES, &messages, NULL) == 0);
    if (rc == 0) {
        check_render(chat, messages, false);
        check_render(chat, messages, true);
    }
    t2v_json_free(messages);
    t2v_chat_free(chat);
    return 0;
}
