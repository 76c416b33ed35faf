/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_CHAT_TOJSON_H
#define T2V_CHAT_TOJSON_H
#include "chat/run.h"

/* The filter `tojson` as transformers has it: Python's json.dumps. */
extern const struct t2v_native t2v_tojson;

#endif
