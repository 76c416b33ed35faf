/* SPDX-License-Identifier: BSD-3-Clause */
/* The templates and special tokens in the files of a model. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "chat/chat_private.h"

#include "base/banned.h"

enum { PATH_BYTES = 4096, FILE_MAX = 64 << 20, MAX_TEMPLATES = 100 };

/* The template of a name, which is added if there is none; NULL: no memory. */
static struct t2v_chat_template *place_of(t2v_chat *chat, struct t2v_str name)
{
    struct t2v_chat_template **end = &chat->templates;
    while (*end != NULL && !t2v_str_eq((*end)->name, name))
        end = &(*end)->next;
    if (*end != NULL)
        return *end;
    struct t2v_chat_template *t = t2v_arena_alloc(&chat->arena, 1, sizeof *t);
    struct t2v_str copy = t2v_arena_dup(&chat->arena, name);
    if (t == NULL || copy.ptr == NULL)
        return NULL;
    *t = (struct t2v_chat_template){.name = copy};
    *end = t;
    return t;
}

static int add_template(t2v_chat *chat, struct t2v_str name, struct t2v_str text,
                        struct t2v_err *err)
{
    size_t bad;
    if (text.len > T2V_CHAT_MAX_TEMPLATE)
        return t2v_fail(err, T2V_ETOOLARGE, "a chat template of %zu bytes, the limit is %d",
                        text.len, T2V_CHAT_MAX_TEMPLATE);
    if (!t2v_utf8_valid(text, &bad))
        return t2v_fail_at(err, T2V_EFORMAT, bad, "the chat template is not UTF-8");
    struct t2v_chat_template *t = place_of(chat, name);
    if (t == NULL)
        return t2v_fail(err, T2V_ENOMEM, "no memory for a chat template");
    t->fault.code = 0;
    return t2v_node_parse(text, &chat->arena, &t->body, err);
}

/* What a template of this file failed with is kept for its renderings, if it is the template's
 * fault; else it is returned. */
static int keep_fault(t2v_chat *chat, struct t2v_str name, const char *file, int rc,
                      struct t2v_err *err)
{
    if (rc != T2V_EFORMAT && rc != T2V_EUNSUPPORTED && rc != T2V_ETOOLARGE)
        return rc;
    struct t2v_chat_template *t = place_of(chat, name);
    if (t == NULL)
        return t2v_fail(err, T2V_ENOMEM, "no memory for a chat template");
    t->fault = err != NULL ? *err : (struct t2v_err){0};
    t2v_fail_in(&t->fault, rc, file);
    return 0;
}

const char *t2v_chat_fault(const t2v_chat *chat)
{
    const struct t2v_chat_template *t = chat->templates;
    while (t != NULL && t->fault.code == 0)
        t = t->next;
    return t != NULL ? t->fault.msg : NULL;
}

/* Nodes are nested no deeper than the parser allows. */
static bool reads(const struct t2v_node *node, const char *variable)
{
    for (; node != NULL; node = node->next) {
        const struct t2v_node *const parts[] = {node->a, node->b, node->c, node->d, node->e};
        if (node->type == T2V_NODE_NAME && t2v_str_is(node->name, variable))
            return true;
        for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
            if (reads(parts[i], variable))
                return true;
    }
    return false;
}

bool t2v_chat_reads(const t2v_chat *chat, const char *variable)
{
    for (const struct t2v_chat_template *t = chat->templates; t != NULL; t = t->next)
        if (t->fault.code == 0 && reads(t->body, variable))
            return true;
    return false;
}

/* The text of a special token: a string, or the `content` of an object. */
static struct t2v_str token_text(const t2v_json *value)
{
    const t2v_json *content = t2v_json_get(value, "content");
    return t2v_json_str(content != NULL ? content : value);
}

/* Sets a token, or unsets it if value is null. What is of another type is ignored. */
static int set_token(t2v_chat *chat, struct t2v_str name, const t2v_json *value)
{
    struct t2v_chat_token **end = &chat->tokens, *token;
    bool list = t2v_json_type(value) == T2V_JSON_ARRAY;
    size_t n = list ? t2v_json_len(value) : 1, kept = 0;
    while (*end != NULL && !t2v_str_eq((*end)->name, name))
        end = &(*end)->next;
    if (*end != NULL)
        *end = (*end)->next;
    while (*end != NULL)
        end = &(*end)->next;
    token = t2v_arena_alloc(&chat->arena, 1, sizeof *token);
    struct t2v_str *texts = t2v_arena_alloc(&chat->arena, n, sizeof *texts);
    struct t2v_str copy = t2v_arena_dup(&chat->arena, name);
    if (token == NULL || texts == NULL || copy.ptr == NULL)
        return T2V_ENOMEM;
    for (size_t i = 0; i < n; i++) {
        struct t2v_str text = token_text(list ? t2v_json_at(value, i) : value);
        if (text.len == 0)
            continue;
        texts[kept] = t2v_arena_dup(&chat->arena, text);
        if (texts[kept++].ptr == NULL)
            return T2V_ENOMEM;
    }
    *token = (struct t2v_chat_token){copy, texts, kept, list, NULL};
    if (kept != 0)
        *end = token;
    return 0;
}

/* Sets the special tokens that an object has. */
static int set_tokens(t2v_chat *chat, const t2v_json *object)
{
    static const char *const names[] = {
        "bos_token", "eos_token", "unk_token",  "sep_token",
        "pad_token", "cls_token", "mask_token", "additional_special_tokens"};
    int rc = 0;
    for (size_t i = 0; i < sizeof names / sizeof *names && rc == 0; i++) {
        const t2v_json *value = t2v_json_get(object, names[i]);
        if (value != NULL)
            rc = set_token(chat, t2v_str_of(names[i]), value);
    }
    const t2v_json *extra = t2v_json_get(object, "extra_special_tokens");
    for (struct t2v_json_member m = t2v_json_first(extra); m.value != NULL && rc == 0;
         m = t2v_json_next(extra, m))
        rc = set_token(chat, m.key, m.value);
    return rc;
}

static const struct t2v_str DEFAULT = {"default", 7};

/* Adds `chat_template` of a file: a text, or a list of {name, template}. */
static int add_value(t2v_chat *chat, const t2v_json *value, const char *file, struct t2v_err *err)
{
    int rc = 0;
    if (t2v_json_type(value) == T2V_JSON_STRING) {
        rc = add_template(chat, DEFAULT, t2v_json_str(value), err);
        return keep_fault(chat, DEFAULT, file, rc, err);
    }
    for (size_t i = 0; i < t2v_json_len(value) && i < MAX_TEMPLATES && rc == 0; i++) {
        const t2v_json *entry = t2v_json_at(value, i);
        struct t2v_str name = t2v_json_str(t2v_json_get(entry, "name"));
        struct t2v_str text = t2v_json_str(t2v_json_get(entry, "template"));
        if (name.ptr == NULL || text.ptr == NULL) {
            rc = t2v_fail(err, T2V_EFORMAT, "chat_template is not a list of {name, template}");
            return keep_fault(chat, DEFAULT, file, rc, err);
        }
        rc = add_template(chat, name, text, err);
        rc = keep_fault(chat, name, file, rc, err);
    }
    return rc;
}

/* Reads DIR/NAME if it exists; else *root is NULL. */
static int load(const char *dir, const char *name, t2v_json **root, struct t2v_err *err)
{
    char path[PATH_BYTES];
    bool there;
    *root = NULL;
    int rc = t2v_file_find(path, sizeof path, dir, name, &there, err);
    return rc == 0 && there ? t2v_json_load(path, FILE_MAX, root, err) : rc;
}

/* Adds the template in DIR/FILE, if there is one. */
static int add_file(t2v_chat *chat, const char *dir, const char *file, struct t2v_str name,
                    struct t2v_err *err)
{
    char path[PATH_BYTES], *text;
    size_t len;
    bool there;
    int rc = t2v_file_find(path, sizeof path, dir, file, &there, err);
    if (rc != 0 || !there)
        return rc;
    rc = t2v_file_read(path, FILE_MAX, &text, &len, err);
    if (rc != 0)
        return rc;
    rc = add_template(chat, name, (struct t2v_str){text, len}, err);
    t2v_free(text);
    return keep_fault(chat, name, file, rc, err);
}

static int is_jinja(const struct dirent *entry)
{
    return t2v_str_ends(t2v_str_of(entry->d_name), T2V_STR(".jinja"));
}

/* Adds the templates of DIR/additional_chat_templates. */
static int add_folder(t2v_chat *chat, const char *dir, struct t2v_err *err)
{
    char path[PATH_BYTES];
    struct dirent **entries = NULL;
    int rc = t2v_file_join(path, sizeof path, dir, "additional_chat_templates", err);
    int n = rc == 0 ? scandir(path, &entries, is_jinja, alphasort) : 0;
    for (int i = 0; i < n; i++) {
        struct t2v_str name = t2v_str_of(entries[i]->d_name);
        name.len -= sizeof ".jinja" - 1;
        if (rc == 0 && i < MAX_TEMPLATES)
            rc = add_file(chat, path, entries[i]->d_name, name, err);
        free(entries[i]);
    }
    free(entries);
    return rc;
}

/* Adds `chat_template` of DIR/NAME. */
static int add_json(t2v_chat *chat, const char *dir, const char *name, struct t2v_err *err)
{
    t2v_json *root;
    int rc = load(dir, name, &root, err);
    if (rc == 0)
        rc = add_value(chat, t2v_json_get(root, "chat_template"), name, err);
    t2v_json_free(root);
    return rc != 0 ? t2v_fail_in_dir(err, rc, dir, name) : 0;
}

static int add_all(t2v_chat *chat, const char *dir, struct t2v_err *err)
{
    int rc = add_file(chat, dir, "chat_template.jinja", DEFAULT, err);
    if (rc == 0)
        rc = add_folder(chat, dir, err);
    if (rc == 0 && chat->templates == NULL)
        rc = add_json(chat, dir, "tokenizer_config.json", err);
    if (rc == 0 && chat->templates == NULL)
        rc = add_json(chat, dir, "chat_template.json", err);
    return rc;
}

/* special_tokens_map.json only counts where tokenizer_config.json is of the older kind. */
static int add_tokens(t2v_chat *chat, const char *dir, struct t2v_err *err)
{
    t2v_json *config, *map = NULL;
    int rc = load(dir, "tokenizer_config.json", &config, err);
    if (rc == 0 && t2v_json_get(config, "added_tokens_decoder") == NULL)
        rc = load(dir, "special_tokens_map.json", &map, err);
    if (rc == 0 && (set_tokens(chat, config) != 0 || set_tokens(chat, map) != 0))
        rc = t2v_fail(err, T2V_ENOMEM, "no memory for the special tokens");
    t2v_json_free(config);
    t2v_json_free(map);
    return rc;
}

static t2v_chat *new_chat(struct t2v_err *err)
{
    t2v_chat *chat = t2v_alloc_zero(1, sizeof *chat);
    if (chat == NULL)
        t2v_fail(err, T2V_ENOMEM, "no memory for chat templates");
    return chat;
}

int t2v_chat_open(const char *dir, t2v_chat **out, struct t2v_err *err)
{
    t2v_chat *chat = new_chat(err);
    *out = NULL;
    if (chat == NULL)
        return T2V_ENOMEM;
    int rc = add_all(chat, dir, err);
    if (rc == 0 && chat->templates != NULL)
        rc = add_tokens(chat, dir, err);
    if (rc == 0 && chat->templates != NULL)
        *out = chat;
    else
        t2v_chat_free(chat);
    return rc;
}

int t2v_chat_parse(struct t2v_str text, const t2v_json *tokens, t2v_chat **out, struct t2v_err *err)
{
    t2v_chat *chat = new_chat(err);
    *out = NULL;
    if (chat == NULL)
        return T2V_ENOMEM;
    int rc = add_template(chat, DEFAULT, text, err);
    if (rc == 0 && set_tokens(chat, tokens) != 0)
        rc = t2v_fail(err, T2V_ENOMEM, "no memory for the special tokens");
    if (rc == 0)
        *out = chat;
    else
        t2v_chat_free(chat);
    return rc;
}

void t2v_chat_free(t2v_chat *chat)
{
    if (chat == NULL)
        return;
    t2v_arena_free(&chat->arena);
    t2v_free(chat);
}
