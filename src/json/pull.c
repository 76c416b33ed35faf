/* SPDX-License-Identifier: BSD-3-Clause */
#include "json/pull.h"

#include <math.h>
#include <stdint.h>

#include "base/utf8.h"
#include "json/plain.h"

#include "base/banned.h"

enum { MAX_DEPTH = 512, VALUE_DEPTH = T2V_JSON_MAX_DEPTH };

void t2v_pull_init(struct t2v_pull *pull, struct t2v_str text, struct t2v_err *err)
{
    const char *begin = text.ptr != NULL ? text.ptr : "";
    *pull = (struct t2v_pull){.begin = begin, .at = begin, .end = begin + text.len, .err = err};
    t2v_buf_init(&pull->text, text.len + 1); /* no escape is shorter than its character */
}

void t2v_pull_deinit(struct t2v_pull *pull)
{
    t2v_buf_deinit(&pull->text);
}

int t2v_pull_wrong(const struct t2v_pull *pull, const char *wanted)
{
    size_t pos = (size_t)(pull->at - pull->begin);
    return t2v_fail_at(pull->err, T2V_EFORMAT, pos, "not JSON: %s was expected at byte %zu", wanted,
                       pos);
}

static void skip_space(struct t2v_pull *pull)
{
    while (pull->at < pull->end &&
           (*pull->at == ' ' || *pull->at == '\n' || *pull->at == '\r' || *pull->at == '\t'))
        pull->at++;
}

/* Reads the byte c after white space; false if another one is next. */
static bool take(struct t2v_pull *pull, char c)
{
    skip_space(pull);
    if (pull->at == pull->end || *pull->at != c)
        return false;
    pull->at++;
    return true;
}

char t2v_pull_peek(struct t2v_pull *pull)
{
    skip_space(pull);
    return pull->at < pull->end ? *pull->at : '\0';
}

int t2v_pull_open(struct t2v_pull *pull, char bracket)
{
    if (!take(pull, bracket))
        return t2v_pull_wrong(pull, bracket == '[' ? "an array" : "an object");
    pull->fresh = true;
    return 0;
}

int t2v_pull_more(struct t2v_pull *pull, char closing)
{
    bool fresh = pull->fresh;
    pull->fresh = false;
    if (take(pull, closing))
        return 0;
    if (!fresh && !take(pull, ','))
        return t2v_pull_wrong(pull, closing == ']' ? "',' or ']'" : "',' or '}'");
    return 1;
}

/* Reads four hexadecimal digits at *at, which advances; -1 if they are missing. */
static int32_t take_hex(const char **at, const char *end)
{
    int32_t value = 0;
    if (end - *at < 4)
        return -1;
    for (int i = 0; i < 4; i++, ++*at) {
        char c = **at, low = (char)(c | 0x20);
        if (c >= '0' && c <= '9')
            value = value * 16 + (c - '0');
        else if (low >= 'a' && low <= 'f')
            value = value * 16 + (low - 'a' + 10);
        else
            return -1;
    }
    return value;
}

/* Decodes the escape after a backslash, at *at, into buf; false if it is invalid. */
static bool take_escape(const char **at, const char *end, struct t2v_buf *buf)
{
    static const char letters[] = "b\bf\fn\nr\rt\t\"\"\\\\//";
    if (*at == end)
        return false;
    char c = *(*at)++;
    for (const char *pair = letters; *pair != '\0'; pair += 2) {
        if (c == pair[0]) {
            t2v_buf_addc(buf, pair[1]);
            return true;
        }
    }
    int32_t cp = c == 'u' ? take_hex(at, end) : -1;
    if (cp >= 0xd800 && cp < 0xdc00) {
        bool pair = end - *at >= 6 && (*at)[0] == '\\' && (*at)[1] == 'u';
        *at += pair ? 2 : 0;
        int32_t low = pair ? take_hex(at, end) : -1;
        if (low < 0xdc00 || low > 0xdfff)
            return false;
        cp = 0x10000 + ((cp - 0xd800) << 10) + (low - 0xdc00);
    }
    if (cp < 0 || (cp >= 0xdc00 && cp <= 0xdfff))
        return false;
    char utf8[4];
    t2v_buf_add(buf, utf8, (size_t)t2v_utf8_encode((uint32_t)cp, utf8));
    return true;
}

/* Reads the string at pull->at, which has its first escape after n_plain bytes. */
static int take_escaped(struct t2v_pull *pull, size_t n_plain, struct t2v_str *out)
{
    struct t2v_buf *buf = &pull->text;
    buf->len = 0;
    for (;;) {
        t2v_buf_add(buf, pull->at, n_plain);
        pull->at += n_plain;
        if (pull->at == pull->end || (*pull->at != '"' && *pull->at != '\\'))
            return t2v_pull_wrong(pull, pull->at < pull->end && (*pull->at & 0x80) != 0
                                            ? "valid UTF-8"
                                            : "a character of a string, or its end,");
        if (*pull->at++ == '"')
            break;
        if (!take_escape(&pull->at, pull->end, buf))
            return t2v_pull_wrong(pull, "an escape of a character (a surrogate has two halves)");
        n_plain = t2v_json_plain_run((const uint8_t *)pull->at, (size_t)(pull->end - pull->at));
    }
    if (buf->fail != 0)
        return t2v_fail(pull->err, T2V_ENOMEM, "no memory for a JSON string");
    *out = (struct t2v_str){buf->ptr != NULL ? buf->ptr : "", buf->len};
    return 0;
}

int t2v_pull_str(struct t2v_pull *pull, struct t2v_str *out)
{
    if (!take(pull, '"'))
        return t2v_pull_wrong(pull, "a string");
    size_t n = t2v_json_plain_run((const uint8_t *)pull->at, (size_t)(pull->end - pull->at));
    if (pull->at + n == pull->end || pull->at[n] != '"')
        return take_escaped(pull, n, out);
    *out = (struct t2v_str){pull->at, n};
    pull->at += n + 1;
    return 0;
}

int t2v_pull_key(struct t2v_pull *pull, struct t2v_str *out)
{
    int rc = t2v_pull_str(pull, out);
    if (rc == 0 && !take(pull, ':'))
        rc = t2v_pull_wrong(pull, "':'");
    return rc;
}

/* Numbers. */

struct decimal {
    uint64_t digits;
    int64_t exponent; /* of ten */
    bool full;        /* digits is full: further ones are dropped */
};

static bool is_digit(const struct t2v_pull *pull)
{
    return pull->at < pull->end && *pull->at >= '0' && *pull->at <= '9';
}

/* Reads one or more digits. Each changes the exponent by step, a dropped one by step + 1. */
static bool take_digits(struct t2v_pull *pull, struct decimal *x, int step)
{
    if (!is_digit(pull))
        return false;
    for (; is_digit(pull); pull->at++) {
        uint64_t digit = (uint64_t)(*pull->at - '0');
        x->full = x->full || x->digits > (UINT64_MAX - digit) / 10;
        if (!x->full)
            x->digits = x->digits * 10 + digit;
        x->exponent += x->full ? step + 1 : step;
    }
    return true;
}

static bool take_exponent(struct t2v_pull *pull, struct decimal *x)
{
    bool negative = pull->at < pull->end && *pull->at == '-';
    if (negative || (pull->at < pull->end && *pull->at == '+'))
        pull->at++;
    if (!is_digit(pull))
        return false;
    int64_t exponent = 0;
    for (; is_digit(pull); pull->at++)
        exponent = exponent < INT32_MAX ? exponent * 10 + (*pull->at - '0') : exponent;
    x->exponent += negative ? -exponent : exponent;
    return true;
}

/* 10^n, 0 <= n <= 308: the nearest double up to 10^27, beyond that close to it. */
static double power_of_ten(unsigned n)
{
    static const double small[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                   1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                   1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    if (n < sizeof small / sizeof *small)
        return small[n];
    long double p = 1;
    for (unsigned i = 0; i < n; i++)
        p *= 10;
    return (double)p;
}

static double scale(const struct decimal *x)
{
    double value = (double)x->digits;
    int64_t exponent = x->exponent;
    while (exponent < -308 && value != 0) {
        value /= 1e308;
        exponent += 308;
    }
    if (value == 0)
        return 0;
    if (exponent > 308)
        return HUGE_VAL;
    return exponent >= 0 ? value * power_of_ten((unsigned)exponent)
                         : value / power_of_ten((unsigned)-exponent);
}

bool t2v_pull_is_number(const struct t2v_pull *pull, char c)
{
    return c == '-' || (c >= '0' && c <= '9') || (pull->python && (c == 'N' || c == 'I'));
}

/* Python's words for non-finite numbers; the sign has been read. */
static bool take_word(struct t2v_pull *pull, const char *word)
{
    size_t n = strlen(word);
    if ((size_t)(pull->end - pull->at) < n || memcmp(pull->at, word, n) != 0)
        return false;
    pull->at += n;
    return true;
}

int t2v_pull_number(struct t2v_pull *pull, double *out)
{
    struct decimal x = {0};
    bool negative = take(pull, '-');
    if (pull->python && !negative && take_word(pull, "NaN")) {
        *out = NAN;
        return 0;
    }
    if (pull->python && take_word(pull, "Infinity")) {
        *out = negative ? -HUGE_VAL : HUGE_VAL;
        return 0;
    }
    bool zero = pull->at < pull->end && *pull->at == '0';
    const char *first = pull->at;
    bool ok = take_digits(pull, &x, 0) && !(zero && pull->at - first > 1);
    if (ok && pull->at < pull->end && *pull->at == '.') {
        pull->at++;
        x.full = false; /* UPSTREAM: the digits after the point are tried again */
        ok = take_digits(pull, &x, -1);
    }
    if (ok && pull->at < pull->end && (*pull->at | 0x20) == 'e') {
        pull->at++;
        ok = take_exponent(pull, &x);
    }
    double value = ok ? scale(&x) : HUGE_VAL;
    if (!ok)
        return t2v_pull_wrong(pull, "a number");
    if (isinf(value) && !pull->python)
        return t2v_pull_wrong(pull, "a number that fits into a double");
    *out = negative ? -value : value;
    return 0;
}

/* Whole values. */

int t2v_pull_word(struct t2v_pull *pull, const char *word)
{
    struct t2v_str wanted = t2v_str_of(word);
    skip_space(pull);
    if (!t2v_str_starts((struct t2v_str){pull->at, (size_t)(pull->end - pull->at)}, wanted))
        return t2v_pull_wrong(pull, word);
    pull->at += wanted.len;
    return 0;
}

/* Skips the rest of a string. */
static bool skip_string(struct t2v_pull *pull)
{
    struct t2v_str rest = {pull->at, (size_t)(pull->end - pull->at)};
    size_t end = t2v_json_string_end(rest, 0);
    bool ends = end < rest.len;
    pull->at += end + ends;
    return ends;
}

/* Skips a number, true, false, null, or any text in their place. */
static bool skip_word(struct t2v_pull *pull)
{
    const char *first = pull->at;
    while (pull->at < pull->end && memchr(" \n\r\t,:[]{}\"", *pull->at, 12) == NULL)
        pull->at++;
    return pull->at > first;
}

int t2v_pull_skip(struct t2v_pull *pull, struct t2v_str *out)
{
    char closing[MAX_DEPTH];
    size_t depth = 0;
    skip_space(pull);
    const char *first = pull->at;
    do {
        if (pull->at == pull->end)
            return t2v_pull_wrong(pull, "more");
        char c = *pull->at;
        if (c == '[' || c == '{') {
            if (depth == MAX_DEPTH)
                return t2v_fail_at(pull->err, T2V_EFORMAT, (size_t)(pull->at - pull->begin),
                                   "nested deeper than %d levels", MAX_DEPTH);
            closing[depth++] = c == '[' ? ']' : '}';
            pull->at++;
        } else if (c == '"') {
            pull->at++;
            if (!skip_string(pull))
                return t2v_pull_wrong(pull, "the end of a string");
        } else if (depth != 0 && (c == ']' || c == '}')) {
            if (c != closing[--depth])
                return t2v_pull_wrong(pull, "the other bracket");
            pull->at++;
        } else if (depth != 0 && (c == ',' || c == ':')) {
            pull->at++;
        } else if (!skip_word(pull)) {
            return t2v_pull_wrong(pull, "a value");
        }
        if (depth != 0)
            skip_space(pull);
    } while (depth != 0);
    if (out != NULL)
        *out = (struct t2v_str){first, (size_t)(pull->at - first)};
    return 0;
}

/* Reads a scalar, or an opening bracket, whose closing one is stored in closing[*depth]. */
static int pass_word(struct t2v_pull *pull, char *closing, size_t *depth)
{
    struct t2v_str text;
    double number;
    char c = t2v_pull_peek(pull);
    if (c == '[' || c == '{') {
        if (*depth == VALUE_DEPTH)
            return t2v_fail_at(pull->err, T2V_EFORMAT, (size_t)(pull->at - pull->begin),
                               "nested deeper than %d levels", VALUE_DEPTH);
        closing[(*depth)++] = c == '[' ? ']' : '}';
        return t2v_pull_open(pull, c);
    }
    if (c == '"')
        return t2v_pull_str(pull, &text);
    if (c == 'n' || c == 't' || c == 'f')
        return t2v_pull_word(pull, c == 'n' ? "null" : c == 't' ? "true" : "false");
    return t2v_pull_is_number(pull, c) ? t2v_pull_number(pull, &number)
                                       : t2v_pull_wrong(pull, "a value");
}

int t2v_pull_pass(struct t2v_pull *pull, struct t2v_str *out)
{
    char closing[VALUE_DEPTH];
    size_t depth = 0;
    struct t2v_str key;
    skip_space(pull);
    const char *first = pull->at;
    int rc = pass_word(pull, closing, &depth);
    while (rc == 0 && depth != 0) {
        rc = t2v_pull_more(pull, closing[depth - 1]);
        if (rc == 0) {
            depth--;
            continue;
        }
        if (rc == 1)
            rc = closing[depth - 1] == '}' ? t2v_pull_key(pull, &key) : 0;
        if (rc == 0)
            rc = pass_word(pull, closing, &depth);
    }
    *out = (struct t2v_str){first, (size_t)(pull->at - first)};
    return rc;
}

int t2v_pull_end(struct t2v_pull *pull)
{
    skip_space(pull);
    size_t pos = (size_t)(pull->at - pull->begin);
    return pull->at == pull->end
               ? 0
               : t2v_fail_at(pull->err, T2V_EFORMAT, pos,
                             "not JSON: trailing data after the JSON value at byte %zu", pos);
}

int t2v_pull_members(struct t2v_pull *pull, const char *const *names, struct t2v_str *values,
                     size_t n, int (*read)(struct t2v_pull *, struct t2v_str *))
{
    struct t2v_str key, value;
    int rc = t2v_pull_open(pull, '{');
    while (rc == 0 && (rc = t2v_pull_more(pull, '}')) == 1) {
        size_t i = 0;
        rc = t2v_pull_key(pull, &key);
        while (rc == 0 && i < n && !t2v_str_is(key, names[i]))
            i++;
        if (rc == 0)
            rc = read(pull, &value);
        if (rc == 0 && i < n)
            values[i] = value;
    }
    return rc;
}

/* Cutting. */

/* Stores the wanted values of text[outer] in lists; null counts as missing. */
static int find_lists(struct t2v_pull *pull, const char *const *inner, size_t n,
                      struct t2v_str *lists)
{
    for (size_t i = 0; i < n; i++)
        lists[i] = (struct t2v_str){NULL, 0};
    int rc = t2v_pull_members(pull, inner, lists, n, t2v_pull_skip);
    for (size_t i = 0; i < n; i++) {
        if (t2v_str_is(lists[i], "null"))
            lists[i] = (struct t2v_str){NULL, 0};
    }
    return rc;
}

static int walk(struct t2v_pull *pull, const char *outer, const char *const *inner, size_t n,
                struct t2v_str *lists)
{
    struct t2v_str key;
    int rc = t2v_pull_open(pull, '{');
    while (rc == 0 && (rc = t2v_pull_more(pull, '}')) == 1) {
        rc = t2v_pull_key(pull, &key);
        if (rc != 0)
            break;
        skip_space(pull);
        bool enter = t2v_str_is(key, outer) && pull->at < pull->end && *pull->at == '{';
        if (enter) {
            rc = find_lists(pull, inner, n, lists);
        } else {
            rc = t2v_pull_skip(pull, NULL);
            for (size_t i = 0; i < n && t2v_str_is(key, outer); i++)
                lists[i] = (struct t2v_str){NULL, 0};
        }
    }
    return rc;
}

/* Copies text with null in place of the lists, which may be in any order. */
static void copy_rest(struct t2v_str text, const struct t2v_str *lists, size_t n,
                      struct t2v_buf *rest)
{
    const char *at = text.ptr, *end = text.ptr + text.len;
    for (;;) {
        const struct t2v_str *next = NULL;
        for (size_t i = 0; i < n; i++) {
            if (lists[i].ptr != NULL && lists[i].ptr >= at &&
                (next == NULL || lists[i].ptr < next->ptr))
                next = &lists[i];
        }
        t2v_buf_add(rest, at, (size_t)((next != NULL ? next->ptr : end) - at));
        if (next == NULL)
            return;
        t2v_buf_adds(rest, "null");
        at = next->ptr + next->len;
    }
}

int t2v_json_cut(struct t2v_str text, const char *outer, const char *const *inner, size_t n,
                 struct t2v_str *lists, struct t2v_buf *rest, struct t2v_err *err)
{
    struct t2v_pull pull;
    for (size_t i = 0; i < n; i++)
        lists[i] = (struct t2v_str){NULL, 0};
    t2v_pull_init(&pull, text, err);
    int rc = walk(&pull, outer, inner, n, lists);
    if (rc == 0)
        rc = t2v_pull_end(&pull);
    t2v_pull_deinit(&pull);
    if (rc != 0)
        return rc;
    copy_rest(text, lists, n, rest);
    return rest->fail == 0 ? 0 : t2v_fail(err, rest->fail, "no memory for the rest of the JSON");
}
