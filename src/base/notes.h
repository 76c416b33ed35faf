/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_BASE_NOTES_H
#define T2V_BASE_NOTES_H
/*
 * The settings of a model directory that this release honours and an earlier one ignored: vectors
 * may differ from those of an index that the earlier one filled. Code that honours such a setting
 * adds it here; t2v_model_open logs all of them as one warning. CHANGELOG.md has a line for each
 * kind.
 */
#include <stddef.h>

struct t2v_notes {
    char
        text[512]; /* "FILE: KEY, FILE: KEY", NUL-terminated; entries that do not fit are dropped */
};

/* Adds "FILE: KEY". notes may be NULL. One thread at a time. */
void t2v_notes_add(struct t2v_notes *notes, const char *file, const char *key);
/* Adds all entries of other. notes may be NULL. */
void t2v_notes_join(struct t2v_notes *notes, const struct t2v_notes *other);

#endif
