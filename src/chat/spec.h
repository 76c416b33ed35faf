/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_CHAT_SPEC_H
#define T2V_CHAT_SPEC_H
/* One value in a format: Python's format specifications, which `%` shares in part. */
#include "chat/run.h"

struct t2v_spec {
    struct t2v_str fill; /* one character */
    char align;          /* '<', '>', '^', '=', or 0: the type's own */
    char sign;           /* '+', ' ', or 0: only minus */
    bool alternate;      /* a prefix such as 0x */
    char grouping;       /* ',', '_' or 0 */
    int64_t width;       /* in characters; 0: none */
    int64_t precision;   /* -1: none */
    char type;           /* 0: the default */
};

/* Reads the specification after the ':' of a field. */
struct t2v_spec t2v_spec_read(struct t2v_run *run, struct t2v_str text);
/* Appends v in that form. */
void t2v_spec_print(struct t2v_run *run, struct t2v_buf *out, struct t2v_value v,
                    const struct t2v_spec *spec);
/* Appends text, padded; `aligned` is the alignment if the specification has none. */
void t2v_spec_pad(struct t2v_run *run, struct t2v_buf *out, struct t2v_str text,
                  const struct t2v_spec *spec, char aligned);

#endif
