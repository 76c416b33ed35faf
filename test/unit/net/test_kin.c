/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The families, from token ids to hidden states as Transformers gave them for the random
 * checkpoints of test/golden/kin (see make-kin there); `test_kin DIR NAME...` checks others in DIR.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "fixture.h"

static double worst_of_all;

static void expect_within(const char *what, size_t sequence, const float *got, const t2v_json *want,
                          double most)
{
    struct distance d = {0};
    for (size_t i = 0; i < t2v_json_len(want); i++) {
        double x = NAN;
        t2v_json_double(t2v_json_at(want, i), &x);
        distance_add(&d, i, (double)got[i], x);
    }
    distance_within(&d, what, sequence, most);
    worst_of_all = fmax(worst_of_all, d.worst / d.top);
}

static void expect_close(const char *what, size_t sequence, const float *got, const t2v_json *want)
{
    expect_within(what, sequence, got, want, 1e-5);
}

static size_t read_ids(const struct fixture *f, size_t i, int32_t *ids)
{
    const t2v_json *list = t2v_json_at(t2v_json_get(f->expected, "ids"), i);
    for (size_t j = 0; j < t2v_json_len(list); j++) {
        int64_t id;
        assert_true(t2v_json_int(t2v_json_at(list, j), &id));
        ids[j] = (int32_t)id;
    }
    return t2v_json_len(list);
}

/* DPR's vector, as the accessors tell it. */
static void check_projection(const struct fixture *f, const char *what, size_t sequence,
                             const float *first, const t2v_json *want)
{
    assert_true(t2v_net_pools_first(f->encoder) == (want != NULL));
    if (want == NULL)
        return;
    float out[256];
    const struct t2v_linear *layer = t2v_net_projection(f->encoder);
    if (layer == NULL) {
        expect_close(what, sequence, first, want);
        return;
    }
    assert_true(layer->n_out == t2v_json_len(want) && layer->n_out <= 256);
    layer->form->linear(&(struct t2v_linear_call){layer, T2V_ACT_NONE, first,
                                                  layer->n_in * sizeof(float), 1, 0, layer->n_out,
                                                  out, layer->n_out});
    expect_close(what, sequence, out, want);
}

/* All sequences as one batch. */
static void check(const char *name, const char *cpu, int n_lane)
{
    struct fixture f = open_fixture(name, cpu);
    char what[128];
    snprintf(what, sizeof what, "%s cpu=%s lanes=%d", name, cpu, n_lane);
    static int32_t ids[8192];
    size_t start[64] = {0}, n = t2v_json_len(t2v_json_get(f.expected, "ids"));
    size_t dim = t2v_net_shape(f.encoder)->hidden;
    assert_true(n > 0 && n < 64);
    for (size_t i = 0; i < n; i++)
        start[i + 1] = start[i] + read_ids(&f, i, ids + start[i]);
    float *hidden = encode(&f, ids, start, n, n_lane);
    for (size_t i = 0; i < n; i++) {
        const t2v_json *want = t2v_json_at(t2v_json_get(f.expected, "hidden"), i);
        assert_int_equal(t2v_json_len(want), (start[i + 1] - start[i]) * dim);
        expect_close(what, i, hidden + start[i] * dim, want);
        check_projection(&f, what, i, hidden + start[i] * dim,
                         t2v_json_at(t2v_json_get(f.expected, "projected"), i));
    }
    free(hidden);
    close_fixture(&f);
}

static void check_rungs(const char *name)
{
    check(name, "", 1);
    check(name, "", 3);
    check(name, "c", 2);
    check(name, "blas", 2);
}

static void test_golden(void **state)
{
    (void)state;
    static const char *const names[] = {
        "distilbert", "dpr-ctx",  "dpr-question", "electra", "mpnet", "roberta", "xlm-roberta-mlm",
        "modernbert", "eurobert", "qwen3",        "gemma3",  "t5",    "t5-gated"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char path[64];
        snprintf(path, sizeof path, "kin/%s", names[i]);
        check_rungs(path);
    }
}

static void refuse(const char *name, const char *from, const char *to, const char *says)
{
    refuse_config(name, false, from, to, says);
}

static void test_refusals(void **state)
{
    (void)state;
    refuse("kin/distilbert", "\"n_heads\": 2", "\"n_heads\": 5",
           "dim 24 is not a multiple of n_heads 5");
    refuse("kin/distilbert", "\"gelu\"", "\"quick_gelu\"",
           "activation 'quick_gelu' is not supported; supported: gelu, ");
    refuse("kin/distilbert", "\"distilbert\"", "\"distil\"",
           "model_type 'distil' is not supported; supported: bert, distilbert, ");
    refuse("kin/distilbert", "\"distilbert\"", "\"bert\"", "expected [60, 768]");
    refuse("kin/roberta", "\"pad_token_id\": 1", "\"pad_token_id\": 2000000", "pad_token_id");
    refuse("kin/roberta", "\"pad_token_id\": 1", "\"pad_token_id\": 23",
           "max_position_embeddings is 24, but the first position is 24");
    refuse("kin/roberta", "\"absolute\"", "\"rotary\"",
           "position_embedding_type 'rotary' is not supported (absolute is)");
    refuse("kin/roberta", "\"type_vocab_size\": 1", "\"type_vocab_size\": 2",
           "token_type_embeddings.weight has shape [1, 24], expected [2, 24]");
    refuse("kin/mpnet", "\"relative_attention_num_buckets\": 32",
           "\"relative_attention_num_buckets\": 16", "relative_attention_num_buckets is 16");
    refuse("kin/mpnet", "\"relative_attention_num_buckets\": 32",
           "\"relative_attention_num_buckets\": 40",
           "relative_attention_bias.weight has shape [32, 3], expected [40, 3]");
    refuse("kin/electra", "\"embedding_size\": 10", "\"embedding_size\": 25",
           "embedding_size 25 above hidden_size 24 is not supported");
    refuse("kin/dpr-question", "\"DPRQuestionEncoder\"", "\"DPRReader\"",
           "architectures[0] 'DPRReader' is not supported for dpr");
    refuse("kin/dpr-question", "\"DPRQuestionEncoder\"", "\"DPRContextEncoder\"",
           "embeddings.word_embeddings.weight");
    refuse("kin/dpr-question", "\"projection_dim\": 7", "\"projection_dim\": 8",
           "question_encoder.encode_proj.weight has shape [7, 24], expected [8, 24]");
    refuse("kin/t5", "\"dense_act_fn\": \"relu\"", "\"dense_act_fn\": \"selu\"",
           "dense_act_fn 'selu' is not supported; supported: gelu, ");
    refuse("kin/t5", "\"d_kv\": 12", "\"d_kv\": 13",
           "SelfAttention.q.weight has shape [24, 20], expected [26, 20]");
    refuse("kin/t5", "\"is_gated_act\": false", "\"is_gated_act\": true",
           "DenseReluDense.wi_0.weight is missing");
    refuse("kin/t5", "\"is_gated_act\": false", "\"is_gated_act\": 0",
           "is_gated_act should be true or false, and is a number");
    refuse("kin/t5", "\"feed_forward_proj\": \"relu\"", "\"feed_forward_proj\": [\"relu\"]",
           "feed_forward_proj should be a string, and is an array");
    refuse("kin/t5", "\"relative_attention_max_distance\": 16",
           "\"relative_attention_max_distance\": 8", "distance of 8 for 32 buckets");
    refuse("kin/t5", "\"vocab_size\": 60", "\"vocab_size\": 61",
           "shared.weight has shape [60, 20], expected [61, 20]");
    refuse("kin/dpr-ctx", "\"projection_dim\": 0", "\"projection_dim\": 8",
           "ctx_encoder.encode_proj.weight is missing");
    refuse("kin/modernbert", "\"local_attention\": 6", "\"local_attention\": 0",
           "local_attention is 0");
    refuse("kin/modernbert", "\"full_attention\",", "\"chunked_attention\",",
           "layer_types[0] 'chunked_attention' is not supported; supported: full_attention, ");
    refuse("kin/modernbert", "    \"full_attention\",\n", "", "layer_types has 3 layers");
    refuse("kin/modernbert", "\"norm_bias\": false", "\"norm_bias\": true",
           "embeddings.norm.bias is missing");
    refuse("kin/modernbert", "\"norm_bias\": false", "\"norm_bias\": \"no\"",
           "norm_bias should be true or false, and is a string");
    refuse("kin/eurobert", "\"linear\"", "\"yarn\"",
           "rope_type 'yarn' is not supported; supported: default, linear, llama3");
    refuse("kin/eurobert", "\"linear\"", "\"llama3\"",
           "original_max_position_embeddings is missing");
    refuse("kin/eurobert", "\"linear\"", "\"dynamic\"", "rope_type 'dynamic' is not supported");
    refuse("kin/eurobert", "\"linear\"", "\"longrope\"", "rope_type 'longrope' is not supported");
    refuse("kin/qwen3", "\"rope_type\": \"default\"", "\"type\": \"yarn\", \"factor\": 4",
           "rope_type 'yarn' is not supported");
    refuse("kin/eurobert", "\"factor\": 2.0", "\"factor\": 0", "factor is 0");
    refuse("kin/eurobert", "\"rope_theta\": 500.0",
           "\"rope_theta\": 500.0, \"partial_rotary_factor\": 0.5",
           "partial_rotary_factor 0.5 is not supported");
    refuse("kin/eurobert", "\"num_key_value_heads\": 2", "\"num_key_value_heads\": 3",
           "num_attention_heads 4 is not a multiple of num_key_value_heads 3");
    refuse("kin/eurobert", "\"num_key_value_heads\": 2", "\"num_key_value_heads\": 4",
           "layers.0.self_attn.k_proj.weight has shape [12, 24], expected [24, 24]");
    refuse("kin/eurobert", "\"head_dim\": 6", "\"head_dim\": 7", "head_dim 7 is odd");
    refuse("kin/qwen3", "\"sliding_window\": 5", "\"sliding_window\": -1", "sliding_window is -1");
    refuse("kin/gemma3", "\"attn_logit_softcapping\": null", "\"attn_logit_softcapping\": 50.0",
           "attn_logit_softcapping is not supported");
}

/* A sequence is the same, to the bit, on any number of lanes: of more lanes than it has rows, too.
 */
static void test_number_of_lanes(void **state)
{
    (void)state;
    struct fixture f = open_fixture("kin/xlm-roberta-mlm", "c");
    int32_t ids[64];
    size_t len = read_ids(&f, 5, ids), dim = t2v_net_shape(f.encoder)->hidden;
    size_t alone[2] = {0, len};
    float *one = encode(&f, ids, alone, 1, 1);
    for (int n_lane = 2; n_lane < 9; n_lane++) {
        float *other = encode(&f, ids, alone, 1, n_lane);
        assert_memory_equal(one, other, len * dim * sizeof *one);
        free(other);
    }
    free(one);
    close_fixture(&f);
}

/* Each sequence alone is what it is among others, to the bit, with kernels of our own. */
static void check_alone(const char *name, const char *cpu)
{
    struct fixture f = open_fixture(name, cpu);
    static int32_t ids[8192];
    size_t start[64] = {0}, n = t2v_json_len(t2v_json_get(f.expected, "ids"));
    size_t dim = t2v_net_shape(f.encoder)->hidden;
    for (size_t i = 0; i < n; i++)
        start[i + 1] = start[i] + read_ids(&f, i, ids + start[i]);
    float *all = encode(&f, ids, start, n, 3);
    for (size_t i = 0; i < n; i++) {
        size_t len = start[i + 1] - start[i], alone[2] = {0, len};
        float *one = encode(&f, ids + start[i], alone, 1, 2);
        for (size_t j = 0; j < len * dim; j++) {
            if (memcmp(one + j, all + start[i] * dim + j, sizeof *one) != 0)
                fail_msg("%s cpu=%s sequence %zu value %zu: alone %.9g, in a batch %.9g", name, cpu,
                         i, j, (double)one[j], (double)all[start[i] * dim + j]);
        }
        free(one);
    }
    free(all);
    close_fixture(&f);
}

static void test_alone(void **state)
{
    (void)state;
    static const char *const names[] = {"mpnet", "t5", "modernbert", "eurobert", "qwen3", "gemma3"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char path[64];
        snprintf(path, sizeof path, "kin/%s", names[i]);
        check_alone(path, "c");
        check_alone(path, "");
    }
}

/* --- long texts, see make-long in test/golden --- */

/* The fixture with `from` in its config.json replaced by `to`. */
static struct fixture open_changed(const char *name, const char *from, const char *to)
{
    struct fixture f = open_fixture(name, "");
    char path[512], text[4096], changed[4600];
    struct t2v_err err = {0};
    path_to(path, name, "config.json");
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    const char *at = strstr(text, from);
    assert_non_null(at);
    snprintf(changed, sizeof changed, "%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
    t2v_net_free(f.encoder);
    t2v_json_free(f.config);
    assert_int_equal(t2v_json_parse(t2v_str_of(changed), &f.config, &err), 0);
    if (t2v_net_open(f.config, f.store, &f.kernels, f.kernels.f32,
                     &(struct t2v_net_options){.n_lane = 1}, &f.encoder, &err) != 0)
        fail_msg("%s: %s", name, err.msg);
    return f;
}

static void check_long(const struct fixture *f, const char *name, const t2v_json *json)
{
    size_t dim = t2v_net_shape(f->encoder)->hidden;
    size_t n_id = t2v_net_shape(f->encoder)->vocab;
    int64_t n_tok = 0, row = 0;
    assert_true(t2v_json_int(t2v_json_get(json, "n_tok"), &n_tok) && n_tok > 0);
    int32_t *ids = calloc((size_t)n_tok, sizeof *ids);
    float *mean = calloc(dim, sizeof *mean);
    uint64_t random = 42;
    for (int64_t i = 0; i < n_tok; i++) {
        random = random * 6364136223846793005u + 1442695040888963407u;
        ids[i] = (int32_t)(4 + (random >> 33) % (n_id - 4));
    }
    size_t start[2] = {0, (size_t)n_tok};
    float *hidden = encode(f, ids, start, 1, 2);
    const t2v_json *rows = t2v_json_get(json, "rows");
    assert_true(t2v_json_len(rows) > 0);
    for (size_t i = 0; i < t2v_json_len(rows); i++) {
        const t2v_json *pair = t2v_json_at(rows, i);
        assert_true(t2v_json_int(t2v_json_at(pair, 0), &row) && row < n_tok);
        assert_int_equal(t2v_json_len(t2v_json_at(pair, 1)), dim);
        /* Attention adds up to as many keys one by one, in float32: of T5, whose random weights
         * have nearly all keys weigh alike, 2e-5 was seen at 8,192, and 2e-6 at 2,000. */
        expect_within(name, (size_t)row, hidden + (size_t)row * dim, t2v_json_at(pair, 1),
                      n_tok > 4096 ? 3e-5 : 1e-5);
    }
    for (size_t j = 0; j < dim; j++) {
        double sum = 0;
        for (int64_t i = 0; i < n_tok; i++)
            sum += (double)hidden[(size_t)i * dim + j];
        mean[j] = (float)(sum / (double)n_tok);
    }
    assert_int_equal(t2v_json_len(t2v_json_get(json, "mean")), dim);
    expect_close(name, (size_t)n_tok, mean, t2v_json_get(json, "mean"));
    free(mean);
    free(hidden);
    free(ids);
}

static void test_long(void **state)
{
    (void)state;
    if (getenv("MESON_EXE_WRAPPER") != NULL)
        skip(); /* ten seconds' work; a quarter of an hour where each instruction is emulated */
    char path[512];
    t2v_json *json;
    struct t2v_err err = {0};
    path_to(path, "kin", "long.json");
    if (t2v_json_load(path, 1 << 24, &json, &err) != 0)
        fail_msg("%s", err.msg);
    assert_int_equal(t2v_json_len(json), 5);
    for (struct t2v_json_member m = t2v_json_first(json); m.value != NULL;
         m = t2v_json_next(json, m)) {
        char name[64];
        snprintf(name, sizeof name, "kin/%.50s", m.key.ptr);
        /* T5 has no limit to raise. */
        const char *limit = "\"max_position_embeddings\": 24",
                   *more = "\"max_position_embeddings\": 16384";
        bool t5 = t2v_str_is(m.key, "t5");
        struct fixture f = open_changed(name, t5 ? "{" : limit, t5 ? "{" : more);
        for (size_t i = 0; i < t2v_json_len(m.value); i++)
            check_long(&f, name, t2v_json_at(m.value, i));
        close_fixture(&f);
    }
    t2v_json_free(json);
}

/* --- older ways to say where rotary positions stretch --- */

static float *encode_changed(const char *name, const char *from, const char *to, size_t *n)
{
    struct fixture f = open_changed(name, from, to);
    int32_t ids[64];
    size_t start[2] = {0, read_ids(&f, 4, ids)};
    float *hidden = encode(&f, ids, start, 1, 1);
    *n = start[1] * t2v_net_shape(f.encoder)->hidden;
    close_fixture(&f);
    return hidden;
}

/* Two ways to write the same settings give the same numbers, which are not those of a third. */
static void expect_same(const char *name, const char *const from[3], const char *const to[3])
{
    float *out[3];
    size_t n;
    for (int i = 0; i < 3; i++)
        out[i] = encode_changed(name, from[i], to[i], &n);
    assert_memory_equal(out[0], out[1], n * sizeof(float));
    assert_memory_not_equal(out[0], out[2], n * sizeof(float));
    for (int i = 0; i < 3; i++)
        free(out[i]);
}

static void test_rope_scaling(void **state)
{
    (void)state;
    const char *new = "\"rope_parameters\": {";
    /* Gemma's is for the layers that see all. */
    expect_same(
        "kin/gemma3", (const char *[]){new, "\"rope_type\": \"default\"", new},
        (const char *[]){"\"rope_theta\": 1e6, \"rope_local_base_freq\": 100, \"rope_scaling\": "
                         "{\"type\": \"linear\", \"factor\": 4}, \"unused\": {",
                         "\"rope_type\": \"linear\", \"factor\": 4",
                         "\"rope_theta\": 1e6, \"rope_local_base_freq\": 100, \"unused\": {"});
    /* ModernBERT's is for all; a local theta of null is the global one. */
    expect_same(
        "kin/modernbert", (const char *[]){new, new, new},
        (const char *[]){
            "\"local_rope_theta\": null, \"rope_scaling\": {\"rope_type\": \"linear\", "
            "\"factor\": 4}, \"unused\": {",
            "\"rope_parameters\": {\"full_attention\": {\"rope_type\": \"linear\", "
            "\"factor\": 4, \"rope_theta\": 160000}, \"sliding_attention\": {\"rope_type\": "
            "\"linear\", \"factor\": 4, \"rope_theta\": 160000}}, \"unused\": {",
            "\"local_rope_theta\": null, \"unused\": {"});
}

/* A folder that is not there, or a name that is not in it, must not pass. */
static int check_others(int argc, char **argv)
{
    fixture_dir = argv[1];
    for (int i = 2; i < argc; i++) {
        char path[512];
        path_to(path, argv[i], "expected.json");
        FILE *file = fopen(path, "r");
        if (file == NULL) {
            fprintf(stderr, "%s: no such file\n", path);
            return 1;
        }
        fclose(file);
        worst_of_all = 0;
        check_rungs(argv[i]);
        printf("%s: worst difference %.2g\n", argv[i], worst_of_all);
    }
    return 0;
}

int main(int argc, char **argv)
{
    if (argc > 2)
        return check_others(argc, argv);
    if (argc > 1) {
        fprintf(stderr, "usage: test_kin [DIR NAME...]\n");
        return 2;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_number_of_lanes),
        cmocka_unit_test(test_alone),
        cmocka_unit_test(test_long),
        cmocka_unit_test(test_rope_scaling),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
