/* SPDX-License-Identifier: BSD-3-Clause */
#include "batch/runner.h"

#include "base/clock.h"

#include "base/banned.h"

int t2v_runner_init(struct t2v_runner *runner, const struct t2v_runner_options *options,
                    const struct t2v_runner_calls *calls, struct t2v_err *err)
{
    *runner = (struct t2v_runner){
        .tasks = options->tasks,
        .calls = *calls,
        .max_text_tok = options->max_text_tok,
        .lost_message = options->lost_message,
    };
    t2v_list_init(&runner->closing);
    int rc = t2v_queues_init(&runner->queues, options->n_task);
    if (rc == 0)
        rc = t2v_batches_init(&runner->batches, options->tasks, options->n_task, options->most_tok,
                              options->n_thread);
    if (rc == 0)
        rc = t2v_token_space_new(&runner->space);
    if (rc != 0)
        return t2v_fail(err, rc, "no memory for batches of %zu tokens",
                        runner->batches.memory.max_tok);
    return t2v_team_new(options->n_thread, &runner->team, err);
}

void t2v_runner_deinit(struct t2v_runner *runner)
{
    t2v_team_free(runner->team);
    t2v_token_space_free(runner->space);
    t2v_batches_deinit(&runner->batches);
    t2v_queues_deinit(&runner->queues);
    *runner = (struct t2v_runner){0};
}

void t2v_runner_add(struct t2v_runner *runner, struct t2v_work *work)
{
    struct t2v_progress *progress = t2v_progress_new(runner->tasks[work->which], work);
    if (progress == NULL) {
        runner->calls.complete(runner->calls.user, work);
        return;
    }
    progress->which = work->which;
    progress->rank = t2v_rank_of(work);
    t2v_queues_push(&runner->queues, progress);
}

/* Makes a sequence of the work ready, if it has one. */
static void make_one(struct t2v_runner *runner, struct t2v_progress *progress, uint64_t deadline_ns)
{
    struct t2v_fill fill = {1, SIZE_MAX, deadline_ns, runner->max_text_tok};
    t2v_progress_fill(progress, runner->space, &fill);
}

/* The same, unless there is one already or none will come. False: another thread now owns the work.
 */
static bool make_ready(struct t2v_runner *runner, struct t2v_progress *progress,
                       uint64_t deadline_ns)
{
    struct t2v_work *work = progress->work;
    if (atomic_load(&work->cancelled)) {
        t2v_fail(&work->err, T2V_EBUSY, "given up: the client has left");
        progress->ended = true;
        return true;
    }
    if (progress->ended || t2v_progress_peek(progress) != 0)
        return true;
    if (runner->calls.slow != NULL && t2v_progress_is_slow(progress)) {
        runner->calls.slow(runner->calls.user, progress);
        return false;
    }
    make_one(runner, progress, deadline_ns);
    return true;
}

/* Whether the sequence that was placed is the work's last one, so that the work is complete after
 * this batch. This makes the next one ready, but not if that could take long. */
static bool is_last(struct t2v_runner *runner, struct t2v_progress *progress, uint64_t deadline_ns)
{
    if (!progress->ended && t2v_progress_peek(progress) == 0 && !t2v_progress_is_slow(progress))
        make_one(runner, progress, deadline_ns);
    return progress->ended && t2v_progress_peek(progress) == 0;
}

/* What is done with the work whose turn it is. One without a further sequence (or with an error)
 * goes to the closing list. */
static void take_turn(struct t2v_runner *runner, struct t2v_queue *queue,
                      struct t2v_progress *progress, uint64_t deadline_ns)
{
    struct t2v_batch *batch = runner->batch;
    size_t n_tok = t2v_progress_peek(progress);
    if (progress->work->err.code != 0 || (progress->ended && n_tok == 0)) {
        t2v_list_push(&runner->closing, progress->work);
    } else if (n_tok > batch->max_tok) {
        runner->calls.too_long(runner->calls.user, progress);
    } else if (n_tok != 0 && !t2v_batch_fits(batch, n_tok)) {
        t2v_queue_return(queue, progress);
    } else {
        if (n_tok != 0)
            t2v_batch_place(batch, progress);
        t2v_queue_took(queue, progress, n_tok);
        if (n_tok != 0 && is_last(runner, progress, deadline_ns))
            t2v_list_push(&runner->closing, progress->work);
        else
            t2v_queue_push(queue, progress);
    }
}

void t2v_runner_fill(struct t2v_runner *runner)
{
    uint64_t deadline_ns = t2v_clock_ns() + T2V_BATCH_NS;
    size_t which = t2v_queues_next(&runner->queues);
    struct t2v_queue *queue = &runner->queues.of[which];
    struct t2v_batch *batch = &runner->batches.of[which];
    struct t2v_progress *progress;
    runner->batch = batch;
    t2v_batch_clear(batch);
    if (runner->lost.code != 0)
        return;
    t2v_queue_begin(queue, batch->budget);
    while (!t2v_batch_is_full(batch) && (progress = t2v_queue_next(queue)) != NULL) {
        if (!make_ready(runner, progress, deadline_ns))
            continue;
        take_turn(runner, queue, progress, deadline_ns);
        if (t2v_clock_ns() >= deadline_ns)
            break;
    }
    t2v_queue_end(queue);
}

size_t t2v_runner_which(const struct t2v_runner *runner)
{
    return (size_t)(runner->batch - runner->batches.of);
}

bool t2v_runner_has_queries(const struct t2v_runner *runner)
{
    return runner->queues.of[t2v_runner_which(runner)].of_queries;
}

void t2v_runner_encode(struct t2v_runner *runner)
{
    struct t2v_batch *batch = runner->batch;
    if (batch->seqs.n_seq > 0 && t2v_batch_run(batch, runner->team, &runner->lost) == 0)
        runner->calls.encoded(runner->calls.user, &batch->seqs);
}

/* All works fail. */
static void give_up(struct t2v_runner *runner)
{
    const char *message = runner->lost_message != NULL ? runner->lost_message : runner->lost.msg;
    struct t2v_progress *progress;
    for (size_t i = 0; i < runner->queues.n; i++) {
        struct t2v_queue *queue = &runner->queues.of[i];
        while (!t2v_queue_is_empty(queue)) {
            t2v_queue_begin(queue, SIZE_MAX); /* so that none of its kind is left */
            while ((progress = t2v_queue_next(queue)) != NULL)
                t2v_list_push(&runner->closing, progress->work);
        }
    }
    for (struct t2v_work *work = runner->closing.head; work != NULL; work = work->next) {
        if (work->err.code == 0)
            t2v_fail(&work->err, T2V_EIO, "%s", message);
    }
}

void t2v_runner_close(struct t2v_runner *runner)
{
    struct t2v_work *work;
    if (runner->lost.code != 0)
        give_up(runner);
    while ((work = t2v_list_pop(&runner->closing)) != NULL) {
        t2v_progress_finish(work->progress);
        t2v_progress_free(work->progress);
        work->progress = NULL;
        runner->calls.complete(runner->calls.user, work);
    }
}

void t2v_runner_finish_all(struct t2v_runner *runner)
{
    while (!t2v_queues_are_empty(&runner->queues)) {
        t2v_runner_fill(runner);
        t2v_runner_encode(runner);
        t2v_runner_close(runner);
    }
}
