/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_JSON_PULL_H
#define T2V_JSON_PULL_H
/*
 * Reads JSON one word at a time and keeps nothing. json.c makes trees with it; by itself it is for
 * the two lists that make up nearly all of a tokenizer.json, `vocab` and `merges` of its model,
 * 250,000 entries in some, of which a tree would take 100 MB.
 *
 * t2v_json_cut takes such lists out of a file's text: what is left goes to t2v_json_parse, and each
 * list to its reader, which asks for the values in the order that it expects them:
 *
 *     t2v_pull_open(&p, '{');
 *     while ((rc = t2v_pull_more(&p, '}')) == 1 && (rc = t2v_pull_key(&p, &key)) == 0 &&
 *            (rc = t2v_pull_number(&p, &x)) == 0)
 *         ...
 *     if (rc == 0)
 *         rc = t2v_pull_end(&p);
 *
 * It is strict in what it is asked for (UTF-8, escapes, numbers, commas).
 * Every function from t2v_pull_open on returns 0, or T2V_EFORMAT or T2V_ENOMEM with p->err filled
 * (if not NULL): what was wanted, and the byte. One thread at a time.
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
    bool fresh;          /* nothing has been read since the last bracket was opened */
    bool python;         /* numbers may be NaN, Infinity, -Infinity, or above a double's range */
};

/* text is borrowed, and must stay as it is. */
void t2v_pull_init(struct t2v_pull *pull, struct t2v_str text, struct t2v_err *err);
void t2v_pull_deinit(struct t2v_pull *pull);

/* The byte that comes next, behind white space; '\0' at the end. */
char t2v_pull_peek(struct t2v_pull *pull);
/* T2V_EFORMAT, saying that this was wanted where the reader stands. */
int t2v_pull_wrong(const struct t2v_pull *pull, const char *wanted);

/* Enters an array or object: bracket is '[' or '{'. */
int t2v_pull_open(struct t2v_pull *pull, char bracket);
/* 1: there is another item or member, and its value (or key) is next. 0: the closing bracket, which
 * has been taken. Negative: an error. */
int t2v_pull_more(struct t2v_pull *pull, char closing);
/* A member's key and the colon; a string. *out is good until the next key or string is read. */
int t2v_pull_key(struct t2v_pull *pull, struct t2v_str *out);
int t2v_pull_str(struct t2v_pull *pull, struct t2v_str *out);
/* UPSTREAM: a number as Rust's serde_json reads it: the first 19 or 20 digits as a whole number,
 * rounded to a double, times or divided by a power of ten, rounded again. That is now and then one
 * unit in the last place off, and Unigram's choice between paths of the same score hangs on it. */
int t2v_pull_number(struct t2v_pull *pull, double *out);
/* Whether a number begins with c. */
bool t2v_pull_is_number(const struct t2v_pull *pull, char c);
/* true, false or null. */
int t2v_pull_word(struct t2v_pull *pull, const char *word);
/* Any value; *out (may be NULL) is its text. Looks at brackets and strings alone: what is skipped
 * is not known to be JSON. At most 512 brackets deep. */
int t2v_pull_skip(struct t2v_pull *pull, struct t2v_str *out);
/* Any value; *out is its text. Checks it as t2v_json_parse does, with the same messages, but makes
 * no tree of it. At most T2V_JSON_MAX_DEPTH brackets deep. */
int t2v_pull_pass(struct t2v_pull *pull, struct t2v_str *out);
/* There is nothing more but white space. */
int t2v_pull_end(struct t2v_pull *pull);

/* Of an object text, copies all to *rest (which the caller has made) except that each value of
 * text[outer][inner[i]] is null there, and sets lists[i] to its text, or to {NULL, 0} when it
 * is null or not there. Of equal keys the last counts. [n] inner, lists. T2V_EFORMAT, T2V_ENOMEM,
 * T2V_ETOOLARGE (*rest has a ceiling). */
int t2v_json_cut(struct t2v_str text, const char *outer, const char *const *inner, size_t n,
                 struct t2v_str *lists, struct t2v_buf *rest, struct t2v_err *err);

#endif
