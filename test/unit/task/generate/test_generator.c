/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Generation: sequences get the same tokens alone, beside others, in a pool that is too small for
 * all, and from pages of others.
 *
 * Without arguments: random checkpoints of test/golden/causal, with a tokenizer made here.
 * `test_generator DIR...`: checkpoints whose expected.json has prompts with their greedy ids.
 */
#include <dirent.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "batch/engine.h"
#include "json/json.h"
#include "task/generate/generator.h"
#include "token/encode.h"

enum { N_PROMPT = 6, N_NEW = 40, N_LONG = 200 };

/* --- a directory with a tokenizer --- */

static void write_tokenizer(const char *dir, size_t vocab)
{
    char path[512];
    snprintf(path, sizeof path, "%s/tokenizer.json", dir);
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    fprintf(file, "{\"version\":\"1.0\",\"added_tokens\":[],\"normalizer\":null,"
                  "\"pre_tokenizer\":{\"type\":\"WhitespaceSplit\"},\"post_processor\":null,"
                  "\"decoder\":null,\"model\":{\"type\":\"WordLevel\",\"unk_token\":\"w0\","
                  "\"vocab\":{");
    for (size_t i = 0; i < vocab; i++)
        fprintf(file, "%s\"w%zu\":%zu", i > 0 ? "," : "", i, i);
    fprintf(file, "}}}");
    fclose(file);
}

static void copy_file(const char *from_dir, const char *to_dir, const char *name)
{
    char from[512], to[512], block[65536];
    snprintf(from, sizeof from, "%s/%s", from_dir, name);
    snprintf(to, sizeof to, "%s/%s", to_dir, name);
    FILE *in = fopen(from, "re"), *out = fopen(to, "we");
    assert_true(in != NULL && out != NULL);
    size_t n;
    while ((n = fread(block, 1, sizeof block, in)) > 0)
        fwrite(block, 1, n, out);
    fclose(in);
    fclose(out);
}

/* A copy of a checkpoint, in dir. */
static void make_model(const char *name, char dir[64], size_t vocab)
{
    char from[512];
    snprintf(from, sizeof from, "%s/golden/causal/%s", T2V_TEST_DIR, name);
    strcpy(dir, "/tmp/t2v-generate-XXXXXX");
    assert_non_null(mkdtemp(dir));
    DIR *listing = opendir(from);
    assert_non_null(listing);
    for (struct dirent *entry; (entry = readdir(listing)) != NULL;) {
        if (*entry->d_name != '.')
            copy_file(from, dir, entry->d_name);
    }
    closedir(listing);
    write_tokenizer(dir, vocab);
}

static void remove_model(const char *dir)
{
    char path[512];
    DIR *listing = opendir(dir);
    for (struct dirent *entry; (entry = readdir(listing)) != NULL;) {
        snprintf(path, sizeof path, "%s/%s", dir, entry->d_name);
        if (*entry->d_name != '.')
            unlink(path);
    }
    closedir(listing);
    rmdir(dir);
}

/* --- runs --- */

struct rig {
    t2v_generator *generator;
    t2v_engine *engine;
};

static struct rig open_rig(const char *dir, size_t n_page, int n_thread)
{
    struct rig rig = {0};
    struct t2v_err err = {0};
    struct t2v_generator_options options = {
        .dir = dir, .precision = "f32", .cpu = "", .threads = n_thread};
    if (t2v_generator_open(&options, &rig.generator, &err) != 0)
        fail_msg("%s", err.msg);
    if (n_page != 0) {
        struct t2v_generator_stats stats;
        t2v_generator_get_stats(rig.generator, &stats);
        t2v_generator_free(rig.generator);
        options.cache_bytes = n_page * stats.page_bytes;
        assert_int_equal(t2v_generator_open(&options, &rig.generator, &err), 0);
    }
    const struct t2v_task *task = t2v_generator_task(rig.generator);
    const struct t2v_engine_options of_engine = {
        .n_thread = n_thread, .leader = true, .max_queue = 100, .max_text_tok = 1000000};
    assert_int_equal(t2v_engine_new(&task, 1, &of_engine, &rig.engine, &err), 0);
    return rig;
}

static void close_rig(struct rig *rig)
{
    t2v_engine_free(rig->engine);
    t2v_generator_free(rig->generator);
}

struct run {
    struct t2v_work work;
    struct t2v_generate generate;
    struct t2v_choice choice;
    atomic_size_t n_told; /* tokens of on_token, of all choices */
    atomic_bool done;
};

static void set_done(struct t2v_work *work)
{
    struct run *run = work->user;
    atomic_store(&run->done, true);
}

static void tell(const struct t2v_generate *generate, struct t2v_choice *choice,
                 struct t2v_str piece)
{
    struct run *run = generate->user;
    (void)piece;
    size_t n_told = atomic_fetch_add(&run->n_told, 1) + 1;
    assert_true(generate->n_choice != 1 || n_told == choice->n_token);
}

static void begin(struct run *run, const int32_t *prompt, size_t n)
{
    *run = (struct run){.choice = {.prompt = prompt, .n_prompt = n}};
    run->generate = (struct t2v_generate){
        .choices = &run->choice,
        .n_choice = 1,
        .sampling = t2v_sampling_greedy,
        .max_new = N_NEW,
        .logprobs = true,
        .on_token = tell,
        .user = run,
    };
}

static void send(const struct rig *rig, struct run *run)
{
    run->work = (struct t2v_work){.task = t2v_generator_task(rig->generator),
                                  .params = &run->generate,
                                  .done = set_done,
                                  .user = run};
    assert_int_equal(t2v_engine_submit(rig->engine, &run->work), 0);
}

static void submit(const struct rig *rig, struct run *run, const int32_t *prompt, size_t n)
{
    begin(run, prompt, n);
    send(rig, run);
}

static void await(struct run *run)
{
    while (!atomic_load(&run->done))
        usleep(200);
}

static void free_run(struct run *run)
{
    t2v_work_deinit(&run->work);
    t2v_choice_deinit(&run->choice);
}

static void expect_same(const struct run *got, const struct run *want)
{
    assert_int_equal(got->work.err.code, 0);
    assert_int_equal(got->choice.n_token, want->choice.n_token);
    for (size_t i = 0; i < want->choice.n_token; i++) {
        assert_int_equal(got->choice.tokens[i].id, want->choice.tokens[i].id);
        assert_memory_equal(&got->choice.tokens[i].logprob, &want->choice.tokens[i].logprob,
                            sizeof(float));
    }
    assert_int_equal(got->choice.text.len, want->choice.text.len);
    assert_int_equal(got->choice.finish, want->choice.finish);
}

static void draw_prompts(int32_t prompts[N_PROMPT][N_LONG], size_t vocab)
{
    uint64_t random = 11;
    for (size_t p = 0; p < N_PROMPT; p++) {
        for (size_t i = 0; i < N_LONG; i++) {
            random = random * 6364136223846793005u + 1442695040888963407u;
            /* Prompts 3 and later begin with the same page or two. */
            prompts[p][i] = p > 3 && i < 140 ? prompts[3][i] : (int32_t)((random >> 33) % vocab);
        }
    }
}

static const size_t lengths[N_PROMPT] = {1, 63, 128, 200, 150, 200};

/* All prompts at once are as they are alone. */
static void expect_crowd(const char *dir, int32_t prompts[N_PROMPT][N_LONG],
                         const struct run *alone, size_t n_page, int n_thread)
{
    struct rig rig = open_rig(dir, n_page, n_thread);
    struct run runs[N_PROMPT];
    struct t2v_generator_stats stats;
    for (size_t p = 0; p < N_PROMPT; p++)
        submit(&rig, &runs[p], prompts[p], lengths[p]);
    for (size_t p = 0; p < N_PROMPT; p++)
        await(&runs[p]);
    t2v_generator_get_stats(rig.generator, &stats);
    for (size_t p = 0; p < N_PROMPT; p++) {
        expect_same(&runs[p], &alone[p]);
        free_run(&runs[p]);
    }
    assert_true(stats.n_reused_tok >= T2V_PAGE_TOK); /* of the common beginning */
    assert_int_equal(stats.n_page_used, 0);
    close_rig(&rig);
}

static void check_model(const char *name, size_t vocab)
{
    char dir[64];
    int32_t prompts[N_PROMPT][N_LONG];
    struct run alone[N_PROMPT];
    make_model(name, dir, vocab);
    draw_prompts(prompts, vocab);
    for (size_t p = 0; p < N_PROMPT; p++) {
        struct rig rig = open_rig(dir, 0, 1);
        submit(&rig, &alone[p], prompts[p], lengths[p]);
        await(&alone[p]);
        assert_int_equal(alone[p].work.err.code, 0);
        assert_int_equal(alone[p].choice.n_reused, 0);
        close_rig(&rig);
    }
    expect_crowd(dir, prompts, alone, 0, 1);
    expect_crowd(dir, prompts, alone, 0, 2);
    expect_crowd(dir, prompts, alone, 5, 2);
    for (size_t p = 0; p < N_PROMPT; p++)
        free_run(&alone[p]);
    remove_model(dir);
}

static size_t vocab_of(const char *name)
{
    char path[512];
    int64_t vocab = 0;
    t2v_json *config;
    snprintf(path, sizeof path, "%s/golden/causal/%s/config.json", T2V_TEST_DIR, name);
    assert_int_equal(t2v_json_load(path, 1 << 20, &config, NULL), 0);
    assert_true(t2v_json_int(t2v_json_get(config, "vocab_size"), &vocab));
    t2v_json_free(config);
    return (size_t)vocab;
}

static void test_same(void **state)
{
    static const char *const names[] = {"llama", "mistral", "gemma3", "bloom", "qwen2"};
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        check_model(names[i], vocab_of(names[i]));
}

static enum t2v_flow full(const struct t2v_generate *generate)
{
    struct run *run = generate->user;
    return run->n_told >= 3 ? T2V_FLOW_FULL : T2V_FLOW_OPEN;
}

static enum t2v_flow gone(const struct t2v_generate *generate)
{
    struct run *run = generate->user;
    return run->n_told >= 3 ? T2V_FLOW_GONE : T2V_FLOW_OPEN;
}

/* Clients that are slow or leave do not stop the others. */
static void test_flow(void **state)
{
    char dir[64];
    const int32_t prompt[] = {1, 2, 3};
    struct run slow, left, cancelled, other;
    (void)state;
    make_model("llama", dir, vocab_of("llama"));
    struct rig rig = open_rig(dir, 0, 2);
    begin(&slow, prompt, 3);
    slow.generate.flow = full;
    send(&rig, &slow);
    begin(&left, prompt, 3);
    left.generate.flow = gone;
    send(&rig, &left);
    submit(&rig, &other, prompt, 3);
    await(&other);
    await(&left);
    if (left.choice.n_token < N_NEW)
        assert_int_equal(left.work.err.code, T2V_EBUSY);
    assert_int_equal(other.work.err.code, 0);
    usleep(150000); /* the leader waits for the slow client */
    assert_true(t2v_engine_stalled_ms(rig.engine) < 1000);
    submit(&rig, &cancelled, prompt, 3);
    t2v_work_cancel(&cancelled.work);
    await(&cancelled);
    t2v_work_cancel(&slow.work);
    t2v_engine_wake(rig.engine);
    await(&slow);
    free_run(&slow);
    free_run(&left);
    free_run(&cancelled);
    free_run(&other);
    close_rig(&rig);
    remove_model(dir);
}

static atomic_bool reads_on;

static enum t2v_flow full_for_now(const struct t2v_generate *generate)
{
    return atomic_load(&reads_on) ? T2V_FLOW_OPEN : full(generate);
}

static size_t n_preempted(const struct rig *rig)
{
    struct t2v_generator_stats stats;
    t2v_generator_get_stats(rig->generator, &stats);
    return stats.n_preempted;
}

/* The pages of a slow client are for others when they are needed; it goes on as if it had them. */
static void test_slow_makes_room(void **state)
{
    char dir[64];
    int32_t prompts[N_PROMPT][N_LONG];
    struct run alone, slow, other;
    (void)state;
    make_model("bloom", dir, vocab_of("bloom"));
    draw_prompts(prompts, vocab_of("bloom"));
    struct rig rig = open_rig(dir, 5, 1);
    begin(&alone, prompts[3], N_LONG);
    alone.generate.ignore_end = true;
    send(&rig, &alone);
    await(&alone);
    close_rig(&rig);
    rig = open_rig(dir, 5, 1);
    atomic_store(&reads_on, false);
    begin(&slow, prompts[3], N_LONG);
    slow.generate.ignore_end = true;
    slow.generate.flow = full_for_now;
    send(&rig, &slow);
    while (atomic_load(&slow.n_told) < 3) {
        assert_false(atomic_load(&slow.done));
        usleep(200);
    }
    submit(&rig, &other, prompts[0], N_LONG);
    await(&other);
    assert_int_equal(other.work.err.code, 0);
    assert_int_equal(n_preempted(&rig), 1);
    atomic_store(&reads_on, true);
    t2v_engine_wake(rig.engine);
    await(&slow);
    expect_same(&slow, &alone);
    free_run(&alone);
    free_run(&slow);
    free_run(&other);
    close_rig(&rig);
    remove_model(dir);
}

/* A work of one choice does not wait for all choices of one that came before it, nor for those that
 * a slow client does not take. */
static void test_turns(void **state)
{
    enum { MANY = 200 };
    static const int32_t prompt[] = {1, 2, 3};
    static struct t2v_choice choices[MANY];
    char dir[64];
    struct run many, one;
    (void)state;
    make_model("llama", dir, vocab_of("llama"));
    struct rig rig = open_rig(dir, 0, 1);
    for (int slow = 0; slow < 2; slow++) {
        for (size_t i = 0; i < MANY; i++)
            choices[i] = (struct t2v_choice){.prompt = prompt, .n_prompt = 3};
        atomic_store(&reads_on, slow == 0);
        begin(&many, NULL, 0);
        many.generate.choices = choices;
        many.generate.n_choice = MANY;
        many.generate.ignore_end = true;
        many.generate.flow = full_for_now;
        send(&rig, &many);
        submit(&rig, &one, prompt, 3);
        await(&one);
        assert_int_equal(one.work.err.code, 0);
        atomic_store(&reads_on, true);
        t2v_engine_wake(rig.engine);
        await(&many);
        assert_int_equal(many.work.err.code, 0);
        for (size_t i = 0; i < MANY; i++) {
            assert_int_equal(choices[i].n_token, N_NEW);
            assert_int_equal(choices[i].tokens[0].id, one.choice.tokens[0].id);
        }
        assert_true(one.choice.first_ns < choices[MANY - 1].first_ns);
        for (size_t i = 0; i < MANY; i++)
            t2v_choice_deinit(&choices[i]);
        free_run(&one);
        t2v_work_deinit(&many.work);
    }
    close_rig(&rig);
    remove_model(dir);
}

/* --- checkpoints with expected.json --- */

static size_t encode(const struct rig *rig, struct t2v_str text, int32_t *ids, size_t most)
{
    const t2v_tokenizer *tokenizer = t2v_model_tokenizer(t2v_generator_model(rig->generator));
    t2v_token_space *space;
    struct t2v_ids list = {0};
    assert_int_equal(t2v_token_space_new(&space), 0);
    assert_int_equal(t2v_tokenizer_encode(tokenizer, space, text, most, &list, NULL), 0);
    memcpy(ids, list.ptr, list.len * sizeof *ids);
    size_t n = list.len;
    t2v_ids_deinit(&list);
    t2v_token_space_free(space);
    return n;
}

/* Prints how many prompts have their greedy ids. */
static int check_dir(const char *dir)
{
    enum { MOST = 64 };
    char path[512];
    static int32_t ids[MOST][4096];
    static struct run runs[MOST];
    t2v_json *expected;
    snprintf(path, sizeof path, "%s/expected.json", dir);
    assert_int_equal(t2v_json_load(path, 1 << 26, &expected, NULL), 0);
    const t2v_json *prompts = t2v_json_get(expected, "prompts");
    struct rig rig = open_rig(dir, 0, 2);
    size_t n = t2v_json_len(prompts), n_same = 0;
    n = n < MOST ? n : MOST;
    for (size_t p = 0; p < n; p++) {
        struct t2v_str text = t2v_json_str(t2v_json_get(t2v_json_at(prompts, p), "text"));
        submit(&rig, &runs[p], ids[p], encode(&rig, text, ids[p], 4096));
    }
    for (size_t p = 0; p < n; p++) {
        const t2v_json *greedy = t2v_json_get(t2v_json_at(prompts, p), "greedy");
        const t2v_json *want = t2v_json_get(greedy, "ids");
        struct t2v_str text = t2v_json_str(t2v_json_get(greedy, "text"));
        await(&runs[p]);
        const struct t2v_choice *choice = &runs[p].choice;
        bool same = choice->n_token == t2v_json_len(want) && choice->text.len == text.len &&
                    memcmp(t2v_buf_str(&choice->text).ptr, text.ptr, text.len) == 0;
        for (size_t i = 0; i < choice->n_token && same; i++) {
            int64_t id = -1;
            same = t2v_json_int(t2v_json_at(want, i), &id) && id == choice->tokens[i].id;
        }
        n_same += same;
        free_run(&runs[p]);
    }
    print_message("%s: %zu of %zu prompts have their greedy ids and text\n", dir, n_same, n);
    t2v_json_free(expected);
    close_rig(&rig);
    return n_same == n ? 0 : 1;
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same),
        cmocka_unit_test(test_flow),
        cmocka_unit_test(test_slow_makes_room),
        cmocka_unit_test(test_turns),
    };
    int failed = 0;
    for (int i = 1; i < argc; i++)
        failed |= check_dir(argv[i]);
    return argc > 1 ? failed : cmocka_run_group_tests(tests, NULL, NULL);
}
