/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * vocab.txt, the older layout: one token a line, its id the number of the line. The rest of a BERT
 * tokenizer stands in no file; it is what transformers' BertConverter and MPNetConverter make of
 * the settings.
 */
#include "token/load/vocab_txt.h"

#include "base/utf8.h"
#include "token/field.h"
#include "token/load/text.h"
#include "token/model/wordpiece.h"
#include "token/normalize/bert.h"

#include "base/banned.h"

static int load_lines(struct t2v_str text, struct t2v_token_model *model, struct t2v_err *err)
{
    int32_t id = 0;
    for (; text.len != 0; id++) {
        if (id > T2V_TOKEN_MAX_ID)
            return t2v_fail(err, T2V_ETOOLARGE, "more than %d lines", T2V_TOKEN_MAX_ID);
        struct t2v_str line;
        t2v_load_line(&text, &line);
        if (!t2v_utf8_valid(line, NULL))
            return t2v_fail(err, T2V_EFORMAT, "line %d is not UTF-8", (int)id + 1);
        int rc = t2v_wordpiece_add(model, line, id);
        if (rc != 0)
            return t2v_fail(err, rc, "line %d: %s", (int)id + 1,
                            rc == T2V_ENOMEM ? "no memory"
                                             : "too large a vocabulary, or too long a token");
    }
    return 0;
}

static int load_vocab(struct t2v_str text, t2v_tokenizer *tokenizer, struct t2v_settings *settings,
                      struct t2v_err *err)
{
    const struct t2v_special_token *special = &settings->special.by_kind[T2V_UNK];
    struct t2v_str unk = special->there ? special->token.content : T2V_STR("[UNK]");
    if (t2v_wordpiece_new(text.len, &tokenizer->model) != 0)
        return t2v_fail(err, T2V_ENOMEM, "no memory");
    int rc = load_lines(text, tokenizer->model, err);
    if (rc != 0)
        return rc;
    t2v_wordpiece_finish(tokenizer->model, unk, T2V_STR("##"), 100);
    if (tokenizer->model->unk_id < 0)
        return t2v_fail(err, T2V_EFORMAT, "the unknown token \"%.*s\" is not in the vocabulary",
                        T2V_STR_ARG(unk));
    return 0;
}

/* The index that the settings give to a token, or -1. */
static int32_t index_of(const struct t2v_settings *settings, struct t2v_str content)
{
    int32_t index = -1;
    for (size_t i = 0; i < settings->decoder.n; i++) {
        if (t2v_str_eq(settings->decoder.ptr[i].content, content))
            index = settings->decoder.ptr[i].id;
    }
    return index;
}

/* The ids that transformers' slow tokenizer has for cls_token and sep_token: those of the settings,
 * else of the vocabulary (MPNet: the other way round), else new ones behind it, in the order of the
 * special tokens. */
void t2v_legacy_special_ids(const t2v_tokenizer *tokenizer, const struct t2v_settings *settings,
                            int32_t ids[T2V_N_SPECIAL])
{
    const struct t2v_token_model *model = tokenizer->model;
    bool mpnet = settings->class_ == T2V_CLASS_MPNET;
    size_t n = model->n_vocab;
    for (size_t i = 0; i < settings->decoder.n; i++)
        n += model->ops->id_of(model, settings->decoder.ptr[i].content) < 0;
    for (size_t i = 0; i < T2V_N_SPECIAL; i++) {
        struct t2v_str content = settings->special.by_kind[i].token.content;
        ids[i] = -1;
        if (!settings->special.by_kind[i].there)
            continue;
        int32_t in_vocab = model->ops->id_of(model, content);
        ids[i] = mpnet && in_vocab >= 0 ? in_vocab : index_of(settings, content);
        if (ids[i] < 0)
            ids[i] = in_vocab;
        for (size_t j = 0; j < i && ids[i] < 0; j++) {
            if (t2v_str_eq(settings->special.by_kind[j].token.content, content))
                ids[i] = ids[j];
        }
        if (ids[i] < 0)
            ids[i] = (int32_t)n++;
    }
}

static int make_template(t2v_tokenizer *tokenizer, const struct t2v_settings *settings,
                         struct t2v_err *err)
{
    int32_t ids[T2V_N_SPECIAL];
    t2v_legacy_special_ids(tokenizer, settings, ids);
    if (ids[T2V_CLS] < 0 || ids[T2V_SEP] < 0)
        return t2v_fail(err, T2V_EFORMAT, "no cls_token or no sep_token");
    tokenizer->tmpl.max_id = -1;
    /* MPNet has a second sep_token between two texts. */
    int32_t between = settings->class_ == T2V_CLASS_MPNET ? ids[T2V_SEP] : -1;
    if (t2v_template_set(&tokenizer->tmpl, ids[T2V_CLS], ids[T2V_SEP], between, 1) != 0)
        return t2v_fail(err, T2V_ENOMEM, "no memory for the special tokens");
    return 0;
}

int t2v_load_legacy(const char *path, t2v_tokenizer *tokenizer, struct t2v_settings *settings,
                    struct t2v_err *err)
{
    int rc = t2v_load_file(path, load_vocab, tokenizer, settings, err);
    if (rc != 0)
        return rc;
    /* Without do_basic_tokenize the converter leaves all three off. */
    bool accents = settings->basic && settings->accents;
    bool null = settings->basic && settings->accents_null;
    struct t2v_norm_step *step = &tokenizer->normalizer.steps[tokenizer->normalizer.n++];
    t2v_norm_bert(step, true, settings->basic && settings->chinese, null ? NULL : &accents,
                  settings->basic && settings->lower);
    t2v_pretok_add(&tokenizer->pretok, "BertPreTokenizer");
    tokenizer->source = "vocab.txt";
    if (t2v_decode_spec_wordpiece(&tokenizer->arena, &tokenizer->decode) != 0)
        return t2v_fail(err, T2V_ENOMEM, "no memory for the decoder");
    return make_template(tokenizer, settings, err);
}
