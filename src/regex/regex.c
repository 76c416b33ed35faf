/* SPDX-License-Identifier: BSD-3-Clause */
/* The one file that knows PCRE2. */
#include "regex/regex.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdio.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "regex/syntax.h"

#include "base/banned.h"

/* PCRE2 counts the steps of a match from each place that it tries one at, and a search may try
 * millions. So a search goes by windows of places, with few steps for each place at first; where
 * these do not suffice, with more steps and in a smaller window: no call takes more than CALL_STEPS
 * or so. What a place may have beyond FIRST_STEPS is taken from what the text was allowed. */
enum {
    FIRST_STEPS = 128,
    MORE_STEPS = 4,                /* times as many, the next time */
    MAX_STEPS = FIRST_STEPS << 14, /* a hundredth of a second or a few */
    CALL_STEPS = FIRST_STEPS << 16,
    ANY_TEXT_STEPS = 40000000,
    STEPS_PER_BYTE = 256,
    MAX_HEAP_KIB = 32768,
    MAX_NESTING = 50
};

/* What the patterns may still take for the text that this thread is at. */
static _Thread_local uint64_t steps_left = ANY_TEXT_STEPS;

struct t2v_regex {
    pcre2_general_context *memory;
    pcre2_match_context *limits;
    pcre2_code *code;
};

static void *take(size_t bytes, void *ctx)
{
    (void)ctx;
    return t2v_alloc(bytes);
}

static void give(void *ptr, void *ctx)
{
    (void)ctx;
    t2v_free(ptr);
}

static int compile_failed(int number, const char *where, struct t2v_err *err)
{
    char why[160];
    if (number == PCRE2_ERROR_HEAP_FAILED)
        return t2v_fail(err, T2V_ENOMEM, "no memory for %s", where);
    if (pcre2_get_error_message(number, (PCRE2_UCHAR *)why, sizeof why) < 0)
        snprintf(why, sizeof why, "error %d", number);
    bool large =
        number == PCRE2_ERROR_PATTERN_TOO_LARGE || number == PCRE2_ERROR_PARENTHESES_NEST_TOO_DEEP;
    return t2v_fail(err, large ? T2V_ETOOLARGE : T2V_EUNSUPPORTED,
                    "%s: PCRE2 cannot compile it: %s", where, why);
}

/* Compiles what is translated into a zeroed *regex. */
static int compile(struct t2v_str pattern, const char *where, t2v_regex *regex, struct t2v_err *err)
{
    regex->memory = pcre2_general_context_create(take, give, NULL);
    regex->limits = regex->memory != NULL ? pcre2_match_context_create(regex->memory) : NULL;
    pcre2_compile_context *settings =
        regex->limits != NULL ? pcre2_compile_context_create(regex->memory) : NULL;
    if (settings == NULL)
        return t2v_fail(err, T2V_ENOMEM, "no memory for %s", where);
    pcre2_set_newline(settings, PCRE2_NEWLINE_LF);
    pcre2_set_bsr(settings, PCRE2_BSR_UNICODE);
    pcre2_set_parens_nest_limit(settings, MAX_NESTING);
    pcre2_set_depth_limit(regex->limits, MAX_STEPS);
    pcre2_set_heap_limit(regex->limits, MAX_HEAP_KIB);
    int number;
    size_t offset;
    uint32_t options =
        PCRE2_UTF | PCRE2_UCP | PCRE2_MULTILINE | PCRE2_NEVER_BACKSLASH_C | PCRE2_USE_OFFSET_LIMIT;
    PCRE2_SPTR text = (PCRE2_SPTR)(pattern.ptr != NULL ? pattern.ptr : "");
    regex->code = pcre2_compile(text, pattern.len, options, &number, &offset, settings);
    pcre2_compile_context_free(settings);
    if (regex->code == NULL)
        return compile_failed(number, where, err);
    /* Where code may not be made at run time, the interpreter does it. */
    (void)pcre2_jit_compile(regex->code, PCRE2_JIT_COMPLETE);
    return 0;
}

int t2v_regex_new(struct t2v_str pattern, const char *where, t2v_regex **out, struct t2v_err *err)
{
    struct t2v_buf buf;
    t2v_buf_init(&buf, 1 << 20);
    t2v_regex *regex = NULL;
    int rc = t2v_regex_translate(pattern, where, &buf, err);
    if (rc == 0) {
        regex = t2v_alloc_zero(1, sizeof *regex);
        rc = regex == NULL ? t2v_fail(err, T2V_ENOMEM, "no memory for %s", where)
                           : compile(t2v_buf_str(&buf), where, regex, err);
    }
    t2v_buf_deinit(&buf);
    if (rc != 0) {
        t2v_regex_free(regex);
        return rc;
    }
    *out = regex;
    return 0;
}

void t2v_regex_free(t2v_regex *regex)
{
    if (regex == NULL)
        return;
    pcre2_code_free(regex->code);
    pcre2_match_context_free(regex->limits);
    pcre2_general_context_free(regex->memory);
    t2v_free(regex);
}

void t2v_regex_allow(size_t n_byte)
{
    steps_left = ANY_TEXT_STEPS + (uint64_t)n_byte * STEPS_PER_BYTE;
}

void t2v_regex_enter(struct t2v_regex_account *account, size_t n_byte)
{
    if (!account->open)
        account->left = ANY_TEXT_STEPS;
    account->open = true;
    account->left += (uint64_t)n_byte * STEPS_PER_BYTE;
    steps_left = account->left;
}

void t2v_regex_leave(struct t2v_regex_account *account)
{
    account->left = steps_left;
}

int t2v_regex_begin(struct t2v_regex_walk *walk, const t2v_regex *regex, struct t2v_str text)
{
    *walk = (struct t2v_regex_walk){.regex = regex, .text = text};
    walk->match = pcre2_match_data_create(1, regex->memory);
    walk->limits = pcre2_match_context_copy(regex->limits);
    return walk->match != NULL && walk->limits != NULL ? 0 : T2V_ENOMEM;
}

void t2v_regex_end(struct t2v_regex_walk *walk)
{
    pcre2_match_data_free(walk->match);
    pcre2_match_context_free(walk->limits);
    walk->match = walk->limits = NULL;
}

/* Looks for the pattern at the places [from, last], at most `steps` for each: PCRE2's answer. */
static int search_window(struct t2v_regex_walk *walk, size_t from, size_t last, uint32_t steps)
{
    const t2v_regex *regex = walk->regex;
    PCRE2_SPTR text = (PCRE2_SPTR)(walk->text.ptr != NULL ? walk->text.ptr : "");
    pcre2_set_match_limit(walk->limits, steps);
    pcre2_set_offset_limit(walk->limits, last);
    int rc = pcre2_match(regex->code, text, walk->text.len, from, PCRE2_NO_UTF_CHECK, walk->match,
                         walk->limits);
    /* The code of the JIT has 32 KiB of stack; the interpreter has the heap. */
    if (rc == PCRE2_ERROR_JIT_STACKLIMIT)
        rc = pcre2_match(regex->code, text, walk->text.len, from, PCRE2_NO_UTF_CHECK | PCRE2_NO_JIT,
                         walk->match, walk->limits);
    return rc;
}

/* Takes what n places had beyond the first steps; false when that is more than there is. */
static bool pay(size_t n, uint32_t steps)
{
    uint64_t price = steps > FIRST_STEPS ? (uint64_t)n * steps : 0;
    bool enough = price <= steps_left;
    steps_left = enough ? steps_left - price : 0;
    return enough;
}

/* Where the character behind the one at `at` begins. */
static size_t next_char(struct t2v_str text, size_t at)
{
    do
        at++;
    while (at < text.len && t2v_utf8_is_tail(text.ptr[at]));
    return at;
}

/* Looks for the pattern at or behind `at`: PCRE2's answer. */
static int search(struct t2v_regex_walk *walk, size_t at)
{
    uint32_t steps = FIRST_STEPS;
    for (;;) {
        size_t n = CALL_STEPS / steps, left = walk->text.len - at;
        size_t last = at + (left < n ? left : n - 1);
        int rc = search_window(walk, at, last, steps);
        if (rc == PCRE2_ERROR_MATCHLIMIT && steps < MAX_STEPS) {
            steps *= MORE_STEPS;
            continue;
        }
        size_t end = rc >= 0 ? pcre2_get_ovector_pointer(walk->match)[0] : last;
        if (!pay(end < at ? 1 : end - at + 1, steps))
            return PCRE2_ERROR_MATCHLIMIT;
        if (rc != PCRE2_ERROR_NOMATCH || last == walk->text.len)
            return rc;
        at = next_char(walk->text, last);
        steps = FIRST_STEPS;
    }
}

int t2v_regex_next(struct t2v_regex_walk *walk)
{
    while (walk->at <= walk->text.len) {
        int rc = search(walk, walk->at);
        if (rc == PCRE2_ERROR_NOMATCH)
            break;
        if (rc < 0)
            return rc == PCRE2_ERROR_NOMEMORY ? T2V_ENOMEM : T2V_ETOOLARGE;
        const size_t *span = pcre2_get_ovector_pointer(walk->match);
        if (span[0] < walk->at || span[1] < span[0] || span[1] > walk->text.len)
            return T2V_ETOOLARGE; /* cannot be: \K is not translated */
        if (span[0] == span[1] && walk->hit_before && span[1] == walk->end) {
            walk->at = next_char(walk->text, walk->at); /* once more, from there on */
            continue;
        }
        walk->begin = span[0];
        walk->end = walk->at = span[1];
        walk->hit_before = true;
        return 1;
    }
    walk->at = walk->text.len + 1;
    return 0;
}

const char *t2v_regex_library(void)
{
    static char text[96];
    char version[32] = "?", unicode[32] = "?";
    uint32_t jit = 0;
    pcre2_config(PCRE2_CONFIG_VERSION, version);
    pcre2_config(PCRE2_CONFIG_UNICODE_VERSION, unicode);
    pcre2_config(PCRE2_CONFIG_JIT, &jit);
    snprintf(text, sizeof text, "%.20s, Unicode %.20s%s", version, unicode, jit ? ", JIT" : "");
    return text;
}
