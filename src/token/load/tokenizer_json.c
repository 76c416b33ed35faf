/* SPDX-License-Identifier: BSD-3-Clause */
/* tokenizer.json: each component reads its own part of it. */
#include "token/load/tokenizer_json.h"

#include <stdio.h>

#include "base/mem.h"
#include "json/pull.h"
#include "token/field.h"
#include "token/load/text.h"
#include "token/model/kinds.h"

#include "base/banned.h"

/* One of added_tokens; here every field must be there, as the library has it. */
static int read_added(const t2v_json *value, const char *where, struct t2v_added_token *token,
                      struct t2v_err *err)
{
    char path[T2V_WHERE_MAX];
    snprintf(path, sizeof path, "%.150s.id", where);
    int rc = t2v_field_id(t2v_json_get(value, "id"), path, &token->id, err);
    if (rc == 0)
        rc = t2v_field_str(value, where, "content", &token->content, err);
    const struct {
        const char *key;
        bool *to;
    } flags[] = {
        {"single_word", &token->single_word}, {"lstrip", &token->lstrip},
        {"rstrip", &token->rstrip},           {"normalized", &token->normalized},
        {"special", &token->special},
    };
    for (size_t i = 0; i < sizeof flags / sizeof *flags && rc == 0; i++)
        rc = t2v_field_bool(value, where, flags[i].key, flags[i].to, err);
    return rc;
}

/* The id that the file gives to a token is not the one it gets, when the two differ: the library
 * takes the model's, or the next free one. */
static int load_added(const t2v_json *list, t2v_tokenizer *tokenizer, struct t2v_settings *settings,
                      struct t2v_err *err)
{
    if (list == NULL)
        return 0;
    if (t2v_json_type(list) != T2V_JSON_ARRAY)
        return t2v_field_wrong(list, "added_tokens", "an array", err);
    size_t n = t2v_json_len(list);
    struct t2v_added_token *tokens = t2v_alloc_zero(n, sizeof *tokens);
    int rc = tokens == NULL ? t2v_fail(err, T2V_ENOMEM, "no memory for added_tokens") : 0;
    for (size_t i = 0; i < n && rc == 0; i++) {
        char path[T2V_WHERE_MAX];
        snprintf(path, sizeof path, "added_tokens[%zu]", i);
        rc = read_added(t2v_json_at(list, i), path, &tokens[i], err);
        if (rc != 0 || settings->has_decoder)
            continue;
        /* The settings live longer than this file's tree. */
        struct t2v_added_token copy = tokens[i];
        copy.content = t2v_arena_dup(&tokenizer->arena, copy.content);
        if (copy.content.ptr == NULL || t2v_settings_add(settings, &copy) != 0)
            rc = t2v_fail(err, T2V_ENOMEM, "no memory for %s", path);
    }
    if (rc == 0) {
        rc = t2v_added_add(&tokenizer->added, tokens, n, tokenizer->model);
        if (rc != 0)
            t2v_added_refused(err, rc, "added_tokens");
    }
    t2v_free(tokens);
    return rc;
}

static int load_parts(const t2v_json *root, const struct t2v_model_lists *lists,
                      t2v_tokenizer *tokenizer, struct t2v_settings *settings, struct t2v_err *err)
{
    int rc = t2v_normalizer_load(t2v_json_get(root, "normalizer"), "normalizer", &tokenizer->arena,
                                 &tokenizer->normalizer, err);
    if (rc == 0)
        rc = t2v_pretok_load(t2v_json_get(root, "pre_tokenizer"), "pre_tokenizer",
                             &tokenizer->arena, &tokenizer->pretok, err);
    if (rc == 0)
        rc = t2v_token_model_load(t2v_json_get(root, "model"), lists, "model", &tokenizer->model,
                                  err);
    if (rc == 0)
        rc = t2v_template_load(t2v_json_get(root, "post_processor"), "post_processor",
                               &tokenizer->tmpl, err);
    if (rc == 0)
        rc = t2v_decode_spec_load(t2v_json_get(root, "decoder"), "decoder", &tokenizer->arena,
                                  &tokenizer->decode, err);
    if (rc == 0)
        rc = load_added(t2v_json_get(root, "added_tokens"), tokenizer, settings, err);
    return rc;
}

/* The tree of a file's text, without the model's lists where its kind takes them as text. */
static int parse(struct t2v_str text, struct t2v_model_lists *lists, t2v_json **root,
                 struct t2v_err *err)
{
    static const char *const inner[] = {"vocab", "merges"};
    struct t2v_str found[2] = {{NULL, 0}, {NULL, 0}};
    struct t2v_buf rest;
    t2v_buf_init(&rest, text.len + sizeof "null" * 2);
    int rc = t2v_json_cut(text, "model", inner, 2, found, &rest, NULL);
    if (rc == 0)
        rc = t2v_json_parse(t2v_buf_str(&rest), root, err);
    t2v_buf_deinit(&rest);
    *lists = (struct t2v_model_lists){found[0], found[1]};
    if (rc == 0 && t2v_token_model_takes_lists(t2v_json_get(*root, "model"), lists))
        return 0;
    *lists = (struct t2v_model_lists){{NULL, 0}, {NULL, 0}};
    if (rc == T2V_ENOMEM)
        return t2v_fail(err, rc, "no memory to parse %zu bytes of JSON", text.len);
    /* Where anything is wrong, the tree's reader says what, and the position in the file. */
    if (rc == 0)
        t2v_json_free(*root);
    return t2v_json_parse(text, root, err);
}

/* `truncation`. UPSTREAM: a stride that leaves nothing of max_length panics in the library. */
static int read_truncation(const t2v_json *value, t2v_tokenizer *tokenizer, struct t2v_err *err)
{
    static const char where[] = "truncation";
    struct t2v_str strategy;
    int64_t max, stride;
    if (t2v_json_type(value) <= T2V_JSON_NULL)
        return 0;
    int rc = t2v_field_int(value, where, "max_length", 0, INT64_MAX, &max, err);
    if (rc == 0)
        rc = t2v_field_int(value, where, "stride", 0, INT64_MAX, &stride, err);
    if (rc == 0)
        rc = t2v_field_str(value, where, "strategy", &strategy, err);
    if (rc != 0)
        return rc;
    if (!t2v_str_is(strategy, "LongestFirst") && !t2v_str_is(strategy, "OnlyFirst"))
        return t2v_fail(err, T2V_EUNSUPPORTED,
                        "truncation.strategy '%.*s' is not supported for single texts",
                        T2V_STR_ARG(strategy));
    if (max != 0 && stride >= max)
        return t2v_fail(err, T2V_EFORMAT, "truncation.stride is not below max_length");
    tokenizer->limit = (size_t)max;
    return 0;
}

static int load_text(struct t2v_str text, t2v_tokenizer *tokenizer, struct t2v_settings *settings,
                     struct t2v_err *err)
{
    t2v_json *root = NULL;
    struct t2v_model_lists lists = {{NULL, 0}, {NULL, 0}};
    int rc = parse(text, &lists, &root, err);
    if (rc != 0)
        return rc;
    if (t2v_json_type(root) != T2V_JSON_OBJECT)
        rc = t2v_field_wrong(root, "the whole", "an object", err);
    else
        rc = load_parts(root, &lists, tokenizer, settings, err);
    /* What transformers heeds of `truncation`: it goes on cutting at that side. */
    const t2v_json *cut = t2v_json_get(t2v_json_get(root, "truncation"), "direction");
    if (!settings->cut_side_known && t2v_str_is(t2v_json_str(cut), "Left"))
        settings->cut_left = true;
    if (rc == 0 && settings->alone)
        rc = read_truncation(t2v_json_get(root, "truncation"), tokenizer, err);
    t2v_json_free(root);
    return rc;
}

int t2v_load_json(const char *path, t2v_tokenizer *tokenizer, struct t2v_settings *settings,
                  struct t2v_err *err)
{
    tokenizer->source = "tokenizer.json";
    return t2v_load_file(path, load_text, tokenizer, settings, err);
}
