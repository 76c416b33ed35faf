/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_TEST_FUZZ_FOLDER_H
#define T2V_TEST_FUZZ_FOLDER_H
/*
 * For targets whose parser reads a model directory: a folder private to the process, in memory if
 * the system has such a file system (some 10,000 files are written a second). A file with unchanged
 * bytes is not written again.
 */
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fuzz.h"

enum { MAX_FILES = 8 };

static struct {
    char path[64];
    const char *names[MAX_FILES];
    struct {
        uint8_t *bytes; /* its current contents */
        size_t n;
        bool there;
    } files[MAX_FILES];
    int n;
} folder;

static void folder_path(char path[128], const char *name)
{
    snprintf(path, 128, "%s/%s", folder.path, name);
}

static void folder_remove(void)
{
    char path[128];
    for (int i = 0; i < folder.n; i++) {
        folder_path(path, folder.names[i]);
        unlink(path);
        free(folder.files[i].bytes);
    }
    for (int i = 0; i < folder.n; i++) {
        folder_path(path, folder.names[i]);
        *strrchr(path, '/') = '\0';
        rmdir(path);
    }
    rmdir(folder.path);
}

/* The names of the files that the target may write, "FILE" or "SUBFOLDER/FILE". They are removed at
 * exit. */
static void folder_make(const char *const *names, int n)
{
    const char *tmp = getenv("TMPDIR");
    if (folder.path[0] != '\0')
        return;
    CHECK(n <= MAX_FILES);
    for (int i = 0; i < n; i++)
        folder.names[folder.n++] = names[i];
    snprintf(folder.path, sizeof folder.path, "/dev/shm/t2v-fuzz-XXXXXX");
    if (mkdtemp(folder.path) == NULL) {
        snprintf(folder.path, sizeof folder.path, "%.32s/t2v-fuzz-XXXXXX", tmp != NULL ? tmp : ".");
        CHECK(mkdtemp(folder.path) != NULL);
    }
    for (int i = 0; i < n; i++) {
        char path[128];
        folder_path(path, names[i]);
        *strrchr(path, '/') = '\0';
        mkdir(path, 0700);
    }
    atexit(folder_remove);
}

/* Whether the file already has these contents; else records them as written. A mutation changes one
 * file of eight, and most of the time goes into writing files. */
static bool folder_has(const char *name, const uint8_t *data, size_t size)
{
    int i = 0;
    while (strcmp(folder.names[i], name) != 0)
        i++;
    bool there = data != NULL, same = there == folder.files[i].there && size == folder.files[i].n;
    if (same && (size == 0 || memcmp(folder.files[i].bytes, data, size) == 0))
        return true;
    free(folder.files[i].bytes);
    folder.files[i].bytes = malloc(size != 0 ? size : 1);
    CHECK(folder.files[i].bytes != NULL);
    if (size != 0)
        memcpy(folder.files[i].bytes, data, size);
    folder.files[i].n = size;
    folder.files[i].there = there;
    return false;
}

/* Writes the file, or removes it if data is NULL. */
static void folder_put(const char *name, const uint8_t *data, size_t size)
{
    char path[128];
    if (folder_has(name, data, data != NULL ? size : 0))
        return;
    folder_path(path, name);
    if (data == NULL) {
        unlink(path);
        return;
    }
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    CHECK(fd >= 0 && write(fd, data, size) == (ssize_t)size);
    close(fd);
}

/* Cuts the bytes up to the next NUL, or all, off *data and writes them to the file. An empty file
 * is removed. */
static inline void folder_put_next(const char *name, const uint8_t **data, size_t *size)
{
    const uint8_t *nul = *size != 0 ? memchr(*data, '\0', *size) : NULL;
    size_t n = nul != NULL ? (size_t)(nul - *data) : *size;
    folder_put(name, n != 0 ? *data : NULL, n);
    *size -= n + (nul != NULL);
    *data = nul != NULL ? nul + 1 : *data + n;
}

#endif
