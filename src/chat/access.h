/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_CHAT_ACCESS_H
#define T2V_CHAT_ACCESS_H
/* What is inside of values: items, slices, characters. */
#include "chat/run.h"

/* object[index] as Python has it: false if there is no such item, or the object has no items. */
bool t2v_find_item(struct t2v_run *run, struct t2v_value object, struct t2v_value index,
                   struct t2v_value *out);
/* object[start:stop:step]; each of the three may be none. */
struct t2v_value t2v_slice(struct t2v_run *run, struct t2v_value object,
                           const struct t2v_value bounds[3]);
/* The items that a loop over v gets; NULL after a failure. An iterator is used up. */
struct t2v_items *t2v_iterate(struct t2v_run *run, struct t2v_value v);
/* len(v), which fails for what has none; 0 then. */
size_t t2v_length(struct t2v_run *run, struct t2v_value v);
/* needle in v */
bool t2v_contains(struct t2v_run *run, struct t2v_value v, struct t2v_value needle);

/* Characters of a valid text: how many there are, and where the n-th begins (at most at the end).
 */
size_t t2v_text_count(struct t2v_str text);
size_t t2v_text_offset(struct t2v_str text, size_t n);
/* Where needle first is in text, or SIZE_MAX. */
size_t t2v_text_find(struct t2v_run *run, struct t2v_str text, struct t2v_str needle);

#endif
