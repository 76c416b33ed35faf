/* SPDX-License-Identifier: BSD-3-Clause */
#include "token/tokenizer.h"

#include "base/utf8.h"
#include "token/decode/vocab.h"
#include "token/parts.h"

#include "base/banned.h"

bool t2v_tokenizer_pair(const t2v_tokenizer *tokenizer, size_t *n_special, int32_t *max_id,
                        int32_t *max_type)
{
    const struct t2v_pair_template *pair = &tokenizer->tmpl.pair;
    *n_special = pair->ids[0].len + pair->ids[1].len + pair->ids[2].len;
    *max_id = pair->max_id;
    *max_type = pair->max_type;
    return pair->there;
}

struct t2v_layout t2v_tokenizer_layout(const t2v_tokenizer *tokenizer, bool pair)
{
    const struct t2v_template *tmpl = &tokenizer->tmpl;
    const struct t2v_pair_template *two = &tmpl->pair;
    if (!pair)
        return (struct t2v_layout){{tmpl->before.len, tmpl->behind.len, 0}, {0, 0}};
    return (struct t2v_layout){{two->ids[0].len, two->ids[1].len, two->ids[2].len},
                               {two->text_type[0], two->text_type[1]}};
}

bool t2v_tokenizer_marks_inside(const t2v_tokenizer *tokenizer)
{
    return tokenizer->model->marks_inside;
}

size_t t2v_tokenizer_n_special(const t2v_tokenizer *tokenizer)
{
    return tokenizer->tmpl.before.len + tokenizer->tmpl.behind.len;
}

size_t t2v_tokenizer_n_before(const t2v_tokenizer *tokenizer)
{
    return tokenizer->tmpl.before.len;
}

int32_t t2v_tokenizer_max_id(const t2v_tokenizer *tokenizer)
{
    int32_t max = tokenizer->model->max_id;
    if (tokenizer->added.max_id > max)
        max = tokenizer->added.max_id;
    return tokenizer->tmpl.max_id > max ? tokenizer->tmpl.max_id : max;
}

int t2v_tokenizer_spell(const t2v_tokenizer *tokenizer, int32_t id, struct t2v_buf *out)
{
    struct t2v_decode_vocab vocab;
    int rc = t2v_decode_vocab_build(tokenizer->model, &tokenizer->added, &vocab);
    if (rc == 0) {
        struct t2v_str token = t2v_decode_vocab_get(&vocab, id);
        rc = t2v_buf_add(out, token.ptr, token.len);
    }
    t2v_decode_vocab_deinit(&vocab);
    return rc;
}

void t2v_tokenizer_truncate(t2v_tokenizer *tokenizer, size_t max_tok)
{
    tokenizer->limit = max_tok;
    tokenizer->cut_left = false;
}

size_t t2v_tokenizer_truncation(const t2v_tokenizer *tokenizer)
{
    return tokenizer->limit;
}

int32_t t2v_tokenizer_unk(const t2v_tokenizer *tokenizer, bool named)
{
    const struct t2v_token_model *model = tokenizer->model;
    return named && strcmp(model->ops->name, "Unigram") == 0 ? -1 : model->unk_id;
}

bool t2v_tokenizer_prefix_space(const t2v_tokenizer *tokenizer)
{
    const struct t2v_pretok_step *step = &tokenizer->pretok.steps[0];
    return tokenizer->pretok.n == 1 && !tokenizer->pretok.sequence &&
           strcmp(step->name, "ByteLevel") == 0 && step->prefix_space;
}

/* How many tokens have each length, in characters. */
enum { LONGEST = T2V_TRIE_MAX_KEY };

struct survey {
    size_t n, of_length[LONGEST + 1];
};

static int take_length(void *ctx, struct t2v_str token, int32_t id)
{
    struct survey *survey = ctx;
    size_t n = 0;
    (void)id;
    for (size_t i = 0; i < token.len; i++)
        n += !t2v_utf8_is_tail(token.ptr[i]);
    survey->of_length[n < LONGEST ? n : LONGEST]++;
    survey->n++;
    return 0;
}

/* The length of the k-th shortest. */
static size_t length_at(const struct survey *survey, size_t k)
{
    size_t length = 0;
    for (size_t below = survey->of_length[0]; below <= k && length < LONGEST;)
        below += survey->of_length[++length];
    return length;
}

int t2v_tokenizer_survey(const t2v_tokenizer *tokenizer, size_t *n_token, size_t *median)
{
    const struct t2v_token_model *model = tokenizer->model;
    const struct t2v_added_list *added = &tokenizer->added.by_id;
    struct survey survey = {0};
    int rc = model->ops->each(model, take_length, &survey);
    for (size_t i = 0; i < added->n; i++) {
        if (model->ops->id_of(model, added->ptr[i].content) < 0)
            take_length(&survey, added->ptr[i].content, added->ptr[i].id);
    }
    *n_token = survey.n;
    *median = 0;
    if (survey.n != 0)
        *median = (length_at(&survey, (survey.n - 1) / 2) + length_at(&survey, survey.n / 2)) / 2;
    return rc;
}

size_t t2v_tokenizer_model_max(const t2v_tokenizer *tokenizer)
{
    return tokenizer->model_max;
}

const char *t2v_tokenizer_describe(const t2v_tokenizer *tokenizer)
{
    return tokenizer->describe;
}
