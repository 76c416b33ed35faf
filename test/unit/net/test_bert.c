/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The encoder alone, from the token ids of the golden files to their vectors, as PyTorch gave them:
 * float32 arithmetic in another order. Bound: 1e-5 of the largest component, with these weights.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fixture.h"

/* All texts' ids end to end. */
static size_t all_ids(const struct fixture *f, int32_t **ids, size_t **start)
{
    const t2v_json *lists = t2v_json_get(f->expected, "ids");
    size_t n = t2v_json_len(lists), at = 0;
    *start = calloc(n + 1, sizeof **start);
    for (size_t i = 0; i < n; i++)
        (*start)[i + 1] = (*start)[i] + t2v_json_len(t2v_json_at(lists, i));
    *ids = calloc((*start)[n], sizeof **ids);
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < t2v_json_len(t2v_json_at(lists, i)); j++) {
            int64_t id;
            assert_true(t2v_json_int(t2v_json_at(t2v_json_at(lists, i), j), &id));
            (*ids)[at++] = (int32_t)id;
        }
    }
    return n;
}

static const t2v_json *direct_case(const struct fixture *f, const char *pooling)
{
    const t2v_json *cases = t2v_json_get(f->expected, "cases");
    for (size_t i = 0; i < t2v_json_len(cases); i++) {
        const t2v_json *c = t2v_json_at(cases, i);
        bool direct = false;
        t2v_json_bool(t2v_json_get(c, "direct_tokenize"), &direct);
        struct t2v_str name = t2v_json_str(t2v_json_get(c, "pooling_strategy"));
        if (direct && name.ptr != NULL && t2v_str_is(name, pooling))
            return c;
    }
    fail_msg("no such case");
    return NULL;
}

/* Both poolings of every text, from one batch of all of them. */
static void check_fixture(const char *name, const char *cpu, int n_lane)
{
    struct fixture f = open_fixture(name, cpu);
    size_t dim = t2v_net_shape(f.encoder)->hidden, *start;
    int32_t *ids;
    size_t n = all_ids(&f, &ids, &start);
    float *hidden = encode(&f, ids, start, n, n_lane);
    for (int mean = 0; mean < 2; mean++) {
        char what[128];
        snprintf(what, sizeof what, "%s cpu=%s lanes=%d mean=%d", name, cpu, n_lane, mean);
        const t2v_json *c = direct_case(&f, mean ? "masked_mean" : "cls");
        const t2v_json *index = t2v_json_get(c, "index"), *vectors = t2v_json_get(c, "vectors");
        assert_true(t2v_json_len(index) > 0);
        for (size_t i = 0; i < t2v_json_len(index); i++) {
            int64_t t;
            struct distance distance = {0};
            assert_true(t2v_json_int(t2v_json_at(index, i), &t));
            size_t first = start[t], end = mean ? start[t + 1] : first + 1;
            for (size_t d = 0; d < dim; d++) {
                double got = 0, want = NAN;
                for (size_t row = first; row < end; row++)
                    got += (double)hidden[row * dim + d] / (double)(end - first);
                t2v_json_double(t2v_json_at(t2v_json_at(vectors, i), d), &want);
                distance_add(&distance, d, got, want);
            }
            distance_check(&distance, what, (size_t)t);
        }
    }
    free(hidden);
    free(ids);
    free(start);
    close_fixture(&f);
}

static void test_golden(void **state)
{
    (void)state;
    static const char *const names[] = {"bert-uncased", "bert-bf16-sharded", "bge-cls",
                                        "bert-cased-mlm-gamma", "bert-legacy-bin"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        check_fixture(names[i], "", 1);
        check_fixture(names[i], "", 3);
        check_fixture(names[i], "c", 2);
        check_fixture(names[i], "blas", 2);
    }
}

/* The same bits alone, in a batch and on any number of lanes, where our own kernels multiply. */
static void test_alone_and_in_a_batch(void **state)
{
    (void)state;
    struct fixture f = open_fixture("bert-uncased", "");
    size_t dim = t2v_net_shape(f.encoder)->hidden, *start;
    int32_t *ids;
    size_t n = all_ids(&f, &ids, &start);
    float *all = encode(&f, ids, start, n, 2);
    for (size_t t = 0; t < n; t++) {
        size_t len = start[t + 1] - start[t], alone[2] = {0, len};
        float *one = encode(&f, ids + start[t], alone, 1, 1 + (int)(t % 3));
        for (size_t i = 0; i < len * dim; i++) {
            float other = all[start[t] * dim + i];
            if (!f.kernels.f32->plain ? one[i] != other : fabsf(one[i] - other) > 1e-5f) {
                print_error("text %zu value %zu: alone %.9g, in a batch %.9g\n", t, i,
                            (double)one[i], (double)other);
                fail();
            }
        }
        free(one);
    }
    free(all);
    free(ids);
    free(start);
    close_fixture(&f);
}

/* A changed configuration must be refused with a message that names the key or the tensor. */
static void test_refusals(void **state)
{
    (void)state;
    static const struct {
        const char *config, *says;
    } cases[] = {
        {"{}", "model_type"},
        {"{\"model_type\":\"gpt9\"}", "'gpt9' is not supported; supported: bert"},
        {"{\"model_type\":\"bert\"}",
         "embeddings.word_embeddings.weight has shape [1200, 32], expected [30522, 768]"},
        {"{\"model_type\":\"bert\",\"hidden_size\":\"x\"}", "hidden_size should be an integer"},
        {"{\"model_type\":\"bert\",\"hidden_size\":0}", "hidden_size is 0"},
        {"{\"model_type\":\"bert\",\"hidden_size\":1e300}", "hidden_size"},
        {"{\"model_type\":\"bert\",\"hidden_size\":32,\"num_attention_heads\":2,"
         "\"intermediate_size\":96,\"num_hidden_layers\":2,\"vocab_size\":1200,"
         "\"max_position_embeddings\":512,\"hidden_act\":\"mish\"}",
         "hidden_act 'mish'"},
        {"{\"model_type\":\"bert\",\"hidden_size\":32,\"num_attention_heads\":3,"
         "\"intermediate_size\":96,\"num_hidden_layers\":2,\"vocab_size\":1200,"
         "\"max_position_embeddings\":512,\"hidden_act\":\"gelu\"}",
         "num_attention_heads 3"},
        {"{\"model_type\":\"bert\",\"hidden_size\":32,\"num_attention_heads\":2,"
         "\"intermediate_size\":64,\"num_hidden_layers\":2,\"vocab_size\":1200,"
         "\"max_position_embeddings\":512,\"hidden_act\":\"gelu\"}",
         "intermediate.dense.weight has shape [96, 32], expected [64, 32]"},
        {"{\"model_type\":\"bert\",\"hidden_size\":32,\"num_attention_heads\":2,"
         "\"intermediate_size\":96,\"num_hidden_layers\":3,\"vocab_size\":1200,"
         "\"max_position_embeddings\":512,\"hidden_act\":\"gelu\"}",
         "encoder.layer.2.attention.self.query.weight is missing"},
        {"{\"model_type\":\"bert\",\"hidden_size\":32,\"num_attention_heads\":2,"
         "\"intermediate_size\":96,\"num_hidden_layers\":2,\"vocab_size\":1200,"
         "\"max_position_embeddings\":512,\"hidden_act\":\"gelu\",\"layer_norm_eps\":\"x\"}",
         "layer_norm_eps should be a number"},
        {"{\"model_type\":\"bert\",\"position_embedding_type\":\"relative_key\"}",
         "position_embedding_type 'relative_key'"},
        {"{\"model_type\":\"bert\",\"position_embedding_type\":7}",
         "position_embedding_type should be a string, and is a number"},
        {"{\"model_type\":\"bert\",\"is_decoder\":true}", "is_decoder is not supported"},
        {"{\"model_type\":\"bert\",\"is_decoder\":\"true\"}",
         "is_decoder should be true or false, and is a string"},
        {"{\"model_type\":\"bert\",\"is_decoder\":1}",
         "is_decoder should be true or false, and is a number"},
    };
    struct fixture f = open_fixture("bert-uncased", "");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        t2v_json *config;
        t2v_net *encoder = NULL;
        struct t2v_err err = {0};
        assert_int_equal(t2v_json_parse(t2v_str_of(cases[i].config), &config, &err), 0);
        int rc = t2v_net_open(config, f.store, &f.kernels, f.kernels.f32,
                              &(struct t2v_net_options){.n_lane = 1}, &encoder, &err);
        if (rc == 0 || encoder != NULL || strstr(err.msg, cases[i].says) == NULL) {
            print_error("%s: got %d '%s', expected '%s'\n", cases[i].config, rc, err.msg,
                        cases[i].says);
            fail();
        }
        t2v_json_free(config);
    }
    close_fixture(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden),
        cmocka_unit_test(test_alone_and_in_a_batch),
        cmocka_unit_test(test_refusals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
