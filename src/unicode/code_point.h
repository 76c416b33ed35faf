/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_UNICODE_CODE_POINT_H
#define T2V_UNICODE_CODE_POINT_H
/*
 * What the tokenizer has to know of a code point. The Hugging Face
 * library has Unicode tables of several ages inside (its categories and normal forms are years
 * older than its lower case and its \w), and ids are only the same if every table is. Categories
 * come from flags_data.c, which was asked of that library; mappings come from utf8proc, less the
 * code points that are newer than the library's. Read-only, any thread.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"
#include "base/utf8.h"

enum t2v_unicode_flag {
    T2V_UNI_DROP = 1,    /* what BertNormalizer's clean_text removes: NUL, U+FFFD, Cc, Cf, Co */
    T2V_UNI_MN = 2,      /* nonspacing mark, as BertNormalizer's strip_accents has it */
    T2V_UNI_MARK = 4,    /* any mark, as StripAccents has it */
    T2V_UNI_PUNCT = 8,   /* punctuation for BertPreTokenizer: category P and ASCII's symbols */
    T2V_UNI_WORD = 16,   /* \w */
    T2V_UNI_CCC = 32,    /* has a combining class other than 0 */
    T2V_UNI_NUMERIC = 64 /* what Digits splits off: category N */
};

/* Sorted; flags_data.c. */
extern const uint32_t t2v_unicode_ranges[];
extern const size_t t2v_unicode_n_range;

/* Bits of enum t2v_unicode_flag. */
unsigned t2v_unicode_flags(uint32_t cp);

/* Sorted; scripts_data.c. */
extern const uint32_t t2v_script_ranges[];
extern const size_t t2v_script_n_range;

/* A number for each script, as UnicodeScripts has them (Hiragana and Katakana are Han); 0 for what
 * goes with any: the space, and code points that its table lacks. */
unsigned t2v_unicode_script(uint32_t cp);
/* White_Space: \s of regular expressions, char::is_whitespace of Rust. */
bool t2v_unicode_space(uint32_t cp);
/* The lower case of one code point on its own; returns 1, or 2 for U+0130. */
size_t t2v_unicode_lower(uint32_t cp, uint32_t out[2]);

enum { T2V_DECOMPOSED_MAX = 18 };
/* The canonical (or compatibility) decomposition of one code point, in full; returns its length. */
size_t t2v_unicode_decompose(uint32_t cp, bool compat, uint32_t out[T2V_DECOMPOSED_MAX]);
/* The primary composite of a and b, or 0. */
uint32_t t2v_unicode_compose(uint32_t a, uint32_t b);

/* Appends cp to out: 0 or out's failure. */
static inline int t2v_unicode_put(struct t2v_buf *out, uint32_t cp)
{
    char *to = t2v_buf_room(out, 4);
    if (to == NULL)
        return out->fail;
    out->len += (size_t)t2v_utf8_encode(cp, to);
    return 0;
}

#endif
