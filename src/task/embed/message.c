/* SPDX-License-Identifier: BSD-3-Clause */
#include "task/embed/message.h"

#include <time.h>

#include "json/pull.h"
#include "json/write.h"
#include "token/encode.h"

#include "base/banned.h"

static const char *const sides[T2V_N_SIDE] = {
    [T2V_SIDE_QUERY] = "query", [T2V_SIDE_DOCUMENT] = "document"};

/* --- open --- */

/* An argument that is no variable of the template. *taken: it is one, and has been read. */
static int read_own(struct t2v_message *message, const t2v_json *args, struct t2v_str key,
                    bool *taken, struct t2v_err *err)
{
    static const char *const refused[] = {"padding",
                                          "truncation",
                                          "max_length",
                                          "return_tensors",
                                          "tokenize",
                                          "return_dict",
                                          "chat_template",
                                          "conversation",
                                          "conversations",
                                          "messages",
                                          "tools",
                                          "documents",
                                          "tokenizer_kwargs",
                                          "continue_final_message",
                                          "return_assistant_tokens_mask"};
    *taken = true;
    if (t2v_str_is(key, "add_generation_prompt"))
        return t2v_json_flag(args, "add_generation_prompt", &message->add_prompt, err);
    if (t2v_str_is(key, "restore_suffix"))
        return t2v_json_flag(args, "restore_suffix", &message->keep_end, err);
    *taken = false;
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
        if (t2v_str_is(key, refused[i]))
            return t2v_fail(err, T2V_EUNSUPPORTED,
                            "processing_kwargs.chat_template has %s, which is not supported",
                            refused[i]);
    return 0;
}

/* The arguments that are variables, as the members of an object that is begun. */
static int copy_args(struct t2v_message *message, struct t2v_str text, struct t2v_buf *out,
                     struct t2v_err *err)
{
    struct t2v_pull pull;
    struct t2v_str key, value;
    t2v_json *args = NULL;
    bool taken = false;
    int rc = t2v_json_parse(text, &args, err);
    t2v_pull_init(&pull, text, err);
    if (rc == 0)
        rc = t2v_pull_open(&pull, '{');
    while (rc == 0 && (rc = t2v_pull_more(&pull, '}')) == 1) {
        rc = t2v_pull_key(&pull, &key);
        if (rc == 0)
            rc = read_own(message, args, key, &taken, err);
        if (rc == 0 && !taken) {
            t2v_buf_adds(out, out->len > 1 ? "," : "");
            t2v_json_write_str(out, key);
            t2v_buf_addc(out, ':');
        }
        if (rc == 0)
            rc = t2v_pull_skip(&pull, &value);
        if (rc == 0 && !taken)
            t2v_buf_add(out, value.ptr, value.len);
    }
    t2v_pull_deinit(&pull);
    t2v_json_free(args);
    return rc;
}

/* The variables of a side: its name as `task`, and the arguments, which may say otherwise. */
static int read_kwargs(struct t2v_message *message, struct t2v_str args, enum t2v_side side,
                       struct t2v_err *err)
{
    struct t2v_buf text;
    t2v_buf_init(&text, SIZE_MAX / 2);
    t2v_buf_addc(&text, '{');
    if (sides[side] != NULL)
        t2v_buf_addf(&text, "\"task\":\"%s\"", sides[side]);
    int rc = args.ptr != NULL ? copy_args(message, args, &text, err) : 0;
    t2v_buf_addc(&text, '}');
    if (rc == 0 && text.fail != 0)
        rc = t2v_fail(err, text.fail, "no memory for the chat template's arguments");
    if (rc == 0)
        rc = t2v_json_parse(t2v_buf_str(&text), &message->kwargs[side], err);
    t2v_buf_deinit(&text);
    return rc;
}

int t2v_message_open(const char *dir, const struct t2v_transformer *settings,
                     struct t2v_message *out, struct t2v_err *err)
{
    *out = (struct t2v_message){.structured = settings->message == T2V_MESSAGE_STRUCTURED,
                                .keep_end = true};
    if (settings->message == T2V_MESSAGE_NONE)
        return 0;
    int rc = t2v_chat_open(dir, &out->chat, err);
    if (rc == 0 && out->chat == NULL)
        rc = t2v_fail(err, T2V_EUNSUPPORTED,
                      "modality_config has \"message\", and there is no chat template");
    if (rc == 0 && t2v_chat_fault(out->chat) != NULL)
        rc = t2v_fail(err, T2V_EUNSUPPORTED, "modality_config has \"message\": %s",
                      t2v_chat_fault(out->chat));
    for (int side = 0; side < T2V_N_SIDE && rc == 0; side++)
        rc = read_kwargs(out, settings->chat_args, (enum t2v_side)side, err);
    return rc;
}

void t2v_message_deinit(struct t2v_message *message)
{
    t2v_chat_free(message->chat);
    for (int side = 0; side < T2V_N_SIDE; side++)
        t2v_json_free(message->kwargs[side]);
    *message = (struct t2v_message){0};
}

/* --- render --- */

static void add_message(const struct t2v_message *message, const char *role, struct t2v_str text,
                        struct t2v_buf *out)
{
    t2v_buf_addf(out, "{\"role\":\"%s\",\"content\":", role);
    if (message->structured)
        t2v_buf_adds(out, "[{\"type\":\"text\",\"text\":");
    t2v_json_write_str(out, text);
    t2v_buf_adds(out, message->structured ? "}]}" : "}");
}

int t2v_message_render(const struct t2v_message *message, struct t2v_message_way way,
                       struct t2v_str text, struct t2v_buf *out, struct t2v_err *err)
{
    struct t2v_buf list;
    t2v_json *messages = NULL;
    t2v_buf_init(&list, SIZE_MAX / 2);
    t2v_buf_addc(&list, '[');
    if (way.prompt.len != 0) {
        add_message(message, "system", way.prompt, &list);
        t2v_buf_addc(&list, ',');
    }
    add_message(message, "user", text, &list);
    t2v_buf_addc(&list, ']');
    int rc = list.fail != 0
                 ? t2v_fail(err, list.fail, "no memory for a text of %zu bytes", text.len)
                 : t2v_json_parse(t2v_buf_str(&list), &messages, err);
    t2v_buf_deinit(&list);
    if (rc == 0) {
        const struct t2v_chat_request request = {.messages = messages,
                                                 .kwargs = message->kwargs[way.side],
                                                 .add_generation_prompt = message->add_prompt,
                                                 .now = (int64_t)time(NULL)};
        rc = t2v_chat_render(message->chat, &request, out, err);
    }
    t2v_json_free(messages);
    return rc;
}

/* --- the template's end --- */

static int encode_filler(const struct t2v_message *message, const t2v_tokenizer *tokenizer,
                         t2v_token_space *space, struct t2v_message_way way, struct t2v_str filler,
                         struct t2v_ids *ids, struct t2v_err *err)
{
    struct t2v_buf text;
    t2v_buf_init(&text, SIZE_MAX / 2);
    int rc = t2v_message_render(message, way, filler, &text, err);
    if (rc == 0)
        rc =
            t2v_tokenizer_encode_bare_cut(tokenizer, space, t2v_buf_str(&text), SIZE_MAX, ids, err);
    t2v_buf_deinit(&text);
    return rc;
}

/* UPSTREAM: the end is the tokens in which two texts of different words end alike; none if the
 * template refuses such texts. */
int t2v_message_restore(const struct t2v_message *message, const t2v_tokenizer *tokenizer,
                        t2v_token_space *space, struct t2v_message_way way, struct t2v_ids *ids,
                        struct t2v_err *err)
{
    struct t2v_ids one = {0}, other = {0};
    if (!message->keep_end)
        return 0;
    int rc = encode_filler(message, tokenizer, space, way, T2V_STR("0"), &one, err);
    if (rc == 0)
        rc = encode_filler(message, tokenizer, space, way, T2V_STR("1 2 3 4"), &other, err);
    size_t least = one.len < other.len ? one.len : other.len, n = 0;
    while (rc == 0 && n < least && one.ptr[one.len - 1 - n] == other.ptr[other.len - 1 - n])
        n++;
    bool differ = n < least;
    size_t keep = n < ids->len ? n : ids->len;
    for (size_t i = 1; i <= keep && differ; i++)
        ids->ptr[ids->len - i] = one.ptr[one.len - i];
    t2v_ids_deinit(&one);
    t2v_ids_deinit(&other);
    return rc == T2V_ENOMEM ? rc : 0;
}
