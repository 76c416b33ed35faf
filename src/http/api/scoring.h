/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_HTTP_API_SCORING_H
#define T2V_HTTP_API_SCORING_H
/*
 * Jobs that run a classifier on texts or pairs of texts: what the APIs of rerankers, classifiers,
 * readers and taggers share. An operation has hooks `read` and `write` of its own, and the others
 * from here. Its state begins with struct t2v_scoring.
 */
#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"
#include "http/api/api.h"
#include "http/api/texts.h"
#include "http/models.h"
#include "task/classify/classifier.h"

struct t2v_scoring {
    struct t2v_texts query; /* the one text that all pairs have; n is 0: none */
    struct t2v_texts texts; /* the others */
    struct t2v_str *list;   /* [n], or [2 n] if paired, owned: the first texts of the inputs, then
                             * the second; the strings point into query and texts */
    size_t n;               /* inputs */
    bool paired;            /* else there are no second texts; with it, one whose ptr is NULL makes
                             * its input a single text */
    struct t2v_classify_params params;
    const struct t2v_served *served;
    const char *member;  /* of the body that has the texts, for errors; static */
    bool whole;          /* a text that must be cut is an error */
    size_t answer_bytes; /* of the answer, at most */
};

/* For `read`. Each is false if *fault is set. */
/* Chooses the model. name: of the request, a JSON value. status: of the fault if none can do it. */
bool t2v_scoring_choose(const struct t2v_service *service, struct t2v_str name,
                        enum t2v_ability ability, int status, struct t2v_scoring *scoring,
                        struct t2v_fault *fault);
/* A string, or null, which is an empty one; a missing value is 422. */
bool t2v_scoring_read_string(struct t2v_str value, const char *name, struct t2v_texts *out,
                             struct t2v_fault *fault);
/* Makes the list of n inputs, to be filled. More of them than an answer may have numbers: 413. */
bool t2v_scoring_make(struct t2v_scoring *scoring, size_t n, bool paired, struct t2v_fault *fault);
/* TEI's members. truncate: false sets scoring->whole; truncation_direction: only "right" is
 * possible, in any case of letters. */
bool t2v_scoring_read_truncate(struct t2v_str truncate, struct t2v_str direction,
                               struct t2v_scoring *scoring, struct t2v_fault *fault);

/* A whole number of at least 1, null or missing; *out is unchanged by the last two. outer, inner:
 * its place; inner may be NULL. */
bool t2v_scoring_read_count(struct t2v_str value, const char *outer, const char *inner, size_t *out,
                            struct t2v_fault *fault);

/* The rows of input i and their tokens, at most, whatever its tokenizer makes of it. */
struct t2v_scoring_rows {
    size_t n_row, n_tok;
};
struct t2v_scoring_rows t2v_scoring_most_rows(const struct t2v_service *service,
                                              const struct t2v_scoring *scoring, size_t i);

/* Bytes of all texts as JSON strings. */
size_t t2v_scoring_written(const struct t2v_texts *texts);

/* Hooks. read_bytes counts T2V_SCORING_EACH for each text that an array in the body may have: its
 * place in struct t2v_texts, two in the list, and one in an order. */
enum { T2V_SCORING_EACH = 3 * sizeof(struct t2v_str) + sizeof(size_t) };
size_t t2v_scoring_read_bytes(const struct t2v_service *service, struct t2v_str body);
bool t2v_scoring_plan(struct t2v_service *service, struct t2v_job *job);
size_t t2v_scoring_bytes(const struct t2v_service *service, const struct t2v_job *job);
bool t2v_scoring_is_large(const struct t2v_job *job);
/* Of an operation whose `write` encodes the texts again. */
bool t2v_scoring_is_long(const struct t2v_job *job);
void t2v_scoring_deinit(void *state);

/* For `write`: true if the work succeeded; else job->fault is set, and names the text to blame. */
bool t2v_scoring_succeeded(struct t2v_job *job);

#endif
