/* SPDX-License-Identifier: BSD-3-Clause */
#include "task/classify/rows.h"

#include <inttypes.h>

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
}

void t2v_rows_start(struct t2v_rows *rows, struct t2v_str text, struct t2v_str second)
{
    rows->text = text;
    rows->second = second;
    rows->begun = rows->ended = false;
    rows->from = 0;
}

/* A text alone is of type 0. */
static int encode_text(const struct t2v_rows *rows, t2v_token_space *space, struct t2v_row *row,
                       struct t2v_err *err)
{
    const t2v_tokenizer *tokenizer = t2v_model_tokenizer(rows->classifier->model);
    int rc =
        t2v_tokenizer_encode(tokenizer, space, rows->text, rows->params.max_tok, &row->ids, err);
    row->types.len = 0;
    for (size_t i = 0; i < row->ids.len && rc == 0; i++) {
        if (t2v_ids_add(&row->types, 0) != 0)
            rc = t2v_fail(err, T2V_ENOMEM, "no memory for %zu tokens", row->ids.len);
    }
    return rc;
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

static int encode_pair(const struct t2v_rows *rows, t2v_token_space *space, struct t2v_row *row,
                       struct t2v_err *err)
{
    bool span = rows->classifier->kind == T2V_CLASSIFY_SPAN;
    enum t2v_cut cut = span ? T2V_CUT_SECOND : T2V_CUT_LONGEST;
    const struct t2v_text_pair pair = {rows->text, rows->second, rows->params.max_tok, cut};
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

/* The windows of the tokenizers library: each begins `overlap` tokens before the end of the one
 * before, and the first that comes to the end of the context is the last. */
static int next_window(struct t2v_rows *rows, t2v_token_space *space, size_t n_special,
                       struct t2v_row *row, struct t2v_err *err)
{
    size_t max_tok = rows->params.max_tok, overlap = rows->params.overlap;
    int rc = rows->begun ? 0 : encode_texts(rows, space, err);
    if (rc != 0)
        return rc;
    size_t n_around = rows->question.len + n_special;
    if (n_around >= max_tok)
        return t2v_fail(err, T2V_ETOOLARGE,
                        "the first text is of %zu tokens, which leaves none of %zu to the second",
                        rows->question.len, max_tok);
    size_t n_window = max_tok - n_around, left = rows->context.len - rows->from;
    if (left > n_window && overlap >= n_window)
        return t2v_fail(err, T2V_ETOOLARGE,
                        "windows of %zu tokens beside the first text cannot share %zu", n_window,
                        overlap);
    size_t n = left < n_window ? left : n_window;
    row->first = rows->from;
    rows->ended = n == left;
    rc = t2v_tokenizer_join_pair(t2v_model_tokenizer(rows->classifier->model), &rows->question,
                                 &rows->context, rows->from, n, &row->ids, &row->types);
    rows->from += n - (rows->ended ? 0 : overlap);
    return rc == 0 ? 0 : t2v_fail(err, rc, "no memory for %zu tokens", max_tok);
}

int t2v_rows_next(struct t2v_rows *rows, t2v_token_space *space, struct t2v_row *row, bool *more,
                  struct t2v_err *err)
{
    size_t n_special = 0;
    bool known, windows = rows->params.windows && rows->classifier->kind == T2V_CLASSIFY_SPAN;
    *more = !rows->ended;
    if (rows->ended)
        return 0;
    row->first = 0;
    rows->ended = true;
    if (rows->second.ptr == NULL)
        return encode_text(rows, space, row, err);
    int rc = check_types(rows, &known, &n_special, err);
    if (rc == 0 && windows && known)
        rc = next_window(rows, space, n_special, row, err);
    else if (rc == 0)
        rc = encode_pair(rows, space, row, err);
    rows->begun = true;
    return rc;
}
