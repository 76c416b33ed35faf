/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/notes.h"

#include <stdio.h>
#include <string.h>

#include "base/banned.h"

static void append(struct t2v_notes *notes, const char *words)
{
    size_t len = strlen(notes->text), more = strlen(words);
    const char *comma = len != 0 ? ", " : "";
    if (len + strlen(comma) + more < sizeof notes->text)
        snprintf(notes->text + len, sizeof notes->text - len, "%s%s", comma, words);
}

void t2v_notes_add(struct t2v_notes *notes, const char *file, const char *key)
{
    char words[160];
    if (notes == NULL)
        return;
    snprintf(words, sizeof words, "%s: %s", file, key);
    append(notes, words);
}

void t2v_notes_join(struct t2v_notes *notes, const struct t2v_notes *other)
{
    if (notes != NULL && *other->text != '\0')
        append(notes, other->text);
}
