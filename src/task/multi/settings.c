/* SPDX-License-Identifier: BSD-3-Clause */
#include "task/multi/settings.h"

#include "model/json_file.h"

#include "base/banned.h"

/* ColBERT's default, and the most that is taken from a file. */
enum { EXPAND_TO = 32, MAX_LENGTH = 1 << 20 };

static const char punctuation[] = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~";

static bool is_there(const t2v_json *value)
{
    return t2v_json_type(value) > T2V_JSON_NULL;
}

static int no_memory(struct t2v_err *err)
{
    return t2v_fail(err, T2V_ENOMEM, "no memory for the model's settings");
}

static int keep(struct t2v_arena *arena, struct t2v_str text, struct t2v_str *out,
                struct t2v_err *err)
{
    *out = t2v_arena_dup(arena, text);
    return out->ptr != NULL ? 0 : no_memory(err);
}

/* A string under key; *out stays as it is where there is none. */
static int read_str(const t2v_json *object, const char *key, struct t2v_arena *arena,
                    struct t2v_str *out, struct t2v_err *err)
{
    const t2v_json *value = t2v_json_get(object, key);
    struct t2v_str text = t2v_json_str(value);
    if (!is_there(value))
        return 0;
    if (text.ptr == NULL)
        return t2v_fail(err, T2V_EFORMAT, "%s should be a string, and is %s", key,
                        t2v_json_type_name(value));
    return keep(arena, text, out, err);
}

static int read_length(const t2v_json *object, const char *key, size_t *out, struct t2v_err *err)
{
    const t2v_json *value = t2v_json_get(object, key);
    int64_t n;
    if (!is_there(value))
        return 0;
    if (!t2v_json_int(value, &n) || n < 1 || n > MAX_LENGTH)
        return t2v_fail(err, T2V_EFORMAT, "%s should be an integer from 1 to %d", key,
                        (int)MAX_LENGTH);
    *out = (size_t)n;
    return 0;
}

/* --- the skiplist --- */

static int set_punctuation(struct t2v_arena *arena, struct t2v_multi_settings *out,
                           struct t2v_err *err)
{
    out->n_skip = sizeof punctuation - 1;
    out->skiplist = t2v_arena_alloc(arena, out->n_skip, sizeof *out->skiplist);
    if (out->skiplist == NULL)
        return no_memory(err);
    for (size_t i = 0; i < out->n_skip; i++)
        out->skiplist[i] = (struct t2v_str){punctuation + i, 1};
    return 0;
}

static int read_words(const t2v_json *list, struct t2v_arena *arena, struct t2v_multi_settings *out,
                      struct t2v_err *err)
{
    size_t n = t2v_json_len(list);
    int rc = 0;
    if (t2v_json_type(list) != T2V_JSON_ARRAY)
        return t2v_fail(err, T2V_EFORMAT, "skiplist_words should be an array, and is %s",
                        t2v_json_type_name(list));
    out->n_skip = 0;
    out->skiplist = t2v_arena_alloc(arena, n != 0 ? n : 1, sizeof *out->skiplist);
    if (out->skiplist == NULL)
        return no_memory(err);
    for (size_t i = 0; i < n && rc == 0; i++) {
        struct t2v_str word = t2v_json_str(t2v_json_at(list, i));
        rc = word.ptr != NULL
                 ? keep(arena, word, &out->skiplist[out->n_skip++], err)
                 : t2v_fail(err, T2V_EFORMAT, "skiplist_words[%zu] should be a string", i);
    }
    return rc;
}

/* --- Stanford's --- */

static int read_marker(const t2v_json *root, const char *key, struct t2v_str absent,
                       struct t2v_arena *arena, struct t2v_multi_side *side, struct t2v_err *err)
{
    struct t2v_buf text;
    struct t2v_str marker = t2v_json_str(t2v_json_get(root, key));
    t2v_buf_init(&text, SIZE_MAX);
    if (marker.len == 0)
        marker = absent;
    t2v_buf_add(&text, marker.ptr, marker.len);
    t2v_buf_addc(&text, ' ');
    int rc = text.fail == 0 ? keep(arena, t2v_buf_str(&text), &side->prompt, err) : no_memory(err);
    t2v_buf_deinit(&text);
    side->n_marker = side->prompt.len;
    return rc;
}

static int read_metadata(const t2v_json *root, struct t2v_arena *arena,
                         struct t2v_multi_settings *out, struct t2v_err *err)
{
    struct t2v_multi_side *query = &out->sides[T2V_MULTI_QUERY];
    struct t2v_multi_side *document = &out->sides[T2V_MULTI_DOCUMENT];
    bool skips = true;
    int rc = read_marker(root, "query_token_id", T2V_STR("[unused0]"), arena, query, err);
    if (rc == 0)
        rc = read_marker(root, "doc_token_id", T2V_STR("[unused1]"), arena, document, err);
    if (rc == 0)
        rc = read_length(root, "doc_maxlen", &document->max_tok, err);
    if (rc == 0)
        rc = read_length(root, "query_maxlen", &out->expand_to, err);
    if (rc == 0)
        rc = t2v_json_flag(root, "attend_to_mask_tokens", &out->attend, err);
    if (rc == 0)
        rc = t2v_json_flag(root, "mask_punctuation", &skips, err);
    return rc == 0 && skips ? set_punctuation(arena, out, err) : rc;
}

int t2v_multi_read_stanford(const char *dir, struct t2v_arena *arena,
                            struct t2v_multi_settings *out, struct t2v_err *err)
{
    static const char name[] = "artifact.metadata";
    struct t2v_json_file file;
    *out = (struct t2v_multi_settings){.expand_to = EXPAND_TO, .expand_fixed = true};
    out->sides[T2V_MULTI_DOCUMENT].skips = true;
    int rc = t2v_json_file_find(dir, name, T2V_JSON_OBJECT, &file, err);
    if (rc == 0)
        rc = read_metadata(file.root, arena, out, err);
    t2v_json_file_deinit(&file);
    return t2v_fail_in_dir(err, rc, dir, name);
}

/* --- PyLate's, and those of sentence-transformers --- */

/* The prompt of one task: PyLate's prefix, which is often one token, then the prompt's text without
 * that. */
static int read_prompt(const t2v_json *root, const char *prefix_key, const char *prompt_key,
                       struct t2v_arena *arena, struct t2v_multi_side *side, struct t2v_err *err)
{
    struct t2v_str prefix = {NULL, 0}, prompt = {NULL, 0};
    struct t2v_buf text;
    int rc = read_str(root, prefix_key, arena, &prefix, err);
    if (rc == 0)
        rc = read_str(t2v_json_get(root, "prompts"), prompt_key, arena, &prompt, err);
    if (rc != 0)
        return rc;
    if (prefix.len != 0 && t2v_str_starts(prompt, prefix))
        prompt = t2v_str_skip(prompt, prefix.len);
    t2v_buf_init(&text, SIZE_MAX);
    t2v_buf_add(&text, prefix.ptr, prefix.len);
    t2v_buf_add(&text, prompt.ptr, prompt.len);
    rc = text.fail == 0 ? keep(arena, t2v_buf_str(&text), &side->prompt, err) : no_memory(err);
    t2v_buf_deinit(&text);
    side->n_marker = prefix.len;
    return rc;
}

/* PyLate's keys for the expansion of queries, which is on unless they say otherwise. */
static int read_pylate_expansion(const t2v_json *root, struct t2v_multi_settings *out,
                                 struct t2v_err *err)
{
    static const char *const keys[] = {"query_length",          "document_length",
                                       "do_query_expansion",    "attend_to_expansion_tokens",
                                       "attend_to_mask_tokens", "query_prefix",
                                       "document_prefix",       "skiplist_words"};
    bool expand = true, marked = false;
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        marked |= t2v_json_get(root, keys[i]) != NULL;
    int rc = t2v_json_flag(root, "do_query_expansion", &expand, err);
    if (rc == 0)
        rc = t2v_json_flag(root, "attend_to_mask_tokens", &out->attend, err);
    if (rc == 0)
        rc = t2v_json_flag(root, "attend_to_expansion_tokens", &out->attend, err);
    if (rc != 0 || !marked || !expand)
        return rc;
    size_t *length = &out->sides[T2V_MULTI_QUERY].max_tok;
    out->expand_to = *length != 0 ? *length : EXPAND_TO;
    out->expand_fixed = true;
    *length = 0;
    return 0;
}

static int read_pylate(const t2v_json *root, struct t2v_arena *arena,
                       struct t2v_multi_settings *out, struct t2v_err *err)
{
    struct t2v_multi_side *query = &out->sides[T2V_MULTI_QUERY];
    struct t2v_multi_side *document = &out->sides[T2V_MULTI_DOCUMENT];
    const t2v_json *words = t2v_json_get(root, "skiplist_words");
    struct t2v_str type = t2v_json_str(t2v_json_get(root, "model_type"));
    bool punctuated = query->n_marker != 0 || document->n_marker != 0 ||
                      (type.ptr != NULL && t2v_str_is(type, "ColBERT"));
    int rc = read_length(root, "query_length", &query->max_tok, err);
    if (rc == 0)
        rc = read_length(root, "document_length", &document->max_tok, err);
    if (rc == 0)
        rc = read_pylate_expansion(root, out, err);
    if (rc == 0 && is_there(words))
        return read_words(words, arena, out, err);
    return rc == 0 && punctuated ? set_punctuation(arena, out, err) : rc;
}

static int read_expansion(const t2v_json *expansion, struct t2v_arena *arena,
                          struct t2v_multi_settings *out, struct t2v_err *err)
{
    struct t2v_str strategy = t2v_json_str(t2v_json_get(expansion, "strategy"));
    out->expand_fixed = strategy.ptr != NULL && t2v_str_is(strategy, "fixed");
    if (!out->expand_fixed && (strategy.ptr == NULL || !t2v_str_is(strategy, "min")))
        return t2v_fail(err, T2V_EUNSUPPORTED,
                        "query_expansion's strategy '%.*s' is not supported (fixed, min are)",
                        T2V_STR_ARG(strategy));
    out->expand_to = 0;
    out->attend = false;
    int rc = read_length(expansion, "length", &out->expand_to, err);
    if (rc == 0 && out->expand_to == 0)
        rc = t2v_fail(err, T2V_EFORMAT, "query_expansion without a length");
    if (rc == 0)
        rc = t2v_json_flag(expansion, "attend", &out->attend, err);
    return rc == 0 ? read_str(expansion, "token", arena, &out->expand_token, err) : rc;
}

/* The Transformer's own settings, which win. */
static int read_own(const t2v_json *root, struct t2v_arena *arena, struct t2v_multi_settings *out,
                    struct t2v_err *err)
{
    const t2v_json *expansion = t2v_json_get(root, "query_expansion");
    bool lower = false;
    int rc = read_length(root, "query_length", &out->sides[T2V_MULTI_QUERY].max_tok, err);
    if (rc == 0)
        rc = read_length(root, "document_length", &out->sides[T2V_MULTI_DOCUMENT].max_tok, err);
    if (rc == 0)
        rc = t2v_json_flag(root, "do_lower_case", &lower, err);
    if (rc == 0 && (lower || is_there(t2v_json_get(root, "processing_kwargs"))))
        rc = t2v_fail(err, T2V_EUNSUPPORTED,
                      "do_lower_case and processing_kwargs are not supported here");
    if (rc != 0 || expansion == NULL)
        return rc;
    if (is_there(expansion))
        return read_expansion(expansion, arena, out, err);
    out->expand_to = 0;
    return 0;
}

static int read_both(const t2v_json *root, const char *net_dir, struct t2v_arena *arena,
                     struct t2v_multi_settings *out, struct t2v_err *err)
{
    static const char name[] = "sentence_bert_config.json";
    struct t2v_json_file own;
    int rc = read_prompt(root, "query_prefix", "query", arena, &out->sides[T2V_MULTI_QUERY], err);
    if (rc == 0)
        rc = read_prompt(root, "document_prefix", "document", arena,
                         &out->sides[T2V_MULTI_DOCUMENT], err);
    if (rc == 0)
        rc = read_pylate(root, arena, out, err);
    if (rc == 0)
        rc = t2v_json_file_find(net_dir, name, T2V_JSON_OBJECT, &own, err);
    if (rc != 0)
        return rc;
    rc = t2v_fail_in_dir(err, read_own(own.root, arena, out, err), net_dir, name);
    t2v_json_file_deinit(&own);
    return rc;
}

int t2v_multi_read_sentence(const t2v_model *model, struct t2v_arena *arena,
                            struct t2v_multi_settings *out, struct t2v_err *err)
{
    static const char name[] = "config_sentence_transformers.json";
    const char *dir = t2v_model_dir(model);
    struct t2v_json_file file;
    *out = (struct t2v_multi_settings){0};
    out->sides[T2V_MULTI_DOCUMENT].skips = true;
    int rc = t2v_json_file_find(dir, name, T2V_JSON_OBJECT, &file, err);
    if (rc == 0)
        rc = read_both(file.root, t2v_model_net_dir(model), arena, out, err);
    t2v_json_file_deinit(&file);
    return t2v_fail_in_dir(err, rc, dir, name);
}

/* --- MultiVectorMask's --- */

/* Which tasks the skiplist is for: a word, or several; absent: documents. */
static void read_tasks(const t2v_json *tasks, struct t2v_multi_settings *out)
{
    static const char *const names[T2V_N_MULTI] = {"query", "document"};
    size_t n = t2v_json_type(tasks) == T2V_JSON_ARRAY ? t2v_json_len(tasks) : 1;
    for (int s = 0; s < T2V_N_MULTI && is_there(tasks); s++) {
        out->sides[s].skips = false;
        for (size_t i = 0; i < n; i++) {
            const t2v_json *task =
                t2v_json_type(tasks) == T2V_JSON_ARRAY ? t2v_json_at(tasks, i) : tasks;
            struct t2v_str name = t2v_json_str(task);
            out->sides[s].skips |= name.ptr != NULL && t2v_str_is(name, names[s]);
        }
    }
}

int t2v_multi_read_mask(const char *folder, struct t2v_arena *arena, struct t2v_multi_settings *out,
                        struct t2v_err *err)
{
    static const char name[] = "config.json";
    struct t2v_json_file file;
    int rc = t2v_json_file_find(folder, name, T2V_JSON_OBJECT, &file, err);
    const t2v_json *words = t2v_json_get(file.root, "skiplist_words");
    out->n_skip = 0;
    if (rc == 0 && is_there(words))
        rc = read_words(words, arena, out, err);
    if (rc == 0 && t2v_json_len(t2v_json_get(file.root, "keep_only_token_ids")) != 0)
        rc = t2v_fail(err, T2V_EUNSUPPORTED, "keep_only_token_ids is not supported");
    read_tasks(t2v_json_get(file.root, "skiplist_tasks"), out);
    t2v_json_file_deinit(&file);
    return t2v_fail_in_dir(err, rc, folder, name);
}
