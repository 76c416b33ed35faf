/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_TOKEN_LOAD_SETTINGS_H
#define T2V_TOKEN_LOAD_SETTINGS_H
/*
 * What stands around the tokenizer proper: tokenizer_config.json, special_tokens_map.json,
 * added_tokens.json, and config.json where the class of the tokenizer is only known from there.
 * AutoTokenizer.from_pretrained of transformers 4.56 is the measure of which file decides what:
 *
 * - class: tokenizer_config's tokenizer_class, else config's, else by config's model_type. It gives
 *   the default special tokens, and says whether do_lower_case and the like overrule
 * tokenizer.json.
 * - added tokens: added_tokens_decoder of tokenizer_config; only without that count
 *   special_tokens_map.json and added_tokens.json, and the added tokens of tokenizer.json again.
 * - special tokens (cls_token, ...): those that the tokenizer does not know yet are added.
 * - ids around a text: some classes make them of add_bos_token and the like, see
 * token/load/classes.h. transformers 5, which writes "backend", takes tokenizer.json's.
 */
#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "json/json.h"
#include "token/added.h"
#include "token/load/classes.h"
#include "token/load/special.h"

struct t2v_settings {
    const struct t2v_class_info *info; /* never NULL */
    enum t2v_class class_;
    bool by_5;                    /* transformers 5 wrote the files */
    bool from_json;               /* set when loaded from tokenizer.json */
    char class_name[80];          /* for messages; "" when no file names one */
    bool lower, chinese, basic;   /* do_lower_case, tokenize_chinese_chars, do_basic_tokenize */
    bool accents, accents_null;   /* strip_accents */
    bool split_special, cut_left; /* split_special_tokens, truncation_side */
    bool cut_side_known;          /* truncation_side was there */
    /* T5: what add_prefix_space is to its slow tokenizer (true when not there, false for null), if
     * it is there and not null (then tokenizer.json does not count), and `legacy`. */
    bool add_prefix, add_prefix_said, legacy_prefix;
    size_t extra_ids;        /* T5: how many <extra_id_N> there are */
    bool prefix_space;       /* add_prefix_space, false when not there: ByteLevel's */
    bool add_bos, add_eos;   /* add_bos_token, add_eos_token: false when not there */
    bool add_bos_said;       /* the first was there, be it as null */
    struct t2v_str src_lang; /* ptr NULL when not there */
    bool lang_last;          /* legacy_behaviour */
    bool tidies;             /* clean_up_tokenization_spaces, false when not there */
    bool alone;              /* no class and no file but tokenizer.json counts */
    bool slow;               /* set when loaded from older files: special tokens have flags then */
    size_t model_max;
    struct t2v_specials special;
    bool has_decoder;              /* added_tokens_decoder was there */
    struct t2v_added_list decoder; /* its tokens, or those of tokenizer.json; id: their index */
    struct t2v_added_list legacy;  /* those of added_tokens.json */
    t2v_json *files[4];            /* private: the strings above point into them */
};

/* Reads the files of model_dir; those that are not there count as empty. args: the text of an
 * object that overrides keys of tokenizer_config.json; ptr NULL: none. */
int t2v_settings_read(const char *model_dir, struct t2v_str args, struct t2v_settings *settings,
                      struct t2v_err *err);
void t2v_settings_deinit(struct t2v_settings *settings);
/* Appends to the decoder. 0 or T2V_ENOMEM. */
int t2v_settings_add(struct t2v_settings *settings, const struct t2v_added_token *token);
/* To be called when the decoder is whole: gives the special tokens its flags, or their defaults,
 * then sorts it with the legacy ones by index. 0 or T2V_ENOMEM. */
int t2v_settings_finish(struct t2v_settings *settings);

#endif
