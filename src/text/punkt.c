/* SPDX-License-Identifier: BSD-3-Clause */
#include "text/punkt.h"

#include "text/punkt_word.h"
#include "unicode/space.h"

#include "base/banned.h"

/* UPSTREAM: when NLTK looks for the start of the word before a mark, only the six white space
 * characters of ASCII count, and not the text's first character. */
static bool parts_words(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* The start of the word that the mark at `at` ends, given the previous mark. */
static size_t word_before(const struct t2v_punkt_walk *walk, size_t at)
{
    for (size_t i = at; i > walk->mark.at + 1; i--) {
        if (parts_words(walk->text.ptr[i - 1]))
            return i;
    }
    return walk->mark.word;
}

/* Finds the next mark before punctuation, or before white space and a word. */
static bool find_mark(struct t2v_punkt_walk *walk, struct t2v_punkt_mark *found)
{
    struct t2v_str text = walk->text;
    for (size_t at = walk->at; at + 1 < text.len; at++) {
        if (!t2v_punkt_is_mark(text.ptr[at]))
            continue;
        size_t next = 0;
        if (!t2v_punkt_is_outside(text.ptr[at + 1])) {
            next = t2v_space_skip(text, at + 1);
            if (next == text.len)
                break;
            if (next == at + 1)
                continue;
        }
        *found = (struct t2v_punkt_mark){at, word_before(walk, at), next};
        walk->at = at + 1;
        return true;
    }
    walk->at = text.len;
    return false;
}

/* Finds the next mark to judge: the last one of a word. */
static bool next_mark(struct t2v_punkt_walk *walk, struct t2v_punkt_mark *mark)
{
    struct t2v_punkt_mark found;
    while (find_mark(walk, &found)) {
        *mark = walk->mark;
        bool apart = walk->has_mark && mark->at <= found.word;
        walk->mark = found;
        walk->has_mark = true;
        if (apart)
            return true;
    }
    *mark = walk->mark;
    bool left = walk->has_mark;
    walk->has_mark = false;
    return left;
}

/* The word before the mark, the mark, and the word or punctuation after it. */
static struct t2v_str context_of(struct t2v_str text, const struct t2v_punkt_mark *mark)
{
    size_t end = mark->at + 2;
    if (mark->next != 0) {
        end = mark->next;
        while (end < text.len && t2v_space_first(t2v_str_skip(text, end)) == 0)
            end++;
    }
    return (struct t2v_str){text.ptr + mark->word, end - mark->word};
}

/* Finds the next sentence before closing punctuation is moved. The last one may be empty. */
static bool next_slice(struct t2v_punkt_walk *walk, size_t *start, size_t *end)
{
    if (walk->at_end)
        return false;
    *start = walk->from;
    struct t2v_punkt_mark mark;
    while (next_mark(walk, &mark)) {
        if (t2v_punkt_breaks(walk->punkt, context_of(walk->text, &mark))) {
            *end = mark.at + 1;
            walk->from = mark.next != 0 ? mark.next : *end;
            return true;
        }
    }
    struct t2v_str rest = t2v_str_skip(walk->text, walk->from);
    for (int n; (n = t2v_space_last(rest)) > 0;)
        rest.len -= (size_t)n;
    *end = walk->from + rest.len;
    walk->at_end = true;
    return true;
}

void t2v_punkt_start(struct t2v_punkt_walk *walk, const t2v_punkt *punkt, struct t2v_str text)
{
    *walk = (struct t2v_punkt_walk){.punkt = punkt, .text = text};
    walk->has_slice = next_slice(walk, &walk->start, &walk->end);
}

/* Closing quotes and brackets at the start of a slice belong to the sentence before if white space,
 * "--" or the slice's end follows. Returns their length (0: they stay); *moved includes the space.
 */
static size_t closing(struct t2v_str slice, size_t *moved)
{
    size_t n = 0;
    while (n < slice.len && memchr("\"')]}", slice.ptr[n], 5) != NULL)
        n++;
    *moved = n > 0 ? t2v_space_skip(slice, n) : 0;
    if (n < slice.len && *moved == n && !t2v_str_starts(t2v_str_skip(slice, n), T2V_STR("--")))
        *moved = 0;
    return *moved > 0 ? n : 0;
}

bool t2v_punkt_next(struct t2v_punkt_walk *walk, struct t2v_str *sentence)
{
    while (walk->has_slice) {
        size_t start = walk->start + walk->moved, end = walk->end;
        walk->has_slice = next_slice(walk, &walk->start, &walk->end);
        walk->moved = 0;
        if (walk->has_slice) {
            struct t2v_str next = {walk->text.ptr + walk->start, walk->end - walk->start};
            size_t n = closing(next, &walk->moved);
            if (n > 0)
                end = walk->start + n;
        }
        if (end > start) {
            *sentence = (struct t2v_str){walk->text.ptr + start, end - start};
            return true;
        }
    }
    return false;
}
