/* SPDX-License-Identifier: BSD-3-Clause */
/* One rendering: the variables, the choice of the template, and the continued last message. */
#include "chat/access.h"
#include "chat/chat_private.h"
#include "chat/compare.h"
#include "chat/dict.h"
#include "chat/exec.h"
#include "chat/from_json.h"
#include "unicode/space.h"

#include "base/banned.h"

/* What transformers puts behind the last message's text, to find its end in the output. */
static const struct t2v_str MARK = {"CONTINUE_FINAL_MESSAGE_TAG ", 27};

static const struct t2v_chat_template *find_template(const t2v_chat *chat, const char *name)
{
    const struct t2v_chat_template *t = chat->templates;
    while (t != NULL && !t2v_str_is(t->name, name))
        t = t->next;
    return t;
}

static bool is_given(const t2v_json *value)
{
    return t2v_json_type(value) != T2V_JSON_MISSING && t2v_json_type(value) != T2V_JSON_NULL;
}

static int choose(const t2v_chat *chat, const struct t2v_chat_request *request,
                  const struct t2v_chat_template **out, struct t2v_err *err)
{
    const struct t2v_chat_template *t = NULL;
    if (request->template_name == NULL && is_given(request->tools))
        t = find_template(chat, "tool_use");
    if (t == NULL)
        t = find_template(chat,
                          request->template_name != NULL ? request->template_name : "default");
    if (t == NULL && request->template_name != NULL)
        return t2v_fail(err, T2V_EFORMAT, "the model has no chat template of that name");
    if (t == NULL)
        return t2v_fail(err, T2V_EFORMAT,
                        "the model has several chat templates but no default one");
    if (t->fault.code != 0)
        return t2v_fail(err, t->fault.code, "the model's chat template cannot be used: %s",
                        t->fault.msg);
    *out = t;
    return 0;
}

static int check_objects(const t2v_json *list, const char *name, bool required, struct t2v_err *err)
{
    if (!required && !is_given(list))
        return 0;
    if (t2v_json_type(list) != T2V_JSON_ARRAY)
        return t2v_fail(err, T2V_EFORMAT, "%s must be an array", name);
    if (required && t2v_json_len(list) == 0)
        return t2v_fail(err, T2V_EFORMAT, "%s must not be empty", name);
    for (size_t i = 0; i < t2v_json_len(list); i++) {
        if (t2v_json_type(t2v_json_at(list, i)) != T2V_JSON_OBJECT)
            return t2v_fail(err, T2V_EFORMAT, "%s must hold objects", name);
    }
    return 0;
}

static int check(const struct t2v_chat_request *request, struct t2v_err *err)
{
    static const char *const taken[] = {"messages",
                                        "tools",
                                        "documents",
                                        "add_generation_prompt",
                                        "continue_final_message",
                                        "chat_template",
                                        "conversations",
                                        "return_assistant_tokens_mask"};
    int rc = check_objects(request->messages, "messages", true, err);
    if (rc == 0)
        rc = check_objects(request->tools, "tools", false, err);
    if (rc == 0)
        rc = check_objects(request->documents, "documents", false, err);
    if (rc == 0 && is_given(request->kwargs) && t2v_json_type(request->kwargs) != T2V_JSON_OBJECT)
        rc = t2v_fail(err, T2V_EFORMAT, "chat_template_kwargs must be an object");
    for (size_t i = 0; rc == 0 && i < sizeof taken / sizeof *taken; i++) {
        if (t2v_json_get(request->kwargs, taken[i]) != NULL)
            rc = t2v_fail(err, T2V_EFORMAT, "chat_template_kwargs must not have %s", taken[i]);
    }
    if (rc == 0 && request->continue_final_message && request->add_generation_prompt)
        rc = t2v_fail(err, T2V_EFORMAT,
                      "continue_final_message and add_generation_prompt are not compatible");
    return rc;
}

static void set(struct t2v_run *run, const char *name, struct t2v_value value)
{
    t2v_scope_set(run, run->scope, t2v_str_of(name), value);
}

static struct t2v_value token_value(struct t2v_run *run, const struct t2v_chat_token *token)
{
    if (!token->is_list)
        return t2v_string(token->texts[0]);
    struct t2v_items *items = t2v_items_new(run, token->n_text);
    for (size_t i = 0; i < token->n_text; i++)
        t2v_items_add(run, items, t2v_string(token->texts[i]));
    return t2v_items_value(T2V_LIST, items);
}

/* Sets the variables that a template sees. */
static void set_variables(struct t2v_run *run, const t2v_chat *chat,
                          const struct t2v_chat_request *request, struct t2v_value messages)
{
    for (const struct t2v_chat_token *t = chat->tokens; t != NULL && run->rc == 0; t = t->next)
        t2v_scope_set(run, run->scope, t->name, token_value(run, t));
    set(run, "messages", messages);
    set(run, "tools", t2v_from_json(run, request->tools));
    set(run, "documents", t2v_from_json(run, request->documents));
    set(run, "add_generation_prompt", t2v_bool(request->add_generation_prompt));
    for (struct t2v_json_member m = t2v_json_first(request->kwargs); m.value != NULL;
         m = t2v_json_next(request->kwargs, m))
        t2v_scope_set(run, run->scope, m.key, t2v_from_json(run, m.value));
}

/* A copy of a dict with another value for a key. */
static struct t2v_value with(struct t2v_run *run, struct t2v_value v, const char *key,
                             struct t2v_value value)
{
    struct t2v_dict *copy = t2v_dict_new(run, v.dict->n);
    for (size_t i = 0; i < v.dict->n && run->rc == 0; i++) {
        struct t2v_pair pair = v.dict->at[i];
        t2v_dict_add(run, copy, pair.key, t2v_is_string(pair.key, key) ? value : pair.value);
    }
    return run->rc == 0 ? (struct t2v_value){.type = T2V_DICT, .dict = copy} : t2v_none();
}

/* Puts the mark behind the text under a key; *final becomes the text. */
static struct t2v_value mark_text(struct t2v_run *run, struct t2v_value object, const char *key,
                                  struct t2v_str *final)
{
    const struct t2v_value *text = t2v_dict_named(object.dict, key);
    if (text == NULL || text->type != T2V_STRING)
        return t2v_run_fail(run, T2V_EFORMAT,
                            "continue_final_message needs a text in the last message");
    *final = text->text;
    return with(run, object, key, t2v_binary(run, '+', *text, t2v_string(MARK)));
}

/* The same for a content that is a list of parts: the last one with a text is continued. */
static struct t2v_value mark_parts(struct t2v_run *run, struct t2v_value content,
                                   struct t2v_str *final)
{
    struct t2v_items *parts = t2v_items_new(run, content.items->n);
    bool marked = false;
    for (size_t i = 0; i < content.items->n; i++)
        t2v_items_add(run, parts, content.items->at[i]);
    for (size_t i = content.items->n; i-- > 0 && !marked && run->rc == 0;) {
        struct t2v_value part = parts->at[i];
        if (part.type != T2V_DICT || t2v_dict_named(part.dict, "text") == NULL)
            continue;
        parts->at[i] = mark_text(run, part, "text", final);
        marked = true;
    }
    if (!marked)
        t2v_run_fail(run, T2V_EFORMAT,
                     "continue_final_message is set but we could not find any text to continue in "
                     "the final message!");
    return t2v_items_value(T2V_LIST, parts);
}

/* Marks the end of the last message. The list is the rendering's own. */
static void mark_last(struct t2v_run *run, struct t2v_value messages, struct t2v_str *final)
{
    struct t2v_value *last = &messages.items->at[messages.items->n - 1];
    const struct t2v_value *content = t2v_dict_named(last->dict, "content");
    if (content != NULL && content->type == T2V_LIST)
        *last = with(run, *last, "content", mark_parts(run, *content, final));
    else
        *last = mark_text(run, *last, "content", final);
}

static bool has(struct t2v_str text, struct t2v_str part)
{
    return part.len == 0 ||
           (text.len != 0 && memmem(text.ptr, text.len, part.ptr, part.len) != NULL);
}

/* Cuts the text at the mark, and with it the white space before the mark if the template has
 * trimmed the mark's own blank. */
static int cut_at_mark(struct t2v_str *text, struct t2v_str final, struct t2v_err *err)
{
    struct t2v_str bare = {MARK.ptr, MARK.len - 1};
    if (!has(*text, t2v_space_strip(final)) || !has(*text, bare))
        return t2v_fail(err, T2V_EFORMAT,
                        "continue_final_message is set but the final message does not appear in "
                        "the chat after applying the chat template");
    size_t at = text->len - bare.len;
    while (!t2v_str_starts(t2v_str_skip(*text, at), bare))
        at--;
    bool whole = t2v_str_starts(t2v_str_skip(*text, at), MARK);
    text->len = at;
    for (int n; !whole && (n = t2v_space_last(*text)) != 0;)
        text->len -= (size_t)n;
    return 0;
}

static void render(struct t2v_run *run, const t2v_chat *chat,
                   const struct t2v_chat_request *request, const struct t2v_chat_template *template,
                   struct t2v_str *final)
{
    struct t2v_value messages = t2v_from_json(run, request->messages);
    if (run->rc == 0 && request->continue_final_message)
        mark_last(run, messages, final);
    run->scope = run->rc == 0 ? t2v_scope_new(run, NULL) : NULL;
    if (run->scope != NULL)
        set_variables(run, chat, request, messages);
    run->scope = run->rc == 0 ? t2v_scope_new(run, run->scope) : NULL;
    if (run->scope != NULL)
        t2v_exec(run, template->body);
}

int t2v_chat_render(const t2v_chat *chat, const struct t2v_chat_request *request,
                    struct t2v_buf *out, struct t2v_err *err)
{
    const struct t2v_chat_template *template = NULL;
    int rc = check(request, err);
    if (rc == 0)
        rc = choose(chat, request, &template, err);
    if (rc != 0)
        return rc;
    struct t2v_buf text;
    struct t2v_run run = {
        .err = err, .steps = T2V_CHAT_MAX_STEPS, .out = &text, .now = request->now};
    struct t2v_str final = {"", 0}, rendered;
    t2v_buf_init(&text, T2V_CHAT_MAX_OUTPUT);
    render(&run, chat, request, template, &final);
    rc = run.rc;
    rendered = t2v_buf_str(&text);
    if (rc == 0 && request->continue_final_message)
        rc = cut_at_mark(&rendered, final, err);
    if (rc == 0 && (rc = t2v_buf_add(out, rendered.ptr, rendered.len)) != 0)
        t2v_fail(err, rc, "the text of the chat is too large");
    t2v_buf_deinit(&text);
    t2v_arena_free(&run.arena);
    return rc;
}
