/* SPDX-License-Identifier: BSD-3-Clause */
/* An engine with several tasks. Kernels are the plain C ones, whose results do not depend on what
 * else is in a batch, so everything is compared to the bit. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "batch/batches.h"
#include "batch/feeder.h"
#include "batch/runner.h"
#include "first_task.h"
#include "long_model.h"
#include "task/classify/open.h"
#include "task/embed/open.h"
#include "waited.h"

enum { BERT, MPNET, TAGGER, FIRST, N_TASK };
enum { N_TEXT = 12, LARGE = 34000 };

static t2v_embedder *bert, *mpnet;
static t2v_classifier *tagger;
static struct t2v_task first; /* over the model of BERT */
static const struct t2v_task *tasks[N_TASK];
static char *texts[N_TEXT];                     /* the last one goes by way of the feeder */
static struct t2v_result alone[N_TASK][N_TEXT]; /* from an engine of one task, without others */

static t2v_engine *new_engine(const struct t2v_task *const *of, size_t n, bool leader, int n_thread)
{
    const struct t2v_engine_options options = {n_thread, leader, 1000, 1000000};
    struct t2v_err err = {0};
    t2v_engine *engine = NULL;
    if (t2v_engine_new(of, n, &options, &engine, &err) != 0)
        fail_msg("%s", err.msg);
    return engine;
}

static int open_embedder(const char *dir, t2v_embedder **out)
{
    const struct t2v_embedder_options options = {
        .dir = dir, .vectorizer = "default", .precision = "f32", .cpu = "c"};
    return t2v_embedder_open(&options, out, NULL);
}

static void make_texts(void)
{
    for (int i = 0; i < N_TEXT - 1; i++) {
        size_t size = (size_t)(i + 1) * 40;
        texts[i] = calloc(size, 1);
        for (int n = 0; n < i + 1; n++)
            snprintf(texts[i] + strlen(texts[i]), size - strlen(texts[i]), "Part %d has topic %d. ",
                     n, i * n % 5);
    }
    texts[N_TEXT - 1] = calloc(LARGE + 1, 1);
    memset(texts[N_TEXT - 1], ' ', LARGE); /* mostly white space, so that it has few tokens */
    for (size_t i = 0; i + 50 < LARGE; i += 50)
        memcpy(texts[N_TEXT - 1] + i, "A short one.", 12);
}

static int set_up(void **state)
{
    (void)state;
    const struct t2v_classifier_options of_tagger = {T2V_TEST_DIR "/golden/heads/ner-bert", "f32",
                                                     "c", 1};
    if (open_embedder(T2V_TEST_DIR "/golden/bert-uncased", &bert) != 0 ||
        open_embedder(T2V_TEST_DIR "/golden/mpnet", &mpnet) != 0 ||
        t2v_classifier_open(&of_tagger, &tagger, NULL) != 0)
        return -1;
    tasks[BERT] = t2v_embedder_task(bert);
    tasks[MPNET] = t2v_embedder_task(mpnet);
    tasks[TAGGER] = t2v_classifier_task(tagger);
    first = first_task(tasks[BERT]);
    tasks[FIRST] = &first;
    make_texts();
    for (int t = 0; t < N_TASK; t++) {
        t2v_engine *engine = new_engine(&tasks[t], 1, false, 1);
        for (int i = 0; i < N_TEXT; i++) {
            struct t2v_str text = t2v_str_of(texts[i]);
            struct t2v_work work = {.texts = &text, .n_text = 1};
            t2v_engine_run(engine, &work);
            assert_int_equal(work.err.code, 0);
            alone[t][i] = work.result;
        }
        t2v_engine_free(engine);
    }
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    for (int t = 0; t < N_TASK; t++) {
        for (int i = 0; i < N_TEXT; i++)
            t2v_result_deinit(&alone[t][i]);
    }
    for (int i = 0; i < N_TEXT; i++)
        free(texts[i]);
    t2v_embedder_free(bert);
    t2v_embedder_free(mpnet);
    t2v_classifier_free(tagger);
    return 0;
}

static void expect_alone(const struct t2v_work *work, int task, int text)
{
    const struct t2v_result *got = &work->result, *want = &alone[task][text];
    if (work->err.code != 0)
        fail_msg("task %d text %d: %s", task, text, work->err.msg);
    assert_int_equal(got->width, want->width);
    assert_int_equal(got->n_tok, want->n_tok);
    size_t n = got->rows != NULL ? got->n_tok : 1;
    if (memcmp(got->values, want->values, n * got->width * sizeof(float)) != 0)
        fail_msg("task %d text %d is not what it is alone", task, text);
    if (got->rows != NULL)
        assert_memory_equal(got->ids, want->ids, n * sizeof *got->ids);
}

static void task_work(struct waited *w, int task, const char *text, int which)
{
    waited_init(w, text, which);
    w->work.task = task >= 0 ? tasks[task] : NULL;
}

/* --- the same results --- */

static t2v_engine *crowd_engine;
static const struct {
    const char *text;
    int code;
} bad[] = {{"open", T2V_EUNSUPPORTED},
           {"start", T2V_EEMPTY},
           {"next", T2V_ETOOLARGE},
           {"take", T2V_ENOMEM},
           {"finish", T2V_EMODEL}};
enum { N_BAD = sizeof bad / sizeof *bad };

/* A work of FIRST that fails, or one of any task that is cancelled, or one that is neither. */
static void one_work(size_t id, size_t round)
{
    struct waited w;
    int task = (int)((id + round) % N_TASK), which = (int)((id * 7 + round) % N_TEXT), code = 0;
    task_work(&w, task, texts[which], which);
    if (task == FIRST && round % 3 == 0) {
        code = bad[round % N_BAD].code;
        w.text = t2v_str_of(bad[round % N_BAD].text);
    } else if (round % 11 == 0) {
        code = T2V_EBUSY;
        t2v_work_cancel(&w.work);
    }
    assert_int_equal(t2v_engine_submit(crowd_engine, &w.work), 0);
    wait_for(&w);
    if (code == 0) {
        expect_alone(&w.work, task, which);
    } else {
        assert_int_equal(w.work.err.code, code);
        assert_null(w.work.result.values);
    }
    t2v_work_deinit(&w.work);
}

static void *one_of_the_crowd(void *arg)
{
    for (size_t round = 0; round < 12; round++)
        one_work((size_t)(uintptr_t)arg, round);
    return NULL;
}

/* Each task gives under mixed load what it gives alone, beside works that fail or are cancelled. */
static void test_crowd(void **state)
{
    (void)state;
    pthread_t threads[8];
    crowd_engine = new_engine(tasks, N_TASK, true, 2);
    for (size_t i = 0; i < 8; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, one_of_the_crowd, (void *)i), 0);
    for (size_t i = 0; i < 8; i++)
        pthread_join(threads[i], NULL);
    struct t2v_engine_stats stats;
    t2v_engine_get_stats(crowd_engine, &stats);
    assert_int_equal(stats.n_waiting, 0);
    struct t2v_task_stats all = {0};
    for (size_t i = 0; i < N_TASK; i++)
        t2v_engine_add_task_stats(crowd_engine, tasks[i], &all);
    assert_int_equal(all.n_work, 8 * 12);
    assert_true(all.n_tok == stats.n_tok && all.n_seq == stats.n_seq);
    assert_int_equal(all.n_batch, stats.n_batch);
    assert_int_equal(t2v_engine_stalled_ms(crowd_engine), 0);
    t2v_engine_free(crowd_engine);
}

/* Without a leader; and a work that names no task is one of the first. */
static void test_run(void **state)
{
    (void)state;
    t2v_engine *engine = new_engine(tasks, N_TASK, false, 3);
    for (int task = -1; task < N_TASK; task++) {
        struct t2v_str text = t2v_str_of(texts[5]);
        struct t2v_work work = {
            .task = task >= 0 ? tasks[task] : NULL, .texts = &text, .n_text = 1};
        t2v_engine_run(engine, &work);
        expect_alone(&work, task >= 0 ? task : BERT, 5);
        t2v_work_deinit(&work);
    }
    t2v_engine_free(engine);
}

/* A short text of one task passes a flood of another's, and so do large ones of another. */
static void test_flood(void **state)
{
    (void)state;
    enum { N = 8, LAST = N_TEXT - 1 };
    struct waited *flood = calloc(N, sizeof *flood), small, large;
    t2v_engine *engine = new_engine(tasks, N_TASK, true, 1);
    for (int i = 0; i < N; i++) {
        task_work(&flood[i], BERT, texts[LAST], LAST);
        assert_int_equal(t2v_engine_submit(engine, &flood[i].work), 0);
    }
    task_work(&small, MPNET, texts[2], 2);
    task_work(&large, FIRST, texts[LAST], LAST);
    assert_int_equal(t2v_engine_submit(engine, &large.work), 0);
    assert_int_equal(t2v_engine_submit(engine, &small.work), 0);
    t2v_engine_free(engine);
    expect_alone(&small.work, MPNET, 2);
    expect_alone(&large.work, FIRST, LAST);
    for (int i = 0; i < N; i++) {
        expect_alone(&flood[i].work, BERT, LAST);
        assert_true(flood[i].work.ended_ns > small.work.ended_ns);
        t2v_work_deinit(&flood[i].work);
    }
    assert_true(flood[N - 1].work.ended_ns > large.work.ended_ns);
    t2v_work_deinit(&small.work);
    t2v_work_deinit(&large.work);
    free(flood);
}

/* While the leader's team is busy with one long sequence of one task, short texts of the others are
 * encoded. */
static void test_express(void **state)
{
    (void)state;
    enum { N = 8, N_WORD = 1000 };
    char dir[] = "/tmp/t2v-test-XXXXXX", *text = calloc(N_WORD, 4);
    for (size_t i = 0; i < N_WORD; i++)
        memcpy(text + 4 * i, "fox ", 4);
    text[4 * N_WORD - 1] = '\0';
    t2v_embedder *slow = open_long_model(dir);
    const struct t2v_task *of[] = {t2v_embedder_task(slow), tasks[BERT], tasks[MPNET]};
    t2v_engine *engine = new_engine(of, 3, true, 1);
    struct waited busy, works[N];
    task_work(&busy, -1, text, 0);
    assert_int_equal(t2v_engine_submit(engine, &busy.work), 0);
    usleep(20000); /* so that they find it at work */
    for (int i = 0; i < N; i++) {
        task_work(&works[i], i % 2, texts[i], i);
        assert_int_equal(t2v_engine_submit(engine, &works[i].work), 0);
    }
    for (int i = 0; i < N; i++) {
        wait_for(&works[i]);
        expect_alone(&works[i].work, i % 2, i);
    }
    assert_int_equal(busy.n_done, 0);
    wait_for(&busy);
    assert_int_equal(busy.work.err.code, 0);
    t2v_engine_free(engine);
    for (int i = 0; i < N; i++)
        t2v_work_deinit(&works[i].work);
    t2v_work_deinit(&busy.work);
    remove_long_model(dir, slow);
    free(text);
}

/* --- the order of batches --- */

enum { N_LOGGED = 40 };

/* What a runner did. */
struct log {
    struct t2v_runner runner;
    const struct t2v_task *of[N_LOGGED]; /* the task of each batch, of the first ones */
    size_t n;
    size_t n_seq; /* of all batches */
    size_t n_complete;
};

static void log_batch(void *user, const struct t2v_seqs *seqs)
{
    struct log *log = user;
    assert_true(seqs->n_tok > 0);
    if (log->n < N_LOGGED)
        log->of[log->n] = log->runner.batch->task;
    log->n++;
    log->n_seq += seqs->n_seq;
}

static void log_complete(void *user, struct t2v_work *work)
{
    struct log *log = user;
    (void)work;
    log->n_complete++;
}

static void log_init(struct log *log)
{
    const struct t2v_runner_options options = {.tasks = tasks,
                                               .n_task = N_TASK,
                                               .most_tok = SIZE_MAX,
                                               .n_thread = 1,
                                               .max_text_tok = 1000000};
    const struct t2v_runner_calls calls = {
        .encoded = log_batch, .complete = log_complete, .user = log};
    *log = (struct log){0};
    assert_int_equal(t2v_runner_init(&log->runner, &options, &calls, NULL), 0);
}

/* Runs until n batches have been encoded. On a busy machine the time to fill one may be over before
 * a work is found to be at its end; the next turn of its task may then have no rows. */
static void run_batches(struct log *log, size_t n)
{
    while (log->n < n) {
        t2v_runner_fill(&log->runner);
        t2v_runner_encode(&log->runner);
        t2v_runner_close(&log->runner);
    }
}

static struct t2v_work *new_work(struct log *log, size_t task, const struct t2v_str *text)
{
    struct t2v_work *work = calloc(1, sizeof *work);
    *work = (struct t2v_work){.texts = text, .n_text = 1, .which = task};
    work->bytes = t2v_small_bytes(work);
    t2v_runner_add(&log->runner, work);
    return work;
}

/* Floods of two tasks take turns; a short work of another task waits for one batch of each at
 * most. */
static void test_turns(void **state)
{
    (void)state;
    struct log log;
    struct t2v_str large = t2v_str_of(texts[N_TEXT - 1]), small = t2v_str_of(texts[0]);
    struct t2v_work *works[N_TASK];
    log_init(&log);
    works[BERT] = new_work(&log, BERT, &large);
    run_batches(&log, 3);
    works[FIRST] = new_work(&log, FIRST, &large);
    works[TAGGER] = new_work(&log, TAGGER, &small);
    run_batches(&log, 9);
    works[MPNET] = new_work(&log, MPNET, &small);
    run_batches(&log, 13);
    const int turns[] = {BERT, BERT,  BERT, TAGGER, FIRST, BERT, FIRST,
                         BERT, FIRST, BERT, MPNET,  FIRST, BERT};
    for (size_t i = 0; i < sizeof turns / sizeof *turns; i++)
        assert_ptr_equal(log.of[i], tasks[turns[i]]);
    t2v_work_cancel(works[BERT]);
    t2v_work_cancel(works[FIRST]);
    t2v_runner_finish_all(&log.runner);
    expect_alone(works[TAGGER], TAGGER, 0);
    expect_alone(works[MPNET], MPNET, 0);
    assert_int_equal(log.n_complete, N_TASK);
    t2v_runner_deinit(&log.runner);
    for (int i = 0; i < N_TASK; i++) {
        t2v_work_deinit(works[i]);
        free(works[i]);
    }
}

/* A work is complete after the batch with its last row, however many others wait. */
static void test_complete(void **state)
{
    (void)state;
    enum { N = 60 };
    struct log log;
    struct t2v_str small = t2v_str_of(texts[0]);
    struct t2v_work *works[N];
    log_init(&log);
    for (int i = 0; i < N; i++)
        works[i] = new_work(&log, BERT, &small);
    while (log.n_complete < N) {
        run_batches(&log, log.n + 1);
        assert_int_equal(log.n_complete, log.n_seq);
    }
    t2v_runner_deinit(&log.runner);
    for (int i = 0; i < N; i++) {
        expect_alone(works[i], BERT, 0);
        t2v_work_deinit(works[i]);
        free(works[i]);
    }
}

/* How many tokens a batch has is learned for each task. */
static void test_budgets(void **state)
{
    (void)state;
    struct log log;
    struct t2v_str large = t2v_str_of(texts[N_TEXT - 1]);
    log_init(&log);
    struct t2v_work *work = new_work(&log, FIRST, &large);
    while (log.runner.batches.of[FIRST].ns_of_tok <= 0)
        run_batches(&log, log.n + 1);
    for (int i = 0; i < FIRST; i++)
        assert_true(log.runner.batches.of[i].ns_of_tok <= 0);
    t2v_work_cancel(work);
    t2v_runner_finish_all(&log.runner);
    t2v_runner_deinit(&log.runner);
    t2v_work_deinit(work);
    free(work);
}

/* --- the feeder --- */

static struct {
    pthread_mutex_t lock;
    pthread_cond_t cond;
    bool go;
    struct t2v_progress *order[4];
    size_t n;
} fed = {.lock = PTHREAD_MUTEX_INITIALIZER, .cond = PTHREAD_COND_INITIALIZER};

static void on_fed(void *user, struct t2v_progress *progress)
{
    (void)user;
    pthread_mutex_lock(&fed.lock);
    while (!fed.go)
        pthread_cond_wait(&fed.cond, &fed.lock);
    fed.order[fed.n++] = progress;
    pthread_mutex_unlock(&fed.lock);
}

/* Works of one task do not delay those of another. */
static void test_feeder(void **state)
{
    (void)state;
    struct t2v_str text = t2v_str_of(texts[0]);
    struct t2v_work works[4];
    struct t2v_progress *progress[4];
    t2v_feeder *feeder;
    assert_int_equal(t2v_feeder_new(2, 1000, on_fed, NULL, &feeder), 0);
    for (int i = 0; i < 4; i++) {
        works[i] = (struct t2v_work){.texts = &text, .n_text = 1};
        progress[i] = t2v_progress_new(tasks[i == 3 ? MPNET : BERT], &works[i]);
        assert_non_null(progress[i]);
        progress[i]->which = i == 3;
    }
    for (int i = 0; i < 4; i++)
        t2v_feeder_give(feeder, progress[i]);
    pthread_mutex_lock(&fed.lock);
    fed.go = true;
    pthread_cond_signal(&fed.cond);
    pthread_mutex_unlock(&fed.lock);
    t2v_feeder_free(feeder);
    assert_int_equal(fed.n, 4);
    assert_ptr_equal(fed.order[0], progress[0]);
    assert_ptr_equal(fed.order[1], progress[3]);
    assert_ptr_equal(fed.order[2], progress[1]);
    assert_ptr_equal(fed.order[3], progress[2]);
    for (int i = 0; i < 4; i++)
        t2v_progress_free(progress[i]);
}

/* --- memory --- */

/* Two tasks over one net share scratch, large enough for the longer one; all share the rest. */
static void test_memory(void **state)
{
    (void)state;
    struct t2v_task longer = first;
    longer.max_tok = 3000;
    const struct t2v_task *of[] = {tasks[BERT], tasks[MPNET], &longer};
    struct t2v_batches batches;
    assert_int_equal(t2v_batches_init(&batches, of, 3, SIZE_MAX, 2), 0);
    assert_int_equal(batches.of[0].max_tok, T2V_BATCH_TOK);
    assert_int_equal(batches.of[2].max_tok, 3000);
    assert_int_equal(batches.memory.max_tok, 3000);
    assert_ptr_equal(batches.of[0].scratch, batches.of[2].scratch);
    assert_ptr_not_equal(batches.of[0].scratch, batches.of[1].scratch);
    assert_ptr_equal(batches.of[0].hidden, batches.of[1].hidden);
    assert_ptr_equal(batches.of[0].hidden, batches.of[2].hidden);
    t2v_batches_deinit(&batches);
    assert_int_equal(t2v_batches_init(&batches, of, 3, T2V_BATCH_TOK, 2), 0);
    assert_int_equal(batches.of[2].max_tok, T2V_BATCH_TOK);
    t2v_batches_deinit(&batches);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_run),     cmocka_unit_test(test_crowd),
        cmocka_unit_test(test_flood),   cmocka_unit_test(test_express),
        cmocka_unit_test(test_turns),   cmocka_unit_test(test_complete),
        cmocka_unit_test(test_budgets), cmocka_unit_test(test_feeder),
        cmocka_unit_test(test_memory),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
