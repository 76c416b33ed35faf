/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_CHAT_PERCENT_H
#define T2V_CHAT_PERCENT_H
#include "chat/run.h"

/* format % values: Python's printf-style formatting. values: a tuple, a dict, or one value. */
struct t2v_value t2v_percent(struct t2v_run *run, struct t2v_str format, struct t2v_value values);

#endif
