/* SPDX-License-Identifier: BSD-3-Clause */
#include "task/answer/pieces.h"

#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "task/answer/score.h"
#include "token/encode.h"

#include "base/banned.h"

int t2v_pieces_init(struct t2v_pieces *pieces, const t2v_classifier *classifier,
                    const t2v_decoder *decoder, struct t2v_str text, struct t2v_err *err)
{
    t2v_token_space *space;
    *pieces = (struct t2v_pieces){.classifier = classifier, .decoder = decoder, .text = text};
    int rc = t2v_token_space_new(&space);
    if (rc != 0)
        return t2v_fail(err, rc, "no memory for the tokenizer");
    rc = t2v_tokenizer_encode_bare_offsets(t2v_model_tokenizer(t2v_classifier_model(classifier)),
                                           space, text, &pieces->ids, &pieces->offsets, err);
    t2v_token_space_free(space);
    return rc;
}

void t2v_pieces_deinit(struct t2v_pieces *pieces)
{
    t2v_ids_deinit(&pieces->ids);
    t2v_offsets_deinit(&pieces->offsets);
    t2v_free(pieces->ptr);
    t2v_free(pieces->scores);
}

static size_t n_char(struct t2v_str s)
{
    size_t n = 0;
    for (size_t i = 0; i < s.len; i++)
        n += !t2v_utf8_is_tail(s.ptr[i]);
    return n;
}

/* UPSTREAM: without a mark in the vocabulary, a token continues a word where there is no space at
 * its start or before it. */
static bool follows_directly(struct t2v_str text, const struct t2v_offset *offset)
{
    size_t at = offset->byte_begin;
    return at > 0 && text.ptr[at - 1] != ' ' && (at >= text.len || text.ptr[at] != ' ');
}

/* All but the scores. */
static struct t2v_piece piece_of(const struct t2v_pieces *pieces, int32_t id,
                                 const struct t2v_offset *offset)
{
    const t2v_tokenizer *tokenizer = t2v_model_tokenizer(t2v_classifier_model(pieces->classifier));
    struct t2v_str word = t2v_decoder_token(pieces->decoder, id);
    struct t2v_str part = t2v_str_skip(pieces->text, offset->byte_begin);
    part.len = offset->byte_end > offset->byte_begin ? offset->byte_end - offset->byte_begin : 0;
    struct t2v_piece piece = {.word = word, .begin = offset->begin, .end = offset->end};
    if (id == t2v_tokenizer_unk(tokenizer, false))
        piece.word = part;
    else if (t2v_tokenizer_marks_inside(tokenizer))
        piece.inside = n_char(word) != n_char(part);
    else
        piece.inside = follows_directly(pieces->text, offset);
    return piece;
}

/* Where the row's n tokens, which begin at `ids`, are in the text: at row->first; a tokenizer that
 * cuts on the left has kept the last. SIZE_MAX: nowhere. */
static size_t find_row(const struct t2v_pieces *pieces, const struct t2v_result_row *row,
                       const int32_t *ids, size_t n)
{
    size_t len = pieces->ids.len, places[2] = {row->first, len - (n < len ? n : len)};
    for (int i = 0; i < 2; i++) {
        if (n == 0 || (places[i] <= len && n <= len - places[i] &&
                       memcmp(pieces->ids.ptr + places[i], ids, n * sizeof *ids) == 0))
            return places[i];
    }
    return SIZE_MAX;
}

static int make_room(struct t2v_pieces *pieces, size_t n, size_t n_label)
{
    size_t n_score;
    if (n <= pieces->cap)
        return 0;
    if (!t2v_mul(n, n_label, &n_score))
        return T2V_ENOMEM;
    struct t2v_piece *list = t2v_resize(pieces->ptr, n, sizeof *list);
    if (list != NULL)
        pieces->ptr = list;
    float *scores = t2v_resize(pieces->scores, n_score, sizeof *scores);
    if (scores != NULL)
        pieces->scores = scores;
    if (list == NULL || scores == NULL)
        return T2V_ENOMEM;
    pieces->cap = n;
    return 0;
}

int t2v_pieces_read(struct t2v_pieces *pieces, const struct t2v_result *result,
                    const struct t2v_result_row *row, struct t2v_err *err)
{
    const t2v_model *model = t2v_classifier_model(pieces->classifier);
    struct t2v_layout layout = t2v_tokenizer_layout(t2v_model_tokenizer(model), false);
    size_t before = layout.n_special[0], around = before + layout.n_special[1];
    size_t n = row->n_tok > around ? row->n_tok - around : 0, n_label = result->width;
    const int32_t *ids = result->ids + row->at + before;
    size_t at = find_row(pieces, row, ids, n);
    if (at == SIZE_MAX)
        return t2v_fail(err, T2V_EFORMAT, "the labels are not of this text");
    if (make_room(pieces, n, n_label) != 0)
        return t2v_fail(err, T2V_ENOMEM, "no memory for the labels of %zu tokens", n);
    for (size_t i = 0; i < n; i++) {
        struct t2v_piece piece = piece_of(pieces, ids[i], &pieces->offsets.ptr[at + i]);
        float *scores = pieces->scores + i * n_label;
        memcpy(scores, result->values + (row->at + before + i) * n_label, n_label * sizeof *scores);
        t2v_apply(T2V_APPLY_SOFTMAX, scores, n_label);
        for (size_t k = 1; k < n_label; k++)
            piece.best = scores[k] > scores[piece.best] ? k : piece.best;
        piece.scores = scores;
        piece.index = before + i;
        pieces->ptr[i] = piece;
    }
    pieces->len = n;
    return 0;
}
