/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_CHAT_LEXER_H
#define T2V_CHAT_LEXER_H
/*
 * The tokens of a template, as jinja2's lexer makes them with trim_blocks and lstrip_blocks: text,
 * and between `{{ }}` and `{% %}` names, constants and operators. Comments and `raw` blocks are
 * resolved here.
 */
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"

enum t2v_token_type {
    T2V_TOKEN_END,
    T2V_TOKEN_TEXT,
    T2V_TOKEN_PRINT_BEGIN, /* {{ */
    T2V_TOKEN_PRINT_END,
    T2V_TOKEN_BLOCK_BEGIN, /* {% */
    T2V_TOKEN_BLOCK_END,
    T2V_TOKEN_NAME,
    T2V_TOKEN_STRING,
    T2V_TOKEN_INTEGER,
    T2V_TOKEN_FLOAT,
    T2V_TOKEN_OPERATOR
};

/* The code of an operator of two characters; one of a single character is that character. */
#define T2V_OPERATOR(a, b) ((unsigned)(a) | (unsigned)(b) << 8)

struct t2v_token {
    enum t2v_token_type type;
    unsigned code;         /* of OPERATOR */
    uint32_t line, column; /* from 1; columns are characters */
    struct t2v_str text;   /* of TEXT, NAME, and STRING without its escapes */
    int64_t whole;
    double number;
};

struct t2v_tokens {
    struct t2v_token *at; /* owned; the last one is END */
    size_t n, cap;
};

/* Reads the tokens of source, which must be valid UTF-8. Their texts are in the arena, which may
 * hold a part of them after a failure; the caller frees tokens->at with t2v_free in any case.
 * T2V_EFORMAT (the message begins with line and column), T2V_EUNSUPPORTED, T2V_ENOMEM. */
int t2v_lex(struct t2v_str source, struct t2v_arena *arena, struct t2v_tokens *tokens,
            struct t2v_err *err);

#endif
