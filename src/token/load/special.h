/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_TOKEN_LOAD_SPECIAL_H
#define T2V_TOKEN_LOAD_SPECIAL_H
/*
 * The special tokens of the settings: bos_token, cls_token and the like, the lists
 * additional_special_tokens and extra_special_tokens, and the defaults of the tokenizer's class.
 * Their strings point into the JSON trees they were read from, which must outlive them. A zeroed
 * struct has no tokens.
 */
#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/map.h"
#include "json/json.h"
#include "token/added.h"
#include "token/load/classes.h"

/* A special token as a file gives it: a plain string, or a string with flags. */
struct t2v_special_token {
    struct t2v_added_token token;
    bool named;          /* a file has its key, even with null */
    bool there;          /* there is such a token */
    bool plain;          /* it came without flags */
    const char *ignored; /* the key that gave it, when earlier releases ignored that, or NULL */
};

struct t2v_specials {
    struct t2v_special_token by_kind[T2V_N_SPECIAL];
    struct t2v_special_token *more; /* [n_more] the two lists, in the order they were read */
    size_t n_more;
    bool more_named;  /* a file has additional_special_tokens, and not as null */
    char *extra_text; /* private: the contents of <extra_id_N> */
};

/* Frees the lists, but not the strings of the files. */
void t2v_specials_deinit(struct t2v_specials *specials);

/* Reads {"content": ..., "lstrip": ..., ...}. A missing flag is false, but a missing `normalized`
 * is the opposite of `special`. The id is left as it is. where: the path of value, for messages.
 * T2V_EFORMAT. */
int t2v_special_read_token(const t2v_json *value, const char *where, struct t2v_added_token *token,
                           struct t2v_err *err);

/* Reads bos_token to mask_token and additional_special_tokens of tokenizer_config.json or
 * special_tokens_map.json; file may be NULL. T2V_EFORMAT, T2V_ENOMEM. */
int t2v_specials_read(const t2v_json *file, struct t2v_specials *specials, struct t2v_err *err);
/* Appends the value of extra_special_tokens: {"image_token": "<image>", ...}, or the list that
 * transformers 5 writes. NULL and null add nothing. T2V_EFORMAT, T2V_ENOMEM. */
int t2v_specials_read_extra(const t2v_json *extra, struct t2v_specials *specials,
                            struct t2v_err *err);
/* Appends the additional_special_tokens of the class, unless those of a file replace them. 0 or
 * T2V_ENOMEM. */
int t2v_specials_add_class(struct t2v_specials *specials, const struct t2v_class_info *info,
                           struct t2v_err *err);

/* The files are read: tokens that are in the decoder take the flags they have there, tokens that no
 * file has take the class's defaults, and T5 gets its extra_ids tokens <extra_id_N>. slow: the
 * tokenizer is made from older files, as transformers' slow classes do. 0 or T2V_ENOMEM. */
int t2v_specials_finish(struct t2v_specials *specials, const struct t2v_class_info *info,
                        const struct t2v_added_list *decoder, size_t extra_ids, bool slow);

/* Makes map the set of their contents; deinit it in any case. 0 or T2V_ENOMEM. */
int t2v_specials_map(const struct t2v_specials *specials, struct t2v_map *map);

#endif
