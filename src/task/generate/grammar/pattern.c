/* SPDX-License-Identifier: BSD-3-Clause */
#include "task/generate/grammar/pattern.h"

#include "base/mem.h"
#include "task/generate/grammar/nfa.h"

#include "base/banned.h"

enum { MAX_WORK = 20 * 1000 * 1000 };

/* Places between bytes that are all reached by the same bytes, in the order of their numbers. */
struct places {
    int *list; /* [n] */
    size_t n;
    bool ends;
};

struct builder {
    struct t2v_compiler *c;
    const struct t2v_nfa *nfa;
    struct t2v_pattern *pattern;
    struct places *states; /* [max] */
    size_t max;
    uint32_t *seen; /* [nfa->n]: the round in which a place was reached */
    int *stack;     /* [2 * nfa->n + 2] */
    int *list;      /* [nfa->n] */
    uint32_t round;
    size_t work;
    int rc;
};

/* Marks what is reached from a place without a byte. */
static void reach(struct builder *b, int place)
{
    size_t n = 0;
    b->stack[n++] = place;
    while (n > 0) {
        int at = b->stack[--n];
        if (at == T2V_NFA_NONE || b->seen[at] == b->round)
            continue;
        b->seen[at] = b->round;
        b->work++;
        const struct t2v_nfa_place *p = &b->nfa->places[at];
        if (p->lo <= p->hi || at == T2V_NFA_END)
            continue;
        b->stack[n++] = p->to;
        b->stack[n++] = p->also;
    }
}

/* The marked places that read a byte. Valid until the next call. */
static struct places collect(struct builder *b)
{
    struct places out = {.list = b->list, .ends = b->seen[T2V_NFA_END] == b->round};
    for (size_t i = 1; i < b->nfa->n; i++)
        if (b->seen[i] == b->round && b->nfa->places[i].lo <= b->nfa->places[i].hi)
            out.list[out.n++] = (int)i;
    b->work += b->nfa->n;
    return out;
}

static bool are_equal(const struct places *a, const struct places *b)
{
    return a->n == b->n && a->ends == b->ends &&
           (a->n == 0 || memcmp(a->list, b->list, a->n * sizeof *a->list) == 0);
}

/* A new state of these places. */
static void add_state(struct builder *b, struct places places)
{
    int *list = t2v_compiler_alloc(b->c, places.n, sizeof *list);
    if (list == NULL) {
        b->rc = T2V_ENOMEM;
        return;
    }
    if (places.n != 0)
        memcpy(list, places.list, places.n * sizeof *list);
    b->states[b->pattern->n++] = (struct places){list, places.n, places.ends};
}

/* The state of what is marked; 0 if nothing is. */
static uint16_t state_of_marked(struct builder *b)
{
    const struct places places = collect(b);
    size_t i = T2V_PATTERN_START;
    if (places.n == 0 && !places.ends)
        return 0;
    while (i < b->pattern->n && !are_equal(&b->states[i], &places))
        i++;
    b->work += i;
    if (i == b->max || b->work > MAX_WORK)
        b->rc = t2v_fail(b->c->err, T2V_ETOOLARGE, "the schema's \"pattern\" is too large");
    else if (i == b->pattern->n)
        add_state(b, places);
    return b->rc == 0 ? (uint16_t)i : 0;
}

/* The first byte above `byte` at which other places are reached. */
static int next_edge(const struct builder *b, const struct places *state, int byte)
{
    int edge = 256;
    for (size_t i = 0; i < state->n; i++) {
        const struct t2v_nfa_place *p = &b->nfa->places[state->list[i]];
        if (p->lo > byte && p->lo < edge)
            edge = p->lo;
        if (p->hi + 1 > byte && p->hi + 1 < edge)
            edge = p->hi + 1;
    }
    return edge;
}

/* The successors of state i, whose places may move when a state is added. */
static void expand(struct builder *b, size_t i, uint16_t next[256])
{
    const struct places state = b->states[i];
    for (int byte = 0, edge; byte < 256 && b->rc == 0; byte = edge) {
        edge = next_edge(b, &state, byte);
        b->round++;
        for (size_t k = 0; k < state.n; k++) {
            const struct t2v_nfa_place *p = &b->nfa->places[state.list[k]];
            if (p->lo <= byte && byte <= p->hi)
                reach(b, p->to);
        }
        uint16_t to = state_of_marked(b);
        for (int same = byte; same < edge; same++)
            next[same] = to;
    }
}

int t2v_pattern_prune(struct t2v_compiler *c, struct t2v_pattern *pattern, bool *some)
{
    bool changed = true, *alive = t2v_compiler_alloc(c, pattern->n, sizeof *alive);
    if (alive == NULL)
        return T2V_ENOMEM;
    memset(alive, 0, pattern->n * sizeof *alive);
    while (changed) {
        changed = false;
        for (size_t i = pattern->n; i-- > T2V_PATTERN_START;) {
            bool is = pattern->ends[i];
            for (int byte = 0; byte < 256 && !is; byte++)
                is = alive[pattern->next[i][byte]];
            changed |= is && !alive[i];
            alive[i] |= is;
        }
    }
    for (size_t i = T2V_PATTERN_START; i < pattern->n; i++)
        for (int byte = 0; byte < 256; byte++)
            if (!alive[pattern->next[i][byte]])
                pattern->next[i][byte] = 0;
    *some = alive[T2V_PATTERN_START];
    return 0;
}

static int build_states(struct builder *b)
{
    struct t2v_pattern *pattern = b->pattern;
    pattern->n = T2V_PATTERN_START;
    b->round = 1;
    reach(b, b->nfa->start);
    if (state_of_marked(b) == 0 && b->rc == 0)
        return t2v_fail(b->c->err, T2V_EFORMAT, "no text has the schema's \"pattern\"");
    uint16_t(*next)[256] = t2v_alloc_zero(b->max, sizeof *next);
    if (next == NULL)
        return T2V_ENOMEM;
    for (size_t i = T2V_PATTERN_START; i < pattern->n && b->rc == 0; i++)
        expand(b, i, next[i]);
    pattern->next = t2v_compiler_alloc(b->c, pattern->n, sizeof *pattern->next);
    pattern->ends = t2v_compiler_alloc(b->c, pattern->n, sizeof *pattern->ends);
    if (b->rc == 0 && (pattern->next == NULL || pattern->ends == NULL))
        b->rc = T2V_ENOMEM;
    if (b->rc == 0) {
        memcpy(pattern->next, next, pattern->n * sizeof *next);
        for (size_t i = 0; i < pattern->n; i++)
            pattern->ends[i] = i != 0 && b->states[i].ends;
        bool some = false;
        b->rc = t2v_pattern_prune(b->c, pattern, &some);
        if (b->rc == 0 && !some)
            b->rc = t2v_fail(b->c->err, T2V_EFORMAT, "no text has the schema's \"pattern\"");
    }
    t2v_free(next);
    return b->rc;
}

static int build(struct t2v_compiler *c, const struct t2v_nfa *nfa, struct t2v_pattern *pattern)
{
    struct builder b = {
        .c = c, .nfa = nfa, .pattern = pattern, .max = T2V_PATTERN_MAX_STATES - c->n_state};
    b.states = t2v_alloc_zero(b.max, sizeof *b.states);
    b.seen = t2v_alloc_zero(nfa->n, sizeof *b.seen);
    b.stack = t2v_alloc_zero(2 * nfa->n + 2, sizeof *b.stack);
    b.list = t2v_alloc_zero(nfa->n, sizeof *b.list);
    bool there = b.states != NULL && b.seen != NULL && b.stack != NULL && b.list != NULL;
    int rc = there ? build_states(&b) : T2V_ENOMEM;
    t2v_free(b.states);
    t2v_free(b.seen);
    t2v_free(b.stack);
    t2v_free(b.list);
    c->n_state += pattern->n;
    return rc;
}

int t2v_pattern_too_large(const struct t2v_compiler *c)
{
    return t2v_fail(c->err, T2V_ETOOLARGE, "the schema's patterns are too large together");
}

int t2v_pattern_room(const struct t2v_compiler *c)
{
    return c->n_state + 2 > T2V_PATTERN_MAX_STATES ? t2v_pattern_too_large(c) : 0;
}

int t2v_pattern_compile(struct t2v_compiler *c, struct t2v_str text, struct t2v_pattern **out)
{
    struct t2v_nfa nfa;
    *out = t2v_compiler_alloc(c, 1, sizeof **out);
    if (*out == NULL)
        return T2V_ENOMEM;
    **out = (struct t2v_pattern){0};
    int rc = t2v_pattern_room(c);
    if (rc != 0)
        return rc;
    rc = t2v_nfa_parse(text, &nfa, c->err);
    if (rc == 0)
        rc = build(c, &nfa, *out);
    t2v_nfa_deinit(&nfa);
    return rc;
}

#define DATE                                                                                       \
    "[1-9][0-9]{3}-((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])|(0[469]|11)-(0[1-9]|[12][0-9]|30)|"  \
    "02-(0[1-9]|1[0-9]|2[0-8]))"
#define TIME                                                                                       \
    "([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\\.[0-9]{1,6})?(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9]" \
    ")"
#define OCTET "(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
#define LABEL "[A-Za-z0-9]([A-Za-z0-9-]{0,30}[A-Za-z0-9])?"

struct t2v_str t2v_pattern_of_format(struct t2v_str format)
{
    static const struct {
        const char *name, *pattern;
    } formats[] = {
        {"date", "^" DATE "$"},
        {"time", "^" TIME "$"},
        {"date-time", "^" DATE "T" TIME "$"},
        {"uuid", "^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$"},
        {"ipv4", "^(" OCTET "\\.){3}" OCTET "$"},
        {"email",
         "^[A-Za-z0-9_+-]{1,32}(\\.[A-Za-z0-9_+-]{1,16})?@(" LABEL "\\.){1,3}[a-z]{2,16}$"},
    };
    for (size_t i = 0; i < sizeof formats / sizeof *formats && format.ptr != NULL; i++)
        if (t2v_str_is(format, formats[i].name))
            return t2v_str_of(formats[i].pattern);
    return (struct t2v_str){NULL, 0};
}
