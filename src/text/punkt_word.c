/* SPDX-License-Identifier: BSD-3-Clause */
#include "text/punkt_word.h"

#include <stdint.h>

#include "base/utf8.h"
#include "text/punkt_data.h"
#include "unicode/letter.h"
#include "unicode/space.h"

#include "base/banned.h"

/* Classes of bytes for splitting into words, as bits; 0: part of any word. */
enum {
    SPACE = 1,    /* may start a white space character */
    OUTSIDE = 2,  /* NLTK: a non-word character; ends a word */
    NO_START = 4, /* cannot start a longer word */
    RUN = 8,      /* can start a run of dashes or dots */
    COMMA = 16    /* ends a word if nothing of the word follows */
};
static const uint8_t KIND[256] = {
    ['\t' ... '\r'] = SPACE,
    [0x1C ... 0x20] = SPACE,
    [0xC2] = SPACE,
    [0xE1 ... 0xE3] = SPACE,
    ['('] = OUTSIDE | NO_START,
    [')'] = OUTSIDE | NO_START,
    ['['] = OUTSIDE | NO_START,
    ['{'] = OUTSIDE | NO_START,
    ['}'] = OUTSIDE | NO_START,
    [']'] = OUTSIDE | NO_START,
    ['"'] = OUTSIDE | NO_START,
    [';'] = OUTSIDE | NO_START,
    [':'] = OUTSIDE | NO_START,
    ['*'] = OUTSIDE | NO_START,
    ['@'] = OUTSIDE | NO_START,
    ['?'] = OUTSIDE,
    ['!'] = OUTSIDE,
    ['\''] = OUTSIDE,
    ['`'] = NO_START,
    ['&'] = NO_START,
    ['#'] = NO_START,
    ['-'] = NO_START | RUN,
    ['.'] = RUN,
    [','] = NO_START | COMMA,
};

static int kind(struct t2v_str s, size_t at)
{
    return KIND[(uint8_t)s.ptr[at]];
}

static int space_at(struct t2v_str s, size_t at)
{
    return t2v_space_first(t2v_str_skip(s, at));
}

bool t2v_punkt_is_outside(char c)
{
    return (KIND[(uint8_t)c] & OUTSIDE) != 0;
}

/* The length of ". . .": three or more dots, with one white space character (not a line feed)
 * between two. */
static size_t spaced_dots(struct t2v_str s, size_t at)
{
    size_t dots = 0, end = at, next = at;
    while (next < s.len && s.ptr[next] == '.') {
        dots++;
        end = next + 1;
        int blank = end < s.len && s.ptr[end] == '\n' ? 0 : space_at(s, end);
        if (blank == 0)
            break;
        next = end + (size_t)blank;
    }
    return dots >= 3 ? end - at : 0;
}

/* The length of the run of dashes or dots at `at` that is a word by itself; 0 if there is none. */
static size_t run_at(struct t2v_str s, size_t at)
{
    if ((kind(s, at) & RUN) == 0)
        return 0;
    size_t end = at + 1;
    while (end < s.len && s.ptr[end] == s.ptr[at])
        end++;
    if (end - at >= 2)
        return end - at;
    return s.ptr[at] == '.' ? spaced_dots(s, at) : 0;
}

/* Whether a word that reaches `at` ends before it. */
static bool ends_at(struct t2v_str s, size_t at)
{
    if (at == s.len)
        return true;
    int k = kind(s, at);
    return k != 0 && ((k & OUTSIDE) != 0 || ((k & RUN) != 0 && run_at(s, at) > 0) ||
                      ((k & SPACE) != 0 && space_at(s, at) > 0));
}

static size_t word_length(struct t2v_str s, size_t at)
{
    size_t end = at + 1;
    while (!ends_at(s, end) && !(s.ptr[end] == ',' && ends_at(s, end + 1)))
        end++;
    return end - at;
}

bool t2v_punkt_word(struct t2v_str context, size_t *at, struct t2v_str *word)
{
    size_t start = *at;
    for (int n; (n = space_at(context, start)) > 0;)
        start += (size_t)n;
    if (start == context.len)
        return false;
    size_t n = run_at(context, start);
    if (n == 0)
        n = (kind(context, start) & NO_START) != 0 ? 1 : word_length(context, start);
    *word = (struct t2v_str){context.ptr + start, n};
    *at = start + n;
    return true;
}

/* A word and the results of the first pass. */
struct word {
    struct t2v_str text;
    bool period; /* ends with a period */
    bool breaks, abbr, ellipsis;
};

static struct t2v_str without_last(struct t2v_str s)
{
    return (struct t2v_str){s.ptr, s.len - 1};
}

/*
 * Python's s.lower() into out[T2V_PUNKT_TYPE_MAX], or an empty text if that cannot be a type of the
 * data: those are short and ASCII. The Kelvin sign is the only other character with an ASCII lower
 * case, so Unicode's case tables and its final sigma do not matter here.
 */
static struct t2v_str lower(struct t2v_str s, char *out)
{
    size_t n = 0;
    for (size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i];
        if (t2v_str_starts(t2v_str_skip(s, i), T2V_STR("\u212A"))) {
            c = 'k';
            i += 2;
        }
        if (n == T2V_PUNKT_TYPE_MAX || (uint8_t)c >= 0x80)
            return T2V_STR("");
        out[n++] = c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
    }
    return (struct t2v_str){out, n};
}

/* ^-?[.,]?\d[\d,.-]*$ */
static bool is_number(struct t2v_str s)
{
    if (s.len > 0 && s.ptr[0] == '-')
        s = t2v_str_skip(s, 1);
    if (s.len > 0 && (s.ptr[0] == '.' || s.ptr[0] == ','))
        s = t2v_str_skip(s, 1);
    bool first = true;
    while (s.len > 0) {
        uint32_t cp;
        int n = t2v_utf8_decode(s, &cp);
        bool mark = cp == ',' || cp == '.' || cp == '-';
        if (!t2v_letter_is_digit(cp) && (first || !mark))
            return false;
        first = false;
        s = t2v_str_skip(s, (size_t)n);
    }
    return !first;
}

/* The type of a word: in lower case; one type for all numbers. */
static struct t2v_str type_of(struct t2v_str text, char *out)
{
    return is_number(text) ? T2V_STR("##number##") : lower(text, out);
}

static struct t2v_str type_without_period(struct t2v_str text, char *out)
{
    struct t2v_str type = type_of(text, out);
    return type.len > 1 && type.ptr[type.len - 1] == '.' ? without_last(type) : type;
}

/* An initial: one character of \w that is not in \d, and a period. */
static bool is_initial(struct t2v_str text)
{
    uint32_t cp;
    return (size_t)t2v_utf8_decode(text, &cp) + 1 == text.len && text.ptr[text.len - 1] == '.' &&
           t2v_letter_is_word(cp) && !t2v_letter_is_digit(cp);
}

static bool is_abbreviation(const t2v_punkt *punkt, struct t2v_str text)
{
    char small[T2V_PUNKT_TYPE_MAX];
    if ((t2v_punkt_known(punkt, lower(text, small)) & T2V_PUNKT_ABBREVIATION) != 0)
        return true;
    const char *dash = memrchr(text.ptr, '-', text.len);
    if (dash == NULL)
        return false;
    struct t2v_str tail = t2v_str_skip(text, (size_t)(dash - text.ptr) + 1);
    return (t2v_punkt_known(punkt, lower(tail, small)) & T2V_PUNKT_ABBREVIATION) != 0;
}

/* First pass: classifies the word by itself. */
static struct word look_at(const t2v_punkt *punkt, struct t2v_str text)
{
    struct word word = {.text = text, .period = text.ptr[text.len - 1] == '.'};
    if (text.len == 1 && t2v_punkt_is_mark(text.ptr[0]))
        word.breaks = true;
    else if (word.period && text.ptr[0] == '.' && text.ptr[1] == '.')
        word.ellipsis = true; /* a word that starts so has only dots */
    else if (word.period)
        word.abbr = is_abbreviation(punkt, without_last(text));
    if (word.period && !word.ellipsis && !word.abbr)
        word.breaks = true;
    return word;
}

enum guess { NO, YES, UNKNOWN };

/* Does the word start a sentence, judging by its spelling? */
static enum guess starts_sentence(const t2v_punkt *punkt, const struct word *word,
                                  struct t2v_str type)
{
    if (word->text.len == 1 && memchr(";:,.!?", word->text.ptr[0], 6) != NULL)
        return NO;
    uint32_t cp;
    t2v_utf8_decode(word->text, &cp);
    if (t2v_letter_is_upper(cp)) {
        int seen = t2v_punkt_seen(punkt, type);
        if ((seen & T2V_PUNKT_LOWER) != 0 && (seen & T2V_PUNKT_UPPER_INSIDE) == 0)
            return YES;
    } else if (t2v_letter_is_lower(cp)) {
        int seen = t2v_punkt_seen(punkt, type);
        if ((seen & T2V_PUNKT_UPPER) != 0 || (seen & T2V_PUNKT_LOWER_FIRST) == 0)
            return NO;
    }
    return UNKNOWN;
}

static bool is_collocation(const t2v_punkt *punkt, struct t2v_str first, struct t2v_str second)
{
    char both[2 * T2V_PUNKT_TYPE_MAX + 1];
    if ((t2v_punkt_known(punkt, first) & T2V_PUNKT_FIRST) == 0)
        return false;
    memcpy(both, first.ptr, first.len);
    both[first.len] = ' ';
    memcpy(both + first.len + 1, second.ptr, second.len);
    struct t2v_str key = {both, first.len + 1 + second.len};
    return (t2v_punkt_known(punkt, key) & T2V_PUNKT_COLLOCATION) != 0;
}

/* Second pass: whether a sentence ends with word, given the next word. */
static bool breaks_before(const t2v_punkt *punkt, const struct word *word, const struct word *next)
{
    if (!word->period)
        return word->breaks;
    char small[T2V_PUNKT_TYPE_MAX], next_small[T2V_PUNKT_TYPE_MAX];
    struct t2v_str type = type_without_period(word->text, small);
    struct t2v_str next_type = next->breaks ? type_without_period(next->text, next_small)
                                            : type_of(next->text, next_small);
    if (is_collocation(punkt, type, next_type))
        return false;

    bool initial = is_initial(word->text);
    bool number = t2v_str_eq(type, T2V_STR("##number##"));
    bool doubtful = word->abbr || word->ellipsis;
    if (!doubtful && !initial && !number)
        return word->breaks;

    uint32_t cp;
    t2v_utf8_decode(next->text, &cp);
    enum guess starts = starts_sentence(punkt, next, next_type);
    if (doubtful && !initial) {
        if (starts == YES)
            return true;
        if (t2v_letter_is_upper(cp) && (t2v_punkt_known(punkt, next_type) & T2V_PUNKT_STARTER) != 0)
            return true;
    }
    if (initial || number) {
        if (starts == NO)
            return false;
        /* "J. Bach": a word never seen in lower case is a name, not the start of a sentence. */
        if (starts == UNKNOWN && initial && t2v_letter_is_upper(cp) &&
            (t2v_punkt_seen(punkt, next_type) & T2V_PUNKT_LOWER) == 0)
            return false;
    }
    return word->breaks;
}

bool t2v_punkt_breaks(const struct t2v_punkt *punkt, struct t2v_str context)
{
    size_t at = 0;
    struct t2v_str text;
    if (!t2v_punkt_word(context, &at, &text))
        return false;
    struct word word = look_at(punkt, text);
    while (t2v_punkt_word(context, &at, &text)) {
        struct word next = look_at(punkt, text);
        if (breaks_before(punkt, &word, &next))
            return true;
        word = next;
    }
    return false;
}
