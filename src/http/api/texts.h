/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_HTTP_API_TEXTS_H
#define T2V_HTTP_API_TEXTS_H
/*
 * The texts of a request, copied out of its body. Most APIs take one string or an array of strings;
 * null is an empty text, since Haystack and Weaviate send it for a document without content.
 */
#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"
#include "http/fault.h"

/* A zeroed struct holds none. */
struct t2v_texts {
    char *bytes;          /* owned; what the strings point into */
    size_t n_byte;        /* so many are in use */
    size_t cap;           /* of so many */
    struct t2v_str *list; /* [n], owned; valid UTF-8 */
    size_t n;
    bool many; /* they came as an array */
};
void t2v_texts_deinit(struct t2v_texts *texts);
/* Bytes of memory that they take. */
size_t t2v_texts_bytes(const struct t2v_texts *texts);

/* Reads a string, null, or an array of strings and nulls. loc: of value in the body, for errors;
 * loc.index is set to the item that is wrong. False: *fault is set. 400 for an empty array; for
 * token ids (numbers, or arrays of them) the 422 names the setting of LangChain that avoids them.
 * spare: bytes that the caller adds later with t2v_texts_keep. */
bool t2v_texts_read(struct t2v_texts *texts, struct t2v_str value, struct t2v_loc loc, size_t spare,
                    struct t2v_fault *fault);
/* The same, where no client sends token ids: numbers are 422 as any other type. */
bool t2v_texts_read_strings(struct t2v_texts *texts, struct t2v_str value, struct t2v_loc loc,
                            struct t2v_fault *fault);
/* As t2v_texts_read_strings, for an array alone; a string is 422, and an array may be empty. */
bool t2v_texts_read_array(struct t2v_texts *texts, struct t2v_str value, struct t2v_loc loc,
                          size_t spare, struct t2v_fault *fault);
/* The same, where an item may also be an object with a member `text`: a string or null. */
bool t2v_texts_read_documents(struct t2v_texts *texts, struct t2v_str value, struct t2v_loc loc,
                              struct t2v_fault *fault);
/* Makes room for n texts of n_byte bytes in all, and reads none: texts->n is 0. False: *fault is
 * set. */
bool t2v_texts_make(struct t2v_texts *texts, size_t n, size_t n_byte, struct t2v_fault *fault);
/* A copy of text, which fits into what `spare` or n_byte asked for. */
struct t2v_str t2v_texts_keep(struct t2v_texts *texts, struct t2v_str text);

/* Puts the texts of `first` before the others and leaves *first empty. False: no memory, and *fault
 * is set; both are as before. */
bool t2v_texts_prepend(struct t2v_texts *texts, struct t2v_texts *first, struct t2v_fault *fault);

/* As t2v_texts_read, for one string that need not be there: of null or a missing value nothing is
 * read, and texts->n stays 0. */
bool t2v_texts_read_optional(struct t2v_texts *texts, struct t2v_str value, struct t2v_loc loc,
                             struct t2v_fault *fault);
/* The first text; ptr is NULL if there is none. */
struct t2v_str t2v_texts_first(const struct t2v_texts *texts);

/* A word out of a few. words: separated by spaces; needed: the message of the 422 for another one.
 * *out: the word, static memory as words; ptr NULL for null or a missing value. False: *fault is
 * set. */
bool t2v_texts_read_word(struct t2v_str value, struct t2v_loc loc, const char *words,
                         const char *needed, struct t2v_str *out, struct t2v_fault *fault);

/* The tokens that a text can have without special tokens, at most, or `limit` if that is less: one
 * for each byte, and more for characters that normalizers such as NFKC write as several. */
size_t t2v_text_most_tok(struct t2v_str text, size_t limit);

#endif
