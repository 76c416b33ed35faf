/* SPDX-License-Identifier: BSD-3-Clause */
#include "token/first.h"

#include <string.h>

#include "base/mem.h"
#include "token/encode.h"
#include "token/parts.h"

#include "base/banned.h"

/* Drops the tokens of which no pair can have any, and their memory. */
static void keep_room(const t2v_tokenizer *tokenizer, struct t2v_ids *ids, size_t room)
{
    if (ids->len <= room)
        return;
    if (tokenizer->cut_left)
        memmove(ids->ptr, ids->ptr + ids->len - room, room * sizeof *ids->ptr);
    ids->len = room;
    size_t cap = room != 0 ? room : 1;
    int32_t *smaller = t2v_resize(ids->ptr, cap, sizeof *ids->ptr);
    if (smaller == NULL)
        return;
    ids->ptr = smaller;
    ids->cap = cap;
}

int t2v_first_text_set(struct t2v_first_text *first, const t2v_tokenizer *tokenizer,
                       t2v_token_space *space, struct t2v_str text, size_t max_tok,
                       struct t2v_err *err)
{
    if (text.ptr != NULL && first->text.ptr == text.ptr && first->text.len == text.len &&
        first->max_tok == max_tok)
        return 0;
    first->text = (struct t2v_str){NULL, 0};
    int rc = t2v_tokenizer_encode_bare(tokenizer, space, text, &first->ids, err);
    if (rc != 0)
        return rc;
    first->text = text;
    first->max_tok = max_tok;
    first->n_tok = first->ids.len;
    keep_room(tokenizer, &first->ids, max_tok);
    return 0;
}

void t2v_first_text_deinit(struct t2v_first_text *first)
{
    t2v_ids_deinit(&first->ids);
    *first = (struct t2v_first_text){0};
}
