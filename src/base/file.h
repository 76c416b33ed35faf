/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_BASE_FILE_H
#define T2V_BASE_FILE_H
/* Reads or maps whole files; accepts regular files only. Messages name the path. err may be NULL.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct t2v_mapping {
    const uint8_t *ptr; /* read-only, page aligned; NULL when the file is empty */
    size_t len;
};

/* Confines a model directory: from now on the functions below refuse a path that begins with dir if
 * symbolic links lead it out of dir. Links within the directory (a Kubernetes volume's ..data) are
 * followed, and dir itself may be one. For a snapshot in the hub's cache,
 * models--NAME/snapshots/REVISION, files may be anywhere in models--NAME, which has their blobs.
 * One directory at a time; call it before threads open files. T2V_EIO or T2V_ETOOLARGE. */
int t2v_file_fence(const char *dir, struct t2v_err *err);

/* Maps path for reading and has base/guard.h watch it. T2V_EIO, T2V_EFORMAT (a Git LFS pointer),
 * T2V_ETOOLARGE (too many files) or T2V_ENOMEM. */
int t2v_file_map(const char *path, struct t2v_mapping *out, struct t2v_err *err);
/* A mapping with a NULL ptr is allowed. */
void t2v_file_unmap(struct t2v_mapping *mapping);
/* Returns the whole pages inside ptr[0..len), part of a mapping, to the system. They are read from
 * the file again when touched. */
void t2v_file_release(const uint8_t *ptr, size_t len);

/* Reads all of path into *out, to be freed with t2v_free; a NUL follows its *len bytes. T2V_EIO,
 * T2V_EFORMAT (a Git LFS pointer), T2V_ETOOLARGE (more than max bytes) or T2V_ENOMEM. */
int t2v_file_read(const char *path, size_t max, char **out, size_t *len, struct t2v_err *err);

/* Reads a file that reports no length, such as those of /proc and /sys: at most 64 KiB,
 * NUL-terminated, to be freed with t2v_free. T2V_EIO or T2V_ENOMEM. */
int t2v_file_read_special(const char *path, char **out, size_t *len);

/* Sets *there to whether path is a regular file. An unreadable file counts as existing; the later
 * open reports it. T2V_EIO, with *there unchanged, when that cannot be decided: a folder above it
 * may not be entered, links form a cycle, the disk fails. */
int t2v_file_exists(const char *path, bool *there, struct t2v_err *err);

/* "DIR/NAME" into path[size]; T2V_ETOOLARGE when it does not fit. */
int t2v_file_join(char *path, size_t size, const char *dir, const char *name, struct t2v_err *err);

/* t2v_file_join, then t2v_file_exists. *there is false on failure. */
int t2v_file_find(char *path, size_t size, const char *dir, const char *name, bool *there,
                  struct t2v_err *err);

#endif
