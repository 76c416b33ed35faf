/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_CLI_FILES_RECORDS_H
#define T2V_CLI_FILES_RECORDS_H
/*
 * The texts of a file or of standard input, one a record:
 *
 *   lines   Each line is a text.
 *   json    Each line is JSON: a string, an object of which one member is the text, or null.
 *   csv     One field of each record after the first, which has the names of the columns. The
 *           delimiter is ',', ';' or a tab, whichever the first record has first.
 *   tsv     The same; the delimiter is a tab.
 *
 * A record without a text is empty: a line of white space alone (in any format), null, a field of
 * white space alone. A JSON string always is a text, also "". A byte order mark at the start is
 * skipped, and lines may end with "\r\n".
 *
 * Reading never waits; see source.h. One thread at a time.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/str.h"

typedef struct t2v_records t2v_records;

struct t2v_records_options {
    const char *text;   /* the only record; NULL: none, read the input */
    const char *path;   /* "" or "-": standard input */
    const char *format; /* "": by the ending of path: .jsonl, .ndjson, .json, .csv, .tsv, others are
                           lines; of standard input json */
    const char *column; /* the member or column with the text; "": "text", or the only column */
    bool no_header;     /* csv, tsv: the first record is a text, too; column is a number from 1 */
};

struct t2v_record {
    struct t2v_str text; /* valid UTF-8; valid until the next call */
    bool empty;          /* no text */
    size_t line;         /* the number of its first line, from 1 */
};

enum t2v_records_state {
    T2V_RECORDS_NEXT, /* a record */
    T2V_RECORDS_WAIT, /* no whole one has arrived yet */
    T2V_RECORDS_END
};

/* Strings of options are borrowed. *out is set on success alone. T2V_EUSAGE (the flag is named),
 * T2V_EIO or T2V_ENOMEM. */
int t2v_records_open(const struct t2v_records_options *options, t2v_records **out,
                     struct t2v_err *err);
/* NULL is allowed. */
void t2v_records_close(t2v_records *records);

/* *state says whether *out is set. Errors name the file and the line: T2V_EFORMAT, T2V_ETOOLARGE (a
 * record of more than T2V_RECORD_BYTES), T2V_EUSAGE (there is no such column), T2V_EIO or
 * T2V_ENOMEM. */
int t2v_records_next(t2v_records *records, struct t2v_record *out, enum t2v_records_state *state,
                     struct t2v_err *err);
/* Puts the file's name and the line before err's message. Returns code. */
int t2v_records_fail_in(const t2v_records *records, size_t line, int code, struct t2v_err *err);

/* The descriptor to wait for after T2V_RECORDS_WAIT. */
int t2v_records_fd(const t2v_records *records);
/* Bytes of the records so far, and of the whole input; the latter is 0 if it is not known. */
uint64_t t2v_records_taken(const t2v_records *records);
uint64_t t2v_records_size(const t2v_records *records);

#endif
