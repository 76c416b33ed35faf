/* SPDX-License-Identifier: BSD-3-Clause */
/* Runs a target once on every file of the given folders, without a fuzzing engine. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/file.h"
#include "fuzz.h"

/* A copy of exactly that size, so that a sanitizer sees a read beyond its end. */
static void replay(const char *bytes, size_t len)
{
    uint8_t *copy = calloc(len != 0 ? len : 1, 1);
    CHECK(copy != NULL);
    memcpy(copy, bytes, len);
    LLVMFuzzerTestOneInput(copy, len);
    free(copy);
}

/* The number of files replayed, or -1. */
static int replay_folder(const char *folder)
{
    DIR *dir = opendir(folder);
    int n = 0;
    if (dir == NULL)
        return -1;
    for (const struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        char path[4096];
        char *bytes;
        size_t len;
        struct t2v_err err;
        if (entry->d_name[0] == '.')
            continue;
        if (t2v_file_join(path, sizeof path, folder, entry->d_name, &err) != 0 ||
            t2v_file_read(path, 1 << 24, &bytes, &len, &err) != 0) {
            fprintf(stderr, "%s\n", err.msg);
            n = -1;
            break;
        }
        fprintf(stderr, "%s\n", path); /* the last path printed is the input that crashed */
        replay(bytes, len);
        free(bytes);
        n++;
    }
    closedir(dir);
    return n;
}

int main(int argc, char **argv)
{
    replay("", 0);
    for (int i = 1; i < argc; i++) {
        int n = replay_folder(argv[i]);
        fprintf(stderr, "%s: %d files\n", argv[i], n);
        if (n <= 0)
            return 1;
    }
    return 0;
}
