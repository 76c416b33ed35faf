/* SPDX-License-Identifier: BSD-3-Clause */
#include "task/classify/rows.h"

#include <inttypes.h>

#include "base/buf.h"
#include "task/classify/classifier_private.h"
#include "token/encode.h"

#include "base/banned.h"

void t2v_rows_init(struct t2v_rows *rows, const t2v_classifier *classifier,
                   const struct t2v_classify_params *params)
{
    size_t limit = classifier->task.max_tok;
    *rows = (struct t2v_rows){.classifier = classifier, .params = *params};
    if (params->max_tok == 0 || params->max_tok > limit)
        rows->params.max_tok = limit;
}

void t2v_rows_deinit(struct t2v_rows *rows)
{
    t2v_ids_deinit(&rows->question);
    t2v_ids_deinit(&rows->context);
    t2v_first_text_deinit(&rows->first);
}

void t2v_rows_start(struct t2v_rows *rows, struct t2v_str text, struct t2v_str second)
{
    rows->text = text;
    rows->second = second;
    rows->begun = rows->ended = false;
    rows->from = 0;
}

/* A text alone is of type 0. */
static int set_types(struct t2v_row *row, struct t2v_err *err)
{
    row->types.len = 0;
    for (size_t i = 0; i < row->ids.len; i++) {
        if (t2v_ids_add(&row->types, 0) != 0)
            return t2v_fail(err, T2V_ENOMEM, "no memory for %zu tokens", row->ids.len);
    }
    return 0;
}

static int encode_text(const struct t2v_rows *rows, t2v_token_space *space, struct t2v_row *row,
                       struct t2v_err *err)
{
    const t2v_tokenizer *tokenizer = t2v_model_tokenizer(rows->classifier->model);
    int rc =
        t2v_tokenizer_encode(tokenizer, space, rows->text, rows->params.max_tok, &row->ids, err);
    return rc == 0 ? set_types(row, err) : rc;
}

/* The net must have the pair's token types. *known: the tokenizer knows pairs. */
static int check_types(const struct t2v_rows *rows, bool *known, size_t *n_special,
                       struct t2v_err *err)
{
    const t2v_model *model = rows->classifier->model;
    size_t n_type = t2v_net_shape(t2v_model_net(model))->n_type;
    int32_t max_id, max_type;
    *known = t2v_tokenizer_pair(t2v_model_tokenizer(model), n_special, &max_id, &max_type);
    if (*known && n_type != 0 && (size_t)max_type >= n_type)
        return t2v_fail(err, T2V_EUNSUPPORTED,
                        "the tokenizer's pairs have a token type %" PRId32
                        ", but the model has only %zu",
                        max_type, n_type);
    return 0;
}

static int encode_pair(struct t2v_rows *rows, t2v_token_space *space, struct t2v_row *row,
                       struct t2v_err *err)
{
    bool span = rows->classifier->kind == T2V_CLASSIFY_SPAN;
    enum t2v_cut cut = span ? T2V_CUT_SECOND : T2V_CUT_LONGEST;
    const struct t2v_text_pair pair = {rows->text, rows->second, rows->params.max_tok, cut,
                                       &rows->first};
    return t2v_tokenizer_encode_pair(t2v_model_tokenizer(rows->classifier->model), space, &pair,
                                     &row->ids, &row->types, NULL, err);
}

/* --- windows --- */

static int encode_texts(struct t2v_rows *rows, t2v_token_space *space, struct t2v_err *err)
{
    const t2v_tokenizer *tokenizer = t2v_model_tokenizer(rows->classifier->model);
    int rc = t2v_tokenizer_encode_bare(tokenizer, space, rows->text, &rows->question, err);
    if (rc == 0)
        rc = t2v_tokenizer_encode_bare(tokenizer, space, rows->second, &rows->context, err);
    return rc;
}

/* Tokens of the windows of the `left` last tokens of the context, each of n_window of them, the
 * last of what is left, with `around` other tokens. */
static size_t count_windows(size_t left, size_t n_window, size_t overlap, size_t around)
{
    size_t step = n_window - overlap;
    size_t n_more = left > n_window ? (left - n_window + step - 1) / step : 0;
    return left + n_more * overlap + (n_more + 1) * around;
}

/* Takes the next n of the ids of rows->context, which has room for max_tok - n_around of them in a
 * row. The windows of the tokenizers library: each begins `overlap` tokens before the end of the
 * one before, and the first that comes to the end of the context is the last. */
static int take_window(struct t2v_rows *rows, size_t n_around, struct t2v_row *row, size_t *n,
                       struct t2v_err *err)
{
    size_t max_tok = rows->params.max_tok, overlap = rows->params.overlap;
    if (n_around >= max_tok)
        return t2v_fail(err, T2V_ETOOLARGE,
                        "the first text is of %zu tokens, which leaves none of %zu to the second",
                        rows->question.len, max_tok);
    size_t n_window = max_tok - n_around, left = rows->context.len - rows->from;
    if (left > n_window && overlap >= n_window)
        return t2v_fail(err, T2V_ETOOLARGE,
                        "windows of %zu tokens beside the first text cannot share %zu", n_window,
                        overlap);
    *n = left < n_window ? left : n_window;
    row->first = rows->from;
    rows->ended = *n == left;
    rows->from += *n - (rows->ended ? 0 : overlap);
    if (!rows->ended)
        row->behind = count_windows(rows->context.len - rows->from, n_window, overlap, n_around);
    return 0;
}

/* Of a pair. */
static int next_window(struct t2v_rows *rows, t2v_token_space *space, size_t n_special,
                       struct t2v_row *row, struct t2v_err *err)
{
    size_t n = 0;
    int rc = rows->begun ? 0 : encode_texts(rows, space, err);
    if (rc == 0)
        rc = take_window(rows, rows->question.len + n_special, row, &n, err);
    if (rc != 0)
        return rc;
    rc = t2v_tokenizer_join_pair(t2v_model_tokenizer(rows->classifier->model), &rows->question,
                                 &rows->context, row->first, n, &row->ids, &row->types);
    return rc == 0 ? 0 : t2v_fail(err, rc, "no memory for %zu tokens", rows->params.max_tok);
}

/* Of a text alone. */
static int next_part(struct t2v_rows *rows, t2v_token_space *space, struct t2v_row *row,
                     struct t2v_err *err)
{
    const t2v_tokenizer *tokenizer = t2v_model_tokenizer(rows->classifier->model);
    size_t n = 0;
    int rc = 0;
    if (!rows->begun)
        rc = t2v_tokenizer_encode_bare(tokenizer, space, rows->text, &rows->context, err);
    if (rc == 0)
        rc = take_window(rows, t2v_tokenizer_n_special(tokenizer), row, &n, err);
    rows->begun = true;
    if (rc != 0)
        return rc;
    rc = t2v_tokenizer_join(tokenizer, &rows->context, row->first, n, &row->ids);
    return rc == 0 ? set_types(row, err) : t2v_fail(err, rc, "no memory for %zu tokens", n);
}

/* --- Weaviate's container --- */

enum { QNA_TOK = 512, QNA_END = 101 };

/* Encodes BEFORE text BEHIND, where special tokens are read as such. */
static int encode_between(const struct t2v_rows *rows, t2v_token_space *space, const char *before,
                          struct t2v_str text, const char *behind, struct t2v_ids *ids,
                          struct t2v_err *err)
{
    struct t2v_buf buf;
    t2v_buf_init(&buf, SIZE_MAX);
    t2v_buf_adds(&buf, before);
    t2v_buf_add(&buf, text.ptr, text.len);
    t2v_buf_adds(&buf, behind);
    int rc = buf.fail != 0 ? t2v_fail(err, buf.fail, "no memory for a text of %zu bytes", text.len)
                           : t2v_tokenizer_encode_bare(t2v_model_tokenizer(rows->classifier->model),
                                                       space, t2v_buf_str(&buf), ids, err);
    t2v_buf_deinit(&buf);
    return rc;
}

static int add_ids(struct t2v_row *row, const int32_t *ids, size_t n, int32_t type)
{
    for (size_t i = 0; i < n; i++) {
        if (t2v_ids_add(&row->ids, ids[i]) != 0 || t2v_ids_add(&row->types, type) != 0)
            return T2V_ENOMEM;
    }
    return 0;
}

/* The question and n tokens of the text; UPSTREAM: of several windows each ends with id 101. */
static int add_qna(const struct t2v_rows *rows, size_t n, bool several, struct t2v_row *row,
                   struct t2v_err *err)
{
    static const int32_t end = QNA_END;
    const t2v_model *model = rows->classifier->model;
    struct t2v_layout layout = t2v_tokenizer_layout(t2v_model_tokenizer(model), true);
    row->ids.len = row->types.len = 0;
    int rc = add_ids(row, rows->question.ptr, rows->question.len, layout.types[0]);
    if (rc == 0)
        rc = add_ids(row, rows->context.ptr + rows->from, n, layout.types[1]);
    if (rc == 0 && several)
        rc = add_ids(row, &end, 1, layout.types[1]);
    if (rc != 0)
        return t2v_fail(err, rc, "no memory for %zu tokens", n);
    return t2v_model_check_ids(model, &row->ids, err);
}

/* UPSTREAM: what the container does with a question that leaves no token to the text is not
 * copied: it does not end. Nor are its cuts after each 220,000 tokens. */
static int next_qna(struct t2v_rows *rows, t2v_token_space *space, struct t2v_row *row,
                    struct t2v_err *err)
{
    size_t max_tok = rows->params.max_tok < QNA_TOK ? rows->params.max_tok : QNA_TOK;
    int rc = 0;
    if (!rows->begun)
        rc = encode_between(rows, space, "[CLS] ", rows->text, " [SEP] ", &rows->question, err);
    if (rc == 0 && !rows->begun)
        rc = encode_between(rows, space, "", rows->second, " [SEP]", &rows->context, err);
    if (rc != 0)
        return rc;
    size_t n_question = rows->question.len, left = rows->context.len - rows->from;
    bool several = n_question + rows->context.len > max_tok;
    if (several && n_question + 1 >= max_tok)
        return t2v_fail(err, T2V_ETOOLARGE,
                        "the first text is of %zu tokens, which leaves none of %zu to the second",
                        n_question, max_tok);
    size_t block = several ? max_tok - 1 - n_question : left, n = left < block ? left : block;
    row->first = rows->from;
    rc = add_qna(rows, n, several, row, err);
    rows->ended = n == left;
    rows->from += block - block / 4;
    if (!rows->ended)
        row->behind =
            count_windows(rows->context.len - rows->from, block, block / 4, n_question + 1);
    return rc;
}

int t2v_rows_next(struct t2v_rows *rows, t2v_token_space *space, struct t2v_row *row, bool *more,
                  struct t2v_err *err)
{
    size_t n_special = 0;
    enum t2v_classifier_kind kind = rows->classifier->kind;
    bool known, windows = rows->params.windows && kind == T2V_CLASSIFY_SPAN;
    *more = !rows->ended;
    if (rows->ended)
        return 0;
    row->first = row->behind = 0;
    row->ids.cut = false;
    rows->ended = true;
    if (rows->second.ptr == NULL && rows->params.windows && kind == T2V_CLASSIFY_TOKEN)
        return next_part(rows, space, row, err);
    if (rows->second.ptr == NULL)
        return encode_text(rows, space, row, err);
    int rc = check_types(rows, &known, &n_special, err);
    if (rc == 0 && rows->params.as_qna && kind == T2V_CLASSIFY_SPAN)
        rc = next_qna(rows, space, row, err);
    else if (rc == 0 && windows && known)
        rc = next_window(rows, space, n_special, row, err);
    else if (rc == 0)
        rc = encode_pair(rows, space, row, err);
    rows->begun = true;
    return rc;
}
