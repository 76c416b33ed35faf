/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/files/resume.h"

#include <math.h>
#include <poll.h>

#include "base/mem.h"
#include "cli/files/part.h"

#include "base/banned.h"

/* How far two vectors of one text may be apart, as a share of the largest component: int8 differs
 * by about so much between processors, other models and other texts by far more. */
static const float tolerance = 0.05F;

static bool is_near(const float *a, const float *b, size_t n)
{
    float largest = 0, off = 0;
    for (size_t i = 0; i < n; i++) {
        largest = fmaxf(largest, fabsf(a[i]));
        off = fmaxf(off, fabsf(a[i] - b[i]));
        if (isnan(a[i]) != isnan(b[i]))
            return false;
    }
    return off <= tolerance * largest;
}

/* Writes the record's vector, or NaNs if it has no text, to vector[width]. */
static int encode(const struct t2v_convert *convert, struct t2v_part *part,
                  const struct t2v_record *record, float *vector, struct t2v_err *err)
{
    struct pollfd bell = {.fd = part->bell->fd, .events = POLLIN};
    int rc = t2v_part_add(part, record, err);
    if (rc == 0)
        rc = t2v_part_submit(part, part->n_text, convert->engine, convert->params, err);
    if (rc != 0)
        return rc;
    while (!t2v_part_is_done(part))
        poll(&bell, 1, -1);
    if (part->work.err.code != 0)
        return t2v_fail(err, part->work.err.code, "%s", part->work.err.msg);
    for (size_t i = 0; i < convert->width; i++)
        vector[i] = record->empty ? NAN : part->work.result.values[i];
    return 0;
}

static int compare(const struct t2v_convert *convert, const struct t2v_record *last,
                   struct t2v_part_bell *bell, float *vectors, struct t2v_err *err)
{
    struct t2v_part part;
    float *ours = vectors, *theirs = vectors + convert->width;
    int rc = t2v_part_init(&part, convert->prompt, bell, err);
    if (rc == 0)
        rc = encode(convert, &part, last, ours, err);
    if (rc == 0)
        rc = t2v_rows_last(convert->rows, theirs, err);
    if (rc == 0 && !is_near(ours, theirs, convert->width))
        rc = t2v_fail(err, T2V_EFORMAT,
                      "the output's last row is not this text's: another input, model or setting?");
    t2v_part_deinit(&part);
    return rc;
}

int t2v_resume_check(const struct t2v_convert *convert, const struct t2v_record *last,
                     struct t2v_err *err)
{
    struct t2v_part_bell bell;
    float *vectors = t2v_alloc_zero(convert->width, 2 * sizeof *vectors);
    if (vectors == NULL)
        return t2v_fail(err, T2V_ENOMEM, "no memory for a row");
    int rc = t2v_part_bell_init(&bell, err);
    if (rc == 0) {
        rc = compare(convert, last, &bell, vectors, err);
        t2v_part_bell_deinit(&bell);
    }
    t2v_free(vectors);
    return rc != 0 ? t2v_records_fail_in(convert->records, last->line, rc, err) : 0;
}
