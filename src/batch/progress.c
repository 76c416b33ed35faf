/* SPDX-License-Identifier: BSD-3-Clause */
#include "batch/progress.h"

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
    if (progress->state != NULL)
        progress->task->ops->close(progress->state);
    t2v_row_deinit(&progress->row);
    t2v_ids_deinit(&progress->ready_ids);
    t2v_ids_deinit(&progress->ready_types);
    t2v_free(progress);
}

struct t2v_progress *t2v_progress_new(const struct t2v_task *task, struct t2v_work *work)
{
    const struct t2v_inputs inputs = {work->texts, work->seconds, work->n_text};
    struct t2v_progress *progress = t2v_alloc_zero(1, sizeof *progress);
    if (progress == NULL) {
        t2v_fail(&work->err, T2V_ENOMEM, "no memory for %zu texts", work->n_text);
        return NULL;
    }
    progress->work = work;
    progress->task = task;
    if (task->ops->open(task, &inputs, work->params, &progress->state, &work->err) != 0) {
        t2v_progress_free(progress);
        return NULL;
    }
    work->progress = progress;
    return progress;
}

/* The next row of the input into progress->row. Sets *more; cleared, the input is at its end. */
static int next_row(struct t2v_progress *progress, t2v_token_space *space, size_t max_text_tok,
                    bool *more)
{
    const struct t2v_task_ops *ops = progress->task->ops;
    struct t2v_err *err = &progress->work->err;
    struct t2v_row *row = &progress->row;
    int rc = 0;
    *more = false;
    if (!progress->begun) {
        rc = ops->start(progress->state, progress->input, err);
        progress->begun = true;
        progress->n_tok = 0;
        progress->cut = false;
    }
    if (rc == 0)
        rc = ops->next(progress->state, space, row, more, err);
    if (rc == 0 && *more) {
        progress->n_tok += row->ids.len;
        progress->cut |= row->ids.cut;
        if (progress->n_tok > max_text_tok || row->behind > max_text_tok - progress->n_tok)
            rc = t2v_fail(err, T2V_ETOOLARGE, "more than %zu tokens (max-text-tokens)",
                          max_text_tok);
    }
    return rc;
}

static int add_ids(struct t2v_ids *to, const struct t2v_ids *ids)
{
    int rc = 0;
    for (size_t i = 0; i < ids->len && rc == 0; i++)
        rc = t2v_ids_add(to, ids->ptr[i]);
    return rc;
}

/* Adds the row in progress->row to those that are ready. */
static int make_ready(struct t2v_progress *progress)
{
    const struct t2v_row *row = &progress->row;
    int rc = add_ids(&progress->ready_ids, &row->ids);
    if (rc == 0 && progress->task->typed)
        rc = add_ids(&progress->ready_types, &row->types);
    if (rc != 0)
        return t2v_fail(&progress->work->err, rc, "no memory for %zu tokens", row->ids.len);
    progress->ready[progress->n_ready++] =
        (struct t2v_ready){progress->input, row->first, row->ids.len, row->unseen};
    return 0;
}

static void next_input(struct t2v_progress *progress)
{
    progress->begun = false;
    progress->work->n_cut += progress->cut;
    progress->input++;
}

static void fill_rows(struct t2v_progress *progress, t2v_token_space *space,
                      const struct t2v_fill *fill)
{
    struct t2v_work *work = progress->work;
    progress->first = progress->n_ready = progress->n_taken = 0;
    progress->ready_ids.len = progress->ready_types.len = 0;
    progress->ended = progress->input == work->n_text;
    while (!progress->ended && !atomic_load(&work->cancelled)) {
        bool more = false;
        int rc = next_row(progress, space, fill->max_text_tok, &more);
        if (rc == 0 && more && progress->row.ids.len != 0)
            rc = make_ready(progress);
        if (rc != 0) {
            work->err_text = progress->input;
            progress->ended = true;
            return;
        }
        if (!more)
            next_input(progress);
        progress->ended = progress->input == work->n_text;
        if (progress->n_ready >= fill->n_seq || progress->ready_ids.len >= fill->n_tok ||
            t2v_clock_ns() >= fill->deadline_ns)
            return;
    }
}

void t2v_progress_fill(struct t2v_progress *progress, t2v_token_space *space,
                       const struct t2v_fill *fill)
{
    uint64_t begin_ns = t2v_clock_ns();
    fill_rows(progress, space, fill);
    progress->work->encode_ns += t2v_clock_ns() - begin_ns;
}

bool t2v_progress_is_slow(const struct t2v_progress *progress)
{
    const struct t2v_work *work = progress->work;
    size_t i = progress->input;
    if (i >= work->n_text)
        return false;
    size_t n_second = work->seconds != NULL ? work->seconds[i].len : 0;
    return work->texts[i].len > SLOW_BYTES || n_second > SLOW_BYTES;
}

size_t t2v_progress_peek(const struct t2v_progress *progress)
{
    return progress->first < progress->n_ready ? progress->ready[progress->first].n_tok : 0;
}

struct t2v_ready t2v_progress_take(struct t2v_progress *progress, int32_t *ids, int32_t *types)
{
    struct t2v_ready ready = progress->ready[progress->first++];
    memcpy(ids, progress->ready_ids.ptr + progress->n_taken, ready.n_tok * sizeof *ids);
    if (types != NULL)
        memcpy(types, progress->ready_types.ptr + progress->n_taken, ready.n_tok * sizeof *types);
    progress->n_taken += ready.n_tok;
    return ready;
}

void t2v_progress_add(struct t2v_progress *progress, const struct t2v_taken *row)
{
    if (progress->add_err.code != 0)
        return;
    progress->add_input = row->input;
    progress->task->ops->take(progress->state, row, &progress->add_err);
}

void t2v_progress_finish(struct t2v_progress *progress)
{
    struct t2v_work *work = progress->work;
    if (work->err.code != 0)
        return;
    if (progress->add_err.code != 0) {
        work->err = progress->add_err;
        work->err_text = progress->add_input;
        return;
    }
    progress->task->ops->finish(progress->state, &work->result, &work->err_text, &work->err);
}
