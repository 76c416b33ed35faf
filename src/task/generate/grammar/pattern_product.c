/* SPDX-License-Identifier: BSD-3-Clause */
#include "task/generate/grammar/pattern_product.h"

#include <string.h>

#include "base/mem.h"

#include "base/banned.h"

enum { N_BUCKET = 4096, DEAD = 0, AFTER_BACKSLASH = 1 };

/* The second condition: a pattern, or, where that is NULL, a number of characters. States of the
 * latter are twice the characters so far and 2, and AFTER_BACKSLASH within an escape. */
struct condition {
    const struct t2v_pattern *pattern;
    uint64_t min, max;
};

struct pair {
    uint64_t second;
    uint16_t first;
    uint16_t next; /* in its bucket; 0: the last */
};

struct product {
    struct t2v_compiler *c;
    const struct t2v_pattern *first;
    struct condition second;
    uint16_t (*next)[256]; /* [max] */
    struct pair *pairs;    /* [max], from T2V_PATTERN_START */
    uint16_t buckets[N_BUCKET];
    size_t n, max;
    int rc;
};

static uint64_t start_of(const struct condition *condition)
{
    return condition->pattern != NULL ? T2V_PATTERN_START : 2;
}

/* A character begins at a byte that goes on with none, and is not what a backslash escapes. */
static uint64_t count(const struct condition *condition, uint64_t state, uint8_t byte)
{
    uint64_t n = state / 2 - 1;
    if ((state & AFTER_BACKSLASH) != 0)
        return state - AFTER_BACKSLASH;
    if (byte >= 0x80 && byte < 0xc0)
        return state;
    if (n >= condition->max)
        return DEAD;
    /* Counting stops where the rest is the same. */
    if (condition->max != UINT64_MAX || n < condition->min)
        n++;
    return (n + 1) * 2 + (byte == '\\' ? AFTER_BACKSLASH : 0);
}

static uint64_t step(const struct condition *condition, uint64_t state, uint8_t byte)
{
    return condition->pattern != NULL ? condition->pattern->next[state][byte]
                                      : count(condition, state, byte);
}

static bool may_end(const struct condition *condition, uint64_t state)
{
    return condition->pattern != NULL ? condition->pattern->ends[state]
                                      : state / 2 - 1 >= condition->min;
}

/* The state of a pair, which is added if it is new. */
static uint16_t state_of(struct product *p, uint16_t first, uint64_t second)
{
    uint16_t *bucket = &p->buckets[(first * 31u + second * 2654435761u) % N_BUCKET];
    for (uint16_t i = *bucket; i != 0; i = p->pairs[i].next)
        if (p->pairs[i].first == first && p->pairs[i].second == second)
            return i;
    if (p->n == p->max) {
        p->rc = t2v_pattern_too_large(p->c);
        return 0;
    }
    p->pairs[p->n] = (struct pair){.first = first, .second = second, .next = *bucket};
    return *bucket = (uint16_t)p->n++;
}

static void explore(struct product *p)
{
    p->n = T2V_PATTERN_START;
    state_of(p, T2V_PATTERN_START, start_of(&p->second));
    for (size_t i = T2V_PATTERN_START; i < p->n && p->rc == 0; i++) {
        const struct pair pair = p->pairs[i];
        for (int byte = 0; byte < 256 && p->rc == 0; byte++) {
            uint16_t first = p->first->next[pair.first][byte];
            uint64_t second = first != 0 ? step(&p->second, pair.second, (uint8_t)byte) : DEAD;
            p->next[i][byte] = second != DEAD ? state_of(p, first, second) : 0;
        }
    }
}

/* Copies what was explored to the arena, without the ways that lead to no end. */
static int keep(struct product *p, const struct t2v_pattern **out)
{
    struct t2v_pattern *pattern = t2v_compiler_alloc(p->c, 1, sizeof *pattern);
    if (pattern == NULL)
        return T2V_ENOMEM;
    *pattern = (struct t2v_pattern){.n = p->n};
    pattern->next = t2v_compiler_alloc(p->c, p->n, sizeof *pattern->next);
    pattern->ends = t2v_compiler_alloc(p->c, p->n, sizeof *pattern->ends);
    if (pattern->next == NULL || pattern->ends == NULL)
        return T2V_ENOMEM;
    memcpy(pattern->next, p->next, p->n * sizeof *p->next);
    for (size_t i = 0; i < p->n; i++)
        pattern->ends[i] =
            i != 0 && p->first->ends[p->pairs[i].first] && may_end(&p->second, p->pairs[i].second);
    bool some = false;
    int rc = t2v_pattern_prune(p->c, pattern, &some);
    *out = rc == 0 && some ? pattern : NULL;
    return rc;
}

static int multiply(struct t2v_compiler *c, const struct t2v_pattern *first,
                    struct condition second, const struct t2v_pattern **out)
{
    struct product p = {.c = c, .first = first, .second = second};
    *out = NULL;
    int rc = t2v_pattern_room(c);
    if (rc != 0)
        return rc;
    p.max = T2V_PATTERN_MAX_STATES - c->n_state;
    p.next = t2v_alloc_zero(p.max, sizeof *p.next);
    p.pairs = t2v_alloc_zero(p.max, sizeof *p.pairs);
    if (p.next != NULL && p.pairs != NULL)
        explore(&p);
    else
        p.rc = T2V_ENOMEM;
    if (p.rc == 0)
        p.rc = keep(&p, out);
    t2v_free(p.next);
    t2v_free(p.pairs);
    c->n_state += p.n;
    return p.rc;
}

int t2v_pattern_both(struct t2v_compiler *c, const struct t2v_pattern *a,
                     const struct t2v_pattern *b, const struct t2v_pattern **out)
{
    return multiply(c, a, (struct condition){.pattern = b}, out);
}

int t2v_pattern_of_length(struct t2v_compiler *c, const struct t2v_pattern *pattern, uint64_t min,
                          uint64_t max, const struct t2v_pattern **out)
{
    return multiply(c, pattern, (struct condition){.min = min, .max = max}, out);
}
