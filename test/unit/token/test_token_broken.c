/* SPDX-License-Identifier: BSD-3-Clause */
/* Files that are not what they should be: each error names the file and the field. And memory that
 * cannot be had, at every single request. */
#include "dir.h"

#include "base/mem.h"
#include "token/encode.h"
#include "token/tokenizer.h"

/* A whole tokenizer.json, of which one case replaces one part. */
#define NORM                                                                                       \
    "\"normalizer\": {\"type\": \"BertNormalizer\", \"clean_text\": true, "                        \
    "\"handle_chinese_chars\": true, \"strip_accents\": null, \"lowercase\": true}"
#define PRE "\"pre_tokenizer\": {\"type\": \"BertPreTokenizer\"}"
#define POST                                                                                       \
    "\"post_processor\": {\"type\": \"TemplateProcessing\", \"single\": [{\"SpecialToken\": "      \
    "{\"id\": \"[C]\"}}, {\"Sequence\": {\"id\": \"A\"}}], \"special_tokens\": {\"[C]\": "         \
    "{\"ids\": [1]}}}"
#define MODEL                                                                                      \
    "\"model\": {\"type\": \"WordPiece\", \"unk_token\": \"u\", \"max_input_chars_per_word\": "    \
    "100, \"continuing_subword_prefix\": \"##\", \"vocab\": {\"u\": 0, \"[C]\": 1, \"a\": 2}}"
#define SPLIT(pattern, more)                                                                       \
    "\"pre_tokenizer\": {\"type\": \"Split\", \"pattern\": " pattern ", \"behavior\": " more "}"
#define BPE(setting, vocab, merges)                                                                \
    "\"model\": {\"type\": \"BPE\", " setting ", \"vocab\": " vocab ", \"merges\": " merges "}"
#define UNIGRAM(vocab) "\"model\": {\"type\": \"Unigram\", \"unk_id\": 1, \"vocab\": " vocab "}"
#define ADDED                                                                                      \
    "\"added_tokens\": [{\"id\": 1, \"content\": \"[C]\", \"single_word\": false, "                \
    "\"lstrip\": false, \"rstrip\": false, \"normalized\": false, \"special\": true}]"
#define SEQ(inner) "{\"type\": \"Sequence\", \"normalizers\": [" inner "]}"
#define FLAGS      "\"single_word\": false, \"lstrip\": false, \"rstrip\": false, \"special\": false"

struct broken {
    const char *norm, *pre, *post, *model, *added; /* NULL: as above */
    int code;
    const char *said;
};

static const struct broken cases[] = {
    {.norm = "\"normalizer\": 3", .code = T2V_EFORMAT, .said = "normalizer.type is missing"},
    {.norm = "\"normalizer\": {\"type\": \"Precompiled\"}",
     .code = T2V_EFORMAT,
     .said = "normalizer.precompiled_charsmap is missing"},
    {.norm = "\"normalizer\": {\"type\": \"Precompiled\", \"precompiled_charsmap\": \"A===\"}",
     .code = T2V_EFORMAT,
     .said = "normalizer: the charsmap is not base64"},
    {.norm = "\"normalizer\": {\"type\": \"Precompiled\", \"precompiled_charsmap\": \"CAAAAAAA\"}",
     .code = T2V_EFORMAT,
     .said = "normalizer: the charsmap is shorter than it says (6 bytes)"},
    {.norm = "\"normalizer\": {\"type\": \"Precompiled\", \"precompiled_charsmap\": \"AAAAAA==\"}",
     .code = T2V_EFORMAT,
     .said = "normalizer: the charsmap is empty"},
    {.norm =
         "\"normalizer\": {\"type\": \"Precompiled\", \"precompiled_charsmap\": \"BAAAAAAAAAD/\"}",
     .code = T2V_EFORMAT,
     .said = "normalizer: the charsmap's replacements are not UTF-8"},
    {.norm = "\"normalizer\": {\"type\": \"Prepend\"}",
     .code = T2V_EFORMAT,
     .said = "normalizer.prepend is missing"},
    {.norm = "\"normalizer\": {\"type\": \"Filter\"}",
     .code = T2V_EUNSUPPORTED,
     .said = "normalizer: the normalizer \"Filter\" is not supported"},
    {.norm = "\"normalizer\": {\"type\": \"BertNormalizer\", \"clean_text\": true}",
     .code = T2V_EFORMAT,
     .said = "normalizer.handle_chinese_chars is missing"},
    {.norm = "\"normalizer\": {\"type\": \"BertNormalizer\", \"clean_text\": \"yes\"}",
     .code = T2V_EFORMAT,
     .said = "normalizer.clean_text is a string, not true or false"},
    {.norm =
         "\"normalizer\": " SEQ("{\"type\": \"NFC\"}, {\"type\": \"Strip\", \"strip_left\": 1}"),
     .code = T2V_EFORMAT,
     .said = "normalizer.normalizers[1].strip_left is a number, not true or false"},
    {.norm = "\"normalizer\": {\"type\": \"Sequence\"}",
     .code = T2V_EFORMAT,
     .said = "normalizer.normalizers is missing"},
    {.norm = "\"normalizer\": {\"type\": \"Replace\", \"pattern\": {\"Regex\": \"a(?R)\"}, "
             "\"content\": "
             "\"b\"}",
     .code = T2V_EUNSUPPORTED,
     .said = "normalizer.pattern: a group that begins so in a pattern is not supported"},
    {.norm = "\"normalizer\": " SEQ(SEQ(SEQ(SEQ(SEQ(SEQ(SEQ(SEQ(SEQ(""))))))))),
     .code = T2V_ETOOLARGE,
     .said = "Sequences nested too deeply"},
    {.pre = "\"pre_tokenizer\": {\"type\": \"UnicodeScript\"}",
     .code = T2V_EUNSUPPORTED,
     .said = "pre_tokenizer: the pre-tokenizer \"UnicodeScript\" is not supported"},
    {.pre = "\"pre_tokenizer\": {\"type\": \"FixedLength\", \"length\": 0}",
     .code = T2V_EFORMAT,
     .said = "pre_tokenizer.length is 0, not a whole number in [1,"},
    {.pre = "\"pre_tokenizer\": {\"type\": \"ByteLevel\"}",
     .code = T2V_EFORMAT,
     .said = "pre_tokenizer.add_prefix_space is missing"},
    {.pre = SPLIT("{\"Regex\": \"a\"}", "\"Isolated\""),
     .code = T2V_EFORMAT,
     .said = "pre_tokenizer.invert is missing"},
    {.pre = SPLIT("{\"Regex\": \"a\"}", "\"Merged\""),
     .code = T2V_EUNSUPPORTED,
     .said = "pre_tokenizer.behavior \"Merged\" is not supported"},
    {.pre = SPLIT("{\"Other\": \"a\"}", "\"Isolated\", \"invert\": true"),
     .code = T2V_EFORMAT,
     .said = "pre_tokenizer.pattern.String is missing"},
    {.pre = SPLIT("{\"Regex\": \"[a-z&&b]\"}", "\"Isolated\", \"invert\": true"),
     .code = T2V_EUNSUPPORTED,
     .said = "pre_tokenizer.pattern: && inside of [...] in a pattern is not supported"},
    {.pre = SPLIT("{\"Regex\": \"(a\"}", "\"Isolated\", \"invert\": true"),
     .code = T2V_EFORMAT,
     .said = "pre_tokenizer.pattern: the pattern has no ) for a ("},
    {.pre = SPLIT("{\"Regex\": \"(a{9999}){9999}\"}", "\"Isolated\", \"invert\": true"),
     .code = T2V_ETOOLARGE,
     .said = "pre_tokenizer.pattern: PCRE2 cannot compile it: "},
    {.pre = "\"pre_tokenizer\": {\"type\": \"CharDelimiterSplit\", \"delimiter\": \"ab\"}",
     .code = T2V_EFORMAT,
     .said = "pre_tokenizer.delimiter is not one character"},
    {.pre = "\"pre_tokenizer\": {\"type\": \"Digits\"}",
     .code = T2V_EFORMAT,
     .said = "pre_tokenizer.individual_digits is missing"},
    {.model = BPE("\"dropout\": 0.1", "{}", "[]"),
     .code = T2V_EUNSUPPORTED,
     .said = "model.dropout other than 0 is not supported"},
    {.model = BPE("\"fuse_unk\": 1", "{}", "[]"),
     .code = T2V_EFORMAT,
     .said = "model.fuse_unk is a number, not true or false"},
    {.model = BPE("\"fuse_unk\": null", "{}", "null"),
     .code = T2V_EFORMAT,
     .said = "model.merges is missing"},
    {.model = BPE("\"fuse_unk\": null", "{\"a\": 1.5}", "[]"),
     .code = T2V_EFORMAT,
     .said = "model.vocab: [\"a\"] is 1.5, not a token id in [0, 16777215]"},
    {.model = BPE("\"fuse_unk\": null", "{\"a\": 0, \"b\": 1}", "[\"a b\"]"),
     .code = T2V_EFORMAT,
     .said = "model.merges: merge 0, \"a\" and \"b\": one of the two, or both together, is not in"},
    {.model = BPE("\"fuse_unk\": null", "{\"a\": 0, \"aa\": 1}", "[\"a a\", \"a\"]"),
     .code = T2V_EFORMAT,
     .said = "model.merges: merge 1, \"a\", is not two tokens"},
    {.model = BPE("\"fuse_unk\": null", "{\"a\": 0, \"aa\": 1}", "[[\"a\", \"a\", \"a\"]]"),
     .code = T2V_EFORMAT,
     .said = "model.merges: a merge of more than two tokens"},
    {.model = BPE("\"fuse_unk\": null", "{\"a\": 0, \"aa\": 1}", "[[\"a\"]]"),
     .code = T2V_EFORMAT,
     .said = "model.merges: not JSON: "},
    {.pre = "\"pre_tokenizer\": {\"type\": \"Sequence\", \"pretokenizers\": [{}]}",
     .code = T2V_EFORMAT,
     .said = "pre_tokenizer.pretokenizers[0].type is missing"},
    {.post = "\"post_processor\": {\"type\": \"X\"}",
     .code = T2V_EUNSUPPORTED,
     .said = "post_processor: the post-processor \"X\" is not supported"},
    {.post = "\"post_processor\": {\"type\": \"BertProcessing\", \"cls\": [\"[C]\"], \"sep\": []}",
     .code = T2V_EFORMAT,
     .said = "post_processor.cls[1] is missing"},
    {.post =
         "\"post_processor\": {\"type\": \"TemplateProcessing\", \"single\": [{\"SpecialToken\": "
         "{\"id\": \"[Q]\"}}], \"special_tokens\": {}}",
     .code = T2V_EFORMAT,
     .said = "post_processor.special_tokens[\"[Q]\"] is missing"},
    {.post =
         "\"post_processor\": {\"type\": \"TemplateProcessing\", \"single\": [{\"SpecialToken\": "
         "{\"id\": \"[C]\"}}], \"special_tokens\": {\"[C]\": {\"ids\": [1, -1]}}}",
     .code = T2V_EFORMAT,
     .said = "post_processor.special_tokens[\"[C]\"].ids[1] is -1, not a token id"},
    {.post = "\"post_processor\": {\"type\": \"TemplateProcessing\", \"single\": [{\"Sequence\": "
             "{\"id\": \"B\"}}], \"special_tokens\": {}}",
     .code = T2V_EUNSUPPORTED,
     .said = "post_processor.single[0].Sequence.id: only \"A\", once, is supported"},
    {.post = "\"post_processor\": {\"type\": \"TemplateProcessing\", \"single\": [], "
             "\"special_tokens\": {}}",
     .code = T2V_EUNSUPPORTED,
     .said = "post_processor.single has no place for the text"},
    {.model = "\"model\": null", .code = T2V_EFORMAT, .said = "model is null, not an object"},
    {.pre = "\"pre_tokenizer\": {\"type\": \"Metaspace\"}",
     .code = T2V_EFORMAT,
     .said = "pre_tokenizer.replacement is missing"},
    {.pre = "\"pre_tokenizer\": {\"type\": \"Metaspace\", \"replacement\": \"ab\"}",
     .code = T2V_EFORMAT,
     .said = "pre_tokenizer.replacement is not one character"},
    {.pre = "\"pre_tokenizer\": {\"type\": \"Metaspace\", \"replacement\": \"_\", "
            "\"prepend_scheme\": \"last\"}",
     .code = T2V_EUNSUPPORTED,
     .said = "pre_tokenizer.prepend_scheme \"last\" is not supported"},
    {.pre = "\"pre_tokenizer\": {\"type\": \"Metaspace\", \"replacement\": \"_\", "
            "\"add_prefix_space\": false}",
     .code = T2V_EFORMAT,
     .said = "pre_tokenizer.add_prefix_space does not go with prepend_scheme"},
    {.model = "\"model\": {\"type\": \"Bigram\"}",
     .code = T2V_EUNSUPPORTED,
     .said = "model: the model \"Bigram\" is not supported"},
    {.model = UNIGRAM("null"), .code = T2V_EFORMAT, .said = "model.vocab is missing"},
    {.model = "\"model\": {\"type\": \"Unigram\", \"unk_id\": \"a\", \"vocab\": []}",
     .code = T2V_EFORMAT,
     .said = "model.unk_id is a string, not a whole number in [0, 16777215]"},
    {.model = UNIGRAM("[]"),
     .code = T2V_EFORMAT,
     .said = "model: the unknown token's id 1 is none of the 0"},
    {.model = UNIGRAM("{}"),
     .code = T2V_EFORMAT,
     .said = "model.vocab: not JSON: an array was expected at byte 0"},
    {.model = UNIGRAM("[[\"a\", 0], [\"b\"]]"),
     .code = T2V_EFORMAT,
     .said = "model.vocab: not JSON: a number was expected at byte 16"},
    {.model = UNIGRAM("[[\"a\", 0], [\"b\", 1, 2]]"),
     .code = T2V_EFORMAT,
     .said = "model.vocab: [1] has more than a token and a score"},
    {.model = UNIGRAM("[[\"a\", \"0\"]]"),
     .code = T2V_EFORMAT,
     .said = "model.vocab: not JSON: a number was expected at byte 7"},
    {.model = "\"model\": {\"type\": \"WordPiece\", \"unk_token\": \"u\", "
              "\"continuing_subword_prefix\": \"\", \"max_input_chars_per_word\": -1}",
     .code = T2V_EFORMAT,
     .said = "model.max_input_chars_per_word is -1, not a whole number in [0,"},
    {.model = "\"model\": {\"type\": \"WordPiece\", \"unk_token\": \"u\", \"vocab\": {\"a\": "
              "16777216}, \"continuing_subword_prefix\": \"\", \"max_input_chars_per_word\": 1}",
     .code = T2V_EFORMAT,
     .said = "model.vocab[\"a\"] is 16777216, not a token id in [0, 16777215]"},
    {.model = "\"model\": {\"type\": \"WordPiece\", \"unk_token\": \"u\", \"vocab\": {\"a\": 0.5}, "
              "\"continuing_subword_prefix\": \"\", \"max_input_chars_per_word\": 1}",
     .code = T2V_EFORMAT,
     .said = "model.vocab[\"a\"] is a number, not a token id"},
    {.model = "\"model\": {\"type\": \"WordPiece\", \"unk_token\": \"u\", \"vocab\": [], "
              "\"continuing_subword_prefix\": \"\", \"max_input_chars_per_word\": 1}",
     .code = T2V_EFORMAT,
     .said = "model.vocab is an array, not an object"},
    {.added = "\"added_tokens\": {}",
     .code = T2V_EFORMAT,
     .said = "added_tokens is an object, not an array"},
    {.added = "\"added_tokens\": [{\"content\": \"x\"}]",
     .code = T2V_EFORMAT,
     .said = "added_tokens[0].id is missing"},
    {.added = "\"added_tokens\": [{\"id\": 1, \"content\": \"x\", " FLAGS "}]",
     .code = T2V_EFORMAT,
     .said = "added_tokens[0].normalized is missing"},
    {.added =
         "\"added_tokens\": [{\"id\": 1, \"content\": \"\xcc\x81\", \"normalized\": true, " FLAGS
         "}]",
     .code = T2V_EUNSUPPORTED,
     .said = "is empty once normalised"},
};

static void write_tokenizer(const char *dir, const struct broken *with)
{
    char text[4096];
    int n = snprintf(
        text, sizeof text, "{%s, %s, %s, %s, %s}", with->norm != NULL ? with->norm : NORM,
        with->pre != NULL ? with->pre : PRE, with->post != NULL ? with->post : POST,
        with->model != NULL ? with->model : MODEL, with->added != NULL ? with->added : ADDED);
    assert_in_range(n, 1, sizeof text - 1);
    dir_write(dir, "tokenizer.json", (struct t2v_str){text, (size_t)n});
}

static void check_refused(const char *dir, size_t index, int code, const char *file,
                          const char *said)
{
    t2v_tokenizer *tokenizer = NULL;
    struct t2v_err err = {0};
    int rc = t2v_tokenizer_open(dir, &tokenizer, &err);
    if (rc != code || strstr(err.msg, said) == NULL || strstr(err.msg, file) == NULL)
        fail_msg("case %zu: expected %d and \"%s: %s\", got %d and \"%s\"", index, code, file, said,
                 rc, err.msg);
    assert_null(tokenizer);
}

static void test_tokenizer_json(void **state)
{
    (void)state;
    char dir[DIR_PATH];
    t2v_tokenizer *tokenizer;
    struct t2v_err err;
    dir_make(dir);
    write_tokenizer(dir, &(struct broken){.code = 0});
    if (t2v_tokenizer_open(dir, &tokenizer, &err) != 0)
        fail_msg("the whole one: %s", err.msg);
    t2v_tokenizer_free(tokenizer);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        write_tokenizer(dir, &cases[i]);
        bool whole = strstr(cases[i].said, "empty once") != NULL;
        check_refused(dir, i, cases[i].code, whole ? dir : "tokenizer.json: ", cases[i].said);
    }
    dir_write(dir, "tokenizer.json", T2V_STR("[]"));
    check_refused(dir, 100, T2V_EFORMAT, "tokenizer.json", "is an array, not an object");
    dir_write(dir, "tokenizer.json", T2V_STR("{\"model\": "));
    check_refused(dir, 101, T2V_EFORMAT, "tokenizer.json", "");
    dir_remove(dir);
}

static void test_settings(void **state)
{
    (void)state;
    static const struct {
        const char *file, *text;
        int code;
        const char *said;
    } settings[] = {
        {"tokenizer_config.json", "[]", T2V_EFORMAT, "is an array, not an object"},
        {"tokenizer_config.json", "{\"do_lower_case\": 2}", T2V_EFORMAT,
         "do_lower_case is a number, not true or false"},
        {"tokenizer_config.json", "{\"cls_token\": 7}", T2V_EFORMAT,
         "cls_token is a number, not a string or an object"},
        {"tokenizer_config.json", "{\"truncation_side\": \"up\"}", T2V_EFORMAT, "truncation_side"},
        {"tokenizer_config.json", "{\"added_tokens_decoder\": []}", T2V_EFORMAT,
         "added_tokens_decoder is an array, not an object"},
        {"tokenizer_config.json", "{\"added_tokens_decoder\": {\"1x\": {\"content\": \"a\"}}}",
         T2V_EFORMAT, "added_tokens_decoder[\"1x\"]: the key is not a token id"},
        {"tokenizer_config.json",
         "{\"added_tokens_decoder\": {\"99999999\": {\"content\": \"a\"}}}", T2V_EFORMAT,
         "the key is not a token id"},
        {"tokenizer_config.json", "{\"added_tokens_decoder\": {\"1\": {\"special\": true}}}",
         T2V_EFORMAT, "added_tokens_decoder[\"1\"].content is missing"},
        {"tokenizer_config.json", "{\"additional_special_tokens\": \"x\"}", T2V_EFORMAT,
         "additional_special_tokens is a string, not an array"},
        {"special_tokens_map.json", "{\"mask_token\": {}}", T2V_EFORMAT,
         "mask_token.content is missing"},
        {"added_tokens.json", "{\"x\": -3}", T2V_EFORMAT, "[\"x\"] is -3, not a token id"},
    };
    for (size_t i = 0; i < sizeof settings / sizeof *settings; i++) {
        char dir[DIR_PATH];
        dir_make(dir);
        write_tokenizer(dir, &(struct broken){.code = 0});
        dir_write(dir, settings[i].file, t2v_str_of(settings[i].text));
        check_refused(dir, i, settings[i].code, settings[i].file, settings[i].said);
        dir_remove(dir);
    }
}

static void test_vocab_txt(void **state)
{
    (void)state;
    char dir[DIR_PATH];
    t2v_tokenizer *tokenizer;
    struct t2v_err err;
    dir_make(dir);
    check_refused(dir, 0, T2V_EIO, dir, "neither tokenizer.json nor vocab.txt is there");
    dir_write(dir, "vocab.txt", T2V_STR("[CLS]\n[SEP]\n"));
    check_refused(dir, 1, T2V_EFORMAT, "vocab.txt", "unknown token \"[UNK]\"");
    dir_write(dir, "vocab.txt", T2V_STR("[CLS]\n\xff\n"));
    check_refused(dir, 2, T2V_EFORMAT, "vocab.txt", "line 2 is not UTF-8");
    dir_write(dir, "vocab.txt", T2V_STR("[CLS]\r\n[SEP]\r[UNK]\n\na"));
    dir_write(dir, "config.json", T2V_STR("{\"tokenizer_class\": \"CamembertTokenizer\"}"));
    check_refused(dir, 3, T2V_EUNSUPPORTED, dir,
                  "a CamembertTokenizer cannot be made of vocab.txt");
    dir_write(dir, "config.json", T2V_STR("{\"model_type\": \"bert\"}"));
    if (t2v_tokenizer_open(dir, &tokenizer, &err) != 0)
        fail_msg("%s", err.msg);
    t2v_token_space *space;
    struct t2v_ids ids = {0};
    assert_int_equal(t2v_token_space_new(&space), 0);
    assert_int_equal(t2v_tokenizer_encode(tokenizer, space, T2V_STR("A [MASK]"), 9, &ids, &err), 0);
    const int32_t want[] = {0, 4, 6, 1}; /* [PAD] and [MASK] are new: 5 and 6 */
    assert_int_equal(ids.len, 4);
    assert_memory_equal(ids.ptr, want, sizeof want);
    t2v_ids_deinit(&ids);
    t2v_token_space_free(space);
    t2v_tokenizer_free(tokenizer);
    dir_remove(dir);
}

/* Opens and encodes with the n-th request for memory refused, until none is. */
static void torture(const char *dir)
{
    struct t2v_str text = T2V_STR("a [C] \xe3\x80\xae\xf0\x9d\x85\xa5 aa");
    for (long n = 0;; n++) {
        t2v_tokenizer *tokenizer = NULL;
        t2v_token_space *space = NULL;
        struct t2v_ids ids = {0};
        struct t2v_err err = {0};
        t2v_mem_fail_at(n);
        int rc = t2v_tokenizer_open(dir, &tokenizer, &err);
        if (rc == 0)
            rc = t2v_token_space_new(&space);
        if (rc == 0)
            rc = t2v_tokenizer_encode(tokenizer, space, text, 9, &ids, &err);
        t2v_mem_fail_at(-1);
        t2v_ids_deinit(&ids);
        t2v_token_space_free(space);
        t2v_tokenizer_free(tokenizer);
        if (rc == 0)
            break;
        if (rc != T2V_ENOMEM)
            fail_msg("request %ld refused: got %d, %s", n, rc, err.msg);
        assert_in_range(n, 0, 100000);
    }
}

static void test_memory(void **state)
{
    (void)state;
    char dir[DIR_PATH];
    dir_make(dir);
    write_tokenizer(dir, &(struct broken){.norm = "\"normalizer\": " SEQ("{\"type\": \"NFC\"}")});
    dir_write(
        dir, "tokenizer_config.json",
        T2V_STR("{\"added_tokens_decoder\": {\"1\": {\"content\": \"[C]\"}, \"7\": {\"content\": "
                "\"b\"}}, \"additional_special_tokens\": [\"q\"]}"));
    torture(dir);
    dir_write(dir, "tokenizer_config.json", T2V_STR("{\"tokenizer_class\": \"BertTokenizer\"}"));
    dir_write(dir, "added_tokens.json", T2V_STR("{\"[C]\": 8}"));
    dir_write(dir, "vocab.txt", T2V_STR("[CLS]\n[SEP]\n[UNK]\na\n##a\n"));
    torture(dir);
    char path[DIR_PATH + 32];
    snprintf(path, sizeof path, "%s/tokenizer.json", dir);
    unlink(path);
    torture(dir);
    dir_remove(dir);
}

/* The same for a Unigram model, from tokenizer.json and from SentencePiece's file. */
static void test_memory_unigram(void **state)
{
    (void)state;
    char dir[DIR_PATH];
    t2v_json *root = golden("token-unigram/cases.json");
    const t2v_json *files = t2v_json_get(t2v_json_at(t2v_json_get(root, "tokenizers"), 1), "files");
    dir_make(dir);
    dir_write(dir, "tokenizer.json", t2v_json_str(t2v_json_get(files, "tokenizer.json")));
    torture(dir);
    dir_add(dir, "spiece.model", T2V_TEST_DIR "/golden/token-unigram/tiny.model");
    dir_write(dir, "tokenizer_config.json",
              T2V_STR("{\"tokenizer_class\": \"T5Tokenizer\", \"add_prefix_space\": true}"));
    torture(dir);
    dir_remove(dir);
    t2v_json_free(root);
}

/* A SentencePiece model: fields, and what is wrong with them. */
static void test_spm(void **state)
{
    (void)state;
    static const struct {
        struct t2v_str bytes;
        int code;
        const char *said;
    } files[] = {
        {{"", 0}, T2V_EFORMAT, "there are no pieces"},
        {{"\x0a", 1}, T2V_EFORMAT, "the field at byte 0 (after 0 pieces) is damaged"},
        {{"\x0a\x03\x0a\x01"
          "a\x0a\x05\x0a\x01",
          9},
         T2V_EFORMAT,
         "the field at byte 5 (after 1 pieces) is damaged"},
        {{"\x0a\x03\x0a\x01\xff", 5}, T2V_EFORMAT, "is damaged"},         /* not UTF-8 */
        {{"\x0a\x05\x15\x00\x00\xc0\x7f", 7}, T2V_EFORMAT, "is damaged"}, /* NaN */
        {{"\x0b\x0c", 2}, T2V_EFORMAT, "is damaged"},                     /* a group */
        {{"\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 11}, T2V_EFORMAT, "is damaged"},
        {{"\x0a\x03\x0a\x01"
          "a\x12\x02\x18\x02",
          9},
         T2V_EUNSUPPORTED,
         "a SentencePiece model of type 2 (2: BPE)"},
        {{"\x0a\x03\x0a\x01"
          "a\x12\x03\xc0\x02\x7f",
          10},
         T2V_EFORMAT,
         "the unknown token's id 127 is none of the 2"},
        {{"\x0a\x03\x0a\x01"
          "a\x1a\x03\x12\x01z",
          10},
         T2V_EFORMAT,
         "the charsmap is shorter than it says (1 bytes)"},
        {{"\x0a\x03\x0a\x01"
          "a",
          5},
         T2V_EFORMAT,
         "there is no piece </s>"},
    };
    char dir[DIR_PATH];
    dir_make(dir);
    dir_write(dir, "tokenizer_config.json",
              T2V_STR("{\"tokenizer_class\": \"T5Tokenizer\", \"extra_ids\": 1}"));
    check_refused(dir, 100, T2V_EIO, dir, "neither tokenizer.json nor spiece.model is there");
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        dir_write(dir, "spiece.model", files[i].bytes);
        check_refused(dir, i, files[i].code, "spiece.model", files[i].said);
    }
    dir_remove(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tokenizer_json), cmocka_unit_test(test_settings),
        cmocka_unit_test(test_vocab_txt),      cmocka_unit_test(test_memory),
        cmocka_unit_test(test_memory_unigram), cmocka_unit_test(test_spm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
