/* SPDX-License-Identifier: BSD-3-Clause */
#include "task/answer/qna.h"

#include <string.h>

#include "base/banned.h"

/* The first of the largest starts (which 0) or ends (1) of the row's tokens. */
static size_t find_top(const struct t2v_result *result, const struct t2v_result_row *row,
                       size_t which)
{
    const float *logits = result->values + row->at * result->width + which;
    size_t top = 0;
    for (size_t i = 1; i < row->n_tok; i++) {
        if (logits[i * result->width] > logits[top * result->width])
            top = i;
    }
    return top;
}

static bool is_good(struct t2v_str text)
{
    return text.len != 0 && memmem(text.ptr, text.len, "[CLS]", 5) == NULL &&
           memmem(text.ptr, text.len, "[SEP]", 5) == NULL;
}

/* The answer of a row into text; its certainty, or 0 where it is not good. */
static int read_row(const struct t2v_result *result, const struct t2v_result_row *row,
                    const t2v_decoder *decoder, struct t2v_buf *text, double *certainty)
{
    const float *logits = result->values + row->at * result->width;
    size_t start = find_top(result, row, 0), end = find_top(result, row, 1);
    float sum = logits[start * result->width] + logits[end * result->width + 1];
    *certainty = 0;
    t2v_buf_clear(text);
    if (end < start)
        return 0;
    int rc = t2v_decode(decoder, result->ids + row->at + start, end + 1 - start, 0, text);
    if (rc == 0 && is_good(t2v_buf_str(text)))
        *certainty = (double)(sum / 2) / 10;
    return rc;
}

int t2v_qna_answer(const struct t2v_result *result, size_t input, const t2v_decoder *decoder,
                   struct t2v_qna *out, struct t2v_err *err)
{
    struct t2v_buf text;
    double certainty;
    int rc = 0;
    t2v_buf_init(&text, SIZE_MAX);
    t2v_buf_clear(&out->text);
    out->certainty = 0;
    for (size_t i = 0; i < result->n_row && rc == 0; i++) {
        if (result->rows[i].input != input)
            continue;
        rc = read_row(result, &result->rows[i], decoder, &text, &certainty);
        if (rc != 0 || certainty <= out->certainty)
            continue;
        t2v_buf_clear(&out->text);
        rc = t2v_buf_add(&out->text, text.ptr, text.len);
        out->certainty = certainty;
    }
    out->there = out->certainty > 0;
    t2v_buf_deinit(&text);
    return rc == 0 ? 0 : t2v_fail(err, rc, "no memory for the answer");
}
