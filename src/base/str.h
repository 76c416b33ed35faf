/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_BASE_STR_H
#define T2V_BASE_STR_H
/*
 * Text is (pointer, length) everywhere: borrowed bytes, not terminated, possibly with NULs among
 * them. ptr may be NULL when len is 0. Copy by value.
 */
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct t2v_str {
    const char *ptr;
    size_t len;
};

#define T2V_STR(literal) ((struct t2v_str){"" literal, sizeof(literal) - 1})
/* For "%.*s". */
#define T2V_STR_ARG(s) ((int)((s).len > 200 ? 200 : (s).len)), (s).ptr

static inline struct t2v_str t2v_str_of(const char *cstr)
{
    return (struct t2v_str){cstr, strlen(cstr)};
}

static inline bool t2v_str_eq(struct t2v_str a, struct t2v_str b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

static inline bool t2v_str_is(struct t2v_str a, const char *cstr)
{
    return t2v_str_eq(a, t2v_str_of(cstr));
}

/* As t2v_str_is, but ASCII capitals in s match lower case. word is in lower case. */
static inline bool t2v_str_is_word(struct t2v_str s, const char *word)
{
    for (size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i];
        if (word[i] == '\0' || word[i] != (c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c))
            return false;
    }
    return word[s.len] == '\0';
}

static inline bool t2v_str_starts(struct t2v_str s, struct t2v_str prefix)
{
    return s.len >= prefix.len && (prefix.len == 0 || memcmp(s.ptr, prefix.ptr, prefix.len) == 0);
}

static inline struct t2v_str t2v_str_skip(struct t2v_str s, size_t n)
{
    return n != 0 ? (struct t2v_str){s.ptr + n, s.len - n} : s; /* ptr may be NULL */
}

static inline bool t2v_str_ends(struct t2v_str s, struct t2v_str suffix)
{
    return s.len >= suffix.len && t2v_str_eq(t2v_str_skip(s, s.len - suffix.len), suffix);
}

/* Without the blanks and tabs at both ends. */
static inline struct t2v_str t2v_str_trim(struct t2v_str s)
{
    while (s.len != 0 && (s.ptr[0] == ' ' || s.ptr[0] == '\t'))
        s = t2v_str_skip(s, 1);
    while (s.len != 0 && (s.ptr[s.len - 1] == ' ' || s.ptr[s.len - 1] == '\t'))
        s.len--;
    return s;
}

/* Without ASCII white space, line ends too, at both ends: for text from files and settings. */
static inline struct t2v_str t2v_str_strip(struct t2v_str s)
{
    static const char white[] = " \t\n\v\f\r";
    while (s.len != 0 && memchr(white, s.ptr[0], sizeof white - 1) != NULL)
        s = t2v_str_skip(s, 1);
    while (s.len != 0 && memchr(white, s.ptr[s.len - 1], sizeof white - 1) != NULL)
        s.len--;
    return s;
}

/* The number that s begins with, such as the major part of a version; 0 if there is none. Reads at
 * most four digits. */
static inline unsigned t2v_str_leading(struct t2v_str s)
{
    unsigned n = 0;
    for (size_t i = 0; i < s.len && i < 4 && s.ptr[i] >= '0' && s.ptr[i] <= '9'; i++)
        n = n * 10 + (unsigned)(s.ptr[i] - '0');
    return n;
}

/* Returns the part before the next `stop` and sets *s to the part after it, or to empty. */
static inline struct t2v_str t2v_str_cut(struct t2v_str *s, char stop)
{
    const char *at = s->len != 0 ? (const char *)memchr(s->ptr, stop, s->len) : NULL;
    struct t2v_str before = {s->ptr, at != NULL ? (size_t)(at - s->ptr) : s->len};
    *s = t2v_str_skip(*s, before.len + (at != NULL));
    return before;
}

#endif
