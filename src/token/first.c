/* SPDX-License-Identifier: BSD-3-Clause */
#include "token/first.h"

#include <string.h>

#include "base/mem.h"

#include "base/banned.h"

bool t2v_first_text_is(const struct t2v_first_text *first, struct t2v_str text, size_t max_tok)
{
    return text.ptr != NULL && first->text.ptr == text.ptr && first->text.len == text.len &&
           first->max_tok == max_tok;
}

void t2v_first_text_set(struct t2v_first_text *first, struct t2v_str text, size_t max_tok,
                        bool cut_left)
{
    struct t2v_ids *ids = &first->ids;
    first->text = text;
    first->max_tok = max_tok;
    first->n_tok = ids->len;
    if (ids->len <= max_tok)
        return;
    if (cut_left)
        memmove(ids->ptr, ids->ptr + ids->len - max_tok, max_tok * sizeof *ids->ptr);
    ids->len = max_tok;
    size_t cap = max_tok != 0 ? max_tok : 1;
    int32_t *smaller = t2v_resize(ids->ptr, cap, sizeof *ids->ptr);
    if (smaller == NULL)
        return;
    ids->ptr = smaller;
    ids->cap = cap;
}

void t2v_first_text_deinit(struct t2v_first_text *first)
{
    t2v_ids_deinit(&first->ids);
    *first = (struct t2v_first_text){0};
}
