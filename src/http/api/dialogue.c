/* SPDX-License-Identifier: BSD-3-Clause */
#include "http/api/dialogue.h"

#include <time.h>

#include "chat/chat.h"
#include "http/api/params.h"
#include "http/body.h"
#include "json/json.h"
#include "json/pull.h"
#include "json/write.h"

#include "base/banned.h"

enum { PROMPT_MAX = 64 << 20 }; /* bytes of a rendered prompt */

/* ---- Messages as templates expect them ---- */

/* Copies a list of messages. The text has been checked, so that reading it fails only without
 * memory. */
struct copy {
    struct t2v_pull pull;
    struct t2v_buf *out;
    struct t2v_fault *fault;
    size_t index; /* of the message */
    bool has_role;
};

static bool wrong(struct copy *c, const char *message)
{
    t2v_fault_invalid(c->fault, "value_error",
                      (struct t2v_loc){"messages", NULL, (ptrdiff_t)c->index}, "%s", message);
    return false;
}

static bool copy_value(struct copy *c)
{
    struct t2v_str value;
    if (t2v_pull_pass(&c->pull, &value) != 0)
        return t2v_fault_no_memory(c->fault);
    return t2v_buf_add(c->out, value.ptr, value.len) == 0 || t2v_fault_no_memory(c->fault);
}

/* Copies the object at the pull's place; `take` copies the value of each key. */
static bool copy_object(struct copy *c, bool (*take)(struct copy *, struct t2v_str key))
{
    struct t2v_str key;
    const char *comma = "{";
    int more = t2v_pull_open(&c->pull, '{');
    while (more == 0 && (more = t2v_pull_more(&c->pull, '}')) == 1) {
        if (t2v_pull_key(&c->pull, &key) != 0)
            return t2v_fault_no_memory(c->fault);
        t2v_buf_adds(c->out, comma);
        t2v_json_write_str(c->out, key);
        t2v_buf_addc(c->out, ':');
        if (!take(c, key))
            return false;
        comma = ",";
        more = 0;
    }
    if (*comma == '{')
        t2v_buf_addc(c->out, '{');
    return more == 0 && t2v_buf_addc(c->out, '}') == 0 ? true : t2v_fault_no_memory(c->fault);
}

static const char tool_calls_wanted[] = "its tool_calls is an array of objects";

/* Copies the array of tool calls at the pull's place. */
static bool copy_array(struct copy *c, bool (*take)(struct copy *, struct t2v_str key))
{
    const char *comma = "[";
    int more = t2v_pull_open(&c->pull, '[');
    while (more == 0 && (more = t2v_pull_more(&c->pull, ']')) == 1) {
        t2v_buf_adds(c->out, comma);
        if (t2v_pull_peek(&c->pull) != '{')
            return wrong(c, tool_calls_wanted);
        if (!copy_object(c, take))
            return false;
        comma = ",";
        more = 0;
    }
    if (*comma == '[')
        t2v_buf_addc(c->out, '[');
    return more == 0 && t2v_buf_addc(c->out, ']') == 0 ? true : t2v_fault_no_memory(c->fault);
}

/* A string whose text is a JSON object becomes that object. */
static bool copy_arguments(struct copy *c)
{
    struct t2v_str text;
    t2v_json *tree;
    if (t2v_pull_str(&c->pull, &text) != 0)
        return t2v_fault_no_memory(c->fault);
    struct t2v_str object = t2v_str_strip(text);
    bool is_object = object.len != 0 && object.ptr[0] == '{';
    if (is_object && t2v_json_parse(object, &tree, NULL) == 0)
        t2v_json_free(tree);
    else
        is_object = false;
    if (is_object)
        t2v_buf_add(c->out, object.ptr, object.len);
    else
        t2v_json_write_str(c->out, text);
    return c->out->fail == 0 || t2v_fault_no_memory(c->fault);
}

static bool take_of_function(struct copy *c, struct t2v_str key)
{
    bool is_text = t2v_pull_peek(&c->pull) == '"';
    return t2v_str_is(key, "arguments") && is_text ? copy_arguments(c) : copy_value(c);
}

static bool take_of_call(struct copy *c, struct t2v_str key)
{
    bool is_object = t2v_pull_peek(&c->pull) == '{';
    return t2v_str_is(key, "function") && is_object ? copy_object(c, take_of_function)
                                                    : copy_value(c);
}

/* The text of a part; false: it has none. */
static bool add_part(struct copy *c, struct t2v_str part, struct t2v_buf *text)
{
    enum { TYPE, TEXT, N };
    static const char *const names[N] = {"type", "text"};
    struct t2v_str values[N] = {{NULL, 0}}, string;
    if (part.ptr[0] == '{' && !t2v_body_inner(part, names, values, N, c->fault))
        return false;
    if (part.ptr[0] == '"')
        values[TEXT] = part;
    bool is_text = values[TYPE].ptr == NULL || t2v_str_is(values[TYPE], "\"text\"");
    if (!is_text || values[TEXT].ptr == NULL || values[TEXT].ptr[0] != '"')
        return wrong(c, "a part of its content is not text: other parts are not supported");
    struct t2v_pull pull;
    t2v_pull_init(&pull, values[TEXT], NULL);
    bool ok = t2v_pull_str(&pull, &string) == 0 && t2v_buf_add(text, string.ptr, string.len) == 0;
    t2v_pull_deinit(&pull);
    return ok || t2v_fault_no_memory(c->fault);
}

/* Content in parts. */
static bool copy_parts(struct copy *c)
{
    struct t2v_buf text;
    struct t2v_str part;
    bool ok = true;
    t2v_buf_init(&text, c->out->max);
    int more = t2v_pull_open(&c->pull, '[');
    while (ok && more == 0 && (more = t2v_pull_more(&c->pull, ']')) == 1) {
        more = t2v_pull_pass(&c->pull, &part);
        ok = more == 0 && add_part(c, part, &text);
    }
    if (ok)
        t2v_json_write_str(c->out, t2v_buf_str(&text));
    t2v_buf_deinit(&text);
    if (c->fault->status != 0)
        return false;
    return (ok && more == 0 && c->out->fail == 0) || t2v_fault_no_memory(c->fault);
}

/* Of a message of Ollama's; some clients send an empty list with each. */
static bool copy_images(struct copy *c)
{
    struct t2v_str value;
    if (t2v_pull_pass(&c->pull, &value) != 0)
        return t2v_fault_no_memory(c->fault);
    bool none = !t2v_body_has(value);
    if (value.ptr[0] == '[')
        none = t2v_str_strip((struct t2v_str){value.ptr + 1, value.len - 2}).len == 0;
    if (!none)
        return wrong(c, "images are not supported");
    return t2v_buf_add(c->out, value.ptr, value.len) == 0 || t2v_fault_no_memory(c->fault);
}

static bool take_of_message(struct copy *c, struct t2v_str key)
{
    char first = t2v_pull_peek(&c->pull);
    if (t2v_str_is(key, "role"))
        c->has_role = first == '"';
    if (t2v_str_is(key, "content") && first == '[')
        return copy_parts(c);
    if (t2v_str_is(key, "content") && first != '"' && first != 'n')
        return wrong(c, "its content is a string, or an array of text parts");
    if (t2v_str_is(key, "tool_calls") && first == '[')
        return copy_array(c, take_of_call);
    if (t2v_str_is(key, "tool_calls") && first != 'n')
        return wrong(c, tool_calls_wanted);
    if (t2v_str_is(key, "images"))
        return copy_images(c);
    return copy_value(c);
}

static bool copy_message(struct copy *c)
{
    if (t2v_pull_peek(&c->pull) != '{')
        return wrong(c, "a message is an object with role and content");
    c->has_role = false;
    if (!copy_object(c, take_of_message))
        return false;
    return c->has_role || wrong(c, "a message needs a role, which is a string");
}

static bool copy_messages(struct copy *c)
{
    int more = t2v_pull_open(&c->pull, '[');
    t2v_buf_addc(c->out, '[');
    while (more == 0 && (more = t2v_pull_more(&c->pull, ']')) == 1) {
        t2v_buf_adds(c->out, c->index != 0 ? "," : "");
        if (!copy_message(c))
            return false;
        c->index++;
        more = 0;
    }
    return (more == 0 && t2v_buf_addc(c->out, ']') == 0) || t2v_fault_no_memory(c->fault);
}

static bool read_messages(struct t2v_str value, struct t2v_buf *out, struct t2v_fault *fault)
{
    const struct t2v_loc loc = {"messages", NULL, -1};
    struct copy c = {.out = out, .fault = fault};
    if (value.ptr == NULL || value.ptr[0] != '[') {
        if (value.ptr == NULL)
            t2v_body_missing(loc, fault);
        else
            t2v_body_wrong_type(fault, "list_type", loc, "an array of messages", value);
        return false;
    }
    t2v_pull_init(&c.pull, value, NULL);
    bool ok = copy_messages(&c);
    t2v_pull_deinit(&c.pull);
    if (ok && c.index == 0) {
        t2v_fault_invalid(fault, "value_error", loc, "an empty array: a message is needed");
        ok = false;
    }
    return ok;
}

/* ---- Rendering ---- */

bool t2v_dialogue_read_ends(struct t2v_str add_prompt, struct t2v_str go_on,
                            struct t2v_dialogue *dialogue, struct t2v_fault *fault)
{
    const struct t2v_params params = {NULL, fault};
    dialogue->go_on = false;
    if (!t2v_param_bool(&params, "continue_final_message", go_on, &dialogue->go_on))
        return false;
    dialogue->add_prompt = !dialogue->go_on;
    if (!t2v_param_bool(&params, "add_generation_prompt", add_prompt, &dialogue->add_prompt))
        return false;
    if (dialogue->add_prompt && dialogue->go_on)
        return t2v_param_wrong(&params, "continue_final_message",
                               "not together with add_generation_prompt");
    return true;
}

/* The trees that a template reads. */
struct trees {
    t2v_json *messages, *tools, *documents, *kwargs;
};

static void trees_free(struct trees *trees)
{
    t2v_json_free(trees->messages);
    t2v_json_free(trees->tools);
    t2v_json_free(trees->documents);
    t2v_json_free(trees->kwargs);
}

/* bracket: with which it begins. Null, missing and an empty array are none. */
static bool parse(const char *name, char bracket, struct t2v_str value, t2v_json **out,
                  struct t2v_fault *fault)
{
    struct t2v_err err = {0};
    if (!t2v_body_has(value))
        return true;
    if (value.ptr[0] != bracket) {
        t2v_body_wrong_type(fault, "value_error", (struct t2v_loc){name, NULL, -1},
                            bracket == '[' ? "an array" : "an object", value);
        return false;
    }
    if (t2v_json_parse(value, out, &err) != 0) {
        t2v_fault_work(fault, &err);
        return false;
    }
    if (bracket == '[' && t2v_json_len(*out) == 0) {
        t2v_json_free(*out);
        *out = NULL;
    }
    return true;
}

static bool read_trees(const struct t2v_dialogue *dialogue, struct trees *trees,
                       struct t2v_fault *fault)
{
    struct t2v_buf messages;
    t2v_buf_init(&messages, SIZE_MAX / 2);
    bool ok = read_messages(dialogue->messages, &messages, fault) &&
              parse("messages", '[', t2v_buf_str(&messages), &trees->messages, fault) &&
              parse("tools", '[', dialogue->tools, &trees->tools, fault) &&
              parse("documents", '[', dialogue->documents, &trees->documents, fault) &&
              parse("chat_template_kwargs", '{', dialogue->kwargs, &trees->kwargs, fault);
    t2v_buf_deinit(&messages);
    return ok;
}

bool t2v_dialogue_render(const struct t2v_served *served, const struct t2v_dialogue *dialogue,
                         struct t2v_buf *out, struct t2v_fault *fault)
{
    const struct t2v_loc loc = {"messages", NULL, -1};
    struct trees trees = {NULL, NULL, NULL, NULL};
    struct t2v_err err = {0};
    if (served->chat == NULL) {
        t2v_fault_invalid(fault, "template_error", loc, "the model has no chat template");
        return false;
    }
    bool ok = read_trees(dialogue, &trees, fault);
    if (ok) {
        const struct t2v_chat_request request = {
            .messages = trees.messages,
            .tools = trees.tools,
            .documents = trees.documents,
            .kwargs = trees.kwargs,
            .add_generation_prompt = dialogue->add_prompt,
            .continue_final_message = dialogue->go_on,
            .now = (int64_t)time(NULL),
        };
        out->max = PROMPT_MAX;
        int rc = t2v_chat_render(served->chat, &request, out, &err);
        ok = rc == 0;
        if (rc == T2V_ENOMEM)
            t2v_fault_no_memory(fault);
        else if (rc != 0)
            t2v_fault_invalid(fault, "template_error", loc, "%s", err.msg);
    }
    trees_free(&trees);
    return ok;
}
