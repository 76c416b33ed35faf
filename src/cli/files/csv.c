/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/files/csv.h"

#include "base/banned.h"

enum action { ADD, SKIP, END_FIELD, END_RECORD };

/* What the next byte of a record means. */
static enum action step(enum t2v_csv_state *state, char c, char delimiter)
{
    if (*state == T2V_CSV_QUOTED) {
        if (c == '"')
            *state = T2V_CSV_QUOTE;
        return c == '"' ? SKIP : ADD;
    }
    if (c == '"' && (*state == T2V_CSV_START || *state == T2V_CSV_QUOTE)) {
        enum action action = *state == T2V_CSV_QUOTE ? ADD : SKIP;
        *state = T2V_CSV_QUOTED;
        return action;
    }
    if (c == '\n' || c == '\r')
        return END_RECORD;
    *state = c == delimiter ? T2V_CSV_START : T2V_CSV_PLAIN;
    return c == delimiter ? END_FIELD : ADD;
}

size_t t2v_csv_end(struct t2v_csv_scan *scan, struct t2v_str data, char delimiter, bool last)
{
    for (; scan->at < data.len; scan->at++) {
        size_t next = scan->at + 1;
        if (step(&scan->state, data.ptr[scan->at], delimiter) != END_RECORD)
            continue;
        if (data.ptr[scan->at] == '\n')
            return next;
        if (next == data.len)
            return last ? next : 0; /* is a "\n" the next byte? */
        return next + (data.ptr[next] == '\n');
    }
    return 0;
}

struct t2v_csv_fields t2v_csv_first(struct t2v_str record, char delimiter)
{
    return (struct t2v_csv_fields){.left = record, .delimiter = delimiter};
}

bool t2v_csv_next(struct t2v_csv_fields *fields, struct t2v_buf *out)
{
    enum t2v_csv_state state = T2V_CSV_START;
    size_t at = 0;
    if (fields->end)
        return false;
    for (; at < fields->left.len; at++) {
        char c = fields->left.ptr[at];
        enum action action = step(&state, c, fields->delimiter);
        if (action == END_FIELD)
            break;
        if (action != SKIP && out != NULL)
            t2v_buf_addc(out, c);
    }
    fields->end = at == fields->left.len;
    fields->left = t2v_str_skip(fields->left, at + !fields->end);
    return true;
}
