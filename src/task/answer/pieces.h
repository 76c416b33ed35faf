/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_TASK_ANSWER_PIECES_H
#define T2V_TASK_ANSWER_PIECES_H
/*
 * The tokens of a row with their scores and their places in the text, see tagger.h: what
 * gather_pre_entities of transformers makes. Private to task/answer/.
 */
#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/str.h"
#include "task/classify/classifier.h"
#include "task/task.h"
#include "token/decode/decoder.h"
#include "token/ids.h"

/* A token of the text; special tokens are left out. */
struct t2v_piece {
    const float *scores; /* [n_label] softmax */
    size_t best;         /* index of the largest score */
    struct t2v_str word; /* as in the vocabulary; of the unknown token the text it stands for */
    size_t begin, end;   /* characters of the text */
    size_t index;        /* in the row */
    bool inside;         /* it continues a word */
};

/* The pieces of one row at a time. */
struct t2v_pieces {
    const t2v_classifier *classifier;
    const t2v_decoder *decoder;
    struct t2v_str text;
    struct t2v_ids ids;         /* of the whole text, without special tokens */
    struct t2v_offsets offsets; /* of these */
    struct t2v_piece *ptr;
    size_t len, cap;
    float *scores; /* of all pieces */
};

/* Encodes the text, which is borrowed. Call t2v_pieces_deinit even after a failure. */
int t2v_pieces_init(struct t2v_pieces *pieces, const t2v_classifier *classifier,
                    const t2v_decoder *decoder, struct t2v_str text, struct t2v_err *err);
void t2v_pieces_deinit(struct t2v_pieces *pieces);
/* Replaces the pieces by those of a row of the result. T2V_ENOMEM; T2V_EFORMAT: the row is not of
 * this text. */
int t2v_pieces_read(struct t2v_pieces *pieces, const struct t2v_result *result,
                    const struct t2v_result_row *row, struct t2v_err *err);

#endif
