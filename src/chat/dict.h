/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_CHAT_DICT_H
#define T2V_CHAT_DICT_H
/* Equality, and dicts, which are lists of pairs in the order of insertion. */
#include "chat/run.h"

/* a == b, which never fails but for depth. */
bool t2v_equal(struct t2v_run *run, struct t2v_value a, struct t2v_value b);

struct t2v_dict *t2v_dict_new(struct t2v_run *run, size_t cap);
/* Adds a pair whose key is not there yet. */
void t2v_dict_add(struct t2v_run *run, struct t2v_dict *dict, struct t2v_value key,
                  struct t2v_value value);
void t2v_dict_set(struct t2v_run *run, struct t2v_dict *dict, struct t2v_value key,
                  struct t2v_value value);
/* The value of a key, or NULL. */
struct t2v_value *t2v_dict_get(struct t2v_run *run, const struct t2v_dict *dict,
                               struct t2v_value key);
struct t2v_value *t2v_dict_named(const struct t2v_dict *dict, const char *key); /* dict: or NULL */

#endif
