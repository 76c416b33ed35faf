/* SPDX-License-Identifier: BSD-3-Clause */
#include "batch/progress.h"

#include <math.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"

#include "base/banned.h"

/* So much text of the worst kind (one word, or combining marks without end) takes some 5 ms to
 * tokenise. */
enum { SLOW_BYTES = 32 * 1024 };

void t2v_progress_free(struct t2v_progress *progress)
{
    if (progress == NULL)
        return;
    t2v_walk_deinit(&progress->walk);
    t2v_ids_deinit(&progress->ids);
    t2v_ids_deinit(&progress->ready_ids);
    t2v_free(progress->divisors);
    t2v_free(progress->exact);
    t2v_free(progress);
}

struct t2v_progress *t2v_progress_new(const t2v_model *model, struct t2v_work *work)
{
    struct t2v_progress *progress = t2v_alloc_zero(1, sizeof *progress);
    size_t n;
    work->dim = 0;
    if (progress == NULL)
        goto no_memory;
    if (t2v_model_plan(model, &work->ask, &progress->plan, &work->err) != 0) {
        t2v_progress_free(progress);
        return NULL;
    }
    progress->work = work;
    work->dim = progress->plan.dim;
    progress->divisors = t2v_alloc_zero(work->n_text, sizeof *progress->divisors);
    progress->exact = t2v_alloc_zero(work->dim, sizeof *progress->exact);
    if (t2v_mul(work->n_text, work->dim, &n))
        work->vectors = t2v_alloc_zero(n, sizeof(float));
    if (progress->divisors == NULL || progress->exact == NULL || work->vectors == NULL)
        goto no_memory;
    return progress;
no_memory:
    t2v_fail(&work->err, T2V_ENOMEM, "no memory for %zu texts", work->n_text);
    t2v_progress_free(progress);
    return NULL;
}

/* The next sequence of the text into progress->ids. Sets *more; cleared, the text is at its end. */
static int walk_on(struct t2v_progress *progress, const t2v_model *model, t2v_token_space *space,
                   size_t max_text_tok, bool *more)
{
    struct t2v_work *work = progress->work;
    int rc = 0;
    *more = false;
    if (!progress->walking) {
        rc = t2v_walk_start(&progress->walk, model, work->texts[progress->text], &progress->plan,
                            &work->err);
        progress->walking = true;
        progress->text_tok = 0;
        progress->text_cut = false;
    }
    if (rc == 0)
        rc = t2v_walk_next(&progress->walk, space, &progress->ids, more, &work->err);
    if (rc == 0 && *more) {
        progress->text_tok += progress->ids.len;
        progress->text_cut |= progress->ids.cut;
        if (progress->text_tok > max_text_tok)
            rc = t2v_fail(&work->err, T2V_ETOOLARGE, "more than %zu tokens (max-text-tokens)",
                          max_text_tok);
    }
    return rc;
}

/* Adds the sequence in progress->ids to those that are ready. */
static int make_ready(struct t2v_progress *progress)
{
    const struct t2v_ids *ids = &progress->ids;
    for (size_t i = 0; i < ids->len; i++) {
        if (t2v_ids_add(&progress->ready_ids, ids->ptr[i]) != 0)
            return t2v_fail(&progress->work->err, T2V_ENOMEM, "no memory for %zu tokens", ids->len);
    }
    progress->ready[progress->n_ready].text = progress->text;
    progress->ready[progress->n_ready++].n_tok = ids->len;
    return 0;
}

static void next_text(struct t2v_progress *progress)
{
    progress->divisors[progress->text] = t2v_walk_divisor(&progress->walk);
    t2v_walk_deinit(&progress->walk);
    progress->walking = false;
    progress->work->n_cut += progress->text_cut;
    progress->text++;
}

void t2v_progress_fill(struct t2v_progress *progress, const t2v_model *model,
                       t2v_token_space *space, const struct t2v_fill *fill)
{
    struct t2v_work *work = progress->work;
    progress->first = progress->n_ready = progress->n_taken = progress->ready_ids.len = 0;
    while (!atomic_load(&work->cancelled)) {
        bool more = false;
        progress->ended = progress->text == work->n_text;
        if (progress->ended)
            return;
        int rc = walk_on(progress, model, space, fill->max_text_tok, &more);
        if (rc == 0 && more && progress->ids.len != 0)
            rc = make_ready(progress);
        if (rc != 0) {
            work->err_text = progress->text;
            progress->ended = true;
            return;
        }
        if (!more)
            next_text(progress);
        if (progress->n_ready >= fill->n_seq || progress->ready_ids.len >= fill->n_tok ||
            t2v_clock_ns() >= fill->deadline_ns)
            return;
    }
}

bool t2v_progress_is_slow(const struct t2v_progress *progress)
{
    const struct t2v_work *work = progress->work;
    return progress->text < work->n_text && work->texts[progress->text].len > SLOW_BYTES;
}

size_t t2v_progress_peek(const struct t2v_progress *progress)
{
    return progress->first < progress->n_ready ? progress->ready[progress->first].n_tok : 0;
}

size_t t2v_progress_take(struct t2v_progress *progress, int32_t *ids)
{
    size_t i = progress->first++, n = progress->ready[i].n_tok;
    memcpy(ids, progress->ready_ids.ptr + progress->n_taken, n * sizeof *ids);
    progress->n_taken += n;
    return progress->ready[i].text;
}

void t2v_progress_add(struct t2v_progress *progress, size_t text, const float *row)
{
    struct t2v_work *work = progress->work;
    if (text != progress->sum_text)
        t2v_progress_settle(progress);
    progress->sum_text = text;
    float *vector = work->vectors + text * work->dim;
    size_t n_before = progress->n_sum++;
    for (size_t i = 0; i < work->dim && n_before != 0; i++) {
        double before = n_before == 1 ? (double)vector[i] : progress->exact[i];
        progress->exact[i] = before + (double)row[i];
    }
    for (size_t i = 0; i < work->dim; i++)
        vector[i] += row[i];
}

void t2v_progress_settle(struct t2v_progress *progress)
{
    struct t2v_work *work = progress->work;
    if (progress->n_sum > 2) /* the sum of two is rounded once */
        t2v_pool_settle(&progress->plan, progress->exact, work->dim,
                        work->vectors + progress->sum_text * work->dim);
    progress->n_sum = 0;
}

/* A model with broken weights can give what is no number, and JSON has no word for that. */
static bool is_finite(const float *vector, size_t dim)
{
    bool finite = true;
    for (size_t i = 0; i < dim; i++)
        finite &= isfinite(vector[i]) != 0;
    return finite;
}

void t2v_progress_finish(struct t2v_progress *progress, const t2v_model *model)
{
    struct t2v_work *work = progress->work;
    t2v_progress_settle(progress);
    for (size_t t = 0; t < work->n_text && work->err.code == 0; t++) {
        float *vector = work->vectors + t * work->dim;
        t2v_model_finish(model, vector, work->dim, progress->divisors[t]);
        if (!is_finite(vector, work->dim)) {
            t2v_fail(&work->err, T2V_EMODEL, "the model gave a vector that is not finite");
            work->err_text = t;
        }
    }
}
