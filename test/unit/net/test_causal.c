/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Causal models from token ids to the scores of next tokens, whole sequences without a past.
 *
 * Without arguments: the random checkpoints of test/golden/causal against Transformers' log
 * probabilities (see make-causal there).
 * `test_causal DIR NAME...`: other such checkpoints in DIR; where expected.json has prompts with
 * the greedy ids and their log-probabilities instead, these within its `tol`.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "causal.h"

#include "net/kv.h"

static double number_at(const t2v_json *list, size_t i)
{
    double x = NAN;
    assert_true(t2v_json_double(t2v_json_at(list, i), &x));
    return x;
}

/* --- test/golden/causal --- */

/* Every score of every position. `log_probs` has a list of n_tok * vocab numbers per sequence. */
static void check_golden(const char *name, const char *cpu, int n_lane)
{
    struct fixture f = open_head(name, cpu, "f32");
    const t2v_json *lists = t2v_json_get(f.expected, "ids");
    static int32_t ids[4096];
    size_t start[64] = {0}, n = t2v_json_len(lists), vocab = t2v_net_shape(f.encoder)->vocab;
    double tol = NAN, worst = 0;
    assert_true(t2v_json_double(t2v_json_get(f.expected, "tol"), &tol) && n > 0 && n < 64);
    for (size_t i = 0; i < n; i++)
        start[i + 1] = start[i] + read_ids(t2v_json_at(lists, i), ids + start[i]);
    float *got = log_probabilities(&f, ids, start, n, n_lane);
    for (size_t i = 0; i < n; i++) {
        const t2v_json *want = t2v_json_at(t2v_json_get(f.expected, "log_probs"), i);
        const float *rows = got + start[i] * vocab;
        assert_int_equal(t2v_json_len(want), (start[i + 1] - start[i]) * vocab);
        for (size_t j = 0; j < t2v_json_len(want); j++) {
            double off = fabs((double)rows[j] - number_at(want, j));
            if (!(off <= tol))
                fail_msg("%s cpu=%s lanes=%d sequence %zu row %zu id %zu: got %.9g, expected %.9g",
                         name, cpu, n_lane, i, j / vocab, j % vocab, (double)rows[j],
                         number_at(want, j));
            worst = off > worst ? off : worst;
        }
    }
    print_message("%s cpu=%s lanes=%d: worst %.2g of %.2g\n", name, cpu, n_lane, worst, tol);
    free(got);
    close_fixture(&f);
}

static void check_rungs(const char *name)
{
    check_golden(name, "", 1);
    check_golden(name, "", 3);
    check_golden(name, "c", 2);
    check_golden(name, "blas", 2);
}

static void test_golden(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof golden / sizeof golden[0]; i++) {
        char path[64];
        snprintf(path, sizeof path, "causal/%s", golden[i]);
        check_rungs(path);
    }
    check_rungs("causal/gemma3-vision"); /* its text part */
}

enum { LONGEST = 2 * T2V_PAGE_TOK };

/* A sequence with a past, in pieces that end at `ends`: its scores, for free(). */
static float *in_pieces(const struct fixture *f, const int32_t *ids, const size_t *ends,
                        size_t n_piece)
{
    size_t dim = t2v_net_shape(f->encoder)->hidden, n_tok = ends[n_piece - 1];
    size_t bytes = (t2v_page_bytes(t2v_net_shape(f->encoder)) + 63) / 64 * 64;
    char *memory = aligned_alloc(64, 2 * bytes), *pages[] = {memory, memory + bytes};
    struct t2v_kv kv = {.pages = pages}, *past[] = {&kv};
    float *hidden = calloc(n_tok * dim, sizeof *hidden);
    t2v_team *team;
    struct pass pass = {.fixture = f};
    assert_int_equal(t2v_team_new(2, &team, NULL), 0);
    assert_int_equal(t2v_scratch_new(f->encoder, LONGEST, 2, &pass.scratch), 0);
    memset(memory, 0xff, 2 * bytes); /* NaN, where nothing was stored */
    for (size_t i = 0; i < n_piece; i++) {
        size_t start[] = {0, ends[i] - kv.n_tok};
        pass.seqs = (struct t2v_seqs){
            .ids = ids + kv.n_tok, .start = start, .n_seq = 1, .n_tok = start[1], .past = past};
        pass.hidden = hidden + kv.n_tok * dim;
        t2v_team_run(team, run_pass, &pass);
        kv.n_tok = ends[i];
    }
    float *scores = score(f, hidden, n_tok, 2);
    t2v_scratch_free(pass.scratch);
    t2v_team_free(team);
    free(hidden);
    free(memory);
    return scores;
}

/* The longest sequence with a past: positions, biases by distance and windows go on where the
 * pieces before ended. */
static void check_pieces(const char *name, const char *cpu)
{
    char path[64];
    snprintf(path, sizeof path, "causal/%s", name);
    struct fixture f = open_head(path, cpu, "f32");
    const t2v_json *lists = t2v_json_get(f.expected, "ids");
    size_t last = t2v_json_len(lists) - 1, vocab = t2v_net_shape(f.encoder)->vocab;
    const t2v_json *want = t2v_json_at(t2v_json_get(f.expected, "log_probs"), last);
    int32_t ids[LONGEST];
    size_t n_tok = read_ids(t2v_json_at(lists, last), ids), n = n_tok * vocab;
    const size_t ends[] = {1, 2, 9, 10, n_tok};
    float *got = in_pieces(&f, ids, ends, 5), *one = in_pieces(&f, ids, &n_tok, 1);
    assert_int_equal(t2v_json_len(want), n);
    for (size_t i = 0; i < n; i++) {
        if (!(fabs((double)got[i] - number_at(want, i)) <= 2e-5))
            fail_msg("%s cpu=%s row %zu id %zu in pieces: got %.9g, expected %.9g", name, cpu,
                     i / vocab, i % vocab, (double)got[i], number_at(want, i));
    }
    if (strcmp(f.kernels.name, "blas") != 0) /* whose sums depend on the number of rows */
        assert_memory_equal(got, one, n * sizeof *got);
    free(one);
    free(got);
    close_fixture(&f);
}

static void test_pieces(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof golden / sizeof golden[0]; i++) {
        check_pieces(golden[i], "");
        check_pieces(golden[i], "c");
    }
}

/* The root of the mean square of a precision's errors in log-probabilities, output layer included.
 */
static double error_of(const char *name, const char *cpu, const char *precision)
{
    char path[64];
    snprintf(path, sizeof path, "causal/%s", name);
    struct fixture f = open_head(path, cpu, precision);
    const t2v_json *lists = t2v_json_get(f.expected, "ids");
    size_t last = t2v_json_len(lists) - 1, vocab = t2v_net_shape(f.encoder)->vocab;
    const t2v_json *want = t2v_json_at(t2v_json_get(f.expected, "log_probs"), last);
    int32_t ids[LONGEST];
    size_t start[] = {0, read_ids(t2v_json_at(lists, last), ids)}, n = start[1] * vocab;
    float *got = log_probabilities(&f, ids, start, 1, 2);
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        double off = (double)got[i] - number_at(want, i);
        sum += off * off;
    }
    free(got);
    close_fixture(&f);
    return sqrt(sum / (double)n);
}

static void test_precisions(void **state)
{
    (void)state;
    struct t2v_kernels kernels;
    const struct t2v_form *form;
    assert_int_equal(t2v_kernels_init(&kernels, "", NULL), 0);
    bool bf16 = t2v_kernels_form(&kernels, "bf16", &form, NULL) == 0;
    for (size_t i = 0; i < sizeof golden / sizeof golden[0]; i++) {
        double fast = error_of(golden[i], "", "int8"), plain = error_of(golden[i], "c", "int8");
        double half = bf16 ? error_of(golden[i], "", "bf16") : 0;
        print_message("%s: int8 %.2g, in plain C %.2g; bf16 %.2g\n", golden[i], fast, plain, half);
        assert_true(fast < 0.1 && plain < 0.1 && half < 0.05);
    }
}

/* Without options.head the output layer's weights are not read. */
static void test_no_head(void **state)
{
    (void)state;
    struct fixture f = open_fixture("causal/llama", "");
    assert_false(t2v_net_has_head(f.encoder));
    close_fixture(&f);
    f = open_fixture("bert-uncased", "");
    assert_false(t2v_net_has_head(f.encoder));
    close_fixture(&f);
}

static void refuse(const char *name, const char *from, const char *to, const char *says)
{
    char folder[64];
    snprintf(folder, sizeof folder, "causal/%s", name);
    refuse_config(folder, true, from, to, says);
}

static void test_refusals(void **state)
{
    (void)state;
    refuse("llama", "\"model_type\": \"llama\"",
           "\"model_type\": \"llama\", \"quantization_config\": {\"quant_method\": \"gptq\"}",
           "quantization_config (quant_method 'gptq') is not supported");
    refuse("llama", "\"model_type\": \"llama\"",
           "\"model_type\": \"llama\", \"quantization_config\": {\"load_in_8bit\": true}",
           "quantization_config (quant_method 'unknown') is not supported");
    refuse("mistral", "\"model_type\": \"mistral\"", "\"model_type\": \"mixtral\"",
           "model_type 'mixtral' is not supported; supported: bert, ");
    refuse("gemma3", "\"model_type\": \"gemma3_text\"", "\"model_type\": \"gemma3\"",
           "model_type 'gemma3' is not supported");
    refuse("gemma3", "\"final_logit_softcapping\": null", "\"final_logit_softcapping\": 30.0",
           "final_logit_softcapping is not supported");
    refuse("llama", "\"linear\"", "\"yarn\"", "rope_type 'yarn' is not supported");
    refuse("llama", "\"linear\"", "\"dynamic\"", "rope_type 'dynamic' is not supported");
    refuse("llama", "\"linear\"", "\"longrope\"", "rope_type 'longrope' is not supported");
    refuse("llama3", "\"high_freq_factor\": 4.0", "\"high_freq_factor\": 1.0",
           "high_freq_factor 1 is not above low_freq_factor 1");
    refuse("llama3", "\"tie_word_embeddings\": true", "\"tie_word_embeddings\": false",
           "lm_head.weight is missing");
    refuse("llama", "\"tie_word_embeddings\": false", "\"tie_word_embeddings\": 1",
           "tie_word_embeddings should be true or false, and is a number");
    refuse("mistral", "\"sliding_window\": 7", "\"sliding_window\": 0", "sliding_window is 0");
    refuse("gpt2", "\"n_positions\": 64", "\"n_positions\": 65",
           "wpe.weight has shape [64, 24], expected [65, 24]");
    refuse("gpt2", "\"n_inner\": null", "\"n_inner\": 97",
           "mlp.c_fc.weight has shape [24, 96], expected [24, 97]");
    refuse("gpt-neox", "\"rotary_pct\": 0.4", "\"rotary_pct\": 0.3",
           "head_dim 3 is odd, which rotary positions do not support");
    refuse("bloom", "\"n_head\": 3", "\"n_head\": 7",
           "hidden_size 30 is not a multiple of n_head 7");
}

/* Sequences alone have the bits that they have among others, also on other numbers of lanes. */
static void check_alone(const char *name, const char *cpu)
{
    char path[64];
    snprintf(path, sizeof path, "causal/%s", name);
    struct fixture f = open_head(path, cpu, "f32");
    const t2v_json *lists = t2v_json_get(f.expected, "ids");
    int32_t ids[4096];
    size_t start[64] = {0}, n = t2v_json_len(lists), vocab = t2v_net_shape(f.encoder)->vocab;
    for (size_t i = 0; i < n; i++)
        start[i + 1] = start[i] + read_ids(t2v_json_at(lists, i), ids + start[i]);
    float *all = log_probabilities(&f, ids, start, n, 3);
    for (size_t i = 0; i < n; i++) {
        size_t alone[2] = {0, start[i + 1] - start[i]};
        float *one = log_probabilities(&f, ids + start[i], alone, 1, 2);
        if (memcmp(one, all + start[i] * vocab, alone[1] * vocab * sizeof *one) != 0)
            fail_msg("%s cpu=%s: sequence %zu alone has other bits", name, cpu, i);
        free(one);
    }
    free(all);
    close_fixture(&f);
}

static void test_alone(void **state)
{
    (void)state;
    static const char *const names[] = {"gpt2", "bloom", "gpt-neox", "mistral"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        check_alone(names[i], "c");
        check_alone(names[i], "");
    }
}

/* --- other checkpoints --- */

static void check_prompts(const char *name)
{
    struct fixture f = open_head(name, "", "f32");
    const t2v_json *prompts = t2v_json_get(f.expected, "prompts");
    size_t vocab = t2v_net_shape(f.encoder)->vocab, first, n_new, n_other = 0;
    double tol = NAN, worst = 0;
    assert_true(t2v_json_double(t2v_json_get(f.expected, "tol"), &tol));
    for (size_t p = 0; p < t2v_json_len(prompts); p++) {
        const t2v_json *prompt = t2v_json_at(prompts, p);
        const t2v_json *want = t2v_json_get(t2v_json_get(prompt, "greedy"), "logprobs");
        static int32_t ids[4096];
        float *got = teacher_forced(&f, prompt, ids, &first, &n_new);
        for (size_t i = 0; i < n_new; i++) {
            const float *row = got + (first + i) * vocab;
            size_t id = (size_t)ids[first + 1 + i];
            double off = fabs((double)row[id] - number_at(want, i));
            worst = off > worst ? off : worst;
            n_other += best_of(row, vocab) != id;
        }
        free(got);
    }
    print_message("%-20s f32: worst log-probability %.2g of %.2g, %zu other ids\n", name, worst,
                  tol, n_other);
    assert_true(worst <= tol && n_other == 0);
    close_fixture(&f);
}

static bool has_prompts(const char *name)
{
    char path[512];
    t2v_json *expected;
    struct t2v_err err = {0};
    path_to(path, name, "expected.json");
    if (t2v_json_load(path, 1 << 26, &expected, &err) != 0)
        fail_msg("%s", err.msg);
    bool has = t2v_json_get(expected, "prompts") != NULL;
    t2v_json_free(expected);
    return has;
}

static int check_folder(int argc, char **argv)
{
    fixture_dir = argv[1];
    for (int i = 2; i < argc; i++) {
        if (!has_prompts(argv[i])) {
            check_rungs(argv[i]);
            continue;
        }
        check_prompts(argv[i]);
    }
    return 0;
}

int main(int argc, char **argv)
{
    if (argc > 1)
        return check_folder(argc, argv);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden),     cmocka_unit_test(test_pieces),
        cmocka_unit_test(test_precisions), cmocka_unit_test(test_no_head),
        cmocka_unit_test(test_refusals),   cmocka_unit_test(test_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
