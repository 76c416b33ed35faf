/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A SentencePiece model without tokenizer.json: spiece.model of the T5 family,
 * sentencepiece.bpe.model of XLM-RoBERTa's. The rest of the tokenizer stands in no file; it is what
 * transformers' T5Converter and XLMRobertaConverter make of the settings.
 */
#include "token/load/sentencepiece.h"

#include <stdio.h>

#include "base/mem.h"
#include "token/load/spm.h"
#include "token/load/text.h"
#include "token/model/bpe.h"
#include "token/model/unigram.h"
#include "token/normalize/charsmap.h"
#include "token/normalize/replace.h"
#include "token/normalize/spm.h"
#include "token/pretok/metaspace.h"

#include "base/banned.h"

static const struct t2v_str mark = {"\xe2\x96\x81", 3}; /* U+2581 */

static int add_names(struct t2v_token_model *model, const struct t2v_str *names, size_t n)
{
    int rc = 0;
    for (size_t i = 0; i < n && rc == 0; i++)
        rc = t2v_unigram_add(model, names[i], 0);
    return rc;
}

/* T5: its <extra_id_N> stand behind the pieces, the last one first. */
static int add_extra(struct t2v_token_model *model, size_t n)
{
    int rc = 0;
    while (n-- > 0 && rc == 0) {
        char name[40];
        int len = snprintf(name, sizeof name, "<extra_id_%zu>", n);
        rc = t2v_unigram_add(model, (struct t2v_str){name, (size_t)len}, 0);
    }
    return rc;
}

/* UPSTREAM: XLM-R's ids are those of another library: four tokens of its own in front, then the
 * pieces without their first three, then the mask. */
static int add_vocab(struct t2v_spm spm, const struct t2v_settings *settings,
                     struct t2v_token_model *model)
{
    static const struct t2v_str front[] = {{"<s>", 3}, {"<pad>", 5}, {"</s>", 4}, {"<unk>", 5}};
    static const struct t2v_str behind = {"<mask>", 6};
    bool xlmr = settings->class_ == T2V_CLASS_XLMR;
    int rc = xlmr ? add_names(model, front, 4) : 0;
    for (size_t i = 0; i < spm.n_piece && rc == 0; i++) {
        struct t2v_spm_piece piece;
        t2v_spm_next(&spm, &piece);
        if (!xlmr || i >= 3)
            rc = t2v_unigram_add(model, piece.text, (double)piece.score);
    }
    if (rc != 0)
        return rc;
    return xlmr ? add_names(model, &behind, 1) : add_extra(model, settings->extra_ids);
}

static int load_model(const struct t2v_spm *spm, struct t2v_str bytes,
                      const struct t2v_settings *settings, t2v_tokenizer *tokenizer,
                      struct t2v_err *err)
{
    if (spm->model_type != T2V_SPM_UNIGRAM)
        return t2v_fail(err, T2V_EUNSUPPORTED,
                        "a SentencePiece model of type %lld (2: BPE) without tokenizer.json is not "
                        "supported",
                        (long long)spm->model_type);
    int rc = t2v_unigram_new((bytes.len - spm->charsmap.len) / 2, &tokenizer->model);
    if (rc == 0)
        rc = add_vocab(*spm, settings, tokenizer->model);
    if (rc != 0)
        return t2v_fail(err, rc,
                        rc == T2V_ENOMEM ? "no memory"
                                         : "too large a vocabulary, or too long a token");
    int64_t unk_id = settings->class_ == T2V_CLASS_XLMR ? 3 : spm->unk_id;
    return t2v_unigram_finish(tokenizer->model, unk_id, false, err);
}

/* Control and user-defined pieces are added tokens. */
static int add_tokens(struct t2v_spm spm, t2v_tokenizer *tokenizer, struct t2v_err *err)
{
    struct t2v_added_list list = {0};
    int rc = 0;
    for (size_t i = 0; i < spm.n_piece && rc == 0; i++) {
        struct t2v_spm_piece piece;
        t2v_spm_next(&spm, &piece);
        struct t2v_added_token token = {.content = piece.text,
                                        .special = piece.type == T2V_SPM_CONTROL};
        if (token.special || piece.type == T2V_SPM_USER_DEFINED)
            rc = t2v_added_list_add(&list, &token);
    }
    if (rc == 0 && list.n != 0)
        rc = t2v_added_add(&tokenizer->added, list.ptr, list.n, tokenizer->model);
    t2v_free(list.ptr);
    return rc != 0 ? t2v_added_refused(err, rc, "the added tokens") : 0;
}

static int make_normalizer(const struct t2v_spm *spm, t2v_tokenizer *tokenizer, struct t2v_err *err)
{
    struct t2v_normalizer *normalizer = &tokenizer->normalizer;
    normalizer->sequence = true;
    if (spm->charsmap.len != 0) {
        struct t2v_charsmap *map;
        int rc = t2v_charsmap_read(spm->charsmap, &tokenizer->arena, &map, err);
        if (rc != 0)
            return rc;
        normalizer->steps[normalizer->n++] = (struct t2v_norm_step){
            .name = "Precompiled", .run = t2v_norm_run_precompiled, .charsmap = map};
    }
    normalizer->steps[normalizer->n++] =
        (struct t2v_norm_step){.name = "Strip", .run = t2v_norm_run_strip, .right = true};
    normalizer->steps[normalizer->n++] = (struct t2v_norm_step){
        .name = "Replace", .run = t2v_norm_run_runs, .run_of = ' ', .run_min = 2, .content = mark};
    return 0;
}

/* UPSTREAM: T5's slow tokenizer prepends unless add_prefix_space is null or false, and once only
 * where `legacy` is false; the older class knows neither setting. */
static enum t2v_prepend prepend_of(const struct t2v_settings *settings)
{
    if (settings->class_ == T2V_CLASS_XLMR)
        return T2V_PREPEND_ALWAYS;
    if (!settings->add_prefix)
        return T2V_PREPEND_NEVER;
    return settings->legacy_prefix ? T2V_PREPEND_ALWAYS : T2V_PREPEND_FIRST;
}

static int make_template(t2v_tokenizer *tokenizer, const struct t2v_settings *settings,
                         struct t2v_err *err)
{
    const struct t2v_token_model *model = tokenizer->model;
    bool xlmr = settings->class_ == T2V_CLASS_XLMR;
    int32_t end = model->ops->id_of(model, T2V_STR("</s>"));
    if (end < 0)
        return t2v_fail(err, T2V_EFORMAT, "there is no piece </s>");
    tokenizer->tmpl.max_id = -1;
    if (t2v_template_set(&tokenizer->tmpl, xlmr ? 0 : -1, end, xlmr ? end : -1, 0) != 0)
        return t2v_fail(err, T2V_ENOMEM, "no memory for the special tokens");
    return 0;
}

static int load_text(struct t2v_str bytes, t2v_tokenizer *tokenizer, struct t2v_settings *settings,
                     struct t2v_err *err)
{
    struct t2v_spm spm;
    int rc = t2v_spm_read(bytes, &spm, err);
    if (rc == 0)
        rc = load_model(&spm, bytes, settings, tokenizer, err);
    if (rc == 0)
        rc = add_tokens(spm, tokenizer, err);
    if (rc == 0)
        rc = make_normalizer(&spm, tokenizer, err);
    if (rc == 0)
        rc = make_template(tokenizer, settings, err);
    tokenizer->pretok.steps[tokenizer->pretok.n++] = (struct t2v_pretok_step){
        .name = "Metaspace",
        .split = t2v_pretok_split_metaspace,
        .replacement = mark,
        .prepend = prepend_of(settings),
        .cut_before_mark = true,
    };
    bool keep = prepend_of(settings) == T2V_PREPEND_NEVER;
    if (rc == 0 &&
        t2v_decode_spec_metaspace(mark, keep, &tokenizer->arena, &tokenizer->decode) != 0)
        rc = t2v_fail(err, T2V_ENOMEM, "no memory for the decoder");
    return rc;
}

const char *t2v_spm_file(const struct t2v_settings *settings)
{
    if (settings->class_ == T2V_CLASS_XLMR)
        return "sentencepiece.bpe.model";
    return settings->class_ == T2V_CLASS_T5 ? "spiece.model" : NULL;
}

int t2v_load_spm(const char *path, t2v_tokenizer *tokenizer, struct t2v_settings *settings,
                 struct t2v_err *err)
{
    tokenizer->source = t2v_spm_file(settings);
    return t2v_load_file(path, load_text, tokenizer, settings, err);
}
