/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * vocab.json and merges.txt, the older layout of byte-level BPE. The rest of the tokenizer stands
 * in no file; it is what transformers' RobertaConverter and GPT2Converter make of the settings.
 */
#include "token/load/vocab_json.h"

#include "base/utf8.h"
#include "token/load/text.h"
#include "token/load/vocab_txt.h"
#include "token/model/bpe.h"
#include "token/model/bpe_load.h"
#include "unicode/space.h"

#include "base/banned.h"

/* The next word of *line, empty when there is none. */
static struct t2v_str take_word(struct t2v_str *line)
{
    *line = t2v_str_skip(*line, t2v_space_skip(*line, 0));
    size_t n = 0;
    while (n < line->len && t2v_space_first(t2v_str_skip(*line, n)) == 0)
        n++;
    struct t2v_str word = {line->ptr, n};
    *line = t2v_str_skip(*line, n);
    return word;
}

/* The first line is "#version: 0.2", and not looked at; nor is a last one without an end. Of equal
 * merges the first counts. */
static int load_merges(struct t2v_str text, t2v_tokenizer *tokenizer, struct t2v_settings *settings,
                       struct t2v_err *err)
{
    struct t2v_token_model *model = tokenizer->model;
    struct t2v_str line;
    (void)settings;
    if (!t2v_utf8_valid(text, NULL))
        return t2v_fail(err, T2V_EFORMAT, "not UTF-8");
    if (!t2v_load_line(&text, &line))
        return 0;
    for (uint32_t rank = 0; t2v_load_line(&text, &line); rank++) {
        struct t2v_str left = take_word(&line), right = take_word(&line);
        if (right.len == 0 || take_word(&line).len != 0)
            return t2v_fail(err, T2V_EFORMAT, "line %u is not two tokens", (unsigned)rank + 2);
        int rc = t2v_bpe_has_merge(model, left, right)
                     ? 0
                     : t2v_bpe_merge(model, left, right, rank, err);
        if (rc != 0)
            return rc;
    }
    return 0;
}

static int load_vocab(struct t2v_str text, t2v_tokenizer *tokenizer, struct t2v_settings *settings,
                      struct t2v_err *err)
{
    (void)settings;
    return t2v_bpe_read_vocab(tokenizer->model, text, err);
}

/* RoBERTa: cls and sep around the text; GPT-2: bos before it, if that is asked for. */
static int make_template(t2v_tokenizer *tokenizer, const struct t2v_settings *settings,
                         struct t2v_err *err)
{
    int32_t ids[T2V_N_SPECIAL];
    t2v_legacy_special_ids(tokenizer, settings, ids);
    struct t2v_template *tmpl = &tokenizer->tmpl;
    tmpl->max_id = -1;
    bool roberta = settings->class_ == T2V_CLASS_ROBERTA;
    if (!roberta && !settings->add_bos)
        return t2v_template_set_pair_plain(tmpl);
    int32_t before = ids[roberta ? T2V_CLS : T2V_BOS];
    if (before < 0 || (roberta && ids[T2V_SEP] < 0))
        return t2v_fail(err, T2V_EFORMAT, "no cls_token, sep_token or bos_token");
    if (roberta)
        t2v_template_trim(tmpl, settings->prefix_space);
    if (roberta)
        return t2v_template_set(tmpl, before, ids[T2V_SEP], ids[T2V_SEP], 0) == 0
                   ? 0
                   : t2v_fail(err, T2V_ENOMEM, "no memory for the special tokens");
    tmpl->max_id = before;
    return t2v_ids_add(&tmpl->before, before) == 0 && t2v_template_set_pair_plain(tmpl) == 0
               ? 0
               : t2v_fail(err, T2V_ENOMEM, "no memory for the special tokens");
}

int t2v_load_bytes(const char *path, const char *merges_path, t2v_tokenizer *tokenizer,
                   struct t2v_settings *settings, struct t2v_err *err)
{
    const struct t2v_bpe_settings none = {.unk_token = {NULL, 0}};
    if (t2v_bpe_new(1024, 1024, &none, &tokenizer->model) != 0)
        return t2v_fail(err, T2V_ENOMEM, "%s: no memory", path);
    int rc = t2v_load_file(path, load_vocab, tokenizer, settings, err);
    if (rc == 0)
        rc = t2v_load_file(merges_path, load_merges, tokenizer, settings, err);
    if (rc == 0)
        rc = t2v_bpe_finish(tokenizer->model, err);
    if (rc == 0)
        rc = t2v_pretok_add_byte_level(&tokenizer->pretok, settings->prefix_space, err);
    if (rc == 0 && t2v_decode_spec_byte_level(&tokenizer->arena, &tokenizer->decode) != 0)
        rc = t2v_fail(err, T2V_ENOMEM, "no memory for the decoder");
    tokenizer->source = "vocab.json, merges.txt";
    return rc == 0 ? make_template(tokenizer, settings, err) : rc;
}
