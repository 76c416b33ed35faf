/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_TASK_CLASSIFY_ROWS_H
#define T2V_TASK_CLASSIFY_ROWS_H
/*
 * Turns a text, or a pair of texts, into rows (see task/task.h): one row, or one for each of the
 * overlapping windows of a long context. The first text of a pair is not encoded again for the next
 * pair that has the same, at the same place: a query and its documents. Private to task/classify/.
 */
#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "task/classify/classifier.h"
#include "token/first.h"

/* Makes the rows of one input at a time. A zeroed struct may be passed to t2v_rows_deinit. */
struct t2v_rows {
    const t2v_classifier *classifier;
    struct t2v_classify_params params; /* max_tok is never 0 */
    struct t2v_str text, second;       /* the input; second.ptr NULL: a single text */
    bool begun;                        /* the input has given a row */
    bool ended;                        /* the input has no further row */
    struct t2v_ids question, context;  /* their ids, if params.windows is set */
    struct t2v_first_text first;       /* of pairs without windows: of the input before, or empty */
    size_t from;                       /* index in context where the next window begins */
};

void t2v_rows_init(struct t2v_rows *rows, const t2v_classifier *classifier,
                   const struct t2v_classify_params *params);
void t2v_rows_deinit(struct t2v_rows *rows);

/* Begins an input. The texts are borrowed, and do not change, until t2v_rows_deinit. */
void t2v_rows_start(struct t2v_rows *rows, struct t2v_str text, struct t2v_str second);
/* Replaces *row by the next row and sets *more, or clears *more at the end. Errors: those of
 * t2v_tokenizer_encode_pair; T2V_EUNSUPPORTED if the net lacks the token types of a pair. */
int t2v_rows_next(struct t2v_rows *rows, t2v_token_space *space, struct t2v_row *row, bool *more,
                  struct t2v_err *err);

#endif
