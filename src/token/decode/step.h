/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_TOKEN_DECODE_STEP_H
#define T2V_TOKEN_DECODE_STEP_H
/*
 * A decoder is a list of steps. Each step takes tokens and passes tokens on to the next. Tokens
 * come in parts, so that a step can pass on text before the token ends: Fuse joins all tokens into
 * one, whose end is the end of the text. Private to this folder.
 *
 *   feed(part, ends)  takes a part of the current token: whole UTF-8 characters, perhaps none;
 *                     `ends`: the token ends with this part
 *   finish()          is called after the last token
 *
 * A new kind needs one or both functions, its settings below, and a line in the table of spec.c
 * with the function that reads them.
 */
#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/str.h"
#include "regex/regex.h"
#include "token/decode/lossy.h"
#include "token/decode/replacer.h"

/* Limit of the bytes that a step keeps of a text, and of its output for one part. */
enum { T2V_DECODE_MAX_KEPT = 1 << 26 };

struct t2v_decode_run;

typedef int t2v_decode_feed(struct t2v_decode_run *run, size_t at, struct t2v_str part, bool ends);
typedef int t2v_decode_finish(struct t2v_decode_run *run, size_t at);

/* Read-only once loaded. The strings and borders are the arena's, the regex is owned. */
struct t2v_decode_step {
    const char *name;          /* "WordPiece" */
    t2v_decode_feed *feed;     /* 0, T2V_ENOMEM, T2V_ETOOLARGE, or what t2v_decode_emit returned */
    t2v_decode_finish *finish; /* NULL: the step has nothing to do */
    bool single;               /* an earlier step joins all tokens into one */
    /* Which of these count depends on the kind. */
    struct t2v_str prefix, sign;                       /* WordPiece; Strip's content */
    size_t start, stop;                                /* Strip */
    struct t2v_replacer rules[T2V_REPLACER_MAX_RULES]; /* the kinds that replace */
    size_t n_rule;
    t2v_regex *regex;       /* Replace, instead of a rule */
    struct t2v_str content; /* Replace by a regex */
};

/* What a step keeps of the current text. Zeroed at the start, except the limits of the buffers. */
struct t2v_decode_state {
    struct t2v_buf kept; /* text or bytes that are not final */
    struct t2v_buf more; /* CTC: the token before; ByteLevel: text made of bytes; ByteFallback: the
                          * run of bytes; BPEDecoder: the current token */
    struct t2v_replacing replacing;
    struct t2v_lossy lossy;
    struct t2v_regex_account regex;
    size_t count;   /* Strip: characters at the end so far; ByteFallback: bytes that are checked */
    size_t n_start; /* Strip: characters that are cut off at the start */
    bool inside;    /* the current token has begun */
    bool decided;   /* enough of the current token's start has been seen */
    bool behind;    /* the current token is not the first */
    bool waiting;   /* BPEDecoder: the token in `kept` has ended */
    bool bad;       /* ByteFallback: the run of bytes is not UTF-8; ByteLevel: the token is text */
    bool some;      /* CTC: a part of the token was passed on */
};

struct t2v_decode_run {
    const struct t2v_decode_step *steps;
    struct t2v_decode_state *states; /* [n] */
    size_t n;
    int (*take)(void *ctx, struct t2v_str part); /* gets the output of the last step */
    void *ctx;
};

/* Passes a part of a token from step `at` to the next step. Returns what that returned. */
int t2v_decode_emit(struct t2v_decode_run *run, size_t at, struct t2v_str part, bool ends);
/* Passes a part of a token to the first step. */
int t2v_decode_feed_first(struct t2v_decode_run *run, struct t2v_str part, bool ends);
/* After the last token: each step, in order, passes on the text that it has kept. */
int t2v_decode_finish_all(struct t2v_decode_run *run);

#endif
