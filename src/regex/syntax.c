/* SPDX-License-Identifier: BSD-3-Clause */
/* Groups, classes, repeats and case folding. Each rule was checked against Oniguruma itself. */
#include "regex/syntax.h"

#include <stdint.h>
#include <string.h>

#include "base/utf8.h"
#include "regex/escape.h"
#include "regex/fold.h"
#include "regex/translation.h"

#include "base/banned.h"

/* One member of a class. A [...] inside of it adds its members to the class; depth counts it. */
static int class_member(struct t2v_translation *tr, size_t *depth)
{
    char c = *tr->at, next = tr->at + 1 < tr->end ? tr->at[1] : '\0';
    if (c == '[' && next == ':')
        return t2v_escape_posix_set(tr);
    if (c == '&' && next == '&')
        return t2v_tr_unsupported(tr, "&& inside of [...]");
    if (c == '[' && next == '^')
        return t2v_tr_unsupported(tr, "[^ inside of [...]");
    if (c != '[' && c != ']' && c != '\\' && c != '-') {
        uint32_t cp = t2v_utf8_next(&tr->at, tr->end);
        const struct t2v_fold *fold = tr->any_case ? t2v_fold_of(cp) : NULL;
        if (fold != NULL && tr->n_folded < T2V_TR_MAX_FOLDED)
            tr->folded[tr->n_folded++] = fold;
        t2v_tr_add_char(tr, cp);
        return 0;
    }
    tr->at++;
    if (c == '\\')
        return t2v_escape(tr, true);
    if (c == '-')
        t2v_tr_add(tr, "-");
    else if (c == '[')
        ++*depth;
    else
        --*depth;
    return 0;
}

/* [...]; `at` is after the first bracket. */
static int class(struct t2v_translation *tr)
{
    t2v_tr_begin_atom(tr);
    tr->n_folded = 0;
    t2v_tr_add(tr, "[");
    bool negate = t2v_tr_peek(tr) == '^';
    if (negate) {
        t2v_tr_add(tr, "^");
        tr->at++;
    }
    if (t2v_tr_peek(tr) == ']') { /* the first one is itself */
        t2v_tr_add_char(tr, ']');
        tr->at++;
    }
    size_t depth = 1;
    while (depth != 0) {
        if (tr->at == tr->end)
            return t2v_tr_broken(tr, "no ] for a [");
        int rc = class_member(tr, &depth);
        if (rc != 0)
            return rc;
    }
    t2v_tr_add(tr, "]");
    if (tr->n_folded != 0 && !negate) {
        for (size_t i = 0; i < tr->n_folded; i++) {
            t2v_tr_add(tr, "|");
            t2v_fold_add(tr->out, tr->folded[i]);
        }
        t2v_tr_wrap_atom(tr);
    }
    return 0;
}

/* (?imx-imx) and (?imx-imx:...; `at` is at the first flag. */
static int flags(struct t2v_translation *tr)
{
    for (bool off = false; tr->at < tr->end && *tr->at != ')' && *tr->at != ':';) {
        char c = *tr->at++;
        off = off || c == '-';
        if (c != 'i' && c != 'm' && c != '-' && !(c == 'x' && off))
            return t2v_tr_unsupported(tr, "a group that begins so");
        if (c == 'i')
            tr->any_case = !off;
        t2v_buf_addc(tr->out, (char)(c == 'm' ? 's' : c));
    }
    return 0;
}

/* ( and the kind of group; `at` is after the parenthesis. */
static int open_group(struct t2v_translation *tr)
{
    if (tr->n_group == T2V_TR_MAX_GROUPS)
        return t2v_fail(tr->err, T2V_ETOOLARGE, "%s: groups nested too deeply", tr->where);
    tr->any_case_before[tr->n_group] = tr->any_case;
    tr->groups[tr->n_group++] = (int64_t)tr->out->len;
    tr->atom = T2V_TR_NO_ATOM;
    t2v_tr_add(tr, "(");
    if (t2v_tr_peek(tr) == '*')
        return t2v_tr_unsupported(tr, "(*");
    if (t2v_tr_peek(tr) != '?')
        return 0;
    tr->at++;
    t2v_tr_add(tr, "?");
    static const char *const kinds[] = {":", "=", "!", ">", "<=", "<!"};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        size_t n = strlen(kinds[i]);
        if ((size_t)(tr->end - tr->at) >= n && memcmp(tr->at, kinds[i], n) == 0) {
            t2v_tr_add(tr, kinds[i]);
            tr->at += n;
            return 0;
        }
    }
    if (t2v_tr_peek(tr) == '<')
        return t2v_tr_unsupported(tr, "a named group");
    int rc = flags(tr);
    if (rc == 0 && t2v_tr_peek(tr) == ':') {
        tr->at++;
        t2v_tr_add(tr, ":");
    } else if (rc == 0 && t2v_tr_peek(tr) == ')') {
        tr->at++;
        t2v_tr_add(tr, ")");
        /* Elsewhere Oniguruma makes a group of the rest, which PCRE2 does not. */
        if (tr->groups[--tr->n_group] != 0)
            rc = t2v_tr_unsupported(tr, "(?i) that is not its beginning");
    }
    return rc;
}

/* Repeats. */

/* Reads {n}, {n,}, {,m} or {n,m}; high is -1 where there is none. False: something else. */
static bool read_interval(struct t2v_translation *tr, int64_t *low, int64_t *high)
{
    const char *at = tr->at + 1;
    int64_t n[2] = {-1, -1};
    size_t which = 0;
    for (; at < tr->end && *at != '}'; at++) {
        if (*at == ',' && which == 0)
            which = 1;
        else if (!t2v_regex_is_digit(*at) || n[which] > 100000)
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

static int repeat(struct t2v_translation *tr)
{
    char c = *tr->at;
    int64_t low = 0, high = 0;
    if (c == '{' && !read_interval(tr, &low, &high)) {
        t2v_tr_begin_atom(tr);
        tr->at++;
        t2v_tr_add(tr, "\\{");
        return 0;
    }
    if (tr->atom == T2V_TR_NO_ATOM)
        return t2v_tr_broken(tr, "nothing that could be repeated");
    if (tr->repeated)
        t2v_tr_wrap_atom(tr);
    tr->repeated = true;
    if (c != '{') {
        tr->at++;
        t2v_buf_addc(tr->out, c);
    } else if (high < 0) {
        t2v_buf_addf(tr->out, "{%d,}", (int)low);
    } else if (high < low) {
        return t2v_tr_unsupported(tr, "{n,m} with n above m");
    } else {
        t2v_buf_addf(tr->out, "{%d,%d}", (int)low, (int)high);
    }
    char suffix = t2v_tr_peek(tr);
    /* After {..} a + is another repeat, and so is a ? after {n}. */
    if ((suffix == '?' && (c != '{' || low != high)) || (suffix == '+' && c != '{')) {
        tr->at++;
        t2v_buf_addc(tr->out, suffix);
    }
    return 0;
}

static int close_group(struct t2v_translation *tr)
{
    if (tr->n_group == 0)
        return t2v_tr_broken(tr, "a ) too many");
    tr->at++;
    t2v_tr_add(tr, ")");
    tr->atom = tr->groups[--tr->n_group];
    tr->any_case = tr->any_case_before[tr->n_group];
    tr->repeated = false;
    return 0;
}

/* Literal characters where case does not count. */

/* Reads a literal character, plain or as an escape. -1: something else. */
static int64_t plain_char(struct t2v_translation *tr)
{
    if (tr->at == tr->end || strchr("[()*+?{|^$.", *tr->at) != NULL)
        return -1;
    if (*tr->at != '\\')
        return t2v_utf8_next(&tr->at, tr->end);
    tr->at++;
    if (tr->at == tr->end || (unsigned char)*tr->at >= 0x80)
        return -1;
    return t2v_escape_char(tr, *tr->at++);
}

static bool is_repeated(const struct t2v_translation *tr)
{
    int64_t low, high;
    struct t2v_translation ahead = *tr;
    char c = t2v_tr_peek(tr);
    return c == '*' || c == '+' || c == '?' || (c == '{' && read_interval(&ahead, &low, &high));
}

/* Translates the characters at `at` whose case folding is another number of characters. False:
 * there are none. A repeated character is folded alone. */
static bool fold(struct t2v_translation *tr)
{
    struct t2v_translation ahead = *tr;
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
    t2v_tr_begin_atom(tr);
    t2v_fold_add(tr->out, found);
    tr->at = ends[len - 1];
    return true;
}

static int one(struct t2v_translation *tr)
{
    if (tr->any_case && fold(tr))
        return 0;
    switch (*tr->at) {
    case '\\':
        tr->at++;
        return t2v_escape(tr, false);
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
        tr->atom = T2V_TR_NO_ATOM;
        t2v_buf_addc(tr->out, *tr->at++);
        return 0;
    case '.':
        t2v_tr_begin_atom(tr);
        t2v_buf_addc(tr->out, *tr->at++);
        return 0;
    default:
        t2v_tr_begin_atom(tr);
        t2v_tr_add_char(tr, t2v_utf8_next(&tr->at, tr->end));
        return 0;
    }
}

int t2v_regex_translate(struct t2v_str pattern, const char *where, struct t2v_buf *out,
                        struct t2v_err *err)
{
    if (pattern.len > T2V_REGEX_MAX_BYTES)
        return t2v_fail(err, T2V_ETOOLARGE, "%s: a pattern of more than %d bytes", where,
                        T2V_REGEX_MAX_BYTES);
    struct t2v_translation tr = {
        .at = pattern.ptr,
        .end = pattern.ptr + pattern.len,
        .out = out,
        .where = where,
        .err = err,
        .atom = T2V_TR_NO_ATOM,
    };
    int rc = 0;
    while (rc == 0 && tr.at < tr.end && out->fail == 0)
        rc = one(&tr);
    if (rc == 0 && out->fail != 0)
        return t2v_fail(err, out->fail,
                        out->fail == T2V_ENOMEM ? "no memory for %s" : "%s: too large a pattern",
                        where);
    if (rc == 0 && tr.n_group != 0)
        rc = t2v_tr_broken(&tr, "no ) for a (");
    return rc;
}
