/* SPDX-License-Identifier: BSD-3-Clause */
#include "regex/escape.h"

#include <stdio.h>
#include <string.h>

#include "regex/sets.h"

#include "base/banned.h"

/* Opens and closes a class around a set that is not inside one. */
static void open_set(struct t2v_translation *tr, bool inside, bool negate)
{
    if (!inside) {
        t2v_tr_begin_atom(tr);
        t2v_tr_add(tr, negate ? "[^" : "[");
    }
}

static void close_set(struct t2v_translation *tr, bool inside)
{
    if (!inside)
        t2v_tr_add(tr, "]");
}

/* The complement of a set inside a class. */
static int add_negated(struct t2v_translation *tr, const char *name)
{
    return t2v_regex_add_negated(tr->out, name)
               ? 0
               : t2v_tr_unsupported(tr, "this negated set inside of [...]");
}

static int add_set(struct t2v_translation *tr, const char *name, bool inside, bool negate)
{
    if (inside && negate)
        return add_negated(tr, name);
    open_set(tr, inside, negate);
    if (!t2v_regex_add_named(tr->out, name, inside))
        return t2v_tr_unsupported(tr, "a set of this name");
    close_set(tr, inside);
    return 0;
}

/* Reads a name up to `stop`, in small letters, without blanks, '-' and '_'. False if it is empty,
 * too long or has other characters. */
static bool read_name(struct t2v_translation *tr, char stop, char name[64])
{
    size_t n = 0;
    while (tr->at < tr->end && *tr->at != stop) {
        char c = *tr->at++;
        if (c == ' ' || c == '-' || c == '_')
            continue;
        if (!t2v_regex_is_alnum(c) || n == 63)
            return false;
        name[n++] = (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
    }
    name[n] = '\0';
    if (tr->at == tr->end || n == 0)
        return false;
    tr->at++;
    return true;
}

/* \p{Name}, \P{Name}, \p{^Name}; `at` is after the p. */
static int property(struct t2v_translation *tr, bool inside, bool negate)
{
    char name[64];
    if (t2v_tr_peek(tr) != '{')
        return t2v_tr_unsupported(tr, "\\p without {...}");
    tr->at++;
    if (t2v_tr_peek(tr) == '^') {
        tr->at++;
        negate = !negate;
    }
    if (!read_name(tr, '}', name))
        return t2v_tr_broken(tr, "a wrong \\p{...}");
    if (inside && negate)
        return add_negated(tr, name);
    open_set(tr, inside, negate);
    if (!t2v_regex_add_named(tr->out, name, true))
        t2v_regex_add_script(tr->out, name);
    close_set(tr, inside);
    return 0;
}

int t2v_escape_posix_set(struct t2v_translation *tr)
{
    char name[64];
    tr->at += 2;
    bool negate = t2v_tr_peek(tr) == '^';
    tr->at += negate;
    if (!read_name(tr, ':', name) || t2v_tr_peek(tr) != ']')
        return t2v_tr_unsupported(tr, "this [ inside of [...]");
    tr->at++;
    if (!negate && strcmp(name, "punct") == 0) {
        t2v_regex_add_category(tr->out, "P");
        t2v_regex_add_category(tr->out, "S");
        return 0;
    }
    return add_set(tr, name, true, negate);
}

static int hex_value(char c)
{
    if (t2v_regex_is_digit(c))
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* The code point of \x{..}, \xHH, \uHHHH or \0oo; `at` is after the letter. -1: it is none. */
static int64_t read_code(struct t2v_translation *tr, char letter)
{
    bool braced = letter == 'x' && t2v_tr_peek(tr) == '{';
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
    if (bad || (letter == 'x' && !braced && code > 0x7f) || (braced && t2v_tr_peek(tr) != '}'))
        return -1;
    tr->at += braced;
    return code;
}

int64_t t2v_escape_char(struct t2v_translation *tr, char letter)
{
    static const char letters[] = "nrtfvae", codes[] = "\n\r\t\f\v\a\x1b";
    const char *hit = letter != '\0' ? strchr(letters, letter) : NULL;
    if (hit != NULL)
        return codes[hit - letters];
    if (letter == 'x' || letter == 'u' || letter == '0')
        return read_code(tr, letter);
    return t2v_regex_is_alnum(letter) ? -1 : (unsigned char)letter;
}

/* The name of the set of \d and the like, or NULL. */
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

static void word_border(struct t2v_translation *tr, bool negate)
{
    static const char *const parts[2][5] = {{"(?:(?<=[", "])(?![", "])|(?<![", "])(?=[", "]))"},
                                            {"(?:(?<=[", "])(?=[", "])|(?<![", "])(?![", "]))"}};
    t2v_tr_begin_atom(tr);
    for (size_t i = 0; i < 4; i++) {
        t2v_tr_add(tr, parts[negate][i]);
        t2v_regex_add_word(tr->out, false);
    }
    t2v_tr_add(tr, parts[negate][4]);
}

static int unknown_escape(const struct t2v_translation *tr, char letter)
{
    char what[8];
    snprintf(what, sizeof what, "\\%c", letter);
    return t2v_tr_unsupported(tr, what);
}

int t2v_escape(struct t2v_translation *tr, bool inside)
{
    if (tr->at == tr->end)
        return t2v_tr_broken(tr, "a backslash at its end");
    if ((unsigned char)*tr->at >= 0x80)
        return 0; /* the character itself, which comes next */
    char letter = *tr->at++;
    const char *set = letter_set(letter);
    if (set != NULL)
        return add_set(tr, set, inside, letter < 'a');
    if (letter == 'p' || letter == 'P')
        return property(tr, inside, letter == 'P');
    int64_t code = inside && letter == 'b' ? '\b' : t2v_escape_char(tr, letter);
    if (code >= 0) {
        if (!inside)
            t2v_tr_begin_atom(tr);
        t2v_tr_add_char(tr, (uint32_t)code);
        return 0;
    }
    if (inside)
        return unknown_escape(tr, letter);
    if (letter == 'b' || letter == 'B') {
        word_border(tr, letter == 'B');
    } else if (letter != '\0' && strchr("AzZRX", letter) != NULL) {
        t2v_tr_begin_atom(tr);
        t2v_buf_addf(tr->out, "\\%c", letter);
    } else if (letter >= '1' && letter <= '9' && !t2v_regex_is_digit(t2v_tr_peek(tr))) {
        t2v_tr_begin_atom(tr);
        t2v_buf_addf(tr->out, "(?:\\%c)", letter);
    } else {
        return unknown_escape(tr, letter);
    }
    return 0;
}
