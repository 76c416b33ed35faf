/* SPDX-License-Identifier: BSD-3-Clause */
/* The text of a sequence: random ids of real tokenizers and random stop strings against decoding at
 * once and searching naively; stop strings within a run of byte tokens; many long ones. */
#include "../../token/dir.h"

#include "base/buf.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "task/generate/text.h"

struct model {
    t2v_tokenizer *tokenizer;
    t2v_decoder *decoder;
};

static struct model open_model(const char *name)
{
    char path[512];
    struct model model;
    struct t2v_err err;
    snprintf(path, sizeof path, T2V_TEST_DIR "/golden/%s", name);
    if (t2v_tokenizer_open(path, &model.tokenizer, &err) != 0 ||
        t2v_decoder_new(model.tokenizer, &model.decoder, &err) != 0)
        fail_msg("%s: %s", name, err.msg);
    return model;
}

/* As SentencePiece's of Llama 2: ids 0 to 255 are bytes, then "a", "b", "\u2581a" and "\u2581b". */
static struct model open_bytes(void)
{
    char dir[DIR_PATH];
    struct model model;
    struct t2v_err err;
    struct t2v_buf json;
    t2v_buf_init(&json, SIZE_MAX);
    t2v_buf_adds(&json, "{\"added_tokens\":[],\"model\":{\"type\":\"BPE\",\"byte_fallback\":true,"
                        "\"merges\":[],\"vocab\":{");
    for (int i = 0; i < 256; i++)
        t2v_buf_addf(&json, "\"<0x%02X>\":%d,", (unsigned)i, i);
    t2v_buf_adds(&json,
                 "\"a\":256,\"b\":257,\"\u2581a\":258,\"\u2581b\":259}},\"decoder\":{\"type\":"
                 "\"Sequence\",\"decoders\":[{\"type\":\"Replace\",\"pattern\":{\"String\":"
                 "\"\u2581\"},\"content\":\" \"},{\"type\":\"ByteFallback\"},{\"type\":\"Fuse\"},"
                 "{\"type\":\"Strip\",\"content\":\" \",\"start\":1,\"stop\":0}]}}");
    dir_make(dir);
    dir_write(dir, "tokenizer.json", t2v_buf_str(&json));
    t2v_buf_deinit(&json);
    if (t2v_tokenizer_open(dir, &model.tokenizer, &err) != 0 ||
        t2v_decoder_new(model.tokenizer, &model.decoder, &err) != 0)
        fail_msg("%s", err.msg);
    dir_remove(dir);
    return model;
}

static void close_model(struct model *model)
{
    t2v_decoder_free(model->decoder);
    t2v_tokenizer_free(model->tokenizer);
}

static uint32_t random_below(uint64_t *random, uint32_t n)
{
    *random = *random * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(*random >> 33) % n;
}

enum { N_ID = 40, N_STOP = 4 };

struct trial {
    const t2v_decoder *decoder;
    int32_t ids[N_ID];
    struct t2v_buf whole; /* the text of all ids */
    struct t2v_str stops[N_STOP];
    size_t n_stop;
    bool keep_stop;
};

static void decode_whole(struct trial *trial)
{
    unsigned tidy = t2v_decoder_tidies(trial->decoder) ? T2V_DECODE_TIDY : 0;
    t2v_buf_init(&trial->whole, SIZE_MAX);
    assert_int_equal(
        t2v_decode(trial->decoder, trial->ids, N_ID, T2V_DECODE_SKIP_SPECIAL | tidy, &trial->whole),
        0);
}

/* Pieces of the text, whole characters, so that they are found. */
static void draw_stops(struct trial *trial, uint64_t *random)
{
    struct t2v_str text = t2v_buf_str(&trial->whole);
    for (trial->n_stop = 0; trial->n_stop < N_STOP && text.len != 0; trial->n_stop++) {
        size_t at = random_below(random, (uint32_t)text.len), end = at + 1;
        end += random_below(random, 6);
        end = end < text.len ? end : text.len;
        while (at > 0 && ((uint8_t)text.ptr[at] & 0xc0) == 0x80)
            at--;
        while (end < text.len && ((uint8_t)text.ptr[end] & 0xc0) == 0x80)
            end++;
        trial->stops[trial->n_stop] = (struct t2v_str){text.ptr + at, end - at};
    }
}

/* Where the text ends, by searching at each place; *found: it is a stop string that ends it. */
static size_t naive_end(const struct trial *trial, bool *found)
{
    struct t2v_str text = t2v_buf_str(&trial->whole);
    for (size_t end = 1; end <= text.len; end++) {
        size_t longest = 0;
        for (size_t i = 0; i < trial->n_stop; i++)
            if (t2v_str_ends((struct t2v_str){text.ptr, end}, trial->stops[i]) &&
                trial->stops[i].len > longest)
                longest = trial->stops[i].len;
        *found = longest != 0;
        if (*found)
            return trial->keep_stop ? end : end - longest;
    }
    *found = false;
    return text.len;
}

/* True if the text so far, a part of the whole, may go out: no stop string begins at its end. */
static void check_sent(const struct trial *trial, struct t2v_str sent, size_t end)
{
    assert_true(sent.len <= end);
    assert_memory_equal(sent.ptr, trial->whole.ptr, sent.len);
    assert_true(t2v_utf8_valid(sent, NULL));
}

static void run_trial(struct trial *trial)
{
    t2v_gen_text *text = NULL;
    struct t2v_buf out;
    bool found, stopped = false;
    size_t end = naive_end(trial, &found);
    t2v_buf_init(&out, SIZE_MAX);
    assert_int_equal(
        t2v_gen_text_new(trial->decoder, trial->stops, trial->n_stop, trial->keep_stop, &text), 0);
    for (size_t i = 0; i < N_ID && !stopped; i++) {
        assert_int_equal(t2v_gen_text_feed(text, trial->ids[i], &out, &stopped), 0);
        if (out.len != 0)
            check_sent(trial, t2v_buf_str(&out), end);
    }
    assert_int_equal(t2v_gen_text_finish(text, &out), 0);
    assert_int_equal(t2v_gen_text_stopped(text), found);
    if (out.len != end || (end != 0 && memcmp(out.ptr, trial->whole.ptr, end) != 0))
        fail_msg("\"%.*s\" instead of \"%.*s\"", T2V_STR_ARG(t2v_buf_str(&out)),
                 T2V_STR_ARG(((struct t2v_str){trial->whole.ptr, end})));
    t2v_gen_text_free(text);
    t2v_buf_deinit(&out);
}

static void test_against_naive(void **state)
{
    (void)state;
    static const char *const names[] = {"", "embeddinggemma", "qwen3-embedding", "bert-uncased",
                                        "roberta"};
    uint64_t random = 20;
    for (size_t m = 0; m < 5; m++) {
        struct model model = m == 0 ? open_bytes() : open_model(names[m]);
        for (size_t k = 0; k < 500; k++) {
            struct trial trial = {.decoder = model.decoder, .keep_stop = k % 2 != 0};
            uint32_t below = m == 0 ? 260 : k % 3 == 0 ? 300 : 1200;
            for (size_t i = 0; i < N_ID; i++)
                trial.ids[i] = (int32_t)(m == 0 && k % 2 == 0 ? 252 + random_below(&random, 8)
                                                              : random_below(&random, below));
            decode_whole(&trial);
            if (k % 5 != 0)
                draw_stops(&trial, &random);
            run_trial(&trial);
            t2v_buf_deinit(&trial.whole);
        }
        close_model(&model);
    }
}

static int32_t id_of(const t2v_decoder *decoder, const char *token)
{
    for (int32_t id = 0; id < 5000; id++) {
        struct t2v_str text = t2v_decoder_token(decoder, id);
        if (text.ptr != NULL && t2v_str_is(text, token))
            return id;
    }
    fail_msg("no token %s", token);
    return -1;
}

/* Feeds the tokens; returns after how many a stop string was complete, 0: none. */
static size_t feed_tokens(const t2v_decoder *decoder, const char *const *tokens, size_t n,
                          const char *stop, struct t2v_buf *out)
{
    t2v_gen_text *text = NULL;
    const struct t2v_str stops = t2v_str_of(stop);
    bool stopped = false;
    size_t i = 0;
    t2v_buf_clear(out);
    assert_int_equal(t2v_gen_text_new(decoder, &stops, 1, true, &text), 0);
    while (i < n && !stopped)
        assert_int_equal(t2v_gen_text_feed(text, id_of(decoder, tokens[i++]), out, &stopped), 0);
    assert_int_equal(t2v_gen_text_finish(text, out), 0);
    assert_int_equal(stopped, t2v_gen_text_stopped(text));
    t2v_gen_text_free(text);
    return stopped ? i : 0;
}

/* A run of byte tokens is held back until it ends; a stop string in it counts at once. */
static void test_byte_tokens(void **state)
{
    (void)state;
    static const char *const line[] = {"a", "<0x0A>", "<0x0A>", "b"};
    static const char *const euro[] = {"<0xE2>", "<0x82>", "<0xAC>", "a"};
    static const char *const bad[] = {"<0x0A>", "<0xE2>", "a"};
    struct model model = open_bytes();
    struct t2v_buf out;
    t2v_buf_init(&out, SIZE_MAX);
    assert_int_equal(feed_tokens(model.decoder, line, 4, "a\n", &out), 2);
    assert_true(t2v_str_is(t2v_buf_str(&out), "a\n"));
    assert_int_equal(feed_tokens(model.decoder, line, 4, "\n\n", &out), 3);
    assert_true(t2v_str_is(t2v_buf_str(&out), "a\n\n"));
    assert_int_equal(feed_tokens(model.decoder, euro, 4, "\xe2\x82\xac", &out), 3);
    assert_int_equal(feed_tokens(model.decoder, bad, 3, "x", &out), 0);
    assert_true(t2v_str_is(t2v_buf_str(&out), "\xef\xbf\xbd\xef\xbf\xbd"
                                              "a"));
    t2v_buf_deinit(&out);
    close_model(&model);
}

/* 300 stop strings of 64 KiB that nearly match: aaa...ab. */
static void test_long_stops(void **state)
{
    (void)state;
    enum { N = 300, LEN = 1 << 16 };
    struct model model = open_bytes();
    char *bytes = t2v_alloc(LEN);
    static struct t2v_str stops[N];
    t2v_gen_text *text = NULL;
    struct t2v_buf out;
    bool stopped = false;
    int32_t a = id_of(model.decoder, "a"), b = id_of(model.decoder, "b");
    memset(bytes, 'a', LEN);
    bytes[LEN - 1] = 'b';
    for (size_t i = 0; i < N; i++)
        stops[i] = (struct t2v_str){bytes + i, LEN - i};
    t2v_buf_init(&out, SIZE_MAX);
    assert_int_equal(t2v_gen_text_new(model.decoder, stops, N, false, &text), 0);
    for (size_t i = 0; i < LEN + 100; i++)
        assert_int_equal(t2v_gen_text_feed(text, a, &out, &stopped), 0);
    assert_int_equal(out.len, 101);
    assert_int_equal(t2v_gen_text_feed(text, b, &out, &stopped), 0);
    assert_true(stopped);
    assert_int_equal(out.len, 101);
    t2v_gen_text_free(text);
    t2v_buf_deinit(&out);
    t2v_free(bytes);
    close_model(&model);
}

static void test_memory(void **state)
{
    (void)state;
    struct model model = open_bytes();
    const struct t2v_str stop = T2V_STR("ab");
    for (long n = 0;; n++) {
        t2v_gen_text *text = NULL;
        struct t2v_buf out;
        bool stopped;
        t2v_buf_init(&out, SIZE_MAX);
        t2v_mem_fail_at(n);
        int rc = t2v_gen_text_new(model.decoder, &stop, 1, false, &text);
        for (int32_t id = 0; rc == 0 && id < 300; id++)
            rc = t2v_gen_text_feed(text, id, &out, &stopped);
        if (rc == 0)
            rc = t2v_gen_text_finish(text, &out);
        t2v_mem_fail_at(-1);
        t2v_gen_text_free(text);
        t2v_buf_deinit(&out);
        if (rc == 0)
            break;
        assert_int_equal(rc, T2V_ENOMEM);
    }
    close_model(&model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_against_naive),
        cmocka_unit_test(test_byte_tokens),
        cmocka_unit_test(test_long_stops),
        cmocka_unit_test(test_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
