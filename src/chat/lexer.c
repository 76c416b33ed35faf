/* SPDX-License-Identifier: BSD-3-Clause */
#include "chat/lexer.h"

#include <stdio.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "chat/escape.h"
#include "unicode/letter.h"
#include "unicode/space.h"

#include "base/banned.h"

enum { MAX_BRACKETS = 400 };

struct lexer {
    const char *at, *end;
    const char *counted; /* line and column are those of this place */
    uint32_t line, column;
    struct t2v_arena *arena;
    struct t2v_tokens *tokens;
    struct t2v_err *err;
    bool line_begins; /* what was read last ended with a line feed */
    char brackets[MAX_BRACKETS];
    size_t n_bracket;
};

static void count_to(struct lexer *lx, const char *at)
{
    for (; lx->counted < at; lx->counted++) {
        if (*lx->counted == '\n') {
            lx->line++;
            lx->column = 1;
        } else if (!t2v_utf8_is_tail(*lx->counted)) {
            lx->column++;
        }
    }
}

static int wrong(struct lexer *lx, const char *message)
{
    count_to(lx, lx->at);
    return t2v_fail(lx->err, T2V_EFORMAT, "line %u, column %u: %s", lx->line, lx->column, message);
}

/* Adds a token that begins at `at`, no earlier than the one before. NULL without memory. */
static struct t2v_token *add(struct lexer *lx, enum t2v_token_type type, const char *at)
{
    struct t2v_tokens *tokens = lx->tokens;
    if (tokens->n == tokens->cap) {
        struct t2v_token *grown = t2v_grow(tokens->at, &tokens->cap, 64, sizeof *grown);
        if (grown == NULL)
            return NULL;
        tokens->at = grown;
    }
    count_to(lx, at);
    struct t2v_token *token = &tokens->at[tokens->n++];
    *token = (struct t2v_token){.type = type, .line = lx->line, .column = lx->column};
    return token;
}

static int add_text(struct lexer *lx, enum t2v_token_type type, struct t2v_str text)
{
    struct t2v_token *token = add(lx, type, text.ptr);
    if (token == NULL)
        return T2V_ENOMEM;
    token->text = text;
    return 0;
}

static bool starts(const struct lexer *lx, const char *word)
{
    struct t2v_str rest = {lx->at, (size_t)(lx->end - lx->at)};
    return t2v_str_starts(rest, t2v_str_of(word));
}

static struct t2v_str rest_of(const struct lexer *lx)
{
    return (struct t2v_str){lx->at, (size_t)(lx->end - lx->at)};
}

static void skip_space(struct lexer *lx)
{
    lx->at += t2v_space_skip(rest_of(lx), 0);
}

static struct t2v_str strip_right(struct t2v_str text)
{
    int n;
    while ((n = t2v_space_last(text)) != 0)
        text.len -= (size_t)n;
    return text;
}

/* The text before a tag, without the white space that the tag removes: all of it at its end before
 * `-`; before a block or comment without a mark, that between the last line feed and the tag. */
static struct t2v_str text_before(const struct lexer *lx, struct t2v_str text, char mark,
                                  bool is_print)
{
    if (mark == '-')
        return strip_right(text);
    if (mark == '+' || is_print)
        return text;
    size_t line = text.len;
    while (line > 0 && text.ptr[line - 1] != '\n')
        line--;
    if ((line > 0 || lx->line_begins) &&
        t2v_space_skip(t2v_str_skip(text, line), 0) == text.len - line)
        return (struct t2v_str){text.ptr, line};
    return text;
}

/* Moves past the end of a tag, `close` with the mark before it, and the white space that the tag
 * removes. False: it does not end here. */
static bool skip_end(struct lexer *lx, const char *close, bool is_print)
{
    char mark = *lx->at == '-' || (*lx->at == '+' && !is_print) ? *lx->at : '\0';
    struct t2v_str rest = t2v_str_skip(rest_of(lx), mark != '\0');
    if (!t2v_str_starts(rest, t2v_str_of(close)))
        return false;
    lx->at = rest.ptr + 2;
    if (mark == '-')
        skip_space(lx);
    else if (mark == '\0' && !is_print && lx->at < lx->end && *lx->at == '\n')
        lx->at++;
    lx->line_begins = lx->at[-1] == '\n';
    return true;
}

static int skip_comment(struct lexer *lx)
{
    while (lx->at < lx->end && !skip_end(lx, "#}", false))
        lx->at++;
    /* skip_end moved past "#}", or the text ended first */
    return 0;
}

static int read_comment(struct lexer *lx)
{
    const char *begin = lx->at;
    struct t2v_str inside = rest_of(lx);
    if (inside.len == 0 || memmem(inside.ptr, inside.len, "#}", 2) == NULL) {
        lx->at = begin;
        return wrong(lx, "the comment has no end");
    }
    return skip_comment(lx);
}

/* If `word` and the end of a tag follow, moves past them. */
static bool skip_word_tag(struct lexer *lx, const char *word, bool space_only)
{
    const char *begin = lx->at;
    skip_space(lx);
    if (starts(lx, word)) {
        lx->at += strlen(word);
        skip_space(lx);
        /* jinja2 lets the tag `raw` trim only what `-` removes */
        const char *end = lx->at;
        if (lx->at < lx->end && skip_end(lx, "%}", space_only))
            return true;
        lx->at = end;
    }
    lx->at = begin;
    return false;
}

static int read_raw(struct lexer *lx)
{
    struct t2v_str text = rest_of(lx);
    for (; lx->at < lx->end; lx->at++) {
        if (!starts(lx, "{%"))
            continue;
        const char *tag = lx->at;
        lx->at += 2;
        char mark = lx->at < lx->end && (*lx->at == '-' || *lx->at == '+') ? *lx->at : '\0';
        lx->at += mark != '\0';
        bool line_begins = lx->line_begins;
        if (skip_word_tag(lx, "endraw", false)) {
            bool after = lx->line_begins;
            lx->line_begins = line_begins;
            text.len = (size_t)(tag - text.ptr);
            text = text_before(lx, text, mark, false);
            lx->line_begins = after;
            return text.len != 0 ? add_text(lx, T2V_TOKEN_TEXT, text) : 0;
        }
        lx->at = tag;
    }
    return wrong(lx, "the raw block has no end");
}

static bool is_name_char(uint32_t cp)
{
    return t2v_letter_is_word(cp) || t2v_letter_is_digit(cp);
}

static int read_name(struct lexer *lx)
{
    const char *begin = lx->at;
    while (lx->at < lx->end) {
        const char *next = lx->at;
        if (!is_name_char(t2v_utf8_next(&next, lx->end)))
            break;
        lx->at = next;
    }
    return add_text(lx, T2V_TOKEN_NAME, (struct t2v_str){begin, (size_t)(lx->at - begin)});
}

static bool is_digit(const struct lexer *lx, const char *at)
{
    return at < lx->end && *at >= '0' && *at <= '9';
}

/* The end of digits that single underscores may part; `at` when there is none. */
static const char *digits_end(const struct lexer *lx, const char *at)
{
    if (!is_digit(lx, at))
        return at;
    while (is_digit(lx, at) || (at < lx->end && *at == '_' && is_digit(lx, at + 1)))
        at++;
    return at;
}

/* The digits without underscores, for scanning; "" if they are too many. */
static void plain_digits(char *out, size_t size, const char *from, const char *to)
{
    size_t n = 0;
    for (; from < to && n + 1 < size; from++) {
        if (*from != '_')
            out[n++] = *from;
    }
    out[from == to ? n : 0] = '\0';
}

static int add_integer(struct lexer *lx, const char *begin, unsigned base)
{
    struct t2v_token *token = add(lx, T2V_TOKEN_INTEGER, begin);
    if (token == NULL)
        return T2V_ENOMEM;
    for (const char *at = begin + (base == 10 ? 0 : 2); at < lx->at; at++) {
        int digit = *at <= '9' ? *at - '0' : (*at | 32) - 'a' + 10;
        if (*at == '_')
            continue;
        if (__builtin_mul_overflow(token->whole, (int64_t)base, &token->whole) ||
            __builtin_add_overflow(token->whole, (int64_t)digit, &token->whole))
            return wrong(lx, "an integer beyond 64 bits");
    }
    return 0;
}

/* 0x1f, 0o17, 0b1: whether one is here, and its end. */
static bool read_prefixed(struct lexer *lx, unsigned *base)
{
    static const char digits[] = "0123456789abcdef";
    if (lx->end - lx->at < 3 || lx->at[0] != '0')
        return false;
    char kind = (char)(lx->at[1] | 32);
    *base = kind == 'x' ? 16 : kind == 'o' ? 8 : kind == 'b' ? 2 : 0;
    const char *at = lx->at + 2, *begin = at;
    while (*base != 0 && at < lx->end &&
           ((at[0] == '_' && at + 1 < lx->end && memchr(digits, at[1] | 32, *base) != NULL) ||
            (at[0] != '\0' && memchr(digits, at[0] <= '9' ? at[0] : at[0] | 32, *base) != NULL)))
        at++;
    if (at == begin)
        return false;
    lx->at = at;
    return true;
}

static int add_float(struct lexer *lx, const char *begin)
{
    char text[512];
    struct t2v_token *token = add(lx, T2V_TOKEN_FLOAT, begin);
    if (token == NULL)
        return T2V_ENOMEM;
    plain_digits(text, sizeof text, begin, lx->at);
    if (sscanf(text, "%lf", &token->number) != 1)
        return wrong(lx, "a number of too many digits");
    return 0;
}

static int read_number(struct lexer *lx)
{
    const char *begin = lx->at;
    unsigned base = 10;
    if (read_prefixed(lx, &base))
        return add_integer(lx, begin, base);
    const char *at = digits_end(lx, begin), *whole = at;
    bool after_dot = begin[-1] == '.'; /* a tag began before it */
    if (at < lx->end && *at == '.' && is_digit(lx, at + 1))
        at = digits_end(lx, at + 1);
    if (at < lx->end && (*at | 32) == 'e') {
        const char *power = at + 1;
        power += power < lx->end && (*power == '+' || *power == '-');
        if (is_digit(lx, power))
            at = digits_end(lx, power);
    }
    lx->at = after_dot ? whole : at;
    return lx->at != whole ? add_float(lx, begin) : add_integer(lx, begin, 10);
}

static int read_string(struct lexer *lx)
{
    const char *begin = lx->at, quote = *begin;
    const char *at = begin + 1;
    while (at < lx->end && *at != quote)
        at += *at == '\\' && at + 1 < lx->end ? 2 : 1;
    if (at >= lx->end)
        return wrong(lx, "the string has no end");
    struct t2v_str text = {begin + 1, (size_t)(at - begin - 1)};
    const char *problem = t2v_escape_resolve(&text, lx->arena);
    if (problem != NULL)
        return wrong(lx, problem);
    struct t2v_token *token = add(lx, T2V_TOKEN_STRING, begin);
    if (token == NULL)
        return T2V_ENOMEM;
    token->text = text;
    lx->at = at + 1;
    return 0;
}

static int balance(struct lexer *lx, char c)
{
    static const char open[] = "([{", close[] = ")]}";
    const char *kind = strchr(open, c);
    if (kind != NULL) {
        if (lx->n_bracket == MAX_BRACKETS)
            return wrong(lx, "too many brackets within each other");
        lx->brackets[lx->n_bracket++] = close[kind - open];
        return 0;
    }
    if (strchr(close, c) == NULL)
        return 0;
    if (lx->n_bracket == 0 || lx->brackets[--lx->n_bracket] != c)
        return wrong(lx, "a bracket closes that is not open");
    return 0;
}

static int read_operator(struct lexer *lx)
{
    static const char *const pairs[] = {"//", "**", "==", "!=", ">=", "<="};
    unsigned code = 0;
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs && code == 0; i++)
        code = starts(lx, pairs[i]) ? T2V_OPERATOR(pairs[i][0], pairs[i][1]) : 0;
    if (code == 0 && *lx->at != '\0' && strchr("+-/*%~[](){}><=.:|,;", *lx->at) != NULL)
        code = (unsigned char)*lx->at;
    if (code == 0)
        return wrong(lx, "an unexpected character");
    int rc = balance(lx, *lx->at);
    struct t2v_token *token = rc == 0 ? add(lx, T2V_TOKEN_OPERATOR, lx->at) : NULL;
    if (token == NULL)
        return rc != 0 ? rc : T2V_ENOMEM;
    token->code = code;
    lx->at += code > 0xff ? 2 : 1;
    return 0;
}

static int read_token(struct lexer *lx)
{
    const char *next = lx->at;
    uint32_t cp = t2v_utf8_next(&next, lx->end);
    if (is_digit(lx, lx->at))
        return read_number(lx);
    if (is_name_char(cp))
        return read_name(lx);
    if (cp == '"' || cp == '\'')
        return read_string(lx);
    return read_operator(lx);
}

/* What is between the beginning of a tag and its end, and both as tokens. */
static int read_tag(struct lexer *lx, const char *begin, bool is_print)
{
    const char *close = is_print ? "}}" : "%}";
    int rc = add(lx, is_print ? T2V_TOKEN_PRINT_BEGIN : T2V_TOKEN_BLOCK_BEGIN, begin) != NULL
                 ? 0
                 : T2V_ENOMEM;
    lx->n_bracket = 0;
    while (rc == 0) {
        skip_space(lx);
        const char *at = lx->at;
        if (at == lx->end)
            return wrong(lx, is_print ? "'}}' is missing" : "'%}' is missing");
        if (lx->n_bracket == 0 && skip_end(lx, close, is_print))
            return add(lx, is_print ? T2V_TOKEN_PRINT_END : T2V_TOKEN_BLOCK_END, at) != NULL
                       ? 0
                       : T2V_ENOMEM;
        rc = read_token(lx);
    }
    return rc;
}

/* Text up to the next tag, and the tag. */
static int read_part(struct lexer *lx)
{
    struct t2v_str text = rest_of(lx);
    const char *at = lx->at;
    while ((at = memchr(at, '{', (size_t)(lx->end - at))) != NULL &&
           (at + 1 == lx->end || memchr("{%#", at[1], 3) == NULL))
        at++;
    if (at == NULL) {
        lx->at = lx->end;
        return add_text(lx, T2V_TOKEN_TEXT, text);
    }
    char kind = at[1], mark = at + 2 < lx->end ? at[2] : '\0';
    mark = mark == '-' || mark == '+' ? mark : '\0';
    text.len = (size_t)(at - text.ptr);
    text = text_before(lx, text, mark, kind == '{');
    int rc = text.len != 0 ? add_text(lx, T2V_TOKEN_TEXT, text) : 0;
    lx->at = at + 2 + (mark != '\0');
    lx->line_begins = false;
    if (rc != 0)
        return rc;
    if (kind == '#')
        return read_comment(lx);
    if (kind == '%' && skip_word_tag(lx, "raw", true))
        return read_raw(lx);
    return read_tag(lx, at, kind == '{');
}

/* A copy with line ends as "\n" and without the last one. */
static struct t2v_str normalize(struct t2v_str source, struct t2v_arena *arena)
{
    struct t2v_str copy = t2v_arena_dup(arena, source);
    char *to = t2v_arena_alloc(arena, source.len + 1, 1);
    size_t n = 0;
    if (copy.ptr == NULL || to == NULL)
        return (struct t2v_str){NULL, 0};
    for (size_t i = 0; i < copy.len; i++) {
        if (copy.ptr[i] == '\r' && copy.ptr[i + 1] == '\n')
            continue;
        to[n++] = copy.ptr[i] == '\r' ? '\n' : copy.ptr[i];
    }
    if (n != 0 && to[n - 1] == '\n')
        n--;
    to[n] = '\0';
    return (struct t2v_str){to, n};
}

int t2v_lex(struct t2v_str source, struct t2v_arena *arena, struct t2v_tokens *tokens,
            struct t2v_err *err)
{
    struct t2v_str text = normalize(source, arena);
    if (text.ptr == NULL)
        return t2v_fail(err, T2V_ENOMEM, "no memory for a template");
    struct lexer lx = {.at = text.ptr,
                       .end = text.ptr + text.len,
                       .counted = text.ptr,
                       .line = 1,
                       .column = 1,
                       .arena = arena,
                       .tokens = tokens,
                       .err = err,
                       .line_begins = true};
    int rc = 0;
    while (rc == 0 && lx.at < lx.end)
        rc = read_part(&lx);
    if (rc == 0 && add(&lx, T2V_TOKEN_END, lx.end) == NULL)
        rc = T2V_ENOMEM;
    return rc == T2V_ENOMEM ? t2v_fail(err, rc, "no memory for a template") : rc;
}
