/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/notes.h"

#include <stdio.h>
#include <string.h>

#include "base/banned.h"

static void append(struct t2v_notes *notes, const char *words)
{
    size_t len = strlen(notes->text), room = sizeof notes->text - len;
    const char *comma = len != 0 ? ", " : "";
    int n = snprintf(notes->text + len, room, "%s%s", comma, words);
    if (n < 0 || (size_t)n >= room) /* add an entry whole or not at all */
        notes->text[len] = '\0';
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
