/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_HTTP_API_TGI_ANSWER_H
#define T2V_HTTP_API_TGI_ANSWER_H
/* The answers of TGI's routes that generate text, and the events of their streams. */
#include "base/buf.h"
#include "http/api/generation.h"

enum { T2V_TGI_BEST_OF_MAX = 16 };

/* The state of these operations. */
struct t2v_tgi_text {
    struct t2v_generation generation; /* the first member */
    bool details;                     /* the answer has them */
    bool full_text;                   /* the text begins with the prompt */
    bool list;                        /* the answer is a list of one */
};

/* Appends the answer in one piece. */
void t2v_tgi_write_answer(const struct t2v_tgi_text *text, struct t2v_buf *out);
/* Appends the JSON of the event for the choice's last token. */
void t2v_tgi_write_event(const struct t2v_tgi_text *text, const struct t2v_choice *choice,
                         struct t2v_buf *out);

#endif
