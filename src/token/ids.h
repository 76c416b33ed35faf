/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_TOKEN_IDS_H
#define T2V_TOKEN_IDS_H
/* Lists that a tokenizer fills: an id, or an offset, for each token. A zeroed list is empty. A list
 * owns its memory. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct t2v_ids {
    int32_t *ptr;
    size_t len, cap;
    bool cut; /* the text had more tokens than were allowed */
};
int t2v_ids_add(struct t2v_ids *ids, int32_t id); /* 0 or T2V_ENOMEM */
void t2v_ids_deinit(struct t2v_ids *ids);

/* The part of a text that a token covers, [begin, end) in characters (code points), and the same in
 * bytes of its UTF-8. Special tokens of the post-processor have zeros. */
struct t2v_offset {
    uint32_t begin, end;
    uint32_t byte_begin, byte_end;
    uint32_t word; /* tokens of one pre-token have the same number, from 1 on, as in word_ids() of
                    * the library; which numbers, no matter. Special tokens have 0 */
};
struct t2v_offsets {
    struct t2v_offset *ptr;
    size_t len, cap;
};
int t2v_offsets_add(struct t2v_offsets *offsets, struct t2v_offset offset); /* 0 or T2V_ENOMEM */
void t2v_offsets_deinit(struct t2v_offsets *offsets);

#endif
