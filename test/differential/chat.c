/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * chat <LINES: renders chat templates. A line is a JSON object: `template` (a text) with `tokens`,
 * or `dir` (a model); then the members of struct t2v_chat_request. Prints a line for each: a JSON
 * object with `text`, or with `error` and `code`. For chat.py and the maker of golden chats.
 */
#include <stdio.h>
#include <stdlib.h>

#include "chat/chat.h"
#include "json/write.h"

static void die(const char *why)
{
    fprintf(stderr, "%s\n", why);
    exit(1);
}

static int open_chat(const t2v_json *line, t2v_chat **chat, struct t2v_err *err)
{
    struct t2v_str dir = t2v_json_str(t2v_json_get(line, "dir"));
    if (dir.ptr == NULL)
        return t2v_chat_parse(t2v_json_str(t2v_json_get(line, "template")),
                              t2v_json_get(line, "tokens"), chat, err);
    int rc = t2v_chat_open(dir.ptr, chat, err);
    return rc == 0 && *chat == NULL ? t2v_fail(err, T2V_EFORMAT, "no template") : rc;
}

static int render(const t2v_json *line, struct t2v_buf *out, struct t2v_err *err)
{
    t2v_chat *chat = NULL;
    struct t2v_chat_request request = {.messages = t2v_json_get(line, "messages"),
                                       .tools = t2v_json_get(line, "tools"),
                                       .documents = t2v_json_get(line, "documents"),
                                       .kwargs = t2v_json_get(line, "kwargs"),
                                       .template_name =
                                           t2v_json_str(t2v_json_get(line, "template_name")).ptr};
    t2v_json_bool(t2v_json_get(line, "add_generation_prompt"), &request.add_generation_prompt);
    t2v_json_bool(t2v_json_get(line, "continue_final_message"), &request.continue_final_message);
    t2v_json_int(t2v_json_get(line, "now"), &request.now);
    int rc = open_chat(line, &chat, err);
    if (rc == 0)
        rc = t2v_chat_render(chat, &request, out, err);
    t2v_chat_free(chat);
    return rc;
}

static void answer(struct t2v_str text, struct t2v_buf *out)
{
    struct t2v_err err = {0};
    struct t2v_buf rendered;
    t2v_json *line;
    t2v_buf_init(&rendered, SIZE_MAX);
    if (t2v_json_parse_python(text, &line, &err) != 0)
        die(err.msg);
    if (render(line, &rendered, &err) == 0) {
        t2v_buf_adds(out, "{\"text\":");
        t2v_json_write_str(out, rendered.len != 0 ? t2v_buf_str(&rendered) : T2V_STR(""));
    } else {
        t2v_buf_addf(out, "{\"code\":%d,\"error\":", err.code);
        t2v_json_write_str(out, t2v_str_of(err.msg));
    }
    t2v_buf_adds(out, "}\n");
    t2v_json_free(line);
    t2v_buf_deinit(&rendered);
}

int main(void)
{
    char *line = NULL;
    size_t cap = 0;
    struct t2v_buf out;
    t2v_buf_init(&out, SIZE_MAX);
    for (ssize_t len; (len = getline(&line, &cap, stdin)) > 0;) {
        t2v_buf_clear(&out);
        answer((struct t2v_str){line, (size_t)len}, &out);
        if (out.fail != 0 || fwrite(out.ptr, 1, out.len, stdout) != out.len)
            die("no output");
        fflush(stdout);
    }
    free(line);
    t2v_buf_deinit(&out);
    return 0;
}
