/* SPDX-License-Identifier: BSD-3-Clause */
/* BPE models from files: the `model` of tokenizer.json, or vocab.json and merges.txt. */
#include <stdio.h>

#include "token/model/bpe_load.h"

#include "base/buf.h"
#include "json/pull.h"
#include "token/field.h"
#include "token/model/bpe.h"

#include "base/banned.h"

/* {"token": id, ...} */
static int pull_vocab(struct t2v_pull *pull, struct t2v_token_model *model, struct t2v_err *err)
{
    int rc = t2v_pull_open(pull, '{');
    while (rc == 0 && (rc = t2v_pull_more(pull, '}')) == 1) {
        struct t2v_str token;
        double id = -1;
        rc = t2v_pull_key(pull, &token);
        if (rc == 0) /* The token may lie in the reader's buffer, which a number leaves alone. */
            rc = t2v_pull_number(pull, &id);
        if (rc != 0)
            return rc;
        if (!(id >= 0 && id <= T2V_TOKEN_MAX_ID) || id != (double)(int32_t)id)
            return t2v_fail(err, T2V_EFORMAT, "[\"%.*s\"] is %g, not a token id in [0, %d]",
                            (int)(token.len > 60 ? 60 : token.len), token.ptr, id,
                            T2V_TOKEN_MAX_ID);
        if (t2v_bpe_add(model, token, (int32_t)id) != 0)
            return t2v_fail(err, T2V_ENOMEM, "no memory");
    }
    return rc == 0 ? t2v_pull_end(pull) : rc;
}

int t2v_bpe_read_vocab(struct t2v_token_model *model, struct t2v_str text, struct t2v_err *err)
{
    struct t2v_pull pull;
    t2v_pull_init(&pull, text, err);
    int rc = pull_vocab(&pull, model, err);
    t2v_pull_deinit(&pull);
    return rc;
}

/* "left right": false when there is not one blank in it. */
static bool cut_merge(struct t2v_str line, struct t2v_str *left, struct t2v_str *right)
{
    const char *blank = line.len != 0 ? memchr(line.ptr, ' ', line.len) : NULL;
    if (blank == NULL)
        return false;
    *left = (struct t2v_str){line.ptr, (size_t)(blank - line.ptr)};
    *right = t2v_str_skip(line, left->len + 1);
    return right->len == 0 || memchr(right->ptr, ' ', right->len) == NULL;
}

/* A merge that is an array of two; room keeps the first, which the reader does not. */
static int pull_pair(struct t2v_pull *pull, struct t2v_buf *room, struct t2v_str *left,
                     struct t2v_str *right)
{
    int rc = t2v_pull_open(pull, '[');
    if (rc == 0 && (rc = t2v_pull_more(pull, ']')) >= 0)
        rc = t2v_pull_str(pull, left);
    if (rc != 0)
        return rc;
    room->len = 0;
    if (t2v_buf_add(room, left->ptr, left->len) != 0)
        return t2v_fail(pull->err, T2V_ENOMEM, "no memory");
    *left = t2v_buf_str(room);
    if ((rc = t2v_pull_more(pull, ']')) >= 0)
        rc = t2v_pull_str(pull, right);
    if (rc == 0 && (rc = t2v_pull_more(pull, ']')) == 1)
        return t2v_fail(pull->err, T2V_EFORMAT, "a merge of more than two tokens");
    return rc;
}

/* All merges are strings, or all are arrays of two. */
static int pull_merges(struct t2v_pull *pull, struct t2v_buf *room, struct t2v_token_model *model,
                       struct t2v_err *err)
{
    uint32_t rank = 0;
    int rc = t2v_pull_open(pull, '[');
    const char *first = pull->at;
    while (first < pull->end && memchr(" \t\r\n", *first, 4) != NULL)
        first++;
    bool pairs = first < pull->end && *first == '[';
    while (rc == 0 && (rc = t2v_pull_more(pull, ']')) == 1) {
        struct t2v_str left, right, line;
        rc = pairs ? pull_pair(pull, room, &left, &right) : t2v_pull_str(pull, &line);
        if (rc != 0)
            return rc;
        if (!pairs && t2v_str_starts(line, T2V_STR("#version")))
            continue;
        if (!pairs && !cut_merge(line, &left, &right))
            return t2v_fail(err, T2V_EFORMAT, "merge %u, \"%.*s\", is not two tokens",
                            (unsigned)rank, T2V_STR_ARG(line));
        rc = t2v_bpe_merge(model, left, right, rank++, err);
    }
    return rc == 0 ? t2v_pull_end(pull) : rc;
}

static int read_merges(struct t2v_token_model *model, struct t2v_str text, const char *name,
                       struct t2v_err *err)
{
    struct t2v_pull pull;
    struct t2v_buf room;
    t2v_pull_init(&pull, text, err);
    t2v_buf_init(&room, (size_t)1 << 30);
    int rc = pull_merges(&pull, &room, model, err);
    t2v_buf_deinit(&room);
    t2v_pull_deinit(&pull);
    return rc != 0 ? t2v_fail_in(err, rc, name) : 0;
}

static int load_str_opt(const t2v_json *value, const char *where, const char *key,
                        struct t2v_str *out, struct t2v_err *err)
{
    return t2v_field_there(value, key) ? t2v_field_str(value, where, key, out, err) : 0;
}

static int load_settings(const t2v_json *value, const char *where,
                         struct t2v_bpe_settings *settings, struct t2v_err *err)
{
    double dropout = 0;
    if (t2v_field_there(value, "dropout") &&
        (!t2v_json_double(t2v_json_get(value, "dropout"), &dropout) || dropout != 0.0))
        return t2v_fail(err, T2V_EUNSUPPORTED, "%s.dropout other than 0 is not supported", where);
    int rc = load_str_opt(value, where, "unk_token", &settings->unk_token, err);
    if (rc == 0)
        rc = load_str_opt(value, where, "continuing_subword_prefix", &settings->prefix, err);
    if (rc == 0)
        rc = load_str_opt(value, where, "end_of_word_suffix", &settings->suffix, err);
    if (rc == 0)
        rc = t2v_field_bool_opt(value, where, "fuse_unk", &settings->fuse_unk, err);
    if (rc == 0)
        rc = t2v_field_bool_opt(value, where, "byte_fallback", &settings->byte_fallback, err);
    if (rc == 0)
        rc = t2v_field_bool_opt(value, where, "ignore_merges", &settings->ignore_merges, err);
    return rc;
}

int t2v_bpe_load(const t2v_json *value, const struct t2v_model_lists *lists, const char *where,
                 struct t2v_token_model **out, struct t2v_err *err)
{
    struct t2v_bpe_settings settings = {.unk_token = {NULL, 0}};
    struct t2v_token_model *model = NULL;
    char path[T2V_WHERE_MAX];
    int rc = load_settings(value, where, &settings, err);
    if (rc != 0)
        return rc;
    if (lists->vocab.ptr == NULL || lists->merges.ptr == NULL)
        return t2v_fail(err, T2V_EFORMAT, "%s.%s is missing", where,
                        lists->vocab.ptr == NULL ? "vocab" : "merges");
    /* An entry of the vocabulary has some 16 bytes, a merge as few as 6 and usually 20. */
    if (t2v_bpe_new(lists->vocab.len / 16, lists->merges.len / 20, &settings, &model) != 0)
        return t2v_fail(err, T2V_ENOMEM, "no memory for %s", where);
    snprintf(path, sizeof path, "%.100s.vocab", where);
    rc = t2v_bpe_read_vocab(model, lists->vocab, err);
    if (rc != 0)
        t2v_fail_in(err, rc, path);
    snprintf(path, sizeof path, "%.100s.merges", where);
    if (rc == 0)
        rc = read_merges(model, lists->merges, path, err);
    if (rc == 0)
        rc = t2v_bpe_finish(model, err);
    if (rc != 0) {
        t2v_token_model_free(model);
        return rc;
    }
    *out = model;
    return 0;
}
