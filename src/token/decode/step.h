/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_TOKEN_DECODE_STEP_H
#define T2V_TOKEN_DECODE_STEP_H
/*
 * What a decoder is made of: steps in a row, each of which takes tokens and hands tokens on. Tokens
 * come in parts, so that a step gives out what is certain before the token ends: Fuse makes one
 * token of all, and nobody waits for its end. Private to this folder.
 *
 *   feed(part, ends)  a part of the current token, whole characters of UTF-8, perhaps none; `ends`:
 *                     the token ends with it
 *   finish()          there are no more tokens
 *
 * A new kind is such a function or two, their settings below, and a line in the table of spec.c
 * with the function that reads it there.
 */
#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/str.h"
#include "regex/regex.h"
#include "token/decode/lossy.h"
#include "token/decode/replacer.h"

/* Ceiling of what a step keeps of a text, and of what it makes of a part. */
enum { T2V_DECODE_MAX_KEPT = 1 << 26 };

struct t2v_decode_run;

typedef int t2v_decode_feed(struct t2v_decode_run *run, size_t at, struct t2v_str part, bool ends);
typedef int t2v_decode_finish(struct t2v_decode_run *run, size_t at);

/* Read-only once loaded. The strings and borders are the arena's, the regex is owned. */
struct t2v_decode_step {
    const char *name;          /* "WordPiece" */
    t2v_decode_feed *feed;     /* 0, T2V_ENOMEM, T2V_ETOOLARGE, or what t2v_decode_emit returned */
    t2v_decode_finish *finish; /* NULL: nothing to be done */
    bool single;               /* a step before makes one token of all */
    /* Which of these count depends on the kind. */
    struct t2v_str prefix, sign;                       /* WordPiece; Strip's content */
    size_t start, stop;                                /* Strip */
    struct t2v_replacer rules[T2V_REPLACER_MAX_RULES]; /* the kinds that replace */
    size_t n_rule;
    t2v_regex *regex;       /* Replace, instead of a rule */
    struct t2v_str content; /* Replace by a regex */
};

/* What a step keeps of the text that it is at; zeroed at the start, but for the buffers' ceilings.
 */
struct t2v_decode_state {
    struct t2v_buf kept; /* text or bytes that are not certain yet */
    struct t2v_buf more; /* CTC: the token before; ByteLevel: text made of bytes; ByteFallback: the
                          * run of bytes; BPEDecoder: the current token */
    struct t2v_replacing replacing;
    struct t2v_lossy lossy;
    struct t2v_regex_account regex;
    size_t count;   /* Strip: characters at the end so far; ByteFallback: bytes that are checked */
    size_t n_start; /* Strip: characters that are cut off at the start */
    bool inside;    /* the current token has begun */
    bool decided;   /* what had to be seen of the current token's start has been seen */
    bool behind;    /* there was a token before */
    bool waiting;   /* BPEDecoder: the token in `kept` has ended */
    bool bad;       /* ByteFallback: the run of bytes is not UTF-8; ByteLevel: the token is text */
    bool some;      /* CTC: something of the token was handed on */
};

struct t2v_decode_run {
    const struct t2v_decode_step *steps;
    struct t2v_decode_state *states; /* [n] */
    size_t n;
    int (*take)(void *ctx, struct t2v_str part); /* what the last step hands on */
    void *ctx;
};

/* Hands a part of a token from step `at` on to the next one. 0 or what that returned. */
int t2v_decode_emit(struct t2v_decode_run *run, size_t at, struct t2v_str part, bool ends);
/* Gives a part of a token to the first step. */
int t2v_decode_feed_first(struct t2v_decode_run *run, struct t2v_str part, bool ends);
/* There are no more tokens: each step, in order, hands on what it has kept. */
int t2v_decode_finish_all(struct t2v_decode_run *run);

#endif
