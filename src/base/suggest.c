/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/suggest.h"

#include <stdbool.h>

#include "base/banned.h"

enum { NAME_MAX_LEN = 48 }; /* longer names are not compared */

static char folded(char c)
{
    return c == '_' ? '-' : c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* The number of edits that turn a into b: insert, delete or replace a character, swap two
 * neighbours. */
static size_t distance(struct t2v_str a, struct t2v_str b)
{
    size_t rows[3][NAME_MAX_LEN + 1];
    size_t *before = rows[0], *last = rows[1], *now = rows[2];
    for (size_t j = 0; j <= b.len; j++)
        last[j] = j;
    for (size_t i = 1; i <= a.len; i++) {
        char c = folded(a.ptr[i - 1]);
        now[0] = i;
        for (size_t j = 1; j <= b.len; j++) {
            char d = folded(b.ptr[j - 1]);
            now[j] = least(least(last[j], now[j - 1]) + 1, last[j - 1] + (c != d));
            if (i > 1 && j > 1 && c == folded(b.ptr[j - 2]) && d == folded(a.ptr[i - 2]))
                now[j] = least(now[j], before[j - 2] + 1);
        }
        size_t *spare = before;
        before = last, last = now, now = spare;
    }
    return last[b.len];
}

/* The distance, but small when one name is the start of the other: "model-path" and "model",
 * "benchmark" and "bench". */
static size_t how_far(struct t2v_str a, struct t2v_str b)
{
    size_t n = least(a.len, b.len), edits = distance(a, b);
    if (n < 3 || a.len == b.len ||
        distance((struct t2v_str){a.ptr, n}, (struct t2v_str){b.ptr, n}) != 0)
        return edits;
    bool whole_words = folded(a.len > b.len ? a.ptr[n] : b.ptr[n]) == '-';
    return whole_words ? 1 : n > 3 ? least(edits, 2) : edits;
}

struct t2v_suggest t2v_suggest_for(struct t2v_str typed)
{
    /* One character in three may be wrong. */
    size_t limit = typed.len / 3 > 2 ? typed.len / 3 : 2;
    return (struct t2v_suggest){.typed = typed, .distance = limit + 1};
}

void t2v_suggest_try(struct t2v_suggest *suggest, const char *name, const char *answer)
{
    struct t2v_str known = t2v_str_of(name), typed = suggest->typed;
    if (typed.len == 0 || typed.len > NAME_MAX_LEN || known.len > NAME_MAX_LEN)
        return;
    size_t n = how_far(typed, known);
    if (n < suggest->distance && n < least(known.len, typed.len)) {
        suggest->distance = n;
        suggest->answer = answer;
    }
}
