/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_CHAT_FROM_JSON_H
#define T2V_CHAT_FROM_JSON_H
#include "chat/run.h"
#include "json/json.h"

/* A JSON value as Python has it, NULL as none. Strings are borrowed from the tree. */
struct t2v_value t2v_from_json(struct t2v_run *run, const t2v_json *json);

#endif
