/* SPDX-License-Identifier: BSD-3-Clause */
/* Ids to text: what the real libraries answered (golden/token-decode), at once and id by id; what
 * is held back, and no longer than it must be; memory; decoders that are wrong. */
#include "dir.h"

#include <limits.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "token/decode/decoder.h"
#include "token/parts.h"

static t2v_tokenizer *must_open(const char *dir, bool alone)
{
    t2v_tokenizer *tokenizer = NULL;
    struct t2v_err err;
    if ((alone ? t2v_tokenizer_open_alone(dir, &tokenizer, &err)
               : t2v_tokenizer_open(dir, &tokenizer, &err)) != 0)
        fail_msg("%s: %s", dir, err.msg);
    return tokenizer;
}

static t2v_decoder *must_decode(const t2v_tokenizer *tokenizer)
{
    t2v_decoder *decoder = NULL;
    struct t2v_err err;
    if (t2v_decoder_new(tokenizer, &decoder, &err) != 0)
        fail_msg("%s", err.msg);
    return decoder;
}

static void read_ids(const t2v_json *list, struct t2v_ids *ids)
{
    ids->len = 0;
    for (size_t i = 0; i < t2v_json_len(list); i++) {
        int64_t id = -1;
        assert_true(t2v_json_int(t2v_json_at(list, i), &id));
        assert_int_equal(t2v_ids_add(ids, (int32_t)id), 0);
    }
}

/* `most` ids at a time; every part that comes out is whole characters. */
static void decode_parts(const t2v_decoder *decoder, const struct t2v_ids *ids, unsigned flags,
                         size_t most, struct t2v_buf *out)
{
    t2v_decoding *decoding;
    assert_int_equal(t2v_decoding_new(decoder, flags, &decoding), 0);
    t2v_buf_clear(out);
    for (size_t at = 0; at < ids->len; at += most) {
        size_t n = ids->len - at < most ? ids->len - at : most, before = out->len;
        assert_int_equal(t2v_decoding_feed(decoding, ids->ptr + at, n, out), 0);
        assert_true(t2v_utf8_valid(t2v_str_skip(t2v_buf_str(out), before), NULL));
    }
    assert_int_equal(t2v_decoding_finish(decoding, out), 0);
    t2v_decoding_free(decoding);
}

/* One of the four ways: what is null is as the first of them. */
static void check_way(const t2v_decoder *decoder, const struct t2v_ids *ids, const t2v_json *case_,
                      unsigned flags, const char *what)
{
    struct t2v_buf out;
    struct t2v_str want = t2v_json_str(t2v_json_at(case_, 1 + flags));
    if (want.ptr == NULL)
        want = t2v_json_str(t2v_json_at(case_, 1));
    t2v_buf_init(&out, SIZE_MAX);
    for (size_t most = 0; most < 4; most++) {
        t2v_buf_clear(&out);
        if (most == 0)
            assert_int_equal(t2v_decode(decoder, ids->ptr, ids->len, flags, &out), 0);
        else
            decode_parts(decoder, ids, flags, most, &out);
        if (!t2v_str_eq(t2v_buf_str(&out), want))
            fail_msg("%s, way %u, %zu at a time: expected \"%.*s\", got \"%.*s\"", what, flags,
                     most, T2V_STR_ARG(want), T2V_STR_ARG(t2v_buf_str(&out)));
    }
    t2v_buf_deinit(&out);
}

static void check_cases(const t2v_tokenizer *tokenizer, const t2v_json *cases, const char *name)
{
    struct t2v_ids ids = {0};
    t2v_decoder *decoder = must_decode(tokenizer);
    assert_true(t2v_json_len(cases) > 2);
    for (size_t i = 0; i < t2v_json_len(cases); i++) {
        char what[120];
        snprintf(what, sizeof what, "%.80s, list %zu", name, i);
        read_ids(t2v_json_at(t2v_json_at(cases, i), 0), &ids);
        for (unsigned flags = 0; flags < 4; flags++)
            check_way(decoder, &ids, t2v_json_at(cases, i), flags, what);
    }
    t2v_decoder_free(decoder);
    t2v_ids_deinit(&ids);
}

/* Random decoders of all kinds. */
static void test_kinds(void **state)
{
    (void)state;
    char dir[DIR_PATH];
    struct t2v_err err;
    t2v_json *root = golden("token-decode/kinds.json");
    dir_make(dir);
    dir_write(dir, "tokenizer.json", t2v_json_str(t2v_json_get(root, "tokenizer")));
    t2v_tokenizer *tokenizer = must_open(dir, true);
    const t2v_json *list = t2v_json_get(root, "decoders");
    assert_int_equal(t2v_json_len(list), 150);
    for (size_t i = 0; i < t2v_json_len(list); i++) {
        char name[32];
        const t2v_json *one = t2v_json_at(list, i);
        t2v_decode_spec_deinit(&tokenizer->decode);
        assert_int_equal(t2v_decode_spec_load(t2v_json_get(one, "decoder"), "decoder",
                                              &tokenizer->arena, &tokenizer->decode, &err),
                         0);
        snprintf(name, sizeof name, "decoder %zu", i);
        check_cases(tokenizer, t2v_json_get(one, "cases"), name);
    }
    t2v_tokenizer_free(tokenizer);
    dir_remove(dir);
    t2v_json_free(root);
}

static void write_files(const char *dir, const t2v_json *files)
{
    for (struct t2v_json_member m = t2v_json_first(files); m.value != NULL;
         m = t2v_json_next(files, m))
        dir_write(dir, m.key.ptr, t2v_json_str(m.value));
}

static void copy_files(const char *dir, const t2v_json *copies)
{
    for (struct t2v_json_member m = t2v_json_first(copies); m.value != NULL;
         m = t2v_json_next(copies, m)) {
        char from[900];
        snprintf(from, sizeof from, T2V_TEST_DIR "/golden/%.*s",
                 T2V_STR_ARG(t2v_json_str(m.value)));
        dir_add(dir, m.key.ptr, from);
    }
}

static void check_tokenizer(const char *dir, const t2v_json *one, const char *name)
{
    bool tidies = false;
    t2v_tokenizer *tokenizer = must_open(dir, false);
    t2v_decoder *decoder = must_decode(tokenizer);
    assert_true(t2v_json_bool(t2v_json_get(one, "tidies"), &tidies));
    assert_int_equal(t2v_decoder_tidies(decoder), tidies);
    check_cases(tokenizer, t2v_json_get(one, "cases"), name);
    t2v_decoder_free(decoder);
    t2v_tokenizer_free(tokenizer);
}

/* The tokenizers of the fixtures; those that golden/ has, also from their older files, and some of
 * other older files. */
static void test_models(void **state)
{
    (void)state;
    t2v_json *root = golden("token-decode/models.json");
    const t2v_json *list = t2v_json_get(root, "models");
    size_t n_older = 0;
    assert_true(t2v_json_len(list) > 32);
    for (size_t i = 0; i < t2v_json_len(list); i++) {
        const t2v_json *one = t2v_json_at(list, i);
        struct t2v_str folder = t2v_json_str(t2v_json_get(one, "folder"));
        char dir[DIR_PATH], from[900], name[80];
        snprintf(name, sizeof name, "%.*s", T2V_STR_ARG(t2v_json_str(t2v_json_get(one, "name"))));
        snprintf(from, sizeof from, T2V_TEST_DIR "/golden/%.*s", T2V_STR_ARG(folder));
        dir_make(dir);
        if (folder.ptr != NULL)
            dir_copy(dir, from, NULL);
        else
            write_files(dir, t2v_json_get(one, "files"));
        copy_files(dir, t2v_json_get(one, "copies"));
        check_tokenizer(dir, one, name);
        dir_remove(dir);
        snprintf(from + strlen(from), sizeof from - strlen(from), "/vocab.txt");
        if (folder.ptr == NULL || access(from, R_OK) != 0)
            continue;
        from[strlen(from) - strlen("/vocab.txt")] = '\0';
        n_older++;
        dir_make(dir);
        dir_copy(dir, from, "tokenizer.json");
        check_tokenizer(dir, one, name);
        dir_remove(dir);
    }
    assert_true(n_older >= 4);
    t2v_json_free(root);
}

/* A tokenizer whose vocabulary is `tokens`, with this decoder. */
static t2v_tokenizer *make_words(const char *decoder, const char *const *tokens, size_t n,
                                 const char *config)
{
    char dir[DIR_PATH];
    struct t2v_buf json;
    t2v_buf_init(&json, SIZE_MAX);
    t2v_buf_addf(&json,
                 "{\"decoder\": %s, \"added_tokens\": [{\"id\": 0, \"content\": \"<s>\", "
                 "\"single_word\": false, \"lstrip\": false, \"rstrip\": false, "
                 "\"normalized\": false, \"special\": true}], \"model\": {\"type\": "
                 "\"WordLevel\", \"unk_token\": \"<s>\", \"vocab\": {\"<s>\": 0",
                 decoder);
    for (size_t i = 0; i < n; i++)
        t2v_buf_addf(&json, ", \"%s\": %zu", tokens[i], i + 1);
    t2v_buf_adds(&json, "}}}");
    assert_int_equal(json.fail, 0);
    dir_make(dir);
    dir_write(dir, "tokenizer.json", t2v_buf_str(&json));
    if (config != NULL)
        dir_write(dir, "tokenizer_config.json", t2v_str_of(config));
    t2v_tokenizer *tokenizer = must_open(dir, config == NULL);
    dir_remove(dir);
    t2v_buf_deinit(&json);
    return tokenizer;
}

enum { MOST = 12 };

/* What comes out after each token, and at the end. */
struct held {
    const char *decoder;
    unsigned flags;
    const char *tokens[MOST];
    const char *parts[MOST + 1];
};

#define FUSED(more)                                                                                \
    "{\"type\": \"Sequence\", \"decoders\": [{\"type\": \"Replace\", \"pattern\": {\"String\": "   \
    "\"_\"}, \"content\": \" \"}, {\"type\": \"ByteFallback\"}, {\"type\": \"Fuse\"}" more "]}"
#define STRIP(start, stop)                                                                         \
    ", {\"type\": \"Strip\", \"content\": \" \", \"start\": " start ", \"stop\": " stop "}"
#define BYTE_LEVEL "{\"type\": \"ByteLevel\", \"add_prefix_space\": true, \"trim_offsets\": true}"
#define WORD_PIECE "{\"type\": \"WordPiece\", \"prefix\": \"##\", \"cleanup\": true}"

static const struct held held[] = {
    {"null", 0, {"a", "b", "c"}, {"a", " b", " c", ""}},
    {WORD_PIECE, 0, {"it", "'", "s", "##n", ".", "do"}, {"it", " '", " s", "n", ".", " do", ""}},
    {WORD_PIECE,
     T2V_DECODE_TIDY,
     {"it", "'", "s", ".", "n", "'t"},
     {"it", "", "'s", ".", "", " n 't", ""}},
    /* U+00E9, then U+1F600 in two tokens, then its first half alone */
    {BYTE_LEVEL,
     0,
     {"\xc3\x83\xc2\xa9", "a\xc3\xb0\xc5\x81", "\xc4\xba\xc4\xa2", "\xc3\xb0\xc5\x81"},
     {"\xc3\xa9", "a", "\xf0\x9f\x98\x80", "", "\xef\xbf\xbd"}},
    {BYTE_LEVEL,
     0,
     {"\xc3\xb0", "x"},
     {"",
      "\xef\xbf\xbd"
      "x",
      ""}},
    /* bytes: a whole character waits, too, for it vanishes with a bad one behind it */
    {FUSED(STRIP("1", "0")),
     0,
     {"_a", "<0xC3>", "<0xA9>", "_b", "_", "_c"},
     {"a", "", "", "\xc3\xa9 b", " ", " c", ""}},
    {FUSED(""),
     0,
     {"<0x41>", "<0xFF>", "<0x42>", "c"},
     {"", "\xef\xbf\xbd\xef\xbf\xbd", "\xef\xbf\xbd", "c", ""}},
    {FUSED(""), 0, {"a", "<0xF0>", "<0x9F>"}, {"a", "", "", "\xef\xbf\xbd\xef\xbf\xbd"}},
    {FUSED(STRIP("1", "2")),
     0,
     {"_", "_a", "_b", " ", "__", "c", "_ "},
     {"", " a", " b", "", " ", "  c", "", ""}},
    {"{\"type\": \"BPEDecoder\", \"suffix\": \"</w>\"}",
     0,
     {"lo", "w</w>", "er</w>", "<s", "x"},
     {"lo", "w", " er", " <s", "x", ""}},
    {"{\"type\": \"CTC\", \"pad_token\": \"-\", \"word_delimiter_token\": \"|\", \"cleanup\": "
     "true}",
     0,
     {"a", "-", "-x", "|", "b|"},
     {"a", "", "x", " ", "b ", ""}},
    {"{\"type\": \"Metaspace\", \"replacement\": \"_\", \"prepend_scheme\": \"first\"}",
     0,
     {"_a_", "_b", "_"},
     {"a", " b", " ", ""}},
    {FUSED(", {\"type\": \"Replace\", \"pattern\": {\"String\": \"xyxz\"}, \"content\": \"!\"}"),
     0,
     {"ax", "y", "xy", "x", "z", "xyx"},
     {"a", "", "xy", "", "!", "", "xyx"}},
    {FUSED(", {\"type\": \"Replace\", \"pattern\": {\"Regex\": \"b+\"}, \"content\": \"!\"}"),
     0,
     {"ab", "bb", "a"},
     {"", "", "", "a!a"}},
};

static void check_held(const struct held *one)
{
    size_t n = 0;
    while (n < MOST && one->tokens[n] != NULL)
        n++;
    t2v_tokenizer *tokenizer = make_words(one->decoder, one->tokens, n, NULL);
    t2v_decoder *decoder = must_decode(tokenizer);
    t2v_decoding *decoding;
    struct t2v_buf out;
    t2v_buf_init(&out, SIZE_MAX);
    assert_int_equal(t2v_decoding_new(decoder, one->flags, &decoding), 0);
    for (size_t round = 0; round < 2; round++, t2v_decoding_restart(decoding)) {
        for (size_t i = 0; i <= n; i++) {
            int32_t id = (int32_t)i + 1;
            t2v_buf_clear(&out);
            assert_int_equal(i < n ? t2v_decoding_feed(decoding, &id, 1, &out)
                                   : t2v_decoding_finish(decoding, &out),
                             0);
            if (!t2v_str_is(t2v_buf_str(&out), one->parts[i]))
                fail_msg("%s, after %zu: expected \"%s\", got \"%.*s\"", one->decoder, i + 1,
                         one->parts[i], T2V_STR_ARG(t2v_buf_str(&out)));
        }
    }
    t2v_decoding_free(decoding);
    t2v_decoder_free(decoder);
    t2v_tokenizer_free(tokenizer);
    t2v_buf_deinit(&out);
}

static void test_held(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof held / sizeof *held; i++)
        check_held(&held[i]);
}

/* Once its buffers have grown, a decoding asks for no memory, however many ids come. */
static void test_no_allocation(void **state)
{
    (void)state;
    static const char *const tokens[] = {"_a", "<0xC3>", "<0xA9>", "_b", "_", "x </w>"};
    static const char *const decoders[] = {
        FUSED(STRIP("1", "1")), BYTE_LEVEL, WORD_PIECE,
        "{\"type\": \"BPEDecoder\", \"suffix\": \"</w>\"}",
        "{\"type\": \"CTC\", \"pad_token\": \"-\", \"word_delimiter_token\": \"|\", \"cleanup\": "
        "true}"};
    for (size_t i = 0; i < sizeof decoders / sizeof *decoders; i++) {
        t2v_tokenizer *tokenizer = make_words(decoders[i], tokens, 6, NULL);
        t2v_decoder *decoder = must_decode(tokenizer);
        t2v_decoding *decoding;
        struct t2v_buf out;
        t2v_buf_init(&out, 1 << 12); /* so little is held back */
        assert_int_equal(t2v_decoding_new(decoder, T2V_DECODE_TIDY, &decoding), 0);
        for (int32_t k = 0; k < 200000; k++) {
            int32_t id = 1 + k % 7;
            if (k == 1000)
                t2v_mem_fail_at(LONG_MAX);
            t2v_buf_clear(&out);
            assert_int_equal(t2v_decoding_feed(decoding, &id, 1, &out), 0);
        }
        assert_int_equal(t2v_mem_fail_at(-1), 0);
        t2v_decoding_free(decoding);
        t2v_decoder_free(decoder);
        t2v_tokenizer_free(tokenizer);
        t2v_buf_deinit(&out);
    }
}

/* How many requests for memory a text of n tokens of 1 KiB makes, all of which are held back. */
static size_t requests_of(t2v_decoding *decoding, size_t n)
{
    const int32_t id = 1;
    struct t2v_buf out;
    t2v_buf_init(&out, SIZE_MAX);
    t2v_mem_fail_at(LONG_MAX);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(t2v_decoding_feed(decoding, &id, 1, &out), 0);
    size_t requests = t2v_mem_fail_at(-1);
    assert_int_equal(out.len, 0);
    assert_int_equal(t2v_decoding_finish(decoding, &out), 0);
    assert_int_equal(out.len, n * 1024);
    t2v_buf_deinit(&out);
    t2v_decoding_restart(decoding);
    return requests;
}

/* What only a very long text needed is let go; what a usual one did is kept. */
static void test_shrinks(void **state)
{
    (void)state;
    static char token[1025];
    const char *const tokens[] = {token};
    t2v_decoding *decoding;
    memset(token, 'a', sizeof token - 1);
    t2v_tokenizer *tokenizer = make_words(
        FUSED(", {\"type\": \"Replace\", \"pattern\": {\"Regex\": \"x\"}, \"content\": \"\"}"),
        tokens, 1, NULL);
    t2v_decoder *decoder = must_decode(tokenizer);
    assert_int_equal(t2v_decoding_new(decoder, 0, &decoding), 0);
    assert_true(requests_of(decoding, 10) > 0);
    assert_int_equal(requests_of(decoding, 10), 0);
    assert_true(requests_of(decoding, 3000) > 0);
    assert_true(requests_of(decoding, 10) > 0);
    t2v_decoding_free(decoding);
    t2v_decoder_free(decoder);
    t2v_tokenizer_free(tokenizer);
}

static const char *const none[] = {"a"};

/* A decoder that is wrong keeps nobody from encoding. */
static void refuses(const char *json, int code, const char *message)
{
    t2v_decoder *decoder = NULL;
    struct t2v_err err = {0};
    t2v_tokenizer *tokenizer = make_words(json, none, 1, NULL);
    int rc = t2v_decoder_new(tokenizer, &decoder, &err);
    if (rc != code || strstr(err.msg, message) == NULL)
        fail_msg("%s: expected %d \"%s\", got %d \"%s\"", json, code, message, rc, err.msg);
    t2v_tokenizer_free(tokenizer);
}

static void test_refused(void **state)
{
    (void)state;
    refuses("7", T2V_EFORMAT, "decoder is a number, not an object");
    refuses("{}", T2V_EFORMAT, "decoder.type is missing");
    refuses("{\"type\": \"New\"}", T2V_EUNSUPPORTED, "the decoder \"New\" is not supported");
    refuses("{\"type\": \"ByteLevel\"}", T2V_EFORMAT, "decoder.add_prefix_space is missing");
    refuses("{\"type\": \"WordPiece\", \"prefix\": \"\"}", T2V_EFORMAT, "cleanup is missing");
    refuses("{\"type\": \"Strip\", \"content\": \"ab\", \"start\": 1, \"stop\": 0}", T2V_EFORMAT,
            "content is not one character");
    refuses("{\"type\": \"Strip\", \"content\": \"a\", \"start\": -1, \"stop\": 0}", T2V_EFORMAT,
            "decoder.start");
    refuses("{\"type\": \"Metaspace\", \"replacement\": \"_\", \"prepend_scheme\": \"last\"}",
            T2V_EUNSUPPORTED, "prepend_scheme");
    refuses("{\"type\": \"Sequence\", \"decoders\": [{\"type\": \"Fuse\"}, {\"type\": \"No\"}]}",
            T2V_EUNSUPPORTED, "decoder.decoders[1]: the decoder \"No\"");
    refuses("{\"type\": \"Replace\", \"pattern\": {\"Regex\": \"(\"}, \"content\": \"\"}",
            T2V_EFORMAT, "decoder.pattern");
    refuses("{\"type\": \"Sequence\"}", T2V_EFORMAT, "decoder.decoders is missing");
#define SEQ(inner) "{\"type\": \"Sequence\", \"decoders\": [" inner "]}"
    refuses(SEQ(SEQ(SEQ(SEQ(SEQ(SEQ(SEQ(SEQ(SEQ(""))))))))), T2V_ETOOLARGE,
            "Sequences nested too deeply");
}

/* A component without a type, or with an unknown one, is known by its fields. */
static void test_no_type(void **state)
{
    (void)state;
    static const char *const tokens[] = {"a", "##b", "c</w>"};
    static const struct {
        const char *decoder, *text;
    } cases[] = {
        {"{\"suffix\": \"</w>\"}", "a##bc"},
        {"{\"type\": null, \"prefix\": \"##\", \"cleanup\": false}", "ab c</w>"},
        {"{\"type\": \"New\", \"pattern\": {\"String\": \"b\"}, \"content\": \"x\"}", "a##xc</w>"},
        {"{\"content\": \"a\", \"start\": 1, \"stop\": 0}", "##bc</w>"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const int32_t ids[] = {1, 2, 3};
        struct t2v_buf out;
        t2v_tokenizer *tokenizer = make_words(cases[i].decoder, tokens, 3, NULL);
        t2v_decoder *decoder = must_decode(tokenizer);
        t2v_buf_init(&out, SIZE_MAX);
        assert_int_equal(t2v_decode(decoder, ids, 3, 0, &out), 0);
        if (!t2v_str_is(t2v_buf_str(&out), cases[i].text))
            fail_msg("%s: \"%.*s\"", cases[i].decoder, T2V_STR_ARG(t2v_buf_str(&out)));
        t2v_buf_deinit(&out);
        t2v_decoder_free(decoder);
        t2v_tokenizer_free(tokenizer);
    }
}

/* Ids that nobody has, special tokens, the setting of tokenizer_config.json. */
static void test_tokens(void **state)
{
    (void)state;
    static const struct {
        const char *config;
        bool tidies;
    } settings[] = {
        {"{}", false},
        {"{\"clean_up_tokenization_spaces\": true}", true},
        {"{\"clean_up_tokenization_spaces\": null}", false},
        {"{\"clean_up_tokenization_spaces\": 1}", true},
    };
    for (size_t i = 0; i < sizeof settings / sizeof *settings; i++) {
        const int32_t ids[] = {-1, 0, 2, 1, INT32_MAX, INT32_MIN};
        struct t2v_buf out;
        t2v_tokenizer *tokenizer = make_words("null", none, 1, settings[i].config);
        t2v_decoder *decoder = must_decode(tokenizer);
        assert_int_equal(t2v_decoder_tidies(decoder), settings[i].tidies);
        assert_true(t2v_str_is(t2v_decoder_token(decoder, 1), "a"));
        assert_null(t2v_decoder_token(decoder, 2).ptr);
        assert_true(t2v_decoder_is_special(decoder, 0));
        assert_false(t2v_decoder_is_special(decoder, 1) || t2v_decoder_is_special(decoder, -1));
        t2v_buf_init(&out, SIZE_MAX);
        assert_int_equal(t2v_decode(decoder, ids, 6, 0, &out), 0);
        assert_true(t2v_str_is(t2v_buf_str(&out), "<s> a"));
        t2v_buf_clear(&out);
        assert_int_equal(t2v_decode(decoder, ids, 6, T2V_DECODE_SKIP_SPECIAL, &out), 0);
        assert_true(t2v_str_is(t2v_buf_str(&out), "a"));
        t2v_buf_clear(&out);
        assert_int_equal(t2v_decode(decoder, NULL, 0, 0, &out), 0);
        assert_int_equal(out.len, 0);
        t2v_buf_deinit(&out);
        t2v_decoder_free(decoder);
        t2v_tokenizer_free(tokenizer);
    }
}

/* A list of Unigram's that has a text twice: both ids are spelt so, and special where one is. */
static void test_twins(void **state)
{
    (void)state;
    static const char *const want[2][8] = {{"<unk>", "a", "b", "a", "c", "a", "b", ""},
                                           {"<unk>", "a", "", "a", "c", "a", "", ""}};
    char dir[DIR_PATH];
    dir_make(dir);
    dir_write(dir, "tokenizer.json",
              T2V_STR("{\"added_tokens\": [{\"id\": 1, \"content\": \"b\", \"special\": true, "
                      "\"single_word\": false, \"lstrip\": false, \"rstrip\": false, "
                      "\"normalized\": false}], \"model\": {\"type\": \"Unigram\", \"unk_id\": 0, "
                      "\"vocab\": [[\"<unk>\", 0], [\"a\", -1], [\"b\", -1], [\"a\", -2], "
                      "[\"c\", -1], [\"a\", -1], [\"b\", -3]]}}"));
    t2v_tokenizer *tokenizer = must_open(dir, true);
    t2v_decoder *decoder = must_decode(tokenizer);
    struct t2v_buf out;
    t2v_buf_init(&out, SIZE_MAX);
    for (unsigned flags = 0; flags < 2; flags++) {
        for (int32_t id = 0; id < 8; id++) {
            t2v_buf_clear(&out);
            assert_int_equal(t2v_decode(decoder, &id, 1, flags, &out), 0);
            if (!t2v_str_is(t2v_buf_str(&out), want[flags][id]))
                fail_msg("way %u, id %d: \"%.*s\"", flags, (int)id, T2V_STR_ARG(t2v_buf_str(&out)));
        }
    }
    t2v_buf_clear(&out); /* the search for one id knows both, too */
    assert_int_equal(t2v_tokenizer_spell(tokenizer, 3, &out), 0);
    assert_true(t2v_str_is(t2v_buf_str(&out), "a"));
    t2v_buf_deinit(&out);
    t2v_decoder_free(decoder);
    t2v_tokenizer_free(tokenizer);
    dir_remove(dir);
}

/* What the file makes too much: text that has to be held back, steps of a pattern, an answer. */
static void check_limit(const char *decoder_json, const char *token, size_t n, size_t max, int code)
{
    const char *const tokens[] = {token};
    const int32_t id = 1;
    struct t2v_buf out;
    t2v_decoding *decoding;
    t2v_tokenizer *tokenizer = make_words(decoder_json, tokens, 1, NULL);
    t2v_decoder *decoder = must_decode(tokenizer);
    t2v_buf_init(&out, max);
    assert_int_equal(t2v_decoding_new(decoder, 0, &decoding), 0);
    int rc = 0;
    for (size_t i = 0; i < n && rc == 0; i++)
        rc = t2v_decoding_feed(decoding, &id, 1, &out);
    if (rc == 0)
        rc = t2v_decoding_finish(decoding, &out);
    assert_int_equal(rc, code);
    t2v_decoding_free(decoding);
    t2v_decoder_free(decoder);
    t2v_tokenizer_free(tokenizer);
    t2v_buf_deinit(&out);
}

static void test_limits(void **state)
{
    (void)state;
    static char token[1025];
    memset(token, 'a', sizeof token - 1);
    check_limit("null", token, 3, 3 * 1024 + 1, T2V_ETOOLARGE);
    check_limit("null", token, 3, 3 * 1024 + 2, 0);
    check_limit(FUSED(", {\"type\": \"Replace\", \"pattern\": {\"Regex\": \"x\"}, \"content\": "
                      "\"\"}"),
                token, (T2V_DECODE_MAX_KEPT >> 10) + 1, SIZE_MAX, T2V_ETOOLARGE);
    check_limit("{\"type\": \"Replace\", \"pattern\": {\"Regex\": \"(a|aa)+[bc]\"}, \"content\": "
                "\"\"}",
                token, 1, SIZE_MAX, T2V_ETOOLARGE);
    /* The steps are those of a text, not of a token. */
    token[16] = '\0';
    const char *slow = "{\"type\": \"Replace\", \"pattern\": {\"Regex\": \"(a|aa)+[bc]\"}, "
                       "\"content\": \"\"}";
    check_limit(slow, token, 2, SIZE_MAX, 0);
    check_limit(slow, token, 20000, SIZE_MAX, T2V_ETOOLARGE);
}

/* Every request for memory may fail. */
static void test_no_memory(void **state)
{
    (void)state;
    static const char *const tokens[] = {"_a", "<0xC3>", "<0xA9>", "_b ."};
    const int32_t ids[] = {1, 2, 3, 4, 4, 2, 1};
    t2v_tokenizer *tokenizer = make_words(
        FUSED(", {\"type\": \"Replace\", \"pattern\": {\"Regex\": \"b+\"}, \"content\": \"!\"}"),
        tokens, 4, NULL);
    long n = 0;
    for (int rc = T2V_ENOMEM; rc != 0; n++) {
        t2v_decoder *decoder = NULL;
        struct t2v_buf out;
        struct t2v_err err;
        t2v_buf_init(&out, SIZE_MAX);
        t2v_mem_fail_at(n);
        rc = t2v_decoder_new(tokenizer, &decoder, &err);
        if (rc == 0)
            rc = t2v_decode(decoder, ids, 7, T2V_DECODE_TIDY, &out);
        t2v_mem_fail_at(-1);
        assert_true(rc == 0 || rc == T2V_ENOMEM);
        if (rc == 0)
            assert_true(t2v_str_is(t2v_buf_str(&out), " a\xc3\xa9!.!.\xef\xbf\xbd a"));
        t2v_decoder_free(decoder);
        t2v_buf_deinit(&out);
    }
    assert_in_range(n, 8, 100);
    t2v_tokenizer_free(tokenizer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kinds),     cmocka_unit_test(test_models),
        cmocka_unit_test(test_held),      cmocka_unit_test(test_no_allocation),
        cmocka_unit_test(test_refused),   cmocka_unit_test(test_no_type),
        cmocka_unit_test(test_tokens),    cmocka_unit_test(test_twins),
        cmocka_unit_test(test_limits),    cmocka_unit_test(test_shrinks),
        cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
