/* SPDX-License-Identifier: BSD-3-Clause */
/* Opens a tokenizer: which files, in which order, and what transformers does once they are read. */
#include "token/load/load.h"

#include "base/file.h"
#include "base/map.h"
#include "base/mem.h"
#include "token/load/sentencepiece.h"
#include "token/load/tokenizer_json.h"
#include "token/load/vocab_json.h"
#include "token/load/vocab_txt.h"
#include "token/normalize/bert.h"

#include "base/banned.h"

/* The special tokens in their order, additional_special_tokens last. */
static const struct t2v_special_token *special_at(const struct t2v_settings *settings, size_t i)
{
    return i < T2V_N_SPECIAL ? &settings->special.by_kind[i]
                             : &settings->special.more[i - T2V_N_SPECIAL];
}

/* Contents to the first place that they have among the special tokens, and among the decoder's. */
struct namesakes {
    struct t2v_map special, decoder;
};

static int set_first(struct t2v_map *map, struct t2v_str content, size_t place)
{
    return t2v_map_get(map, content) >= 0 ? 0 : t2v_map_set(map, content, (int32_t)place);
}

static int find_namesakes(const struct t2v_settings *settings, struct namesakes *out)
{
    size_t n_special = T2V_N_SPECIAL + settings->special.n_more;
    const struct t2v_added_list *decoder = &settings->decoder;
    *out = (struct namesakes){0};
    int rc = n_special <= INT32_MAX && decoder->n <= INT32_MAX ? 0 : T2V_ETOOLARGE;
    if (rc == 0)
        rc = t2v_map_init(&out->special, n_special);
    if (rc == 0)
        rc = t2v_map_init(&out->decoder, decoder->n);
    for (size_t i = 0; i < n_special && rc == 0; i++) {
        const struct t2v_special_token *special = special_at(settings, i);
        rc = special->there ? set_first(&out->special, special->token.content, i) : 0;
    }
    for (size_t i = 0; i < decoder->n && rc == 0; i++)
        rc = set_first(&out->decoder, decoder->ptr[i].content, i);
    return rc;
}

/* The tokens of the settings that transformers adds to a loaded tokenizer: the whole decoder, then
 * those special tokens that came with flags or that nobody knows yet. */
static int fill_tokens(const struct t2v_settings *settings, const struct namesakes *names,
                       t2v_tokenizer *tokenizer, struct t2v_added_list *list)
{
    const struct t2v_added_list *decoder = &settings->decoder;
    for (size_t i = 0; i < decoder->n; i++) {
        struct t2v_added_token token = decoder->ptr[i];
        token.special = token.special || t2v_map_get(&names->special, token.content) >= 0;
        if (t2v_added_list_add(list, &token) != 0)
            return T2V_ENOMEM;
    }
    for (size_t i = 0; i < T2V_N_SPECIAL + settings->special.n_more; i++) {
        const struct t2v_special_token *special = special_at(settings, i);
        struct t2v_str content = special->token.content;
        /* One named twice counts once; only the additional ones are not held to that. */
        size_t before = i < T2V_N_SPECIAL ? i : T2V_N_SPECIAL;
        if (!special->there || (size_t)t2v_map_get(&names->special, content) < before)
            continue;
        bool known = special->plain && (t2v_map_get(&tokenizer->added.id_of, content) >= 0 ||
                                        t2v_map_get(&names->decoder, content) >= 0);
        if (known)
            continue;
        if (special->ignored != NULL)
            t2v_notes_add(&tokenizer->notes, "tokenizer_config.json", special->ignored);
        if (t2v_added_list_add(list, &special->token) != 0)
            return T2V_ENOMEM;
    }
    return 0;
}

static int list_tokens(const struct t2v_settings *settings, t2v_tokenizer *tokenizer,
                       struct t2v_added_list *list)
{
    struct namesakes names;
    int rc = find_namesakes(settings, &names);
    if (rc == 0)
        rc = fill_tokens(settings, &names, tokenizer, list);
    t2v_map_deinit(&names.special);
    t2v_map_deinit(&names.decoder);
    return rc;
}

/* UPSTREAM: the classes of BERT and MPNet set the flags of a BertNormalizer from the settings,
 * which have defaults, so a do_lower_case that is not there overrules tokenizer.json's lowercase:
 * false. The patterns of added tokens keep the normalizer that was there before. */
static void override_normalizer(const struct t2v_settings *settings, t2v_tokenizer *tokenizer)
{
    struct t2v_norm_step *step = &tokenizer->normalizer.steps[0];
    bool is_bert = tokenizer->normalizer.n == 1 && !tokenizer->normalizer.sequence &&
                   strcmp(step->name, "BertNormalizer") == 0;
    bool mpnet = settings->class_ == T2V_CLASS_MPNET;
    if (!is_bert || (!mpnet && settings->class_ != T2V_CLASS_BERT))
        return;
    bool same_accents = settings->accents_null
                            ? step->accents_null
                            : !step->accents_null && step->accents == settings->accents;
    if (step->lower == settings->lower && same_accents &&
        (mpnet || step->chinese == settings->chinese))
        return;
    t2v_norm_bert(step, step->clean, mpnet ? step->chinese : settings->chinese,
                  settings->accents_null ? NULL : &settings->accents, settings->lower);
}

/* UPSTREAM: the settings' add_prefix_space, which is false when it is not there, overrules that of
 * a ByteLevel, unless it is inside of a Sequence. */
static void override_prefix(const struct t2v_settings *settings, t2v_tokenizer *tokenizer)
{
    struct t2v_pretok_step *step = &tokenizer->pretok.steps[0];
    if (tokenizer->pretok.n == 1 && !tokenizer->pretok.sequence &&
        strcmp(step->name, "ByteLevel") == 0)
        step->prefix_space = settings->prefix_space;
}

/* The id of a special token; -1 when there is none. */
static int32_t special_id(const struct t2v_settings *settings, const t2v_tokenizer *tokenizer,
                          enum t2v_special which)
{
    const struct t2v_special_token *special = &settings->special.by_kind[which];
    return special->there
               ? t2v_added_id_of(&tokenizer->added, tokenizer->model, special->token.content)
               : -1;
}

static int set_lang(const struct t2v_settings *settings, t2v_tokenizer *tokenizer,
                    struct t2v_err *err)
{
    struct t2v_str name = settings->src_lang;
    if (name.ptr == NULL)
        name = t2v_str_of(settings->info->lang);
    int32_t eos = special_id(settings, tokenizer, T2V_EOS);
    int32_t lang = t2v_added_id_of(&tokenizer->added, tokenizer->model, name);
    if (lang < 0)
        lang = special_id(settings, tokenizer, T2V_UNK);
    if (lang < 0 || eos < 0)
        return t2v_fail(err, T2V_EFORMAT, "%s: no eos_token, or src_lang is no token",
                        settings->class_name);
    bool last = settings->info->ends == T2V_ENDS_LANG_LAST || settings->lang_last;
    return t2v_template_set_lang(&tokenizer->tmpl, lang, eos, last);
}

/* UPSTREAM: transformers 4.56 refuses to add a token that is not set. 5 ignores the two keys, and
 * there only CodeLlama's and GPT-NeoX's classes replace the template of tokenizer.json. */
static int set_ends(const struct t2v_settings *settings, t2v_tokenizer *tokenizer,
                    struct t2v_err *err)
{
    bool add_bos = settings->add_bos_said && !settings->by_5 ? settings->add_bos
                                                             : settings->info->ends == T2V_ENDS_BOS;
    bool add_eos = settings->add_eos && !settings->by_5;
    int32_t bos = add_bos ? special_id(settings, tokenizer, T2V_BOS) : -1;
    int32_t eos = add_eos ? special_id(settings, tokenizer, T2V_EOS) : -1;
    if (!settings->by_5 && ((add_bos && bos < 0) || (add_eos && eos < 0)))
        return t2v_fail(err, T2V_EFORMAT, "%s: %s is true, and there is no %s",
                        settings->class_name,
                        add_bos && bos < 0 ? "add_bos_token" : "add_eos_token",
                        add_bos && bos < 0 ? "bos_token" : "eos_token");
    return t2v_template_set_ends(&tokenizer->tmpl, bos, eos);
}

static bool same_ids(const struct t2v_ids *a, const struct t2v_ids *b)
{
    return a->len == b->len &&
           (a->len == 0 || memcmp(a->ptr, b->ptr, a->len * sizeof *a->ptr) == 0);
}

/* UPSTREAM: some classes put other ids around a text than tokenizer.json says. */
static int override_template(const struct t2v_settings *settings, t2v_tokenizer *tokenizer,
                             struct t2v_err *err)
{
    enum t2v_ends ends = settings->info->ends;
    bool lang = ends == T2V_ENDS_LANG_FIRST || ends == T2V_ENDS_LANG_LAST;
    bool by_keys = ends == T2V_ENDS_NONE || (ends == T2V_ENDS_BOS && !settings->by_5) ||
                   t2v_str_is(t2v_str_of(settings->info->name), "CodeLlama");
    if (!settings->from_json || (!lang && !by_keys))
        return 0;
    struct t2v_template old = tokenizer->tmpl, *now = &tokenizer->tmpl;
    *now = (struct t2v_template){.max_id = -1};
    int rc = lang ? set_lang(settings, tokenizer, err) : set_ends(settings, tokenizer, err);
    if (!same_ids(&old.before, &now->before) || !same_ids(&old.behind, &now->behind))
        t2v_notes_add(&tokenizer->notes, "tokenizer_config.json",
                      lang ? "src_lang" : "add_bos_token");
    t2v_template_deinit(&old);
    return rc == T2V_ENOMEM ? t2v_fail(err, rc, "no memory for the special tokens") : rc;
}

int t2v_settings_apply(const struct t2v_settings *settings, t2v_tokenizer *tokenizer,
                       struct t2v_err *err)
{
    struct t2v_added_list list = {0};
    int rc = list_tokens(settings, tokenizer, &list);
    if (rc == 0 && list.n != 0)
        rc = t2v_added_add(&tokenizer->added, list.ptr, list.n, tokenizer->model);
    t2v_free(list.ptr);
    if (rc != 0)
        return t2v_added_refused(err, rc, "the special tokens");
    if (!settings->alone)
        rc = override_template(settings, tokenizer, err);
    if (rc == 0)
        rc = t2v_added_build(&tokenizer->added, &tokenizer->normalizer, settings->split_special,
                             err);
    if (rc != 0)
        return rc;
    override_normalizer(settings, tokenizer);
    if (!settings->alone)
        override_prefix(settings, tokenizer);
    tokenizer->cut_left = settings->cut_left;
    tokenizer->tidies = settings->tidies;
    tokenizer->model_max = settings->model_max;
    tokenizer->chunked = t2v_normalizer_local(&tokenizer->normalizer) &&
                         t2v_pretok_cuts_at_space(&tokenizer->pretok) &&
                         !tokenizer->added.normalized.has_space;
    return 0;
}

static int describe(t2v_tokenizer *tokenizer, const struct t2v_settings *settings)
{
    struct t2v_buf buf;
    t2v_buf_init(&buf, 8192);
    t2v_buf_addf(&buf, "%s: ", tokenizer->source);
    for (size_t i = 0; i < tokenizer->normalizer.n; i++)
        t2v_buf_addf(&buf, "%s, ", tokenizer->normalizer.steps[i].name);
    for (size_t i = 0; i < tokenizer->pretok.n; i++)
        t2v_buf_addf(&buf, "%s, ", tokenizer->pretok.steps[i].name);
    t2v_buf_addf(&buf, "%s of %zu, %zu added tokens, template %zu + text + %zu",
                 tokenizer->model->ops->name, tokenizer->model->n_vocab, tokenizer->added.by_id.n,
                 tokenizer->tmpl.before.len, tokenizer->tmpl.behind.len);
    if (settings->class_name[0] != '\0')
        t2v_buf_addf(&buf, ", class %s", settings->class_name);
    struct t2v_str copy = {NULL, 0};
    if (buf.fail == 0)
        copy = t2v_arena_dup(&tokenizer->arena, t2v_buf_str(&buf));
    t2v_buf_deinit(&buf);
    tokenizer->describe = copy.ptr;
    return copy.ptr != NULL ? 0 : T2V_ENOMEM;
}

/* vocab.json and merges.txt. */
static int load_bytes(const char *model_dir, t2v_tokenizer *tokenizer,
                      struct t2v_settings *settings, struct t2v_err *err)
{
    char vocab[4096], merges[4096];
    bool has_vocab, has_merges = false;
    int rc = t2v_file_find(vocab, sizeof vocab, model_dir, "vocab.json", &has_vocab, err);
    if (rc == 0)
        rc = t2v_file_find(merges, sizeof merges, model_dir, "merges.txt", &has_merges, err);
    if (rc != 0)
        return rc;
    if (!has_vocab || !has_merges)
        return t2v_fail(err, T2V_EIO,
                        "%s: neither tokenizer.json nor vocab.json with merges.txt is there",
                        model_dir);
    settings->slow = true;
    if (t2v_settings_finish(settings) != 0)
        return t2v_fail(err, T2V_ENOMEM, "no memory for the tokenizer's settings");
    return t2v_load_bytes(vocab, merges, tokenizer, settings, err);
}

/* What the class reads: vocab.txt, vocab.json with merges.txt, or a SentencePiece model. */
static int load_older(const char *model_dir, t2v_tokenizer *tokenizer,
                      struct t2v_settings *settings, struct t2v_err *err)
{
    char path[4096];
    if (settings->class_ == T2V_CLASS_ROBERTA || settings->class_ == T2V_CLASS_GPT2)
        return load_bytes(model_dir, tokenizer, settings, err);
    const char *spm = t2v_spm_file(settings);
    const char *name = spm != NULL ? spm : "vocab.txt";
    bool there;
    int rc = t2v_file_find(path, sizeof path, model_dir, name, &there, err);
    if (rc != 0)
        return rc;
    if (!there)
        return t2v_fail(err, T2V_EIO, "%s: neither tokenizer.json nor %s is there", model_dir,
                        name);
    /* vocab.txt alone can be nothing but BERT's. */
    if (settings->class_ == T2V_CLASS_PLAIN && settings->class_name[0] != '\0')
        return t2v_fail(err, T2V_EUNSUPPORTED,
                        "%s: there is no tokenizer.json, and a %s cannot be made of vocab.txt",
                        model_dir, settings->class_name);
    if (settings->class_ == T2V_CLASS_PLAIN)
        settings->class_ = T2V_CLASS_BERT;
    if (t2v_settings_finish(settings) != 0)
        return t2v_fail(err, T2V_ENOMEM, "no memory for the tokenizer's settings");
    return spm != NULL ? t2v_load_spm(path, tokenizer, settings, err)
                       : t2v_load_legacy(path, tokenizer, settings, err);
}

/* UPSTREAM: T5's class makes the tokenizer anew from spiece.model when add_prefix_space is set,
 * whatever tokenizer.json says. */
static int json_counts(const char *model_dir, const struct t2v_settings *settings, bool *counts,
                       struct t2v_err *err)
{
    char path[4096];
    bool older = false;
    int rc = 0;
    if (settings->class_ == T2V_CLASS_T5 && settings->add_prefix_said)
        rc = t2v_file_find(path, sizeof path, model_dir, t2v_spm_file(settings), &older, err);
    *counts = !older;
    return rc;
}

static int load_parts(const char *model_dir, t2v_tokenizer *tokenizer,
                      struct t2v_settings *settings, struct t2v_err *err)
{
    char path[4096];
    bool counts;
    int rc = t2v_file_find(path, sizeof path, model_dir, "tokenizer.json", &counts, err);
    if (rc == 0 && counts)
        rc = json_counts(model_dir, settings, &counts, err);
    if (rc != 0)
        return rc;
    if (!counts)
        return load_older(model_dir, tokenizer, settings, err);
    settings->from_json = true;
    rc = t2v_load_json(path, tokenizer, settings, err);
    if (rc == 0 && t2v_settings_finish(settings) != 0)
        rc = t2v_fail(err, T2V_ENOMEM, "no memory for the tokenizer's settings");
    return rc;
}

/* The parts, then what is done to them once they are there. */
static int load(const char *model_dir, struct t2v_str args, t2v_tokenizer *tokenizer,
                struct t2v_settings *settings, struct t2v_err *err)
{
    char path[4096];
    int rc;
    if (settings->alone) {
        rc = t2v_file_join(path, sizeof path, model_dir, "tokenizer.json", err);
        if (rc == 0)
            rc = t2v_load_json(path, tokenizer, settings, err);
    } else {
        rc = t2v_settings_read(model_dir, args, settings, err);
        if (rc == 0)
            rc = load_parts(model_dir, tokenizer, settings, err);
    }
    if (rc == 0) {
        rc = t2v_settings_apply(settings, tokenizer, err);
        if (rc != 0)
            t2v_fail_in(err, rc, model_dir);
    }
    if (rc == 0 && describe(tokenizer, settings) != 0)
        rc = t2v_fail(err, T2V_ENOMEM, "no memory for the tokenizer");
    return rc;
}

static int open_as(const char *model_dir, struct t2v_str args, struct t2v_settings *settings,
                   t2v_tokenizer **out, struct t2v_err *err)
{
    t2v_tokenizer *tokenizer = t2v_alloc_zero(1, sizeof *tokenizer);
    if (tokenizer == NULL || t2v_added_init(&tokenizer->added) != 0) {
        t2v_free(tokenizer);
        return t2v_fail(err, T2V_ENOMEM, "no memory for the tokenizer");
    }
    tokenizer->limit = SIZE_MAX;
    int rc = load(model_dir, args, tokenizer, settings, err);
    t2v_settings_deinit(settings);
    if (rc != 0) {
        t2v_tokenizer_free(tokenizer);
        return rc;
    }
    *out = tokenizer;
    return 0;
}

int t2v_tokenizer_open(const char *model_dir, t2v_tokenizer **out, struct t2v_err *err)
{
    return t2v_tokenizer_open_with(model_dir, (struct t2v_str){NULL, 0}, out, err);
}

int t2v_tokenizer_open_with(const char *model_dir, struct t2v_str args, t2v_tokenizer **out,
                            struct t2v_err *err)
{
    struct t2v_settings settings = {0};
    return open_as(model_dir, args, &settings, out, err);
}

int t2v_tokenizer_open_alone(const char *model_dir, t2v_tokenizer **out, struct t2v_err *err)
{
    /* tokenizer.json's added tokens are in it already. */
    struct t2v_settings settings = {.alone = true, .has_decoder = true};
    return open_as(model_dir, (struct t2v_str){NULL, 0}, &settings, out, err);
}

const struct t2v_notes *t2v_tokenizer_notes(const t2v_tokenizer *tokenizer)
{
    return &tokenizer->notes;
}

void t2v_tokenizer_free(t2v_tokenizer *tokenizer)
{
    if (tokenizer == NULL)
        return;
    t2v_token_model_free(tokenizer->model);
    t2v_normalizer_deinit(&tokenizer->normalizer);
    t2v_pretok_deinit(&tokenizer->pretok);
    t2v_template_deinit(&tokenizer->tmpl);
    t2v_added_deinit(&tokenizer->added);
    t2v_decode_spec_deinit(&tokenizer->decode);
    t2v_arena_free(&tokenizer->arena);
    t2v_free(tokenizer);
}
