/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_TASK_GENERATE_GRAMMAR_PATTERN_H
#define T2V_TASK_GENERATE_GRAMMAR_PATTERN_H
/*
 * `pattern` and `format` of a JSON Schema as an automaton over the bytes of a JSON string: a state
 * has at most one successor for a byte, and each can still be completed. A pattern is one of
 * ECMAScript's without lookaround, references back, word boundaries, properties of characters, and
 * anchors but at the ends of an alternative. Sets are those in which ECMAScript and Python agree:
 * \w and the like are ASCII. A character is written in one way: as it is, or by its short escape.
 * Private to this folder.
 */
#include <stdbool.h>
#include <stdint.h>

#include "task/generate/grammar/compiler.h"

enum { T2V_PATTERN_START = 1, T2V_PATTERN_MAX_STATES = 4000 /* of a schema's patterns together */ };

struct t2v_pattern {
    uint16_t (*next)[256]; /* [n]; 0: none */
    bool *ends;            /* [n] */
    size_t n;
};

/* Compiles a pattern into the schema's arena. T2V_EFORMAT: it is none, or no text has it;
 * T2V_EUNSUPPORTED; T2V_ETOOLARGE; T2V_ENOMEM. */
int t2v_pattern_compile(struct t2v_compiler *c, struct t2v_str text, struct t2v_pattern **out);
/* T2V_ETOOLARGE, with its message: the schema has too many states. */
int t2v_pattern_too_large(const struct t2v_compiler *c);
/* 0, or as above if there is no room for another pattern. */
int t2v_pattern_room(const struct t2v_compiler *c);
/* Leaves out the ways to states from which no end is reached. *some: there is an end. T2V_ENOMEM.
 */
int t2v_pattern_prune(struct t2v_compiler *c, struct t2v_pattern *pattern, bool *some);
/* The pattern of a format; ptr NULL: it is not supported. Static. */
struct t2v_str t2v_pattern_of_format(struct t2v_str format);

#endif
