/* SPDX-License-Identifier: BSD-3-Clause */
#include "text/punkt_data.h"

#include <stdint.h>

#include "base/mem.h"

#include "base/banned.h"

/* models/punkt-english.txt, converted to C during the build. */
extern const char t2v_punkt_english[];
extern const size_t t2v_punkt_english_len;

/* Cuts the text up to the first stop, and the stop, off *rest. */
static struct t2v_str cut(struct t2v_str *rest, struct t2v_str stop)
{
    const char *at = memmem(rest->ptr, rest->len, stop.ptr, stop.len);
    struct t2v_str part = {rest->ptr, at != NULL ? (size_t)(at - rest->ptr) : rest->len};
    size_t used = at != NULL ? part.len + stop.len : part.len;
    *rest = t2v_str_skip(*rest, used);
    return part;
}

static int learn(t2v_punkt *punkt, struct t2v_str key, int bits)
{
    return t2v_map_set(&punkt->known, key, t2v_punkt_known(punkt, key) | bits);
}

/* Reads a part of the file: entries separated by "|" and line ends. */
static int learn_part(t2v_punkt *punkt, struct t2v_str part, int bits)
{
    while (part.len > 0) {
        struct t2v_str line = cut(&part, T2V_STR("\n"));
        while (line.len > 0) {
            struct t2v_str entry = cut(&line, T2V_STR("|"));
            int rc = learn(punkt, entry, bits);
            if (rc == 0 && bits == T2V_PUNKT_COLLOCATION)
                rc = learn(punkt, cut(&entry, T2V_STR(" ")), T2V_PUNKT_FIRST);
            if (rc != 0)
                return rc;
        }
    }
    return 0;
}

int t2v_punkt_new(t2v_punkt **out)
{
    t2v_punkt *punkt = t2v_alloc_zero(1, sizeof *punkt);
    if (punkt == NULL)
        return T2V_ENOMEM;
    struct t2v_str rest = {t2v_punkt_english, t2v_punkt_english_len};
    cut(&rest, T2V_STR("\n\n"));
    int rc = t2v_map_init(&punkt->known, 256);
    for (int bits = T2V_PUNKT_ABBREVIATION; rc == 0 && bits <= T2V_PUNKT_COLLOCATION; bits *= 2)
        rc = learn_part(punkt, cut(&rest, T2V_STR("\n\n")), bits);
    if (rc != 0) {
        t2v_punkt_free(punkt);
        return rc;
    }
    punkt->spellings = rest;
    *out = punkt;
    return 0;
}

void t2v_punkt_free(t2v_punkt *punkt)
{
    if (punkt == NULL)
        return;
    t2v_map_deinit(&punkt->known);
    t2v_free(punkt);
}

int t2v_punkt_known(const t2v_punkt *punkt, struct t2v_str type)
{
    int32_t bits = t2v_map_get(&punkt->known, type);
    return bits > 0 ? bits : 0;
}

static bool is_end(char c)
{
    return c >= '@' && c <= 'Z';
}

/* Compares type with the first word of a line; as memcmp. */
static int compare_first(struct t2v_str type, struct t2v_str line)
{
    size_t i = 0;
    while (i < type.len && i < line.len && type.ptr[i] == line.ptr[i] && !is_end(line.ptr[i]))
        i++;
    if (i == line.len || is_end(line.ptr[i]))
        return i < type.len;
    return i == type.len || type.ptr[i] < line.ptr[i] ? -1 : 1;
}

/* Decodes the words of a line, each from the one before, until type is found. */
static int find_in_line(struct t2v_str type, struct t2v_str line)
{
    char word[T2V_PUNKT_TYPE_MAX];
    size_t len = 0;
    for (size_t i = 0; i < line.len; i++) {
        if (is_end(line.ptr[i])) {
            if (len == type.len && memcmp(word, type.ptr, len) == 0)
                return line.ptr[i] - '@';
            if (++i < line.len)
                len = (size_t)(line.ptr[i] - 'a');
        } else if (len < sizeof word) {
            word[len++] = line.ptr[i];
        }
    }
    return 0;
}

/* Binary search over the bytes, by the line around the middle. */
int t2v_punkt_seen(const t2v_punkt *punkt, struct t2v_str type)
{
    const char *text = punkt->spellings.ptr;
    size_t low = 0, high = punkt->spellings.len; /* both at the start of a line */
    struct t2v_str line = {NULL, 0};             /* the last one known to be <= type */
    while (low < high) {
        size_t start = low + (high - low) / 2;
        const char *before = memrchr(text + low, '\n', start - low);
        start = before != NULL ? (size_t)(before - text) + 1 : low;
        const char *end = memchr(text + start, '\n', high - start);
        struct t2v_str middle = {text + start, (end != NULL ? (size_t)(end - text) : high) - start};
        if (compare_first(type, middle) < 0) {
            high = start;
        } else {
            line = middle;
            low = end != NULL ? start + middle.len + 1 : high;
        }
    }
    return type.len > 0 ? find_in_line(type, line) : 0;
}
