/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_BASE_UTF8_H
#define T2V_BASE_UTF8_H
/* UTF-8 of RFC 3629: no surrogates, no overlong forms, nothing above U+10FFFF. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

/* True when all of s is valid; else *bad (may be NULL) is where its first ill-formed sequence
 * starts, as Python's UnicodeDecodeError.start. */
bool t2v_utf8_valid(struct t2v_str s, size_t *bad);

/* The length of the well-formed character at the start of s (which is not empty), 1 to 4; 0: there
 * is none. */
int t2v_utf8_len(struct t2v_str s);

/* Decodes the code point at the start of s (which is not empty) into *cp and returns its length in
 * bytes, 1 to 4. An ill-formed byte gives U+FFFD and 1, so that a loop always advances. */
int t2v_utf8_decode(struct t2v_str s, uint32_t *cp);

/* The code point that ends at the end of s (not empty); as t2v_utf8_decode otherwise. */
int t2v_utf8_decode_last(struct t2v_str s, uint32_t *cp);

/* True for a continuation byte. */
static inline bool t2v_utf8_is_tail(char byte)
{
    return ((unsigned char)byte & 0xc0) == 0x80;
}

/* Writes cp (a valid scalar value) and returns its length, 1 to 4. */
static inline int t2v_utf8_encode(uint32_t cp, char out[4])
{
    if (cp < 0x80) {
        out[0] = (char)cp;
        return 1;
    }
    if (cp < 0x800) {
        out[0] = (char)(0xc0 | cp >> 6);
        out[1] = (char)(0x80 | (cp & 0x3f));
        return 2;
    }
    if (cp < 0x10000) {
        out[0] = (char)(0xe0 | cp >> 12);
        out[1] = (char)(0x80 | (cp >> 6 & 0x3f));
        out[2] = (char)(0x80 | (cp & 0x3f));
        return 3;
    }
    out[0] = (char)(0xf0 | (cp >> 18 & 7));
    out[1] = (char)(0x80 | (cp >> 12 & 0x3f));
    out[2] = (char)(0x80 | (cp >> 6 & 0x3f));
    out[3] = (char)(0x80 | (cp & 0x3f));
    return 4;
}

/* For text that t2v_utf8_valid has accepted: inline and unchecked. On other bytes they stay inside
 * the text and advance, but the result is meaningless. */

/* Reads the code point at *at and moves *at after it, never past end (*at < end). */
static inline uint32_t t2v_utf8_next(const char **at, const char *end)
{
    const unsigned char *s = (const unsigned char *)*at;
    size_t left = (size_t)(end - *at);
    if (s[0] < 0x80) {
        *at += 1;
        return s[0];
    }
    if (s[0] < 0xe0 && left >= 2) {
        *at += 2;
        return (uint32_t)(s[0] & 0x1f) << 6 | (s[1] & 0x3f);
    }
    if (s[0] < 0xf0 && left >= 3) {
        *at += 3;
        return (uint32_t)(s[0] & 0x0f) << 12 | (uint32_t)(s[1] & 0x3f) << 6 | (s[2] & 0x3f);
    }
    if (s[0] < 0xf8 && left >= 4) {
        *at += 4;
        return (uint32_t)(s[0] & 0x07) << 18 | (uint32_t)(s[1] & 0x3f) << 12 |
               (uint32_t)(s[2] & 0x3f) << 6 | (s[3] & 0x3f);
    }
    *at += 1;
    return 0xfffd;
}

/* Untrusted text (names in a checkpoint, a server's answer) for a terminal or a log. What would act
 * there is escaped: control characters (C0, DEL, C1), marks and overrides of direction, separators
 * of lines and paragraphs, and bytes that are not UTF-8: "\x1b", "\u202e", "\xff". A backslash
 * stays as it is, so escaping twice changes nothing. */

/* The escape for the character or ill-formed byte at the start of s (not empty); "" if it is
 * printed as it is. Returns its length in s, 1 to 4 bytes. */
enum { T2V_UTF8_ESCAPE = 8 };
int t2v_utf8_escape(struct t2v_str s, char escape[T2V_UTF8_ESCAPE]);

/* Writes s, escaped for printing, to out[size], NUL-terminated; cuts it between characters and
 * escapes if it does not fit. Returns the length. size > 0. */
size_t t2v_utf8_show(char *out, size_t size, struct t2v_str s);

/* Where the code point before at begins; begin < at. */
static inline const char *t2v_utf8_back(const char *begin, const char *at)
{
    do
        at--;
    while (at > begin && t2v_utf8_is_tail(*at));
    return at;
}

#endif
