/* SPDX-License-Identifier: BSD-3-Clause */
#include "token/load/special.h"

#include <stdio.h>

#include "base/mem.h"
#include "token/field.h"

#include "base/banned.h"

static const char *const special_names[T2V_N_SPECIAL] = {
    "bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token",
};

int t2v_special_read_token(const t2v_json *value, const char *where, struct t2v_added_token *token,
                           struct t2v_err *err)
{
    int rc = t2v_field_str(value, where, "content", &token->content, err);
    if (rc == 0)
        rc = t2v_field_bool_opt(value, where, "single_word", &token->single_word, err);
    if (rc == 0)
        rc = t2v_field_bool_opt(value, where, "lstrip", &token->lstrip, err);
    if (rc == 0)
        rc = t2v_field_bool_opt(value, where, "rstrip", &token->rstrip, err);
    if (rc == 0)
        rc = t2v_field_bool_opt(value, where, "special", &token->special, err);
    token->normalized = !token->special;
    if (rc == 0)
        rc = t2v_field_bool_opt(value, where, "normalized", &token->normalized, err);
    return rc;
}

/* A special token: a string, an object, or null for none. */
static int read_special(const t2v_json *value, const char *where, struct t2v_special_token *out,
                        struct t2v_err *err)
{
    struct t2v_special_token special = {.token = {.special = true}};
    enum t2v_json_type type = t2v_json_type(value);
    if (type == T2V_JSON_STRING) {
        special.plain = true;
        special.token.content = t2v_json_str(value);
    } else if (type == T2V_JSON_OBJECT) {
        int rc = t2v_special_read_token(value, where, &special.token, err);
        if (rc != 0)
            return rc;
        /* A special token is special, whatever its flag is, and by default not normalized. */
        special.token.special = true;
        if (!t2v_field_there(value, "normalized"))
            special.token.normalized = false;
    } else if (type != T2V_JSON_NULL) {
        return t2v_field_wrong(value, where, "a string or an object", err);
    }
    special.named = true;
    special.there = type != T2V_JSON_NULL && special.token.content.len != 0;
    *out = special;
    return 0;
}

/* Room for n more; NULL: no memory. */
static struct t2v_special_token *grow_more(struct t2v_specials *specials, size_t n)
{
    struct t2v_special_token *grown =
        t2v_resize(specials->more, specials->n_more + n, sizeof *grown);
    if (grown != NULL)
        specials->more = grown;
    return grown;
}

static int read_list(const t2v_json *list, const char *key, struct t2v_specials *specials,
                     struct t2v_err *err)
{
    size_t n = t2v_json_len(list);
    if (n != 0 && grow_more(specials, n) == NULL)
        return t2v_fail(err, T2V_ENOMEM, "no memory for %s", key);
    int rc = 0;
    for (size_t i = 0; i < n && rc == 0; i++) {
        char path[T2V_WHERE_MAX];
        snprintf(path, sizeof path, "%s[%zu]", key, i);
        rc = read_special(t2v_json_at(list, i), path, &specials->more[specials->n_more], err);
        specials->n_more += rc == 0;
    }
    return rc;
}

static int read_more(const t2v_json *list, struct t2v_specials *specials, struct t2v_err *err)
{
    specials->more_named = t2v_json_type(list) != T2V_JSON_NULL;
    if (!specials->more_named)
        return 0;
    if (t2v_json_type(list) != T2V_JSON_ARRAY)
        return t2v_field_wrong(list, "additional_special_tokens", "an array", err);
    return read_list(list, "additional_special_tokens", specials, err);
}

int t2v_specials_read_extra(const t2v_json *extra, struct t2v_specials *specials,
                            struct t2v_err *err)
{
    static const char key[] = "extra_special_tokens";
    size_t before = specials->n_more;
    int rc = 0;
    if (t2v_json_type(extra) == T2V_JSON_ARRAY)
        rc = read_list(extra, key, specials, err);
    else if (t2v_json_type(extra) > T2V_JSON_NULL && t2v_json_type(extra) != T2V_JSON_OBJECT)
        return t2v_field_wrong(extra, key, "an object", err);
    for (struct t2v_json_member m = t2v_json_first(extra); m.value != NULL && rc == 0;
         m = t2v_json_next(extra, m)) {
        char path[T2V_WHERE_MAX];
        snprintf(path, sizeof path, "%s.%.*s", key, (int)(m.key.len > 60 ? 60 : m.key.len),
                 m.key.ptr);
        if (grow_more(specials, 1) == NULL)
            return t2v_fail(err, T2V_ENOMEM, "no memory for %s", path);
        rc = read_special(m.value, path, &specials->more[specials->n_more], err);
        specials->n_more += rc == 0;
    }
    for (size_t i = before; i < specials->n_more; i++)
        specials->more[i].ignored = key;
    return rc;
}

int t2v_specials_add_class(struct t2v_specials *specials, const struct t2v_class_info *info,
                           struct t2v_err *err)
{
    const char *list = info->more;
    struct t2v_str word;
    if (specials->more_named && !info->more_always)
        return 0;
    while (t2v_class_next(&list, &word)) {
        if (grow_more(specials, 1) == NULL)
            return t2v_fail(err, T2V_ENOMEM, "no memory for additional_special_tokens");
        specials->more[specials->n_more++] = (struct t2v_special_token){
            .token = {.content = word, .special = true},
            .named = true,
            .there = true,
            .plain = true,
            .ignored = "tokenizer_class",
        };
    }
    return 0;
}

int t2v_specials_read(const t2v_json *file, struct t2v_specials *specials, struct t2v_err *err)
{
    int rc = 0;
    for (size_t i = 0; i < T2V_N_SPECIAL && rc == 0; i++) {
        const t2v_json *value = t2v_json_get(file, special_names[i]);
        if (value != NULL)
            rc = read_special(value, special_names[i], &specials->by_kind[i], err);
    }
    const t2v_json *more = t2v_json_get(file, "additional_special_tokens");
    return rc == 0 && more != NULL ? read_more(more, specials, err) : rc;
}

static void add_defaults(struct t2v_specials *specials, const struct t2v_class_info *info)
{
    for (size_t i = 0; i < T2V_N_SPECIAL; i++) {
        const char *content = info->special[i];
        if (content == NULL || specials->by_kind[i].named)
            continue;
        specials->by_kind[i] = (struct t2v_special_token){
            .token = {.content = t2v_str_of(content), .special = true},
            .there = true,
            .plain = true,
            .ignored = info->ignored ? "tokenizer_class" : NULL,
        };
    }
}

/* A special token of a file takes the flags of the decoder's token with the same content. */
static void take_flags(struct t2v_specials *specials, const struct t2v_added_list *decoder)
{
    for (size_t i = 0; i < T2V_N_SPECIAL; i++) {
        struct t2v_special_token *special = &specials->by_kind[i];
        for (size_t j = 0; special->there && j < decoder->n; j++) {
            if (!t2v_str_eq(decoder->ptr[j].content, special->token.content))
                continue;
            special->token = decoder->ptr[j];
            special->token.special = true;
            special->plain = false;
        }
    }
}

/* Adds n tokens <extra_id_N>, unless there are some already. */
static int add_extra(struct t2v_specials *specials, size_t n)
{
    enum { ROOM = 32 };
    struct t2v_str prefix = T2V_STR("<extra_id_");
    if (n == 0)
        return 0;
    for (size_t i = 0; i < specials->n_more; i++) {
        struct t2v_str content = specials->more[i].token.content;
        if (content.len != 0 && memmem(content.ptr, content.len, prefix.ptr, prefix.len) != NULL)
            return 0;
    }
    struct t2v_special_token *more = t2v_resize(specials->more, specials->n_more + n, sizeof *more);
    if (more == NULL)
        return T2V_ENOMEM;
    specials->more = more;
    specials->extra_text = t2v_resize(NULL, n, ROOM);
    if (specials->extra_text == NULL)
        return T2V_ENOMEM;
    for (size_t i = 0; i < n; i++) {
        char *text = specials->extra_text + i * ROOM;
        int len = snprintf(text, ROOM, "<extra_id_%zu>", i);
        more[specials->n_more++] = (struct t2v_special_token){
            .token = {.content = {text, (size_t)len}, .special = true},
            .named = true,
            .there = true,
            .plain = true,
        };
    }
    return 0;
}

/* Some classes turn a plain token into one with flags. The slow classes of RoBERTa and GPT-2 do so
 * with every token, and make all of them but the mask normalized. */
static void set_flags(struct t2v_specials *specials, const struct t2v_class_info *info, bool slow)
{
    bool all = slow && (info->class_ == T2V_CLASS_ROBERTA || info->class_ == T2V_CLASS_GPT2);
    for (size_t i = 0; i < T2V_N_SPECIAL; i++) {
        struct t2v_special_token *special = &specials->by_kind[i];
        if (!special->plain || (!all && (info->flagged >> i & 1) == 0))
            continue;
        special->plain = false;
        special->token.lstrip = i == T2V_MASK && info->mask_strips;
        if (i == T2V_MASK ? info->mask_normalized : all)
            special->token.normalized = true;
    }
}

int t2v_specials_finish(struct t2v_specials *specials, const struct t2v_class_info *info,
                        const struct t2v_added_list *decoder, size_t extra_ids, bool slow)
{
    take_flags(specials, decoder);
    add_defaults(specials, info);
    int rc = info->class_ == T2V_CLASS_T5 ? add_extra(specials, extra_ids) : 0;
    if (rc == 0)
        set_flags(specials, info, slow);
    return rc;
}

int t2v_specials_map(const struct t2v_specials *specials, struct t2v_map *map)
{
    int rc = t2v_map_init(map, T2V_N_SPECIAL + specials->n_more);
    for (size_t i = 0; i < T2V_N_SPECIAL && rc == 0; i++) {
        if (specials->by_kind[i].there)
            rc = t2v_map_set(map, specials->by_kind[i].token.content, 1);
    }
    for (size_t i = 0; i < specials->n_more && rc == 0; i++)
        rc = t2v_map_set(map, specials->more[i].token.content, 1);
    return rc;
}

void t2v_specials_deinit(struct t2v_specials *specials)
{
    t2v_free(specials->more);
    t2v_free(specials->extra_text);
    *specials = (struct t2v_specials){0};
}
