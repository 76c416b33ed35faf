/* SPDX-License-Identifier: BSD-3-Clause */
#include "token/load/settings.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/map.h"
#include "base/mem.h"
#include "json/overlay.h"
#include "token/field.h"

#include "base/banned.h"

enum { MAX_FILE_BYTES = 64 << 20, MAX_PATH = 4096 };
enum { CONFIG, SPECIAL_MAP, ADDED, MODEL_CONFIG }; /* places in settings->files */

static const struct t2v_class_info plain_class = {.name = "", .types = ""};

static void set_class(struct t2v_settings *settings, struct t2v_str name, struct t2v_str model_type)
{
    const struct t2v_class_info *info =
        name.ptr != NULL ? t2v_class_by_name(name) : t2v_class_by_type(model_type);
    snprintf(settings->class_name, sizeof settings->class_name, "%.*s",
             (int)(name.len > 70 ? 70 : name.len), name.ptr != NULL ? name.ptr : "");
    if (name.ptr == NULL && info != NULL)
        snprintf(settings->class_name, sizeof settings->class_name, "%sTokenizer", info->name);
    settings->info = info != NULL ? info : &plain_class;
    settings->class_ = settings->info->class_;
}

int t2v_settings_add(struct t2v_settings *settings, const struct t2v_added_token *token)
{
    return t2v_added_list_add(&settings->decoder, token);
}

static int compare_index(const void *a, const void *b)
{
    const struct t2v_added_token *x = a, *y = b;
    return (x->id > y->id) - (x->id < y->id);
}

static void sort_by_index(struct t2v_added_list *list)
{
    if (list->n > 1)
        qsort(list->ptr, list->n, sizeof *list->ptr, compare_index);
}

int t2v_settings_finish(struct t2v_settings *settings)
{
    struct t2v_added_list *decoder = &settings->decoder;
    if (t2v_specials_finish(&settings->special, settings->info, decoder, settings->extra_ids,
                            settings->slow) != 0)
        return T2V_ENOMEM;
    sort_by_index(decoder);
    size_t n = decoder->n;
    for (size_t i = 0; i < settings->legacy.n; i++) {
        const struct t2v_added_token *token = &settings->legacy.ptr[i];
        if (n != 0 && bsearch(token, decoder->ptr, n, sizeof *token, compare_index) != NULL)
            continue;
        if (t2v_settings_add(settings, token) != 0)
            return T2V_ENOMEM;
    }
    sort_by_index(decoder);
    return 0;
}

/* {"0": {"content": ...}, ...} */
static int read_decoder(const t2v_json *decoder, struct t2v_settings *settings, struct t2v_err *err)
{
    if (t2v_json_type(decoder) != T2V_JSON_OBJECT)
        return t2v_field_wrong(decoder, "added_tokens_decoder", "an object", err);
    for (struct t2v_json_member m = t2v_json_first(decoder); m.value != NULL;
         m = t2v_json_next(decoder, m)) {
        char path[T2V_WHERE_MAX];
        struct t2v_added_token token = {0};
        snprintf(path, sizeof path, "added_tokens_decoder[\"%.*s\"]",
                 (int)(m.key.len > 60 ? 60 : m.key.len), m.key.ptr);
        bool digits = m.key.len != 0 && m.key.len <= 8;
        for (size_t i = 0; i < m.key.len && digits; i++) {
            digits = m.key.ptr[i] >= '0' && m.key.ptr[i] <= '9';
            token.id = token.id * 10 + (m.key.ptr[i] - '0');
        }
        if (!digits || token.id > T2V_TOKEN_MAX_ID)
            return t2v_fail(err, T2V_EFORMAT, "%s: the key is not a token id", path);
        int rc = t2v_special_read_token(m.value, path, &token, err);
        if (rc == 0 && t2v_settings_add(settings, &token) != 0)
            rc = t2v_fail(err, T2V_ENOMEM, "no memory for %s", path);
        if (rc != 0)
            return rc;
    }
    return 0;
}

/* added_tokens.json: {"<new>": 30522, ...} */
static int read_added(const t2v_json *added, struct t2v_settings *settings, struct t2v_err *err)
{
    struct t2v_map specials = {0};
    int rc = t2v_specials_map(&settings->special, &specials);
    if (rc != 0)
        t2v_fail(err, rc, "no memory for the special tokens");
    for (struct t2v_json_member m = t2v_json_first(added); m.value != NULL && rc == 0;
         m = t2v_json_next(added, m)) {
        char path[T2V_WHERE_MAX];
        struct t2v_added_token token = {.content = m.key};
        snprintf(path, sizeof path, "[\"%.*s\"]", (int)(m.key.len > 60 ? 60 : m.key.len),
                 m.key.ptr);
        rc = t2v_field_id(m.value, path, &token.id, err);
        token.special = t2v_map_get(&specials, m.key) >= 0;
        token.normalized = !token.special;
        if (rc == 0 && t2v_added_list_add(&settings->legacy, &token) != 0)
            rc = t2v_fail(err, T2V_ENOMEM, "no memory for %s", path);
    }
    t2v_map_deinit(&specials);
    return rc;
}

/* Files. */

static int load_file(const char *model_dir, const char *name, t2v_json **out, struct t2v_err *err)
{
    char path[MAX_PATH];
    bool there;
    int rc = t2v_file_find(path, sizeof path, model_dir, name, &there, err);
    if (rc != 0 || !there)
        return rc;
    rc = t2v_json_load(path, MAX_FILE_BYTES, out, err);
    if (rc == 0 && t2v_json_type(*out) != T2V_JSON_OBJECT)
        rc = t2v_fail(err, T2V_EFORMAT, "%s is %s, not an object", path, t2v_json_type_name(*out));
    return rc;
}

static int read_flags(const t2v_json *config, struct t2v_settings *settings, struct t2v_err *err)
{
    settings->lower = settings->chinese = settings->basic = true;
    settings->accents_null = !t2v_field_there(config, "strip_accents");
    const struct {
        const char *key;
        bool *to;
    } flags[] = {
        {"do_lower_case", &settings->lower},
        {"tokenize_chinese_chars", &settings->chinese},
        {"do_basic_tokenize", &settings->basic},
        {"strip_accents", &settings->accents},
        {"split_special_tokens", &settings->split_special},
        {"add_prefix_space", &settings->prefix_space},
    };
    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++) {
        int rc = t2v_field_flag(config, "", flags[i].key, flags[i].to, err);
        if (rc != 0)
            return rc;
    }
    settings->add_bos = t2v_field_truth(t2v_json_get(config, "add_bos_token"));
    settings->add_eos = t2v_field_truth(t2v_json_get(config, "add_eos_token"));
    settings->add_bos_said = t2v_json_get(config, "add_bos_token") != NULL;
    settings->src_lang = t2v_json_str(t2v_json_get(config, "src_lang"));
    settings->tidies = t2v_field_truth(t2v_json_get(config, "clean_up_tokenization_spaces"));
    settings->lang_last = t2v_field_truth(t2v_json_get(config, "legacy_behaviour"));
    const char *max_key =
        t2v_json_get(config, "model_max_length") != NULL ? "model_max_length" : "max_len";
    double max = 0;
    if (t2v_json_double(t2v_json_get(config, max_key), &max) && max >= 1 && max <= INT32_MAX)
        settings->model_max = (size_t)max;
    settings->cut_side_known = t2v_field_there(config, "truncation_side");
    if (!settings->cut_side_known)
        return 0;
    struct t2v_str side;
    int rc = t2v_field_str(config, "", "truncation_side", &side, err);
    if (rc != 0)
        return rc;
    settings->cut_left = t2v_str_is(side, "left");
    if (!settings->cut_left && !t2v_str_is(side, "right"))
        return t2v_fail(err, T2V_EFORMAT, "truncation_side is neither \"left\" nor \"right\"");
    return 0;
}

/* What T5's class asks for. */
static int read_t5(const t2v_json *config, struct t2v_settings *settings, struct t2v_err *err)
{
    enum { MAX_EXTRA = 1000 };
    int64_t extra_ids = 100;
    bool there = t2v_json_get(config, "add_prefix_space") != NULL;
    settings->add_prefix_said = t2v_field_there(config, "add_prefix_space");
    settings->add_prefix = !there;
    settings->legacy_prefix = true;
    int rc = t2v_field_flag(config, "", "add_prefix_space", &settings->add_prefix, err);
    if (rc == 0)
        rc = t2v_field_flag(config, "", "legacy", &settings->legacy_prefix, err);
    if (rc == 0 && t2v_field_there(config, "extra_ids"))
        rc = t2v_field_int(config, "", "extra_ids", 0, MAX_EXTRA, &extra_ids, err);
    settings->extra_ids = (size_t)extra_ids;
    return rc;
}

static int read_config(const t2v_json *config, struct t2v_settings *settings, struct t2v_err *err)
{
    int rc = read_flags(config, settings, err);
    if (rc == 0 && settings->class_ == T2V_CLASS_T5)
        rc = read_t5(config, settings, err);
    if (rc == 0)
        rc = t2v_specials_read(config, &settings->special, err);
    const t2v_json *decoder = t2v_json_get(config, "added_tokens_decoder");
    settings->has_decoder = decoder != NULL;
    if (rc == 0 && decoder != NULL)
        rc = read_decoder(decoder, settings, err);
    return rc;
}

/* tokenizer_config.json has "backend" when transformers 5 wrote it; without that file config.json
 * says which version wrote the model. */
static bool written_by_5(const struct t2v_settings *settings)
{
    if (settings->files[CONFIG] != NULL)
        return t2v_json_get(settings->files[CONFIG], "backend") != NULL;
    const t2v_json *version = t2v_json_get(settings->files[MODEL_CONFIG], "transformers_version");
    return t2v_str_leading(t2v_json_str(version)) >= 5;
}

static int find_class(const char *model_dir, struct t2v_settings *settings, struct t2v_err *err)
{
    const struct t2v_str none = {NULL, 0};
    struct t2v_str name = t2v_json_str(t2v_json_get(settings->files[CONFIG], "tokenizer_class"));
    struct t2v_str type = none;
    if (name.ptr == NULL) {
        int rc = load_file(model_dir, "config.json", &settings->files[MODEL_CONFIG], err);
        if (rc != 0)
            return rc;
        name = t2v_json_str(t2v_json_get(settings->files[MODEL_CONFIG], "tokenizer_class"));
        type = t2v_json_str(t2v_json_get(settings->files[MODEL_CONFIG], "model_type"));
    }
    set_class(settings, name, type);
    settings->by_5 = written_by_5(settings);
    return 0;
}

/* tokenizer_config.json, with the keys of args in place of its own. */
static int load_config(const char *model_dir, struct t2v_str args, t2v_json **out,
                       struct t2v_err *err)
{
    static const char name[] = "tokenizer_config.json";
    char path[MAX_PATH], *bytes = NULL;
    size_t len = 2;
    if (args.ptr == NULL)
        return load_file(model_dir, name, out, err);
    bool there;
    int rc = t2v_file_find(path, sizeof path, model_dir, name, &there, err);
    if (there)
        rc = t2v_file_read(path, MAX_FILE_BYTES, &bytes, &len, err);
    if (rc != 0)
        return rc;
    struct t2v_buf text;
    t2v_buf_init(&text, 2 * MAX_FILE_BYTES);
    rc = t2v_json_overlay((struct t2v_str){bytes != NULL ? bytes : "{}", len}, args, &text);
    if (rc != 0)
        t2v_fail(err, rc, "no memory for %s", name);
    else
        rc = t2v_json_parse_python(t2v_buf_str(&text), out, err);
    t2v_buf_deinit(&text);
    t2v_free(bytes);
    return t2v_fail_in_dir(err, rc, model_dir, name);
}

/* What older files have instead of added_tokens_decoder. */
static int read_older(const char *model_dir, struct t2v_settings *settings, struct t2v_err *err)
{
    int rc = load_file(model_dir, "special_tokens_map.json", &settings->files[SPECIAL_MAP], err);
    if (rc == 0)
        rc = load_file(model_dir, "added_tokens.json", &settings->files[ADDED], err);
    if (rc != 0)
        return rc;
    rc = t2v_specials_read(settings->files[SPECIAL_MAP], &settings->special, err);
    if (rc != 0)
        return t2v_fail_in(err, rc, "special_tokens_map.json");
    rc = read_added(settings->files[ADDED], settings, err);
    return rc != 0 ? t2v_fail_in(err, rc, "added_tokens.json") : 0;
}

int t2v_settings_read(const char *model_dir, struct t2v_str args, struct t2v_settings *settings,
                      struct t2v_err *err)
{
    *settings = (struct t2v_settings){.info = &plain_class};
    int rc = load_config(model_dir, args, &settings->files[CONFIG], err);
    if (rc == 0)
        rc = find_class(model_dir, settings, err);
    if (rc != 0)
        return rc;
    rc = read_config(settings->files[CONFIG], settings, err);
    if (rc != 0)
        return t2v_fail_in(err, rc, "tokenizer_config.json");
    if (!settings->has_decoder)
        rc = read_older(model_dir, settings, err);
    if (rc == 0)
        rc = t2v_specials_add_class(&settings->special, settings->info, err);
    if (rc != 0)
        return rc;
    const t2v_json *extra = t2v_json_get(settings->files[CONFIG], "extra_special_tokens");
    rc = t2v_specials_read_extra(extra, &settings->special, err);
    return rc != 0 ? t2v_fail_in(err, rc, "tokenizer_config.json") : 0;
}

void t2v_settings_deinit(struct t2v_settings *settings)
{
    for (size_t i = 0; i < sizeof settings->files / sizeof *settings->files; i++)
        t2v_json_free(settings->files[i]);
    t2v_specials_deinit(&settings->special);
    t2v_free(settings->decoder.ptr);
    t2v_free(settings->legacy.ptr);
    *settings = (struct t2v_settings){0};
}
