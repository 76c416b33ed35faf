/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_CLI_FILES_CONVERT_H
#define T2V_CLI_FILES_CONVERT_H
/*
 * From the records of the input to the rows of the output: parts of the input are encoded while the
 * next are read, and written in order. Several parts are in the engine, so that its batches are
 * full; their number and size are bounded, and so is the memory. A part grows up to about half a
 * second of work, so that rows of a slow model are written often.
 *
 * If the input has nothing more yet (a pipe, a terminal), what has been read is encoded and written
 * at once: no row waits for a later text.
 */
#include "batch/engine.h"
#include "cli/files/meter.h"
#include "cli/files/records.h"
#include "cli/files/rows.h"

struct t2v_convert {
    t2v_records *records;
    t2v_rows *rows;
    t2v_engine *engine;     /* with a leader */
    const void *params;     /* of its task */
    struct t2v_str prompt;  /* put before each text; may be empty */
    size_t width;           /* numbers of a row */
    bool blank_is_null;     /* a text of white space alone has no vector */
    bool skip_empty;        /* no row where there is no text */
    size_t n_row;           /* rows of the output, also those of an earlier run */
    struct t2v_meter meter; /* begun */
};

/* Passes the records of the first n_row rows, which are in the output, without encoding them.
 * Waits for input. *last: the last of them, valid until the next is read; not set if n_row is 0.
 * T2V_EFORMAT: the input has fewer. */
int t2v_convert_skip(struct t2v_convert *convert, struct t2v_record *last, struct t2v_err *err);
/* Converts all records that are left. After an error, which names the file and the line, the rows
 * before it are in the output. Its codes are those of t2v_records_next, of t2v_rows_flush and of
 * the task. */
int t2v_convert_run(struct t2v_convert *convert, struct t2v_err *err);

#endif
