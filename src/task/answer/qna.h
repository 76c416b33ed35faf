/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_TASK_ANSWER_QNA_H
#define T2V_TASK_ANSWER_QNA_H
/*
 * The answer of a T2V_CLASSIFY_SPAN model as Weaviate's qna-transformers container finds it (its
 * newest source, of April 2023), for a work whose params have as_qna. It is meant for BERT: the
 * container writes [CLS] and [SEP] into the texts, and other tokenizers read them as words.
 *
 * In each window the answer is from the largest start logit to the largest end logit, wherever they
 * are. It is put together from tokens, so for uncased models it is in lower case. Its certainty is
 * a tenth of the mean of the two logits. The best window with a certainty above 0 counts.
 */
#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/error.h"
#include "task/task.h"
#include "token/decode/decoder.h"

struct t2v_qna {
    struct t2v_buf text; /* owned */
    double certainty;
    bool there; /* false: no good answer; the container gives null for both */
};

/* Replaces *out, whose text is an initialised buffer, by the answer for an input of the result.
 * decoder: the model's. The container answers null if one of the texts is empty: the caller does.
 * T2V_ENOMEM or T2V_ETOOLARGE. */
int t2v_qna_answer(const struct t2v_result *result, size_t input, const t2v_decoder *decoder,
                   struct t2v_qna *out, struct t2v_err *err);

#endif
