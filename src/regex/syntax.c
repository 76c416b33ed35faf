/* SPDX-License-Identifier: BSD-3-Clause */
/* Oniguruma's patterns in the language of PCRE2; what the library makes of each was asked of it. */
#include <stdint.h>
#include <stdio.h>

#include "regex/syntax.h"

#include "base/utf8.h"
#include "regex/fold.h"
#include "regex/sets.h"

#include "base/banned.h"

enum { MAX_GROUPS = 50, MAX_FOLDED = 16, NO_ATOM = -1 };

struct translation {
    const char *at, *end;
    struct t2v_buf *out;
    const char *where;
    struct t2v_err *err;
    int64_t atom;  /* where in out the last thing that can be repeated begins, or NO_ATOM */
    bool repeated; /* a quantifier stands behind it */
    int64_t groups[MAX_GROUPS]; /* where the open groups begin */
    size_t n_group;
    const struct t2v_fold *folded[MAX_FOLDED]; /* of characters in the class that is being read */
    size_t n_folded;
    bool any_case;                    /* (?i) counts here */
    bool any_case_before[MAX_GROUPS]; /* and where the open groups began */
};

static int unsupported(const struct translation *tr, const char *what)
{
    return t2v_fail(tr->err, T2V_EUNSUPPORTED, "%s: %s in a pattern is not supported", tr->where,
                    what);
}

static int broken(const struct translation *tr, const char *what)
{
    return t2v_fail(tr->err, T2V_EFORMAT, "%s: the pattern has %s", tr->where, what);
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_alnum(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static int hex_value(char c)
{
    if (is_digit(c))
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static char peek(const struct translation *tr)
{
    return tr->at < tr->end ? *tr->at : '\0';
}

static void add(struct translation *tr, const char *s)
{
    t2v_buf_adds(tr->out, s);
}

static void add_char(struct translation *tr, uint32_t cp)
{
    if (cp < 0x80 && (is_alnum((char)cp) || cp == ' ' || cp == '\'' || cp == '_'))
        t2v_buf_addc(tr->out, (char)cp);
    else
        t2v_buf_addf(tr->out, "\\x{%x}", (unsigned)cp);
}

static void begin_atom(struct translation *tr)
{
    tr->atom = (int64_t)tr->out->len;
    tr->repeated = false;
}

/* Puts (?: ) around the last atom, so that it can be repeated once more. */
static void wrap_atom(struct translation *tr)
{
    static const char open[] = "(?:";
    if (t2v_buf_room(tr->out, 4) == NULL)
        return;
    char *from = tr->out->ptr + tr->atom;
    memmove(from + 3, from, tr->out->len - (size_t)tr->atom);
    memcpy(from, open, 3);
    tr->out->len += 3;
    t2v_buf_addc(tr->out, ')');
    tr->repeated = false;
}

/* Sets. Each goes into a class: between [ and ] that stand there already, or are put around it. */

/* Opens and closes a class around a set that stands alone. */
static void open_set(struct translation *tr, bool inside, bool negate)
{
    if (!inside) {
        begin_atom(tr);
        add(tr, negate ? "[^" : "[");
    }
}

static void close_set(struct translation *tr, bool inside)
{
    if (!inside)
        add(tr, "]");
}

/* The complement of a set inside a class. */
static int add_negated(struct translation *tr, const char *name)
{
    return t2v_regex_add_negated(tr->out, name)
               ? 0
               : unsupported(tr, "this negated set inside of [...]");
}

static int add_set(struct translation *tr, const char *name, bool inside, bool negate)
{
    if (inside && negate)
        return add_negated(tr, name);
    open_set(tr, inside, negate);
    if (!t2v_regex_add_named(tr->out, name, inside))
        return unsupported(tr, "a set of this name");
    close_set(tr, inside);
    return 0;
}

/* Reads a name up to `stop` in small letters, without blanks, '-' and '_': false when it is too
 * long, or odd. */
static bool read_name(struct translation *tr, char stop, char name[64])
{
    size_t n = 0;
    while (tr->at < tr->end && *tr->at != stop) {
        char c = *tr->at++;
        if (c == ' ' || c == '-' || c == '_')
            continue;
        if (!is_alnum(c) || n == 63)
            return false;
        name[n++] = (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
    }
    name[n] = '\0';
    if (tr->at == tr->end || n == 0)
        return false;
    tr->at++;
    return true;
}

/* \p{Name}, \P{Name}, \p{^Name}; `at` is behind the p. */
static int property(struct translation *tr, bool inside, bool negate)
{
    char name[64];
    if (peek(tr) != '{')
        return unsupported(tr, "\\p without {...}");
    tr->at++;
    if (peek(tr) == '^') {
        tr->at++;
        negate = !negate;
    }
    if (!read_name(tr, '}', name))
        return broken(tr, "a wrong \\p{...}");
    if (inside && negate)
        return add_negated(tr, name);
    open_set(tr, inside, negate);
    if (!t2v_regex_add_named(tr->out, name, true))
        t2v_regex_add_script(tr->out, name);
    close_set(tr, inside);
    return 0;
}

/* [:name:] or [:^name:] inside a class; `at` is at the '['. */
static int posix_set(struct translation *tr)
{
    char name[64];
    tr->at += 2;
    bool negate = peek(tr) == '^';
    tr->at += negate;
    if (!read_name(tr, ':', name) || peek(tr) != ']')
        return unsupported(tr, "this [ inside of [...]");
    tr->at++;
    if (!negate && strcmp(name, "punct") == 0) {
        t2v_regex_add_category(tr->out, "P");
        t2v_regex_add_category(tr->out, "S");
        return 0;
    }
    return add_set(tr, name, true, negate);
}

/* Escapes. */

/* The code point of \x{..}, \xHH, \uHHHH, \0oo, behind the letter; -1 when it is none. */
static int64_t read_code(struct translation *tr, char letter)
{
    bool braced = letter == 'x' && peek(tr) == '{';
    int base = letter == '0' ? 8 : 16;
    size_t most = letter == 'u' ? 4 : 2, n = 0;
    int64_t code = 0;
    if (braced) {
        tr->at++;
        most = 6;
    }
    while (tr->at < tr->end && n < most) {
        int digit = hex_value(*tr->at);
        if (digit < 0 || digit >= base)
            break;
        code = code * base + digit;
        tr->at++;
        n++;
    }
    bool bad = (letter == 'u' && n != 4) || (letter == 'x' && n == 0) || code > 0x10ffff ||
               (code >= 0xd800 && code < 0xe000);
    /* Without braces it is a byte of UTF-8. */
    if (bad || (letter == 'x' && !braced && code > 0x7f) || (braced && peek(tr) != '}'))
        return -1;
    tr->at += braced;
    return code;
}

/* An escape that is one character, behind the letter: its code point, or -1. */
static int64_t escaped_char(struct translation *tr, char letter)
{
    static const char letters[] = "nrtfvae", codes[] = "\n\r\t\f\v\a\x1b";
    const char *hit = letter != '\0' ? strchr(letters, letter) : NULL;
    if (hit != NULL)
        return codes[hit - letters];
    if (letter == 'x' || letter == 'u' || letter == '0')
        return read_code(tr, letter);
    return is_alnum(letter) ? -1 : (unsigned char)letter;
}

/* \d and the like: the name of the set, or NULL. */
static const char *letter_set(char letter)
{
    switch (letter) {
    case 'd':
    case 'D':
        return "nd";
    case 's':
    case 'S':
        return "space";
    case 'w':
    case 'W':
        return "word";
    case 'h':
    case 'H':
        return "xdigit";
    default:
        return NULL;
    }
}

static void word_border(struct translation *tr, bool negate)
{
    static const char *const parts[2][5] = {{"(?:(?<=[", "])(?![", "])|(?<![", "])(?=[", "]))"},
                                            {"(?:(?<=[", "])(?=[", "])|(?<![", "])(?![", "]))"}};
    begin_atom(tr);
    for (size_t i = 0; i < 4; i++) {
        add(tr, parts[negate][i]);
        t2v_regex_add_word(tr->out, false);
    }
    add(tr, parts[negate][4]);
}

static int unknown_escape(const struct translation *tr, char letter)
{
    char what[8];
    snprintf(what, sizeof what, "\\%c", letter);
    return unsupported(tr, what);
}

/* `at` is behind the backslash. */
static int escape(struct translation *tr, bool inside)
{
    if (tr->at == tr->end)
        return broken(tr, "a backslash at its end");
    if ((unsigned char)*tr->at >= 0x80)
        return 0; /* the character itself, which comes next */
    char letter = *tr->at++;
    const char *set = letter_set(letter);
    if (set != NULL)
        return add_set(tr, set, inside, letter < 'a');
    if (letter == 'p' || letter == 'P')
        return property(tr, inside, letter == 'P');
    int64_t code = inside && letter == 'b' ? '\b' : escaped_char(tr, letter);
    if (code >= 0) {
        if (!inside)
            begin_atom(tr);
        add_char(tr, (uint32_t)code);
        return 0;
    }
    if (inside)
        return unknown_escape(tr, letter);
    if (letter == 'b' || letter == 'B') {
        word_border(tr, letter == 'B');
    } else if (letter != '\0' && strchr("AzZRX", letter) != NULL) {
        begin_atom(tr);
        t2v_buf_addf(tr->out, "\\%c", letter);
    } else if (letter >= '1' && letter <= '9' && !is_digit(peek(tr))) {
        begin_atom(tr);
        t2v_buf_addf(tr->out, "(?:\\%c)", letter);
    } else {
        return unknown_escape(tr, letter);
    }
    return 0;
}

/* One member of a class; sets inside of it are opened and closed here, and are one with it. */
static int class_member(struct translation *tr, size_t *depth)
{
    char c = *tr->at, next = tr->at + 1 < tr->end ? tr->at[1] : '\0';
    if (c == '[' && next == ':')
        return posix_set(tr);
    if (c == '&' && next == '&')
        return unsupported(tr, "&& inside of [...]");
    if (c == '[' && next == '^')
        return unsupported(tr, "[^ inside of [...]");
    if (c != '[' && c != ']' && c != '\\' && c != '-') {
        uint32_t cp = t2v_utf8_next(&tr->at, tr->end);
        const struct t2v_fold *fold = tr->any_case ? t2v_fold_of(cp) : NULL;
        if (fold != NULL && tr->n_folded < MAX_FOLDED)
            tr->folded[tr->n_folded++] = fold;
        add_char(tr, cp);
        return 0;
    }
    tr->at++;
    if (c == '\\')
        return escape(tr, true);
    if (c == '-')
        add(tr, "-");
    else if (c == '[')
        ++*depth;
    else
        --*depth;
    return 0;
}

/* [...]; `at` is behind the first bracket. */
static int class(struct translation *tr)
{
    begin_atom(tr);
    tr->n_folded = 0;
    add(tr, "[");
    bool negate = peek(tr) == '^';
    if (negate) {
        add(tr, "^");
        tr->at++;
    }
    if (peek(tr) == ']') { /* the first one is itself */
        add_char(tr, ']');
        tr->at++;
    }
    size_t depth = 1;
    while (depth != 0) {
        if (tr->at == tr->end)
            return broken(tr, "no ] for a [");
        int rc = class_member(tr, &depth);
        if (rc != 0)
            return rc;
    }
    add(tr, "]");
    if (tr->n_folded != 0 && !negate) {
        for (size_t i = 0; i < tr->n_folded; i++) {
            add(tr, "|");
            t2v_fold_add(tr->out, tr->folded[i]);
        }
        wrap_atom(tr);
    }
    return 0;
}

/* (?imx-imx) and (?imx-imx:...; `at` is at the first flag. */
static int flags(struct translation *tr)
{
    for (bool off = false; tr->at < tr->end && *tr->at != ')' && *tr->at != ':';) {
        char c = *tr->at++;
        off = off || c == '-';
        if (c != 'i' && c != 'm' && c != '-' && !(c == 'x' && off))
            return unsupported(tr, "a group that begins so");
        if (c == 'i')
            tr->any_case = !off;
        t2v_buf_addc(tr->out, (char)(c == 'm' ? 's' : c));
    }
    return 0;
}

/* ( and what says which kind it is; `at` is behind the parenthesis. */
static int open_group(struct translation *tr)
{
    if (tr->n_group == MAX_GROUPS)
        return t2v_fail(tr->err, T2V_ETOOLARGE, "%s: groups nested too deeply", tr->where);
    tr->any_case_before[tr->n_group] = tr->any_case;
    tr->groups[tr->n_group++] = (int64_t)tr->out->len;
    tr->atom = NO_ATOM;
    add(tr, "(");
    if (peek(tr) == '*')
        return unsupported(tr, "(*");
    if (peek(tr) != '?')
        return 0;
    tr->at++;
    add(tr, "?");
    static const char *const kinds[] = {":", "=", "!", ">", "<=", "<!"};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        size_t n = strlen(kinds[i]);
        if ((size_t)(tr->end - tr->at) >= n && memcmp(tr->at, kinds[i], n) == 0) {
            add(tr, kinds[i]);
            tr->at += n;
            return 0;
        }
    }
    if (peek(tr) == '<')
        return unsupported(tr, "a named group");
    int rc = flags(tr);
    if (rc == 0 && peek(tr) == ':') {
        tr->at++;
        add(tr, ":");
    } else if (rc == 0 && peek(tr) == ')') {
        tr->at++;
        add(tr, ")");
        /* Further on it would be the beginning of a group, to Oniguruma. */
        if (tr->groups[--tr->n_group] != 0)
            rc = unsupported(tr, "(?i) that is not its beginning");
    }
    return rc;
}

/* Repeats. */

/* A {n}, {n,}, {,m} or {n,m} at `at`; false when it is none. */
static bool read_interval(struct translation *tr, int64_t *low, int64_t *high)
{
    const char *at = tr->at + 1;
    int64_t n[2] = {-1, -1};
    size_t which = 0;
    for (; at < tr->end && *at != '}'; at++) {
        if (*at == ',' && which == 0)
            which = 1;
        else if (!is_digit(*at) || n[which] > 100000)
            return false;
        else
            n[which] = (n[which] < 0 ? 0 : n[which] * 10) + (*at - '0');
    }
    if (at == tr->end || (n[0] < 0 && n[1] < 0))
        return false;
    *low = n[0] < 0 ? 0 : n[0];
    *high = which == 0 ? n[0] : n[1];
    tr->at = at + 1;
    return true;
}

static int repeat(struct translation *tr)
{
    char c = *tr->at;
    int64_t low = 0, high = 0;
    if (c == '{' && !read_interval(tr, &low, &high)) {
        begin_atom(tr);
        tr->at++;
        add(tr, "\\{");
        return 0;
    }
    if (tr->atom == NO_ATOM)
        return broken(tr, "nothing that could be repeated");
    if (tr->repeated)
        wrap_atom(tr);
    tr->repeated = true;
    if (c != '{') {
        tr->at++;
        t2v_buf_addc(tr->out, c);
    } else if (high < 0) {
        t2v_buf_addf(tr->out, "{%d,}", (int)low);
    } else if (high < low) {
        return unsupported(tr, "{n,m} with n above m");
    } else {
        t2v_buf_addf(tr->out, "{%d,%d}", (int)low, (int)high);
    }
    char suffix = peek(tr);
    /* Behind {..} a + is a repeat of its own; so is a ? behind {n}. */
    if ((suffix == '?' && (c != '{' || low != high)) || (suffix == '+' && c != '{')) {
        tr->at++;
        t2v_buf_addc(tr->out, suffix);
    }
    return 0;
}

static int close_group(struct translation *tr)
{
    if (tr->n_group == 0)
        return broken(tr, "a ) too many");
    tr->at++;
    add(tr, ")");
    tr->atom = tr->groups[--tr->n_group];
    tr->any_case = tr->any_case_before[tr->n_group];
    tr->repeated = false;
    return 0;
}

/* Characters that stand for themselves, where case does not count. */

/* The character at `at`, written plainly or as an escape, which is passed over; -1 where something
 * else stands there. */
static int64_t plain_char(struct translation *tr)
{
    if (tr->at == tr->end || strchr("[()*+?{|^$.", *tr->at) != NULL)
        return -1;
    if (*tr->at != '\\')
        return t2v_utf8_next(&tr->at, tr->end);
    tr->at++;
    if (tr->at == tr->end || (unsigned char)*tr->at >= 0x80)
        return -1;
    return escaped_char(tr, *tr->at++);
}

static bool is_repeated(const struct translation *tr)
{
    int64_t low, high;
    struct translation ahead = *tr;
    char c = peek(tr);
    return c == '*' || c == '+' || c == '?' || (c == '{' && read_interval(&ahead, &low, &high));
}

/* Translates the characters at `at` that are others, in number, once their case is folded; false
 * where there are none. What is repeated stands alone. */
static bool fold(struct translation *tr)
{
    struct translation ahead = *tr;
    const char *ends[T2V_FOLD_MAX];
    uint32_t cps[T2V_FOLD_MAX];
    size_t n = 0;
    for (int64_t cp; n < T2V_FOLD_MAX && (cp = plain_char(&ahead)) >= 0;) {
        bool alone = is_repeated(&ahead);
        if (alone && n != 0)
            break;
        cps[n] = (uint32_t)cp;
        ends[n++] = ahead.at;
        if (alone)
            break;
    }
    const struct t2v_fold *found = n != 0 ? t2v_fold_of(cps[0]) : NULL;
    size_t len = 1;
    if (found == NULL) {
        found = t2v_fold_longest(cps, n);
        len = found != NULL ? t2v_fold_len(found) : 0;
    }
    if (found == NULL)
        return false;
    begin_atom(tr);
    t2v_fold_add(tr->out, found);
    tr->at = ends[len - 1];
    return true;
}

static int one(struct translation *tr)
{
    if (tr->any_case && fold(tr))
        return 0;
    switch (*tr->at) {
    case '\\':
        tr->at++;
        return escape(tr, false);
    case '[':
        tr->at++;
        return class(tr);
    case '(':
        tr->at++;
        return open_group(tr);
    case ')':
        return close_group(tr);
    case '*':
    case '+':
    case '?':
    case '{':
        return repeat(tr);
    case '|':
    case '^':
    case '$':
        tr->atom = NO_ATOM;
        t2v_buf_addc(tr->out, *tr->at++);
        return 0;
    case '.':
        begin_atom(tr);
        t2v_buf_addc(tr->out, *tr->at++);
        return 0;
    default:
        begin_atom(tr);
        add_char(tr, t2v_utf8_next(&tr->at, tr->end));
        return 0;
    }
}

int t2v_regex_translate(struct t2v_str pattern, const char *where, struct t2v_buf *out,
                        struct t2v_err *err)
{
    if (pattern.len > T2V_REGEX_MAX_BYTES)
        return t2v_fail(err, T2V_ETOOLARGE, "%s: a pattern of more than %d bytes", where,
                        T2V_REGEX_MAX_BYTES);
    struct translation tr = {
        .at = pattern.ptr,
        .end = pattern.ptr + pattern.len,
        .out = out,
        .where = where,
        .err = err,
        .atom = NO_ATOM,
    };
    int rc = 0;
    while (rc == 0 && tr.at < tr.end && out->fail == 0)
        rc = one(&tr);
    if (rc == 0 && out->fail != 0)
        return t2v_fail(err, out->fail,
                        out->fail == T2V_ENOMEM ? "no memory for %s" : "%s: too large a pattern",
                        where);
    if (rc == 0 && tr.n_group != 0)
        rc = broken(&tr, "no ) for a (");
    return rc;
}
