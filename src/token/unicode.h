/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_TOKEN_UNICODE_H
#define T2V_TOKEN_UNICODE_H
/*
 * What the tokenizer has to know of a code point, and the four normal forms. The Hugging Face
 * library has Unicode tables of several ages inside (its categories and normal forms are years
 * older than its lower case and its \w), and ids are only the same if every table is. Categories
 * come from unicode_data.c, which was asked of that library; mappings come from utf8proc, less the
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

/* Sorted; unicode_data.c. */
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

/* A growing list of code points. A zeroed struct is empty; freed with t2v_cps_deinit. */
struct t2v_cps {
    uint32_t *ptr;
    size_t len, cap;
};
int t2v_cps_add(struct t2v_cps *cps, uint32_t cp); /* 0 or T2V_ENOMEM */
void t2v_cps_deinit(struct t2v_cps *cps);
/* Puts runs of code points with a combining class, in cps[from, len), into canonical order. */
int t2v_cps_order(struct t2v_cps *cps, size_t from);

/* Appends a normal form of text (NFD; compat: NFKD; compose: NFC or NFKC) to out. scratch is any
 * list, overwritten. T2V_ENOMEM, or out's failure. */
int t2v_unicode_normal_form(struct t2v_str text, bool compat, bool compose, struct t2v_cps *scratch,
                            struct t2v_buf *out);

#endif
