/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_TOKEN_ADDED_H
#define T2V_TOKEN_ADDED_H
/*
 * Added tokens: whole strings of text that are one token each, found before the model sees the
 * text. Those that are not `normalized` are looked for in the raw text, the others (themselves
 * normalised) in what the normalizer makes of the text between. Matching is leftmost-longest, as
 * the library's.
 *
 * Loading: add every token, in the order of the files, then build. The library lets a token be
 * added again with other flags, and some old flags stay: this keeps the same books. Read-only once
 * built.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/map.h"
#include "base/str.h"
#include "token/model/model.h"
#include "token/normalize/normalize.h"
#include "token/trie.h"

struct t2v_added_token {
    struct t2v_str content;
    bool single_word;    /* only where no \w stands next to it */
    bool lstrip, rstrip; /* takes the white space before, behind it */
    bool normalized, special;
    int32_t id; /* given by t2v_added_add */
};

/* A growing list of them. */
struct t2v_added_list {
    struct t2v_added_token *ptr;
    size_t n, cap;
};
int t2v_added_list_add(struct t2v_added_list *list, const struct t2v_added_token *token);

/* The patterns that are looked for in one kind of text. */
struct t2v_matcher {
    struct t2v_trie trie; /* value: index into added->by_id */
    size_t n;
    int only_first;    /* the byte that all patterns begin with, or -1 */
    bool skip_special; /* special tokens are left to the model */
    bool has_space;    /* some pattern has white space inside */
};

struct t2v_added {
    struct t2v_arena arena;               /* contents */
    struct t2v_added_list special, other; /* in the order that they were first added */
    struct t2v_added_list by_id;          /* one an id: the flags that count */
    int32_t *place; /* [n_place] id to its place in by_id, plus 1; until built */
    size_t n_place;
    struct t2v_map id_of;       /* content to id */
    struct t2v_map special_set; /* contents that are special, once and for all */
    struct t2v_matcher raw, normalized;
    int32_t max_id; /* -1 without tokens */
};

int t2v_added_init(struct t2v_added *added);
void t2v_added_deinit(struct t2v_added *added);
/* Says why t2v_added_add would not take them: what is "the special tokens" or the like. Returns rc.
 */
int t2v_added_refused(struct t2v_err *err, int rc, const char *what);
/* Adds a batch of tokens, as one call of the library's add_tokens: a token's id is the model's, or
 * the next free one. An empty content is ignored. Contents are copied. T2V_ENOMEM, T2V_ETOOLARGE.
 */
int t2v_added_add(struct t2v_added *added, const struct t2v_added_token *tokens, size_t n,
                  const struct t2v_token_model *model);
/* The id of an added token or of one of the model's, or -1. */
int32_t t2v_added_id_of(const struct t2v_added *added, const struct t2v_token_model *model,
                        struct t2v_str content);
/* Makes the matchers; skip_special: `split_special_tokens`. T2V_ENOMEM, T2V_ETOOLARGE;
 * T2V_EUNSUPPORTED for a token that the normalizer makes empty. */
int t2v_added_build(struct t2v_added *added, const struct t2v_normalizer *normalizer,
                    bool skip_special, struct t2v_err *err);

/* A walk over a text. Zeroed at its start. */
struct t2v_match {
    size_t begin; /* the plain text before the token: [begin, start) */
    size_t start, stop;
    int32_t id;  /* -1: there is no token, and the plain text reaches the end of the text */
    size_t next; /* private: where the search goes on */
    size_t done; /* private: where the next plain text begins */
    /* Private: white space reaches up to here from behind an earlier token, so that a run of it is
     * looked at once however many tokens are in it. */
    size_t space;
};
/* Finds the next token, or the rest. Call it until id is -1. */
void t2v_matcher_next(const struct t2v_added *added, const struct t2v_matcher *matcher,
                      struct t2v_str text, struct t2v_match *match);

#endif
