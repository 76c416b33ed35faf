/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_CLI_FILES_CSV_H
#define T2V_CLI_FILES_CSV_H
/*
 * CSV as Python's csv module reads it (its default dialect, with any delimiter). A record ends with
 * "\n", "\r\n" or "\r". A field that begins with '"' is quoted: it may have delimiters and line
 * ends, and '""' in it is a '"'. What follows its closing quote belongs to it unchanged. A '"'
 * elsewhere stands for itself.
 *
 * A record is found first (t2v_csv_end), maybe in several steps while more of it is read, then
 * taken apart (t2v_csv_next). Any bytes are accepted.
 */
#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/str.h"

enum t2v_csv_state {
    T2V_CSV_START, /* of a field */
    T2V_CSV_PLAIN,
    T2V_CSV_QUOTED,
    T2V_CSV_QUOTE /* after a '"' in a quoted field: its end, or the first of two */
};

/* How far the search for a record's end is. Zero it for each record. */
struct t2v_csv_scan {
    size_t at; /* bytes of the record that have been searched */
    enum t2v_csv_state state;
};

/* The length of the record that data begins with, its line end included; 0: its end is not in data.
 * `last`: no more data follows. Continue later with the same scan and at least the same data. */
size_t t2v_csv_end(struct t2v_csv_scan *scan, struct t2v_str data, char delimiter, bool last);

/* The fields of a record that are left. */
struct t2v_csv_fields {
    struct t2v_str left;
    char delimiter;
    bool end; /* the last field has been taken */
};

/* record: without its line end; borrowed. A record of no bytes has one empty field. */
struct t2v_csv_fields t2v_csv_first(struct t2v_str record, char delimiter);
/* Takes the next field and appends its text to out, whose failure is sticky; out may be NULL.
 * False: there is no field left. */
bool t2v_csv_next(struct t2v_csv_fields *fields, struct t2v_buf *out);

#endif
