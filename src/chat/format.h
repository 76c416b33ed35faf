/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_CHAT_FORMAT_H
#define T2V_CHAT_FORMAT_H
#include "chat/run.h"

/* str.format */
struct t2v_value t2v_format(struct t2v_run *run, struct t2v_value self,
                            const struct t2v_args *args);

#endif
