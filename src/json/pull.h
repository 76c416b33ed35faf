/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_JSON_PULL_H
#define T2V_JSON_PULL_H
/*
 * Reads JSON one token at a time and keeps nothing. json.c builds trees with it. By itself it is
 * for the two lists that are nearly all of a tokenizer.json, `vocab` and `merges` of its model:
 * some have 250,000 entries, and a tree of them would need 100 MB.
 *
 * t2v_json_cut takes such lists out of a file's text: the rest goes to t2v_json_parse, and each
 * list to its reader, which reads the values in the order that it expects:
 *
 *     t2v_pull_open(&p, '{');
 *     while ((rc = t2v_pull_more(&p, '}')) == 1 && (rc = t2v_pull_key(&p, &key)) == 0 &&
 *            (rc = t2v_pull_number(&p, &x)) == 0)
 *         ...
 *     if (rc == 0)
 *         rc = t2v_pull_end(&p);
 *
 * It checks strictly what it reads (UTF-8, escapes, numbers, commas). Every function from
 * t2v_pull_open on returns 0, or T2V_EFORMAT or T2V_ENOMEM with p->err filled (if not NULL): what
 * was expected, and at which byte. One thread at a time.
 */
#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/str.h"

enum { T2V_JSON_MAX_DEPTH = 2048 };

struct t2v_pull {
    const char *begin, *at, *end;
    struct t2v_buf text; /* the last string that had escapes */
    struct t2v_err *err; /* borrowed */
    bool fresh;          /* nothing has been read since the last opening bracket */
    bool python;         /* numbers may be NaN, Infinity, -Infinity, or above a double's range */
};

/* text and err are borrowed; text must not change. err may be NULL. */
void t2v_pull_init(struct t2v_pull *pull, struct t2v_str text, struct t2v_err *err);
void t2v_pull_deinit(struct t2v_pull *pull);

/* The next byte after white space; '\0' at the end. */
char t2v_pull_peek(struct t2v_pull *pull);
/* Fails with T2V_EFORMAT: `wanted` was expected at the current byte. */
int t2v_pull_wrong(const struct t2v_pull *pull, const char *wanted);

/* Enters an array or object: bracket is '[' or '{'. */
int t2v_pull_open(struct t2v_pull *pull, char bracket);
/* 1: another item or member follows; its value or key is next. 0: the closing bracket, which has
 * been read. Negative: an error. */
int t2v_pull_more(struct t2v_pull *pull, char closing);
/* Reads a member's key and the colon; a string. *out is valid until the next key or string, or
 * t2v_pull_deinit. */
int t2v_pull_key(struct t2v_pull *pull, struct t2v_str *out);
int t2v_pull_str(struct t2v_pull *pull, struct t2v_str *out);
/* UPSTREAM: reads a number as Rust's serde_json does: the first 19 or 20 digits as an integer,
 * rounded to a double, multiplied or divided by a power of ten, rounded again. The result is
 * sometimes off by one unit in the last place, and Unigram's choice between paths of equal score
 * depends on it. */
int t2v_pull_number(struct t2v_pull *pull, double *out);
/* Whether c can start a number. */
bool t2v_pull_is_number(const struct t2v_pull *pull, char c);
/* true, false or null. */
int t2v_pull_word(struct t2v_pull *pull, const char *word);
/* Skips a value of any type; *out (may be NULL) is its text. Checks only brackets and strings, so
 * the text need not be JSON. At most 512 brackets deep. */
int t2v_pull_skip(struct t2v_pull *pull, struct t2v_str *out);
/* Reads a value of any type; *out is its text. Checks it as t2v_json_parse does, with the same
 * messages, but builds no tree. At most T2V_JSON_MAX_DEPTH brackets deep. */
int t2v_pull_pass(struct t2v_pull *pull, struct t2v_str *out);
/* Reads an object with `read`, which is one of these two: values[i] becomes the text of the member
 * names[i], of the last of equal ones, and is left alone if there is none. */
int t2v_pull_members(struct t2v_pull *pull, const char *const *names, struct t2v_str *values,
                     size_t n, int (*read)(struct t2v_pull *, struct t2v_str *));
/* Checks that only white space is left. */
int t2v_pull_end(struct t2v_pull *pull);

/* Copies the object `text` to *rest, an initialised buffer, with null in place of each value
 * text[outer][inner[i]]. Sets lists[i] to that value's text, or to {NULL, 0} if it is null or
 * missing. Of equal keys the last one counts. inner, lists: [n]. T2V_EFORMAT, T2V_ENOMEM or
 * T2V_ETOOLARGE (the limit of *rest). */
int t2v_json_cut(struct t2v_str text, const char *outer, const char *const *inner, size_t n,
                 struct t2v_str *lists, struct t2v_buf *rest, struct t2v_err *err);

#endif
