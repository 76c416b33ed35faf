/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_CLI_FILES_PART_H
#define T2V_CLI_FILES_PART_H
/*
 * A part of the input: some records, of which those with a text are one work of the engine. A part
 * is used again and again. Between t2v_part_submit and t2v_part_is_done the engine has it.
 */
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

#include "batch/engine.h"
#include "cli/files/records.h"

/* Records of a part, and bytes of its texts after which it takes no more. */
enum { T2V_PART_ROWS = 1024, T2V_PART_BYTES = 256 << 10 };

struct t2v_part_row {
    size_t line;  /* of the input */
    bool is_null; /* no text */
    size_t end;   /* of its text in bytes */
};

/* How the parts' owner learns that one is done. */
struct t2v_part_bell {
    pthread_mutex_t lock;
    int fd; /* an eventfd, which becomes readable */
};

struct t2v_part {
    struct t2v_work work;
    struct t2v_str prompt;     /* before each text; borrowed */
    struct t2v_buf bytes;      /* the texts, end to end */
    struct t2v_str *texts;     /* [T2V_PART_ROWS], of the rows that are not null */
    struct t2v_part_row *rows; /* [T2V_PART_ROWS] */
    size_t n_row, n_text;
    uint64_t taken; /* bytes of the input up to its end */
    struct t2v_part_bell *bell;
    bool done; /* under the bell's lock */
};

/* T2V_ENOMEM or T2V_EIO; the bell is for t2v_part_bell_deinit only on success. */
int t2v_part_bell_init(struct t2v_part_bell *bell, struct t2v_err *err);
void t2v_part_bell_deinit(struct t2v_part_bell *bell);

/* prompt and bell are borrowed. T2V_ENOMEM; the part is for t2v_part_deinit then, too. */
int t2v_part_init(struct t2v_part *part, struct t2v_str prompt, struct t2v_part_bell *bell,
                  struct t2v_err *err);
/* A zeroed part is allowed. */
void t2v_part_deinit(struct t2v_part *part);

/* Empties it, its answer included. */
void t2v_part_clear(struct t2v_part *part);
/* Copies a record, its text after the prompt. There must be fewer than T2V_PART_ROWS. T2V_ENOMEM.
 */
int t2v_part_add(struct t2v_part *part, const struct t2v_record *record, struct t2v_err *err);
/* Has its first n_text texts encoded. params are borrowed until it is done. T2V_EBUSY. */
int t2v_part_submit(struct t2v_part *part, size_t n_text, t2v_engine *engine, const void *params,
                    struct t2v_err *err);
bool t2v_part_is_done(struct t2v_part *part);
/* The index of the row that has text number `text`; n_row if there is none. */
size_t t2v_part_row_of(const struct t2v_part *part, size_t text);

#endif
