/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_CHAT_ATTRIBUTE_H
#define T2V_CHAT_ATTRIBUTE_H
#include "chat/run.h"

/* The attribute alone; false if there is none. */
bool t2v_attribute_find(struct t2v_run *run, struct t2v_value object, struct t2v_str name,
                        struct t2v_value *out);
/* object.name and object[index] as jinja2 looks them up: an attribute, else an item, and the other
 * way round. Undefined if there is neither. */
struct t2v_value t2v_attribute(struct t2v_run *run, struct t2v_value object, struct t2v_str name);
struct t2v_value t2v_item(struct t2v_run *run, struct t2v_value object, struct t2v_value index);

#endif
