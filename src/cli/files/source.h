/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_CLI_FILES_SOURCE_H
#define T2V_CLI_FILES_SOURCE_H
/*
 * The bytes of a file or of standard input, a piece at a time. Reading never waits: if a pipe or a
 * terminal has nothing yet, t2v_source_fill says so, and the caller may wait for the descriptor
 * with poll. Memory is bounded by T2V_RECORD_BYTES, whatever the size of the file.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/str.h"

/* The longest line or record, in bytes. */
enum { T2V_RECORD_BYTES = 64 << 20 };

struct t2v_source {
    int fd;
    const char *name; /* for messages: the path, or "standard input" */
    bool is_regular;  /* a read never waits */
    bool end;         /* all has been read */
    char *bytes;      /* owned */
    size_t begin, len, cap;
    uint64_t size;  /* bytes to be read in all; 0: not known */
    uint64_t taken; /* bytes that t2v_source_take has passed */
};

/* path is borrowed; NULL: standard input. On failure, T2V_EIO or T2V_ENOMEM, there is nothing to
 * close. */
int t2v_source_open(struct t2v_source *source, const char *path, struct t2v_err *err);
/* A zeroed source is allowed: its fd is 0, which is never closed. */
void t2v_source_close(struct t2v_source *source);

/* What has been read and not taken; valid until the next t2v_source_fill. */
static inline struct t2v_str t2v_source_data(const struct t2v_source *source)
{
    return (struct t2v_str){source->bytes + source->begin, source->len};
}
/* Passes the first n bytes of it, which stay valid until the next t2v_source_fill. */
void t2v_source_take(struct t2v_source *source, size_t n);

/* Reads more, or sets `end`. *got is false if it would have to wait. T2V_ETOOLARGE: what has been
 * read and not taken is already T2V_RECORD_BYTES long. T2V_EIO or T2V_ENOMEM. */
int t2v_source_fill(struct t2v_source *source, bool *got, struct t2v_err *err);

#endif
