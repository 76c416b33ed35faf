/* SPDX-License-Identifier: BSD-3-Clause */
#include <float.h>
#include <math.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "../base/copy.h"
#include "../base/sanitized.h"
#include "../task/embed/exact.h"
#include "base/file.h"
#include "base/mem.h"
#include "batch/engine.h"
#include "long_model.h"
#include "task/embed/open.h"
#include "task/embed/params.h"
#include "waited.h"

enum { N_TEXT = 40, N_ROUND = T2V_TEST_SANITIZED ? 10 : 50 };

static t2v_embedder *model;
static char texts[N_TEXT][400];
static float *alone[N_TEXT]; /* each text's vector, from an engine with nothing else to do */
static size_t dim;

static t2v_engine *new_engine(bool leader, int n_thread, size_t max_queue, size_t max_text_tok)
{
    struct t2v_engine_options options = {n_thread, leader, max_queue, max_text_tok};
    struct t2v_err err = {0};
    t2v_engine *engine = NULL;
    const struct t2v_task *task = t2v_embedder_task(model);
    if (t2v_engine_new(&task, 1, &options, &engine, &err) != 0)
        fail_msg("%s", err.msg);
    return engine;
}

static int open_model(void **state)
{
    (void)state;
    struct t2v_embedder_options options = {.dir = T2V_TEST_DIR "/golden/bert-uncased",
                                           .vectorizer = "auto",
                                           .precision = "",
                                           .cpu = ""};
    struct t2v_err err = {0};
    if (t2v_embedder_open(&options, &model, &err) != 0) {
        print_error("%s\n", err.msg);
        return -1;
    }
    dim = t2v_embedder_dim(model);
    t2v_engine *engine = new_engine(false, 1, 1, 1000);
    for (int i = 0; i < N_TEXT; i++) {
        int n = snprintf(texts[i], sizeof texts[i], "Text number %d.", i);
        for (int s = 0; s < i % 7; s++)
            n += snprintf(texts[i] + n, sizeof texts[i] - (size_t)n,
                          " Sentence %d speaks of topic %d.", s, i * s % 5);
        struct t2v_str text = t2v_str_of(texts[i]);
        struct t2v_work work = {.texts = &text, .n_text = 1};
        t2v_engine_run(engine, &work);
        assert_int_equal(work.err.code, 0);
        alone[i] = work.result.values;
    }
    t2v_engine_free(engine);
    return 0;
}

static int close_model(void **state)
{
    (void)state;
    for (int i = 0; i < N_TEXT; i++)
        free(alone[i]);
    t2v_embedder_free(model);
    return 0;
}

static void expect_alike(const float *got, const float *want, int text)
{
    for (size_t d = 0; d < dim; d++) {
        if (!(fabsf(got[d] - want[d]) <= 1e-6f)) {
            print_error("text %d component %zu: got %.9g, alone %.9g\n", text, d, (double)got[d],
                        (double)want[d]);
            fail();
        }
    }
}

static t2v_engine *crowd_engine;

static void *one_of_the_crowd(void *arg)
{
    size_t id = (size_t)(uintptr_t)arg;
    for (size_t round = 0; round < N_ROUND; round++) {
        int which = (int)((id * 7 + round) % N_TEXT);
        struct waited w;
        waited_init(&w, texts[which], which);
        assert_int_equal(t2v_engine_submit(crowd_engine, &w.work), 0);
        wait_for(&w);
        assert_int_equal(w.work.err.code, 0);
        expect_alike(w.work.result.values, alone[which], which);
        t2v_work_deinit(&w.work);
    }
    return NULL;
}

/* Everybody gets the vector of their own text, the same as alone. */
static void test_crowd(void **state)
{
    (void)state;
    pthread_t threads[8];
    crowd_engine = new_engine(true, 2, 100, 1000);
    for (size_t i = 0; i < 8; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, one_of_the_crowd, (void *)i), 0);
    for (size_t i = 0; i < 8; i++)
        pthread_join(threads[i], NULL);
    struct t2v_engine_stats stats;
    t2v_engine_get_stats(crowd_engine, &stats);
    assert_int_equal(stats.n_waiting, 0);
    assert_true(stats.n_batch > 0 && stats.n_seq >= 8 * N_ROUND);
    assert_int_equal(t2v_engine_stalled_ms(crowd_engine), 0);
    t2v_engine_free(crowd_engine);
}

/* What is queued when the engine is freed is still done; what was cancelled says so. */
static void test_end_and_cancel(void **state)
{
    (void)state;
    t2v_engine *engine = new_engine(true, 1, 100, 1000);
    struct waited *many = calloc(60, sizeof *many);
    for (int i = 0; i < 60; i++) {
        waited_init(&many[i], texts[i % N_TEXT], i % N_TEXT);
        if (i % 3 == 0)
            t2v_work_cancel(&many[i].work);
        assert_int_equal(t2v_engine_submit(engine, &many[i].work), 0);
    }
    t2v_engine_free(engine);
    for (int i = 0; i < 60; i++) {
        assert_int_equal(many[i].n_done, 1);
        assert_int_equal(many[i].work.err.code, i % 3 == 0 ? T2V_EBUSY : 0);
        if (i % 3 != 0)
            expect_alike(many[i].work.result.values, alone[many[i].which], many[i].which);
        t2v_work_deinit(&many[i].work);
    }
    free(many);
}

static void test_full_queue(void **state)
{
    (void)state;
    enum { LONG = 400000 };
    t2v_engine *engine = new_engine(true, 1, 2, 100000000);
    char *text = malloc(LONG + 1);
    for (int i = 0; i < LONG; i++)
        text[i] = "Aa. "[i % 4];
    text[LONG] = '\0';
    struct waited busy, other, second, third;
    waited_init(&busy, text, 0);
    waited_init(&other, text, 0);
    waited_init(&second, texts[1], 1);
    waited_init(&third, texts[2], 2);
    assert_int_equal(t2v_engine_submit(engine, &busy.work), 0);
    assert_int_equal(t2v_engine_submit(engine, &other.work), 0);
    assert_int_equal(t2v_engine_submit(engine, &third.work), T2V_EBUSY);
    t2v_work_cancel(&other.work);
    wait_for(&other);
    t2v_work_deinit(&other.work);
    assert_int_equal(t2v_engine_submit(engine, &second.work), 0);
    wait_for(&second); /* a short text passes a long one */
    assert_int_equal(busy.n_done, 0);
    expect_alike(second.work.result.values, alone[1], 1);
    t2v_work_cancel(&busy.work);
    wait_for(&busy);
    assert_int_equal(busy.work.err.code, T2V_EBUSY);
    assert_null(busy.work.result.values);
    t2v_engine_free(engine);
    t2v_work_deinit(&second.work);
    assert_int_equal(third.n_done, 0);
    free(text);
}

/* Large texts go another way, by the feeder's thread: the vectors are the same, short texts pass
 * them, and what fails or is cancelled there says so. */
static void test_large_texts(void **state)
{
    (void)state;
    enum { LARGE = T2V_TEST_SANITIZED ? 50000 : 200000, WORD = 20 * LARGE, N = 4 };
    char *large = sentences(LARGE), *word = malloc(WORD + 1);
    memset(word, 'w', WORD);
    word[WORD] = '\0';
    t2v_engine *engine = new_engine(false, 1, 1, 1000000);
    struct t2v_str text = t2v_str_of(large);
    struct t2v_work lone = {.texts = &text, .n_text = 1};
    t2v_engine_run(engine, &lone);
    assert_int_equal(lone.err.code, 0);
    t2v_engine_free(engine);

    engine = new_engine(true, 2, 100, 1000000);
    struct waited works[N + 3];
    for (int i = 0; i < N; i++)
        waited_init(&works[i], large, i);
    waited_init(&works[N], word, 0);
    waited_init(&works[N + 1], word, 0);
    waited_init(&works[N + 2], texts[3], 3);
    t2v_work_cancel(&works[N + 1].work);
    for (int i = 0; i < N + 3; i++)
        assert_int_equal(t2v_engine_submit(engine, &works[i].work), 0);
    wait_for(&works[N + 2]);
    expect_alike(works[N + 2].work.result.values, alone[3], 3);
    t2v_engine_free(engine);
    for (int i = 0; i < N; i++) {
        assert_int_equal(works[i].work.err.code, 0);
        assert_memory_equal(works[i].work.result.values, lone.result.values, dim * sizeof(float));
        assert_true(works[i].work.ended_ns > works[N + 2].work.ended_ns);
    }
    assert_int_equal(works[N].work.err.code, 0);
    assert_int_equal(works[N + 1].work.err.code, T2V_EBUSY);
    for (int i = 0; i < N + 3; i++)
        t2v_work_deinit(&works[i].work);
    t2v_work_deinit(&lone);
    free(large);
    free(word);
}

static void test_large_text_of_too_many_tokens(void **state)
{
    (void)state;
    char *large = sentences(200000);
    t2v_engine *engine = new_engine(true, 1, 100, 1000);
    struct waited over;
    waited_init(&over, large, 0);
    assert_int_equal(t2v_engine_submit(engine, &over.work), 0);
    wait_for(&over);
    assert_int_equal(over.work.err.code, T2V_ETOOLARGE);
    assert_null(over.work.result.values);
    t2v_engine_free(engine);
    free(large);
}

static void test_errors(void **state)
{
    (void)state;
    static const char *const bad[] = {"fine", "  \n ", "fine"};
    t2v_engine *engine = new_engine(false, 1, 1, 10);
    struct t2v_str list[3];
    for (int i = 0; i < 3; i++)
        list[i] = t2v_str_of(bad[i]);
    struct t2v_work work = {.texts = list, .n_text = 3};
    t2v_engine_run(engine, &work);
    assert_int_equal(work.err.code, T2V_EEMPTY);
    assert_int_equal(work.err_text, 1);
    assert_null(work.result.values);

    const struct t2v_embed_params unknown = {.pooling = T2V_STR("nope")};
    work = (struct t2v_work){.texts = list, .n_text = 1, .params = &unknown};
    t2v_engine_run(engine, &work);
    assert_int_equal(work.err.code, T2V_EPOOLING);
    assert_string_equal(work.err.msg, "invalid pooling method 'nope'");

    list[0] = T2V_STR("one two three four five six. seven eight nine ten eleven twelve.");
    work = (struct t2v_work){.texts = list, .n_text = 1};
    t2v_engine_run(engine, &work);
    assert_int_equal(work.err.code, T2V_ETOOLARGE);
    t2v_engine_free(engine);
}

/* A copy of the model in which every weight is the largest float: all that comes of it is inf or
 * NaN, which must be an error and not a vector. */
static void test_broken_weights(void **state)
{
    (void)state;
    static const char *const same[] = {"config.json", "tokenizer.json", "tokenizer_config.json"};
    char dir[] = "/tmp/t2v-test-XXXXXX", path[600], target[600], *bytes;
    size_t len;
    assert_non_null(mkdtemp(dir));
    for (size_t i = 0; i < 3; i++) {
        snprintf(path, sizeof path, "%s/%s", dir, same[i]);
        snprintf(target, sizeof target, "%s/golden/bert-uncased/%s", T2V_TEST_DIR, same[i]);
        copy_file(target, path);
    }
    snprintf(target, sizeof target, "%s/golden/bert-uncased/model.safetensors", T2V_TEST_DIR);
    assert_int_equal(t2v_file_read(target, (size_t)1 << 30, &bytes, &len, NULL), 0);
    uint64_t head;
    memcpy(&head, bytes, sizeof head);
    for (size_t at = 8 + (size_t)head; at + 4 <= len; at += 4)
        memcpy(bytes + at, &(float){FLT_MAX}, 4);
    snprintf(path, sizeof path, "%s/model.safetensors", dir);
    FILE *file = fopen(path, "wb");
    assert_int_equal(fwrite(bytes, 1, len, file), len);
    fclose(file);
    t2v_free(bytes);

    t2v_embedder *sound = model;
    struct t2v_embedder_options options = {
        .dir = dir, .vectorizer = "auto", .precision = "", .cpu = ""};
    assert_int_equal(t2v_embedder_open(&options, &model, NULL), 0);
    t2v_engine *engine = new_engine(false, 1, 1, 1000);
    struct t2v_str text = T2V_STR("hello");
    struct t2v_work work = {.texts = &text, .n_text = 1};
    t2v_engine_run(engine, &work);
    assert_int_equal(work.err.code, T2V_EMODEL);
    assert_null(work.result.values);
    t2v_engine_free(engine);
    t2v_embedder_free(model);
    model = sound;
    unlink(path);
    for (size_t i = 0; i < 3; i++) {
        snprintf(path, sizeof path, "%s/%s", dir, same[i]);
        unlink(path);
    }
    rmdir(dir);
}

/* --- a long sequence --- */

/* While the leader's team is busy with one long sequence, short texts are encoded, to the same bits
 * as by a team of three. */
static void test_express(void **state)
{
    (void)state;
    enum { N = 8, N_WORD = T2V_TEST_SANITIZED ? 400 : 1000 };
    char dir[] = "/tmp/t2v-test-XXXXXX", *text = calloc(N_WORD, 4);
    for (size_t i = 0; i < N_WORD; i++)
        memcpy(text + 4 * i, "fox ", 4);
    text[4 * N_WORD - 1] = '\0';
    t2v_embedder *usual = model;
    model = open_long_model(dir);
    struct t2v_str list[N];
    for (int i = 0; i < N; i++)
        list[i] = t2v_str_of(texts[i]);
    t2v_engine *engine = new_engine(false, 3, 1, 10000);
    struct t2v_work want = {.texts = list, .n_text = N};
    t2v_engine_run(engine, &want);
    assert_int_equal(want.err.code, 0);
    t2v_engine_free(engine);

    engine = new_engine(true, 1, 100, 10000);
    struct waited busy, works[N];
    waited_init(&busy, text, 0);
    assert_int_equal(t2v_engine_submit(engine, &busy.work), 0);
    usleep(20000); /* so that they find it at work */
    for (int i = 0; i < N; i++) {
        waited_init(&works[i], texts[i], i);
        if (i == N - 1)
            t2v_work_cancel(&works[i].work);
        assert_int_equal(t2v_engine_submit(engine, &works[i].work), 0);
    }
    for (int i = 0; i < N; i++)
        wait_for(&works[i]);
    assert_int_equal(busy.n_done, 0);
    assert_int_equal(works[N - 1].work.err.code, T2V_EBUSY);
    for (size_t i = 0; i < N - 1; i++)
        assert_memory_equal(works[i].work.result.values, want.result.values + i * want.result.width,
                            want.result.width * sizeof(float));
    struct t2v_engine_stats stats;
    t2v_engine_get_stats(engine, &stats);
    assert_int_equal(stats.n_waiting, 1);
    wait_for(&busy);
    assert_int_equal(busy.work.err.code, 0);
    assert_true(busy.work.n_tok > 2 * N_WORD); /* in one sequence */
    t2v_engine_free(engine);
    for (int i = 0; i < N; i++)
        t2v_work_deinit(&works[i].work);
    t2v_work_deinit(&busy.work);
    t2v_work_deinit(&want);
    remove_long_model(dir, model);
    model = usual;
    free(text);
}

/* Many texts in one work: far more tokens than a batch holds. */
static void test_many_texts(void **state)
{
    (void)state;
    enum { MANY = (T2V_TEST_SANITIZED ? 5 : 20) * N_TEXT };
    t2v_engine *engine = new_engine(false, 2, 1, 1000);
    struct t2v_str *list = calloc(MANY, sizeof *list);
    for (int i = 0; i < MANY; i++)
        list[i] = t2v_str_of(texts[i * 7 % N_TEXT]);
    struct t2v_work work = {.texts = list, .n_text = MANY};
    t2v_engine_run(engine, &work);
    assert_int_equal(work.err.code, 0);
    for (int i = 0; i < MANY; i++)
        expect_alike(work.result.values + (size_t)i * dim, alone[i * 7 % N_TEXT], i * 7 % N_TEXT);
    struct t2v_engine_stats stats;
    t2v_engine_get_stats(engine, &stats);
    print_message("%zu tokens in %zu batches\n", (size_t)stats.n_tok, (size_t)stats.n_batch);
    assert_true(stats.n_tok == work.n_tok && stats.n_tok <= 1024 * stats.n_batch);
    assert_true(stats.n_tok >= 64 * (stats.n_batch - 1)); /* half of the smallest at least */
    t2v_work_deinit(&work);
    free(list);
    t2v_engine_free(engine);
}

/* --- texts of many sentences --- */

static struct t2v_work run(t2v_engine *engine, const struct t2v_str *list, size_t n_text)
{
    struct t2v_work work = {.texts = list, .n_text = n_text};
    t2v_engine_run(engine, &work);
    assert_int_equal(work.err.code, 0);
    return work;
}

/* A text that is all n sentences, n_kind kinds of them in turn, against the sum in double. */
static void check_mean(t2v_engine *engine, size_t n, size_t n_kind)
{
    enum { MAX = 32 };
    struct t2v_str *list = calloc(n_kind, sizeof *list);
    char *text = malloc(n * MAX);
    double *sum = calloc(dim, sizeof *sum);
    size_t len = 0;
    assert_true(list != NULL && text != NULL && sum != NULL);
    for (size_t i = 0; i < n; i++) {
        int said = snprintf(text + len, MAX, "Eye %zu of the fox. ", i % n_kind);
        if (i < n_kind)
            list[i] = (struct t2v_str){text + len, (size_t)said - 1};
        len += (size_t)said;
    }
    struct t2v_work each = run(engine, list, n_kind);
    for (size_t i = 0; i < n * dim; i++)
        sum[i % dim] += (double)each.result.values[i % (n_kind * dim)];
    struct t2v_str whole = {text, len};
    struct t2v_work all = run(engine, &whole, 1);
    expect_exact(all.result.values, sum, dim, n, n);
    t2v_work_deinit(&each);
    t2v_work_deinit(&all);
    free(sum);
    free(text);
    free(list);
}

static void test_many_sentences(void **state)
{
    (void)state;
    t2v_engine *engine = new_engine(false, 1, 1, 10000000);
    static const size_t counts[] = {1, 2, 25, T2V_TEST_SANITIZED ? 500 : 6000, 100000};
    const size_t n_count = sizeof counts / sizeof *counts - (T2V_TEST_SANITIZED ? 1 : 0);
    for (size_t i = 0; i < n_count; i++) {
        check_mean(engine, counts[i], 1);
        if (counts[i] <= 6000)
            check_mean(engine, counts[i], counts[i] < 1000 ? counts[i] : 1000);
    }
    t2v_engine_free(engine);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_crowd),
        cmocka_unit_test(test_end_and_cancel),
        cmocka_unit_test(test_full_queue),
        cmocka_unit_test(test_large_texts),
        cmocka_unit_test(test_large_text_of_too_many_tokens),
        cmocka_unit_test(test_errors),
        cmocka_unit_test(test_express),
        cmocka_unit_test(test_many_texts),
        cmocka_unit_test(test_many_sentences),
        cmocka_unit_test(test_broken_weights),
    };
    return cmocka_run_group_tests(tests, open_model, close_model);
}
