/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_BASE_FILE_H
#define T2V_BASE_FILE_H
/* Whole files, read or mapped; only regular files are taken. Messages name the path. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct t2v_mapping {
    const uint8_t *ptr; /* read-only, page aligned; NULL when the file is empty */
    size_t len;
};

/* Fences a model directory in: from now on a file whose path begins with dir, and that links lead
 * out of it, is refused by all of the functions below, with both names. Links within the directory
 * are followed (a Kubernetes volume's ..data), and so is dir itself. For a snapshot of the hub's
 * cache, models--NAME/snapshots/REVISION, it is all of models--NAME, where the files' blobs are.
 * One directory at a time; call it before threads open files. */
int t2v_file_fence(const char *dir, struct t2v_err *err);

/* Maps path for reading, under the eyes of base/guard.h. */
int t2v_file_map(const char *path, struct t2v_mapping *out, struct t2v_err *err);
void t2v_file_unmap(struct t2v_mapping *mapping);
/* Gives the memory of the whole pages inside [ptr, ptr + len), part of a mapping, back to the
 * system; they are read from the file again when touched. */
void t2v_file_release(const uint8_t *ptr, size_t len);

/* Reads the whole of path, at most max bytes, into *out (t2v_free; a NUL stands after its len). */
int t2v_file_read(const char *path, size_t max, char **out, size_t *len, struct t2v_err *err);

/* Reads a small file that does not know its length, such as those of /proc and /sys: at most 64
 * KiB, NUL-terminated, freed with t2v_free. */
int t2v_file_read_special(const char *path, char **out, size_t *len);

/* Sets *there: whether path is a regular file. One that may not be read is there, too: whoever
 * reads it reports that. T2V_EIO: it cannot be told, as a folder above it may not be entered, links
 * go round in a circle, a disk is broken; *there is left alone then. */
int t2v_file_exists(const char *path, bool *there, struct t2v_err *err);

/* "DIR/NAME" into path[size]; T2V_ETOOLARGE when it does not fit. */
int t2v_file_join(char *path, size_t size, const char *dir, const char *name, struct t2v_err *err);

/* Both: the path, and whether a regular file is there; *there is false on failure. */
int t2v_file_find(char *path, size_t size, const char *dir, const char *name, bool *there,
                  struct t2v_err *err);

#endif
