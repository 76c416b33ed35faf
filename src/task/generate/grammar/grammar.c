/* SPDX-License-Identifier: BSD-3-Clause */
#include "task/generate/grammar/grammar.h"

#include "base/mem.h"
#include "task/generate/grammar/automaton.h"
#include "task/generate/grammar/scalar.h"

#include "base/banned.h"

/* States after the first bytes of a token, and the pool's mark before them. */
struct level {
    struct t2v_frames states;
    size_t mark;
};

struct t2v_grammar {
    const t2v_vocab_trie *trie;
    struct t2v_frame_pool pools[2]; /* states are in pools[at], the other is empty between calls */
    size_t at;
    struct t2v_frames states, spare;
    struct level *levels; /* [n_level]; level i: after i + 1 bytes */
    size_t n_level;
    uint32_t *allowed; /* [(vocab + 31) / 32] */
};

int t2v_grammar_new(const t2v_vocab_trie *trie, const struct t2v_schema *schema, t2v_grammar **out)
{
    t2v_grammar *grammar = t2v_alloc_zero(1, sizeof *grammar);
    if (grammar == NULL)
        return T2V_ENOMEM;
    grammar->trie = trie;
    grammar->allowed = t2v_alloc_zero((trie->vocab + 31) / 32, sizeof *grammar->allowed);
    int rc = grammar->allowed != NULL ? 0 : T2V_ENOMEM;
    if (rc == 0)
        rc = t2v_automaton_start(schema, &grammar->pools[0], &grammar->states);
    if (rc != 0)
        t2v_grammar_free(grammar);
    else
        *out = grammar;
    return rc;
}

void t2v_grammar_free(t2v_grammar *grammar)
{
    if (grammar == NULL)
        return;
    for (size_t i = 0; i < grammar->n_level; i++)
        t2v_frames_deinit(&grammar->levels[i].states);
    t2v_free(grammar->levels);
    t2v_frames_deinit(&grammar->states);
    t2v_frames_deinit(&grammar->spare);
    t2v_frame_pool_deinit(&grammar->pools[0]);
    t2v_frame_pool_deinit(&grammar->pools[1]);
    t2v_free(grammar->allowed);
    t2v_free(grammar);
}

/* Room for tokens of n bytes. */
static bool grow_levels(t2v_grammar *grammar, size_t n)
{
    if (n <= grammar->n_level)
        return true;
    struct level *levels = t2v_resize(grammar->levels, n, sizeof *levels);
    if (levels == NULL)
        return false;
    memset(levels + grammar->n_level, 0, (n - grammar->n_level) * sizeof *levels);
    grammar->levels = levels;
    grammar->n_level = n;
    return true;
}

/* Reads the bytes of a token from `from` on, of which the levels below have those before. *read:
 * how many bytes are possible. */
static int read_token(t2v_grammar *grammar, const char *bytes, size_t from, size_t len,
                      size_t *read)
{
    struct t2v_frame_pool *pool = &grammar->pools[grammar->at];
    if (!grow_levels(grammar, len))
        return T2V_ENOMEM;
    for (*read = from; *read < len; ++*read) {
        struct level *level = &grammar->levels[*read];
        const struct t2v_frames *in =
            *read != 0 ? &grammar->levels[*read - 1].states : &grammar->states;
        level->mark = pool->used;
        int rc = t2v_automaton_step(pool, in, (uint8_t)bytes[*read], &level->states);
        if (rc != 0)
            return rc;
        if (level->states.n == 0)
            break;
    }
    return 0;
}

/* Allows the tokens of a list that can follow. Those that share the beginning of one that cannot
 * are passed over. */
static int allow_list(t2v_grammar *grammar, const struct t2v_vocab_list *list)
{
    struct t2v_frame_pool *pool = &grammar->pools[grammar->at];
    const char *bytes = grammar->trie->bytes.ptr;
    size_t begin = pool->used, read = 0, n_level = 0; /* levels that are of the token before */
    int rc = 0;
    for (size_t i = 0; i < list->n && rc == 0; i++) {
        const struct t2v_vocab_token *token = &list->tokens[i];
        if (i != 0 && token->common > read)
            continue;
        if (token->common < n_level)
            pool->used = grammar->levels[token->common].mark;
        rc = read_token(grammar, bytes + token->begin, token->common, token->len, &read);
        n_level = read + (read < token->len);
        if (read == token->len)
            grammar->allowed[token->id / 32] |= 1u << token->id % 32;
    }
    pool->used = begin;
    return rc;
}

/* Whether every plain token can follow: within strings without a limit that is near. */
static bool takes_all_plain(const t2v_grammar *grammar)
{
    for (size_t i = 0; i < grammar->states.n; i++) {
        const struct t2v_frame *frame = grammar->states.list[i];
        bool takes = frame->kind == T2V_FRAME_STRING
                         ? frame->node->max - frame->n >= grammar->trie->longest_plain
                         : frame->kind == T2V_FRAME_KEY && frame->first == frame->last;
        if (takes && t2v_scalar_at_character(frame))
            return true;
    }
    return false;
}

/* Frees what only a token in many states needed. */
static void trim(t2v_grammar *grammar)
{
    enum { KEPT = 64 };
    for (size_t i = 0; i < grammar->n_level; i++) {
        if (grammar->levels[i].states.cap > KEPT)
            t2v_frames_deinit(&grammar->levels[i].states);
    }
    for (size_t i = 0; i < 2; i++)
        t2v_frame_pool_trim(&grammar->pools[i]);
}

int t2v_grammar_allowed(t2v_grammar *grammar, const uint32_t **out)
{
    const t2v_vocab_trie *trie = grammar->trie;
    size_t bytes = (trie->vocab + 31) / 32 * sizeof *grammar->allowed;
    bool all = takes_all_plain(grammar);
    grammar->pools[grammar->at].work = 0;
    int rc = 0;
    if (all)
        memcpy(grammar->allowed, trie->plain_bits, bytes);
    else
        memset(grammar->allowed, 0, bytes);
    if (!all)
        rc = allow_list(grammar, &trie->plain);
    if (rc == 0)
        rc = allow_list(grammar, &trie->other);
    bool can_end = t2v_automaton_can_end(&grammar->states);
    for (size_t i = 0; i < trie->n_end && can_end; i++)
        grammar->allowed[trie->ends[i] / 32] |= 1u << trie->ends[i] % 32;
    trim(grammar);
    *out = grammar->allowed;
    return rc;
}

static bool is_end(const t2v_vocab_trie *trie, int32_t id)
{
    for (size_t i = 0; i < trie->n_end; i++)
        if (trie->ends[i] == id)
            return true;
    return false;
}

/* Keeps the states of a level alone, in the other pool. */
static int keep(t2v_grammar *grammar, const struct t2v_frames *states)
{
    struct t2v_frame_pool *pool = &grammar->pools[grammar->at],
                          *other = &grammar->pools[!grammar->at];
    other->used = 0;
    int rc = t2v_frames_copy(states, other, &grammar->spare);
    if (rc != 0)
        return rc;
    struct t2v_frames kept = grammar->spare;
    grammar->spare = grammar->states;
    grammar->states = kept;
    grammar->at = !grammar->at;
    pool->used = 0;
    return 0;
}

int t2v_grammar_take(t2v_grammar *grammar, int32_t id)
{
    const t2v_vocab_trie *trie = grammar->trie;
    if (id < 0 || (size_t)id >= trie->vocab)
        return T2V_EMODEL;
    if (is_end(trie, id))
        return t2v_automaton_can_end(&grammar->states) ? 0 : T2V_EMODEL;
    struct t2v_str text = trie->text_of[id];
    grammar->pools[grammar->at].work = 0;
    size_t read = 0, mark = grammar->pools[grammar->at].used;
    int rc = text.len != 0 ? read_token(grammar, text.ptr, 0, text.len, &read) : T2V_EMODEL;
    if (rc == 0 && read < text.len)
        rc = T2V_EMODEL;
    if (rc == 0)
        rc = keep(grammar, &grammar->levels[text.len - 1].states);
    if (rc != 0)
        grammar->pools[grammar->at].used = mark;
    return rc;
}
