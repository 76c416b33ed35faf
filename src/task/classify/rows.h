/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_TASK_CLASSIFY_ROWS_H
#define T2V_TASK_CLASSIFY_ROWS_H
/*
 * From a text, or a pair of texts, to rows: one, or the overlapping windows of a long context.
 * Private to task/classify/.
 */
#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "task/classify/classifier.h"

/* The rows of one input after the other. Zeroed, then t2v_rows_init. */
struct t2v_rows {
    const t2v_classifier *classifier;
    struct t2v_classify_params params; /* max_tok is set */
    struct t2v_str text, second;       /* of the input; second.ptr NULL: a single text */
    bool begun;                        /* a row of it was made */
    bool ended;                        /* and no further one comes */
    struct t2v_ids question, context;  /* of windows */
    size_t from;                       /* of context, where the next window begins */
};

void t2v_rows_init(struct t2v_rows *rows, const t2v_classifier *classifier,
                   const struct t2v_classify_params *params);
void t2v_rows_deinit(struct t2v_rows *rows);

/* Begins an input. Texts are borrowed until its end. */
void t2v_rows_start(struct t2v_rows *rows, struct t2v_str text, struct t2v_str second);
/* Replaces *row by the next one and sets *more, or clears *more at the end. Errors: those of
 * t2v_tokenizer_encode_pair; T2V_EUNSUPPORTED where the net lacks the pair's token types. */
int t2v_rows_next(struct t2v_rows *rows, t2v_token_space *space, struct t2v_row *row, bool *more,
                  struct t2v_err *err);

#endif
