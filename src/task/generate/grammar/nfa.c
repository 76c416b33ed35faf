/* SPDX-License-Identifier: BSD-3-Clause */
#include "task/generate/grammar/nfa.h"

#include <stdbool.h>
#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"

#include "base/banned.h"

enum { MAX_RANGES = 128, MAX_REPEAT = 1000, MAX_NESTED = 50, LAST = 0x10ffff };

struct range {
    uint32_t lo, hi;
};

struct set {
    struct range ranges[MAX_RANGES];
    size_t n;
    bool has_class; /* of ASCII alone: its complement is, too */
};

struct parser {
    struct t2v_nfa *nfa;
    struct t2v_str text;
    size_t at;
    int nested, rc;
    struct t2v_err *err;
};

/* A part of the automaton. */
struct part {
    int first, last;
};

static void fail(struct parser *p, int code, const char *what)
{
    if (p->rc == 0)
        p->rc = t2v_fail(p->err, code, "the schema's \"pattern\", at byte %zu: %s", p->at, what);
}

static void unsupported(struct parser *p, const char *what)
{
    if (p->rc == 0)
        p->rc = t2v_fail(p->err, T2V_EUNSUPPORTED,
                         "the schema's \"pattern\", at byte %zu: %s is not supported", p->at, what);
}

/* --- places --- */

static int add_place(struct parser *p, struct t2v_nfa_place place)
{
    struct t2v_nfa *nfa = p->nfa;
    if (nfa->n == T2V_NFA_MAX_PLACES)
        fail(p, T2V_ETOOLARGE, "it is too large");
    if (nfa->n == nfa->cap && p->rc == 0) {
        void *places = t2v_grow(nfa->places, &nfa->cap, 64, sizeof *nfa->places);
        if (places == NULL)
            p->rc = T2V_ENOMEM;
        else
            nfa->places = places;
    }
    if (p->rc != 0)
        return T2V_NFA_END;
    nfa->places[nfa->n] = place;
    return (int)nfa->n++;
}

static int add_empty(struct parser *p, int to, int also)
{
    return add_place(p, (struct t2v_nfa_place){1, 0, to, also});
}

static void lead(struct parser *p, int from, int to)
{
    if (p->rc == 0)
        p->nfa->places[from].to = to;
}

/* What reads nothing. */
static struct part nothing(struct parser *p)
{
    int place = add_empty(p, T2V_NFA_NONE, T2V_NFA_NONE);
    return (struct part){place, place};
}

static struct part join(struct parser *p, struct part a, struct part b)
{
    lead(p, a.last, b.first);
    return (struct part){a.first, b.last};
}

static struct part either(struct parser *p, struct part a, struct part b)
{
    struct part end = nothing(p);
    lead(p, a.last, end.first);
    lead(p, b.last, end.first);
    return (struct part){add_empty(p, a.first, b.first), end.last};
}

/* Any number of a part, none too. */
static struct part many(struct parser *p, struct part a)
{
    int end = nothing(p).first, loop = add_empty(p, a.first, end);
    lead(p, a.last, loop);
    return (struct part){loop, end};
}

/* --- sets of characters --- */

static void add_range(struct parser *p, struct set *set, uint32_t lo, uint32_t hi)
{
    if (set->n == MAX_RANGES)
        fail(p, T2V_ETOOLARGE, "a set has too many parts");
    else
        set->ranges[set->n++] = (struct range){lo, hi};
}

/* The complement of sets that hold few ranges: what lies between them. */
static void negate(struct parser *p, struct set *set)
{
    struct set out = {.has_class = set->has_class};
    uint32_t at = 0, last = set->has_class ? 0x7f : LAST;
    while (at <= last && p->rc == 0) {
        uint32_t stop = last + 1, after = at;
        for (size_t i = 0; i < set->n; i++) {
            if (set->ranges[i].lo <= at && set->ranges[i].hi >= at)
                after = set->ranges[i].hi + 1 > after ? set->ranges[i].hi + 1 : after;
            else if (set->ranges[i].lo > at && set->ranges[i].lo < stop)
                stop = set->ranges[i].lo;
        }
        if (after == at)
            add_range(p, &out, at, stop - 1);
        at = after > at ? after : stop;
    }
    *set = out;
}

static int hex_at(const struct parser *p, size_t n, uint32_t *out)
{
    *out = 0;
    for (size_t i = 0; i < n; i++) {
        char c = p->at + i < p->text.len ? p->text.ptr[p->at + i] : 'x';
        char lower = (char)(c | 0x20);
        if (!((c >= '0' && c <= '9') || (lower >= 'a' && lower <= 'f')))
            return -1;
        *out = *out * 16 + (uint32_t)(c <= '9' ? c - '0' : lower - 'a' + 10);
    }
    return 0;
}

static void add_class(struct parser *p, struct set *set, char c)
{
    struct set one = {.has_class = true};
    char lower = (char)(c | 0x20);
    if (lower == 'd' || lower == 'w')
        add_range(p, &one, '0', '9');
    if (lower == 'w') {
        add_range(p, &one, 'A', 'Z');
        add_range(p, &one, '_', '_');
        add_range(p, &one, 'a', 'z');
    }
    if (lower == 's') {
        add_range(p, &one, '\t', '\r');
        add_range(p, &one, ' ', ' ');
    }
    if (lower != c)
        negate(p, &one);
    for (size_t i = 0; i < one.n; i++)
        add_range(p, set, one.ranges[i].lo, one.ranges[i].hi);
    set->has_class = true;
}

/* What follows a backslash. True: a character, in *out; false: a class, which is added. */
static bool read_escape(struct parser *p, struct set *set, uint32_t *out)
{
    static const char from[] = "tnrfv0", to[] = "\t\n\r\f\v";
    char c = p->at < p->text.len ? p->text.ptr[p->at] : '\0';
    const char *known = c != '\0' ? strchr(from, c) : NULL;
    p->at++;
    if (c != '\0' && strchr("dDwWsS", c) != NULL) {
        add_class(p, set, c);
        return false;
    }
    if (known != NULL) {
        *out = (unsigned char)to[known - from];
    } else if (c == 'x' || c == 'u') {
        size_t n = c == 'x' ? 2 : 4;
        if (hex_at(p, n, out) != 0)
            fail(p, T2V_EFORMAT, "hexadecimal digits are missing");
        if (*out >= 0xd800 && *out < 0xe000)
            unsupported(p, "half a surrogate pair");
        p->at += n;
    } else if (c == '\0' || (c >= '1' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z')) {
        unsupported(p, "this escape (a reference back, a boundary, a property)");
    } else {
        p->at--;
        p->at += (size_t)t2v_utf8_decode(t2v_str_skip(p->text, p->at), out);
    }
    return true;
}

/* A character as it stands, or escaped. False: a class. */
static bool read_one(struct parser *p, struct set *set, uint32_t *out)
{
    *out = 0;
    if (p->text.ptr[p->at] == '\\') {
        p->at++;
        return read_escape(p, set, out);
    }
    p->at += (size_t)t2v_utf8_decode(t2v_str_skip(p->text, p->at), out);
    return true;
}

static bool is_next(const struct parser *p, char c)
{
    return p->at < p->text.len && p->text.ptr[p->at] == c;
}

/* What follows a '['. */
static void read_set(struct parser *p, struct set *set)
{
    bool negated = is_next(p, '^');
    p->at += negated;
    while (p->rc == 0 && p->at < p->text.len && !is_next(p, ']')) {
        uint32_t lo, hi;
        if (!read_one(p, set, &lo))
            continue;
        hi = lo;
        bool range = is_next(p, '-') && p->at + 1 < p->text.len && p->text.ptr[p->at + 1] != ']';
        p->at += range;
        if (range && !read_one(p, set, &hi))
            fail(p, T2V_EFORMAT, "a class ends a range");
        if (hi < lo)
            fail(p, T2V_EFORMAT, "a range is the wrong way round");
        add_range(p, set, lo, hi);
    }
    if (!is_next(p, ']'))
        fail(p, T2V_EFORMAT, "a set lacks its ]");
    p->at++;
    if (negated)
        negate(p, set);
}

/* --- bytes of characters --- */

/* A way through part that reads a byte of each of n ranges. */
static void add_bytes(struct parser *p, const uint8_t *lo, const uint8_t *hi, size_t n,
                      struct part part)
{
    int at = part.last;
    while (n-- > 0)
        at = add_place(p, (struct t2v_nfa_place){lo[n], hi[n], at, T2V_NFA_NONE});
    int way = add_empty(p, at, p->rc == 0 ? p->nfa->places[part.first].also : T2V_NFA_NONE);
    if (p->rc == 0)
        p->nfa->places[part.first].also = way;
}

static size_t encode(uint32_t c, uint8_t *out)
{
    char text[4];
    size_t n = (size_t)t2v_utf8_encode(c, text);
    memcpy(out, text, n);
    return n;
}

/* Characters whose UTF-8 has n bytes, none of them ASCII. */
static void add_wide(struct parser *p, uint32_t lo, uint32_t hi, size_t n, struct part part)
{
    uint8_t from[4], to[4];
    for (size_t i = 1; i < n; i++) {
        uint32_t m = (UINT32_C(1) << (6 * i)) - 1;
        if ((lo & ~m) == (hi & ~m))
            continue;
        if ((lo & m) != 0) {
            add_wide(p, lo, lo | m, n, part);
            add_wide(p, (lo | m) + 1, hi, n, part);
            return;
        }
        if ((hi & m) != m) {
            add_wide(p, lo, (hi & ~m) - 1, n, part);
            add_wide(p, hi & ~m, hi, n, part);
            return;
        }
    }
    encode(lo, from);
    encode(hi, to);
    add_bytes(p, from, to, n, part);
}

/* The characters of a range, as JSON has them in strings. */
static void add_characters(struct parser *p, struct range r, struct part part)
{
    static const struct {
        uint32_t lo, hi;
        size_t n;
    } widths[] = {{0x80, 0x7ff, 2}, {0x800, 0xd7ff, 3}, {0xe000, 0xffff, 3}, {0x10000, LAST, 4}};
    static const char escaped[] = "\b\t\n\f\r\"\\", letters[] = "btnfr\"\\";
    static const struct range plain[] = {{0x20, 0x21}, {0x23, 0x5b}, {0x5d, 0x7f}};
    for (size_t i = 0; i < sizeof plain / sizeof *plain; i++) {
        uint8_t lo = (uint8_t)(r.lo > plain[i].lo ? r.lo : plain[i].lo);
        uint8_t hi = (uint8_t)(r.hi < plain[i].hi ? r.hi : plain[i].hi);
        if (r.lo <= plain[i].hi && r.hi >= plain[i].lo)
            add_bytes(p, &lo, &hi, 1, part);
    }
    for (size_t i = 0; i < sizeof letters - 1; i++) {
        const uint8_t both[] = {'\\', (uint8_t)letters[i]};
        if (r.lo <= (uint32_t)escaped[i] && r.hi >= (uint32_t)escaped[i])
            add_bytes(p, both, both, 2, part);
    }
    for (size_t i = 0; i < sizeof widths / sizeof *widths; i++) {
        uint32_t lo = r.lo > widths[i].lo ? r.lo : widths[i].lo;
        uint32_t hi = r.hi < widths[i].hi ? r.hi : widths[i].hi;
        if (lo <= hi)
            add_wide(p, lo, hi, widths[i].n, part);
    }
}

static struct part of_set(struct parser *p, const struct set *set)
{
    struct part part = {add_empty(p, T2V_NFA_NONE, T2V_NFA_NONE), nothing(p).first};
    for (size_t i = 0; i < set->n && p->rc == 0; i++)
        add_characters(p, set->ranges[i], part);
    return part;
}

/* Any character that ends no line. */
static struct part of_any(struct parser *p)
{
    struct set set = {.n = 3, .ranges = {{'\n', '\n'}, {'\r', '\r'}, {0x2028, 0x2029}}};
    negate(p, &set);
    return of_set(p, &set);
}

/* Any text. */
static struct part of_all(struct parser *p)
{
    struct set set = {.n = 1, .ranges = {{0, LAST}}};
    return many(p, of_set(p, &set));
}

/* --- the language --- */

static struct part read_alternatives(struct parser *p);

static struct part read_group(struct parser *p)
{
    if (is_next(p, '?')) {
        p->at++;
        if (!is_next(p, ':'))
            unsupported(p, "a group (?");
        p->at++;
    }
    if (++p->nested > MAX_NESTED)
        fail(p, T2V_ETOOLARGE, "it is nested too deep");
    struct part part = p->rc == 0 ? read_alternatives(p) : nothing(p);
    p->nested--;
    if (!is_next(p, ')'))
        fail(p, T2V_EFORMAT, "a group lacks its )");
    p->at++;
    return part;
}

static struct part read_atom(struct parser *p)
{
    struct set set = {.n = 0};
    uint32_t c;
    char first = p->text.ptr[p->at];
    if (strchr("*+?{", first) != NULL)
        fail(p, T2V_EFORMAT, "nothing is repeated");
    if (first == '^' || first == '$')
        unsupported(p, "an anchor inside");
    if (p->rc != 0)
        return nothing(p);
    p->at += first == '(' || first == '[' || first == '.';
    if (first == '(')
        return read_group(p);
    if (first == '.')
        return of_any(p);
    if (first == '[')
        read_set(p, &set);
    else if (read_one(p, &set, &c))
        add_range(p, &set, c, c);
    return of_set(p, &set);
}

static bool read_count(struct parser *p, size_t *at, uint32_t *out)
{
    bool any = false;
    *out = 0;
    for (; *at < p->text.len && p->text.ptr[*at] >= '0' && p->text.ptr[*at] <= '9'; ++*at) {
        *out = *out * 10 + (uint32_t)(p->text.ptr[*at] - '0');
        any = true;
        if (*out > MAX_REPEAT)
            fail(p, T2V_ETOOLARGE, "more than 1000 repetitions");
        if (p->rc != 0)
            return false;
    }
    return any;
}

/* How often the atom before comes; *max UINT32_MAX: without end. Behind it p->at. */
static void read_repeat(struct parser *p, uint32_t *min, uint32_t *max)
{
    size_t at = p->at + 1;
    char c = p->at < p->text.len ? p->text.ptr[p->at] : '\0';
    *min = c == '*' || c == '?' ? 0 : 1;
    *max = c == '*' || c == '+' ? UINT32_MAX : 1;
    if (c == '{') {
        if (!read_count(p, &at, min))
            fail(p, T2V_EFORMAT, "a { that is no repetition");
        *max = *min;
        if (at < p->text.len && p->text.ptr[at] == ',') {
            at++;
            *max = UINT32_MAX;
            if (at < p->text.len && p->text.ptr[at] != '}')
                read_count(p, &at, max);
        }
        if (at >= p->text.len || p->text.ptr[at] != '}' || *max < *min)
            fail(p, T2V_EFORMAT, "a { that is no repetition");
        at++;
    }
    if (c == '*' || c == '+' || c == '?' || c == '{') {
        p->at = at;
        p->at += is_next(p, '?'); /* lazy: the same texts */
        if (is_next(p, '+') || is_next(p, '*'))
            fail(p, T2V_EFORMAT, "nothing is repeated");
    }
}

/* An atom is read again for each time that it comes. */
static struct part read_item(struct parser *p)
{
    size_t begin = p->at, end;
    uint32_t min, max;
    struct part part = read_atom(p), all = nothing(p);
    read_repeat(p, &min, &max);
    end = p->at;
    for (uint32_t i = 0; i < (max == UINT32_MAX ? min + 1 : max) && p->rc == 0; i++) {
        if (i != 0) {
            p->at = begin;
            part = read_atom(p);
        }
        if (i >= min)
            part = max == UINT32_MAX ? many(p, part) : either(p, part, nothing(p));
        all = join(p, all, part);
    }
    p->at = end;
    return all;
}

/* A '$' that ends an alternative which is in no group. */
static bool at_end(const struct parser *p)
{
    size_t after = p->at + 1;
    return is_next(p, '$') && p->nested == 0 && (after == p->text.len || p->text.ptr[after] == '|');
}

static struct part read_sequence(struct parser *p)
{
    bool whole = p->nested != 0, begins = is_next(p, '^') && !whole;
    struct part part = whole || begins ? nothing(p) : of_all(p);
    p->at += begins;
    while (p->rc == 0 && p->at < p->text.len && !is_next(p, '|') && !is_next(p, ')') && !at_end(p))
        part = join(p, part, read_item(p));
    bool ends = p->rc == 0 && at_end(p);
    p->at += ends;
    return whole || ends ? part : join(p, part, of_all(p));
}

static struct part read_alternatives(struct parser *p)
{
    struct part part = read_sequence(p);
    while (p->rc == 0 && is_next(p, '|')) {
        p->at++;
        part = either(p, part, read_sequence(p));
    }
    return part;
}

int t2v_nfa_parse(struct t2v_str text, struct t2v_nfa *out, struct t2v_err *err)
{
    struct parser p = {.nfa = out, .text = text, .err = err};
    *out = (struct t2v_nfa){0};
    add_empty(&p, T2V_NFA_NONE, T2V_NFA_NONE);
    struct part part = read_alternatives(&p);
    if (p.rc == 0 && p.at < text.len)
        fail(&p, T2V_EFORMAT, "a ) without its (");
    lead(&p, part.last, T2V_NFA_END);
    out->start = part.first;
    return p.rc;
}

void t2v_nfa_deinit(struct t2v_nfa *nfa)
{
    t2v_free(nfa->places);
    *nfa = (struct t2v_nfa){0};
}
