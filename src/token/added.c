/* SPDX-License-Identifier: BSD-3-Clause */
#include "token/added.h"

#include "base/mem.h"
#include "regex/regex.h"
#include "token/field.h"
#include "unicode/code_point.h"

#include "base/banned.h"

/* The books: which tokens there are. */

int t2v_added_list_add(struct t2v_added_list *list, const struct t2v_added_token *token)
{
    if (list->n == list->cap) {
        struct t2v_added_token *grown = t2v_grow(list->ptr, &list->cap, 8, sizeof *grown);
        if (grown == NULL)
            return T2V_ENOMEM;
        list->ptr = grown;
    }
    list->ptr[list->n++] = *token;
    return 0;
}

int t2v_added_init(struct t2v_added *added)
{
    *added = (struct t2v_added){.max_id = -1};
    if (t2v_map_init(&added->id_of, 16) != 0 || t2v_map_init(&added->special_set, 16) != 0 ||
        t2v_trie_init(&added->raw.trie, 64) != 0 ||
        t2v_trie_init(&added->normalized.trie, 64) != 0) {
        t2v_added_deinit(added);
        return T2V_ENOMEM;
    }
    return 0;
}

void t2v_added_deinit(struct t2v_added *added)
{
    t2v_arena_free(&added->arena);
    t2v_free(added->special.ptr);
    t2v_free(added->other.ptr);
    t2v_free(added->by_id.ptr);
    t2v_free(added->place);
    t2v_map_deinit(&added->id_of);
    t2v_map_deinit(&added->special_set);
    t2v_trie_deinit(&added->raw.trie);
    t2v_trie_deinit(&added->normalized.trie);
    *added = (struct t2v_added){0};
}

int32_t t2v_added_id_of(const struct t2v_added *added, const struct t2v_token_model *model,
                        struct t2v_str content)
{
    int32_t id = t2v_map_get(&added->id_of, content);
    return id >= 0 ? id : model->ops->id_of(model, content);
}

/* Where in by_id the token with this id stands, plus 1; 0 when it is nobody's. */
static int32_t place_of(const struct t2v_added *added, int32_t id)
{
    return (size_t)id < added->n_place ? added->place[id] : 0;
}

static bool same(const struct t2v_added_token *a, const struct t2v_added_token *b)
{
    return t2v_str_eq(a->content, b->content) && a->single_word == b->single_word &&
           a->lstrip == b->lstrip && a->rstrip == b->rstrip && a->normalized == b->normalized &&
           a->special == b->special;
}

static int set_by_id(struct t2v_added *added, const struct t2v_added_token *token)
{
    size_t id = (size_t)token->id;
    if (id >= added->n_place) {
        size_t n = id + id / 2 + 64;
        int32_t *grown = t2v_resize(added->place, n, sizeof *grown);
        if (grown == NULL)
            return T2V_ENOMEM;
        memset(grown + added->n_place, 0, (n - added->n_place) * sizeof *grown);
        added->place = grown;
        added->n_place = n;
    }
    if (added->place[id] != 0) {
        added->by_id.ptr[added->place[id] - 1] = *token;
        return 0;
    }
    int rc = t2v_added_list_add(&added->by_id, token);
    if (rc == 0)
        added->place[id] = (int32_t)added->by_id.n;
    return rc;
}

/* Adds one token. *next_id is the first id that nobody has. */
static int add_one(struct t2v_added *added, struct t2v_added_token token,
                   const struct t2v_token_model *model, int32_t *next_id)
{
    int32_t known = t2v_map_get(&added->id_of, token.content);
    if (known >= 0) {
        int32_t place = place_of(added, known);
        if (place != 0 && same(&added->by_id.ptr[place - 1], &token))
            return 0;
    }
    token.id = t2v_added_id_of(added, model, token.content);
    if (token.id < 0)
        token.id = (*next_id)++;
    if (token.id > T2V_TOKEN_MAX_ID)
        return T2V_ETOOLARGE;
    if (token.id > added->max_id)
        added->max_id = token.id;
    bool special = t2v_map_get(&added->special_set, token.content) >= 0;
    int rc = t2v_map_set(&added->id_of, token.content, token.id);
    if (rc == 0)
        rc = set_by_id(added, &token);
    /* A special token's pattern was listed by the caller, with the flags of its first time. */
    if (rc == 0 && !special)
        rc = t2v_added_list_add(&added->other, &token);
    return rc;
}

int t2v_added_refused(struct t2v_err *err, int rc, const char *what)
{
    return rc == T2V_ENOMEM ? t2v_fail(err, rc, "no memory for %s", what)
                            : t2v_fail(err, rc, "%s do not fit", what);
}

int t2v_added_add(struct t2v_added *added, const struct t2v_added_token *tokens, size_t n,
                  const struct t2v_token_model *model)
{
    int32_t n_vocab =
        model->n_vocab < T2V_TOKEN_MAX_ID ? (int32_t)model->n_vocab : T2V_TOKEN_MAX_ID;
    int32_t next_id = n_vocab;
    if (added->max_id >= n_vocab)
        next_id = added->max_id + 1;
    int rc = 0;
    /* The library lists the special ones of the whole batch first. */
    struct t2v_added_token *own = t2v_alloc_zero(n, sizeof *own);
    if (own == NULL)
        return T2V_ENOMEM;
    for (size_t i = 0; i < n && rc == 0; i++) {
        own[i] = tokens[i];
        own[i].content = t2v_arena_dup(&added->arena, tokens[i].content);
        if (own[i].content.ptr == NULL) {
            rc = T2V_ENOMEM;
        } else if (own[i].special && own[i].content.len != 0 &&
                   t2v_map_get(&added->special_set, own[i].content) < 0) {
            rc = t2v_map_set(&added->special_set, own[i].content, 1);
            if (rc == 0)
                rc = t2v_added_list_add(&added->special, &own[i]);
        }
    }
    for (size_t i = 0; i < n && rc == 0; i++) {
        if (own[i].content.len != 0)
            rc = add_one(added, own[i], model, &next_id);
    }
    t2v_free(own);
    return rc;
}

/* The matchers. */

static int add_pattern(struct t2v_added *added, struct t2v_matcher *matcher, struct t2v_str pattern,
                       int32_t id)
{
    if (t2v_trie_get(&matcher->trie, pattern) >= 0)
        return 0; /* of equal patterns the first one counts */
    uint8_t first = (uint8_t)pattern.ptr[0];
    if (matcher->n == 0)
        matcher->only_first = first;
    else if (matcher->only_first != first)
        matcher->only_first = -1;
    matcher->n++;
    for (const char *at = pattern.ptr, *end = at + pattern.len; at < end;)
        matcher->has_space |= t2v_unicode_space(t2v_utf8_next(&at, end));
    return t2v_trie_set(&matcher->trie, pattern, place_of(added, id) - 1);
}

static int add_patterns(struct t2v_added *added, const struct t2v_added_list *list,
                        const struct t2v_normalizer *normalizer, struct t2v_norm_space *space,
                        struct t2v_err *err)
{
    for (size_t i = 0; i < list->n; i++) {
        const struct t2v_added_token *token = &list->ptr[i];
        struct t2v_str pattern = token->content;
        int rc = token->normalized ? t2v_normalizer_run(normalizer, space, pattern, &pattern) : 0;
        if (rc == 0 && pattern.len == 0)
            return t2v_fail(err, T2V_EUNSUPPORTED,
                            "the added token \"%.*s\" is empty once normalised",
                            T2V_STR_ARG(token->content));
        if (rc == 0)
            rc = add_pattern(added, token->normalized ? &added->normalized : &added->raw, pattern,
                             t2v_map_get(&added->id_of, token->content));
        if (rc != 0)
            return t2v_fail(err, rc,
                            rc == T2V_ENOMEM ? "no memory for the added tokens"
                                             : "the added tokens are too large");
    }
    return 0;
}

int t2v_added_build(struct t2v_added *added, const struct t2v_normalizer *normalizer,
                    bool skip_special, struct t2v_err *err)
{
    struct t2v_norm_space space;
    t2v_norm_space_init(&space);
    t2v_regex_allow(added->arena.bytes); /* the contents */
    added->raw.skip_special = added->normalized.skip_special = skip_special;
    added->raw.only_first = added->normalized.only_first = -1;
    int rc = add_patterns(added, &added->special, normalizer, &space, err);
    if (rc == 0)
        rc = add_patterns(added, &added->other, normalizer, &space, err);
    t2v_norm_space_deinit(&space);
    t2v_free(added->place); /* only needed so far */
    added->place = NULL;
    added->n_place = 0;
    return rc;
}

/* The first place at or behind `at` where a pattern may begin. */
static size_t candidate(const struct t2v_matcher *matcher, struct t2v_str text, size_t at)
{
    if (matcher->only_first >= 0) {
        const char *hit =
            at < text.len ? memchr(text.ptr + at, matcher->only_first, text.len - at) : NULL;
        return hit != NULL ? (size_t)(hit - text.ptr) : text.len;
    }
    while (at < text.len && matcher->trie.first[(uint8_t)text.ptr[at]] == 0)
        at++;
    return at;
}

/* The longest pattern at text[at]: its value, and in *stop its end; or -1. */
static int32_t longest(const struct t2v_matcher *matcher, struct t2v_str text, size_t at,
                       size_t *stop)
{
    const char *end = text.ptr + at;
    int32_t value = t2v_trie_longest(&matcher->trie, T2V_TRIE_ROOT, end, text.ptr + text.len, &end);
    *stop = (size_t)(end - text.ptr);
    return value;
}

static bool word_before(struct t2v_str text, size_t at)
{
    if (at == 0)
        return false;
    const char *back = t2v_utf8_back(text.ptr, text.ptr + at);
    return (t2v_unicode_flags(t2v_utf8_next(&back, text.ptr + at)) & T2V_UNI_WORD) != 0;
}

static bool word_behind(struct t2v_str text, size_t at)
{
    const char *ptr = text.ptr + at;
    return at < text.len &&
           (t2v_unicode_flags(t2v_utf8_next(&ptr, text.ptr + text.len)) & T2V_UNI_WORD) != 0;
}

/* Where the white space before `at` begins, not before `from`. */
static size_t skip_space_back(struct t2v_str text, size_t from, size_t at)
{
    while (at > from) {
        const char *back = t2v_utf8_back(text.ptr, text.ptr + at), *ptr = back;
        if (!t2v_unicode_space(t2v_utf8_next(&ptr, text.ptr + at)))
            break;
        at = (size_t)(back - text.ptr);
    }
    return at;
}

static size_t skip_space(struct t2v_str text, size_t at)
{
    while (at < text.len) {
        const char *ptr = text.ptr + at;
        if (!t2v_unicode_space(t2v_utf8_next(&ptr, text.ptr + text.len)))
            break;
        at = (size_t)(ptr - text.ptr);
    }
    return at;
}

void t2v_matcher_next(const struct t2v_added *added, const struct t2v_matcher *matcher,
                      struct t2v_str text, struct t2v_match *match)
{
    match->begin = match->done;
    size_t at = match->next;
    while (matcher->n != 0 && (at = candidate(matcher, text, at)) < text.len) {
        size_t stop = at;
        int32_t index = longest(matcher, text, at, &stop);
        if (index < 0) {
            at++;
            continue;
        }
        const struct t2v_added_token *token = &added->by_id.ptr[index];
        match->next = stop; /* a match that is turned down below still hides what it covers */
        bool skipped =
            matcher->skip_special && t2v_map_get(&added->special_set, token->content) >= 0;
        if (skipped || (token->single_word && (word_before(text, at) || word_behind(text, stop)))) {
            at = stop;
            continue;
        }
        if (token->lstrip)
            at = skip_space_back(text, match->begin, at);
        if (token->rstrip && stop >= match->space)
            match->space = skip_space(text, stop);
        if (token->rstrip)
            stop = match->space;
        match->start = at > match->begin ? at : match->begin;
        if (token->lstrip && match->start >= stop) { /* nothing is left: the library drops it */
            at = match->next;
            continue;
        }
        match->stop = match->done = stop;
        match->id = token->id;
        return;
    }
    match->id = -1;
    match->start = match->stop = text.len > match->begin ? text.len : match->begin;
}
