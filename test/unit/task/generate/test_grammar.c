/* SPDX-License-Identifier: BSD-3-Clause */
/* Constrained sampling: which texts a schema allows, byte by byte and by tokens of several; which
 * schemas are refused, and by what name; end of text; nesting; memory. test/differential/grammar.py
 * holds what grammars generate against a validator. */
#include "../../token/dir.h"

#include "base/buf.h"
#include "base/mem.h"
#include "json/write.h"
#include "task/generate/grammar/grammar.h"
#include "task/generate/grammar/schema.h"
#include "token/byte_level.h"
#include "token/tokenizer.h"

enum { END = 400, VOCAB = 401 };

struct model {
    t2v_tokenizer *tokenizer;
    t2v_decoder *decoder;
    t2v_vocab_trie *trie;
};

static const char *const words[] = {"{\"",  "\":", "\": ", "\",\"",     "\"}",         "}}",
                                    "true", "abc", "ab",   "\xc3\xa9t", "12",          "]}",
                                    "\\\"", " \"", ",\n",  "a\"",       "\xe4\xbd\xa0"};
enum { N_WORD = sizeof words / sizeof *words };

static void add_entry(struct t2v_buf *json, struct t2v_str bytes, size_t id)
{
    struct t2v_buf text;
    t2v_buf_init(&text, SIZE_MAX);
    assert_int_equal(t2v_byte_level_add(bytes, &text), 0);
    t2v_buf_adds(json, id != 0 ? "," : "");
    t2v_json_write_str(json, t2v_buf_str(&text));
    t2v_buf_addf(json, ":%zu", id);
    t2v_buf_deinit(&text);
}

#define BYTE_LEVEL                                                                                 \
    "{\"type\":\"ByteLevel\",\"add_prefix_space\":false,\"trim_offsets\":false,\"use_regex\":"     \
    "false}"

/* Ids 0 to 255 are single bytes, then come words. */
static struct model open_model(void)
{
    char dir[DIR_PATH];
    struct model model;
    struct t2v_err err;
    struct t2v_buf json;
    const int32_t end = END;
    t2v_buf_init(&json, SIZE_MAX);
    t2v_buf_adds(&json,
                 "{\"added_tokens\":[],\"decoder\":" BYTE_LEVEL ",\"pre_tokenizer\":" BYTE_LEVEL
                 ",\"model\":{\"type\":\"BPE\",\"merges\":[],\"vocab\":{");
    for (size_t i = 0; i < 256; i++) {
        const char byte = (char)i;
        add_entry(&json, (struct t2v_str){&byte, 1}, i);
    }
    for (size_t i = 0; i < N_WORD; i++)
        add_entry(&json, t2v_str_of(words[i]), 256 + i);
    t2v_buf_adds(&json, "}}}");
    dir_make(dir);
    dir_write(dir, "tokenizer.json", t2v_buf_str(&json));
    t2v_buf_deinit(&json);
    if (t2v_tokenizer_open(dir, &model.tokenizer, &err) != 0 ||
        t2v_decoder_new(model.tokenizer, &model.decoder, &err) != 0)
        fail_msg("%s", err.msg);
    assert_int_equal(t2v_vocab_trie_new(model.decoder, VOCAB, &end, 1, &model.trie), 0);
    dir_remove(dir);
    return model;
}

static void close_model(struct model *model)
{
    t2v_vocab_trie_free(model->trie);
    t2v_decoder_free(model->decoder);
    t2v_tokenizer_free(model->tokenizer);
}

static t2v_json *parse(const char *text)
{
    t2v_json *json = NULL;
    struct t2v_err err;
    if (text != NULL && t2v_json_parse(t2v_str_of(text), &json, &err) != 0)
        fail_msg("%s: %s", text, err.msg);
    return json;
}

/* With the compiled schema, for t2v_schema_deinit. */
static t2v_grammar *grammar_of(const struct model *model, const char *schema,
                               struct t2v_schema *compiled)
{
    t2v_json *json = parse(schema);
    t2v_grammar *grammar = NULL;
    struct t2v_err err = {0};
    if (t2v_schema_compile(json, compiled, &err) != 0)
        fail_msg("%s: %s", schema, err.msg);
    assert_int_equal(t2v_grammar_new(model->trie, compiled, &grammar), 0);
    t2v_json_free(json);
    return grammar;
}

static const uint32_t *allowed_of(t2v_grammar *grammar)
{
    const uint32_t *allowed = NULL;
    assert_int_equal(t2v_grammar_allowed(grammar, &allowed), 0);
    return allowed;
}

static bool has(const uint32_t *bits, int32_t id)
{
    return (bits[id / 32] >> id % 32 & 1) != 0;
}

/* What the mask says of each token must be what taking its bytes does. */
static void check_mask(const struct model *model, const char *schema, struct t2v_str before)
{
    struct t2v_schema of_whole, of_one;
    t2v_grammar *whole = grammar_of(model, schema, &of_whole);
    for (size_t i = 0; i < before.len; i++)
        assert_int_equal(t2v_grammar_take(whole, (uint8_t)before.ptr[i]), 0);
    const uint32_t *allowed = allowed_of(whole);
    for (size_t k = 0; k < 256 + N_WORD; k++) {
        const char byte = (char)k;
        struct t2v_str word = k < 256 ? (struct t2v_str){&byte, 1} : t2v_str_of(words[k - 256]);
        t2v_grammar *grammar = grammar_of(model, schema, &of_one);
        int rc = 0;
        for (size_t i = 0; i < before.len; i++)
            assert_int_equal(t2v_grammar_take(grammar, (uint8_t)before.ptr[i]), 0);
        for (size_t i = 0; i < word.len && rc == 0; i++)
            rc = t2v_grammar_take(grammar, (uint8_t)word.ptr[i]);
        if (has(allowed, (int32_t)k) != (rc == 0))
            fail_msg("%s: \"%.*s\" after \"%.*s\"", schema, T2V_STR_ARG(word), T2V_STR_ARG(before));
        t2v_grammar_free(grammar);
        t2v_schema_deinit(&of_one);
    }
    t2v_grammar_free(whole);
    t2v_schema_deinit(&of_whole);
}

/* How many bytes of text are allowed; *ends: the text may end there. */
static size_t read_text(const struct model *model, const char *schema, struct t2v_str text,
                        bool *ends)
{
    struct t2v_schema compiled;
    t2v_grammar *grammar = grammar_of(model, schema, &compiled);
    size_t at = 0;
    for (; at < text.len; at++) {
        const uint32_t *allowed = allowed_of(grammar);
        bool may = has(allowed, (uint8_t)text.ptr[at]);
        assert_int_equal(t2v_grammar_take(grammar, (uint8_t)text.ptr[at]), may ? 0 : T2V_EMODEL);
        if (!may)
            break;
    }
    *ends = has(allowed_of(grammar), END);
    assert_int_equal(t2v_grammar_take(grammar, END), *ends ? 0 : T2V_EMODEL);
    t2v_grammar_free(grammar);
    t2v_schema_deinit(&compiled);
    return at;
}

static void accept(const struct model *model, const char *schema, const char *text)
{
    bool ends;
    struct t2v_str whole = t2v_str_of(text);
    size_t n = read_text(model, schema, whole, &ends);
    if (n != whole.len || !ends)
        fail_msg("%s: \"%s\" up to %zu, %d", schema != NULL ? schema : "", text, n, ends);
    for (size_t i = 0; i <= whole.len; i += 3)
        check_mask(model, schema, (struct t2v_str){text, i});
}

/* The last byte of text must not be possible; of a text without `at` it must not be able to end. */
static void reject(const struct model *model, const char *schema, const char *text)
{
    bool ends;
    struct t2v_str whole = t2v_str_of(text);
    size_t n = read_text(model, schema, whole, &ends);
    if (n + 1 < whole.len || (n == whole.len && ends))
        fail_msg("%s: \"%s\" up to %zu, %d", schema != NULL ? schema : "", text, n, ends);
}

static void test_any(void **state)
{
    (void)state;
    struct model m = open_model();
    accept(&m, NULL, "{}");
    accept(&m, NULL, " {\"a\": [1, -2.5e-3, \"\\u00e9\\n\xc3\xa9\", {}, []], \"b\":{\"c\":null}}");
    accept(&m, NULL, "{\n  \"a\": true,\n  \"b\": [\n    false\n  ]\n}");
    accept(&m, "{}", "\"x\"");
    accept(&m, "true", "-0");
    reject(&m, NULL, "[");
    reject(&m, NULL, "{\"a\":1,}");
    reject(&m, NULL, "{\"a\":01");
    reject(&m, NULL, "{\"a\":1.}");
    reject(&m, NULL, "{\"a\":1e999");
    reject(&m, NULL, "{\"a\"");
    reject(&m, NULL, "{\"a\":\"\n");
    reject(&m, NULL, "{\"a\":\"\\x");
    reject(&m, NULL, "{\"a\":\"\\ud8");
    reject(&m, NULL, "{\"a\":\"\xc3\x28");
    reject(&m, NULL, "{\"a\":\"\xed\xa0");
    reject(&m, NULL, "{\"a\":\"\xc0");
    reject(&m, NULL, "{}}");
    reject(&m, NULL, "{  ");
    reject(&m, NULL, "  ");
    reject(&m, NULL, "{\n\n");
    close_model(&m);
}

static void test_objects(void **state)
{
    (void)state;
    static const char schema[] = "{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"integer\"}"
                                 ",\"ab\":{\"type\":\"string\"},"
                                 "\"c\":{\"type\":\"boolean\"}},\"required\":[\"ab\"]}";
    static const char more[] =
        "{\"type\":\"object\",\"properties\":{\"ab\":{\"type\":\"integer\"},\"a\":{}},"
        "\"additionalProperties\":{\"type\":\"boolean\"}}";
    struct model m = open_model();
    accept(&m, schema, "{\"a\": 12, \"ab\": \"x\", \"c\":true}");
    accept(&m, schema, "{\"ab\":\"\"}");
    accept(&m, schema, "{\"ab\":\"\",\"c\":false}");
    reject(&m, schema, "{}");
    reject(&m, schema, "{\"c");
    reject(&m, schema, "{\"a\":1}");
    reject(&m, schema, "{\"ab\":\"\",\"a");
    reject(&m, schema, "{\"ab\":\"\",\"c\":true,");
    reject(&m, schema, "{\"ab\":\"\",\"d");
    accept(&m, more, "{\"ab\":1,\"abc\":true,\"x\":false}");
    accept(&m, more, "{\"b\":true}");
    reject(&m, more, "{\"x\":1");
    reject(&m, more, "{\"x\":true,\"ab\"");
    reject(&m, more, "{\"x\":true,\"\\");
    accept(&m, "{\"required\":[\"z\"]}", "{\"z\":[1]}");
    reject(&m, "{\"required\":[\"z\"]}", "{}");
    close_model(&m);
}

static void test_arrays(void **state)
{
    (void)state;
    static const char schema[] = "{\"type\":\"array\",\"items\":{\"type\":\"integer\"},"
                                 "\"minItems\":1,\"maxItems\":3}";
    static const char tuple[] = "{\"prefixItems\":[{\"type\":\"string\"},{\"type\":\"null\"}],"
                                "\"items\":false}";
    struct model m = open_model();
    accept(&m, schema, "[1, 2,\n 3]");
    accept(&m, schema, "[\n 1\n]");
    reject(&m, schema, "[]");
    reject(&m, schema, "[1,2,3,");
    reject(&m, schema, "[1.");
    accept(&m, tuple, "[]");
    accept(&m, tuple, "[\"a\",null]");
    reject(&m, tuple, "[n");
    reject(&m, tuple, "[\"a\",null,");
    close_model(&m);
}

static void test_strings(void **state)
{
    (void)state;
    static const char schema[] = "{\"type\":\"string\",\"minLength\":2,\"maxLength\":3}";
    struct model m = open_model();
    accept(&m, schema, "\"ab\"");
    accept(&m, schema, "\"\xc3\xa9\xe4\xbd\xa0\xf0\x9f\x98\x80\"");
    accept(&m, schema, "\"\\u0041\\n\\\"\"");
    reject(&m, schema, "\"a\"");
    reject(&m, schema, "\"abcd");
    reject(&m, schema, "\"abc\xc3");
    close_model(&m);
}

static void test_patterns(void **state)
{
    (void)state;
    static const char anchored[] = "{\"pattern\":\"^[a-c]{2,3}(x|\\\\d)$\"}";
    static const char wide[] = "{\"pattern\":\"^[\xc3\xa9-\xe4\xb8\xad]\\\"?$\"}";
    static const char limited[] = "{\"pattern\":\"^a\",\"minLength\":3,\"maxLength\":4}";
    static const char date[] = "{\"format\":\"date\"}";
    struct model m = open_model();
    accept(&m, anchored, "\"abx\"");
    accept(&m, anchored, "\"abc7\"");
    reject(&m, anchored, "\"ax");
    reject(&m, anchored, "\"abca");
    reject(&m, anchored, "\"abxx");
    reject(&m, anchored, "\"ab\"");
    accept(&m, "{\"pattern\":\"b\"}", "\"abc\\n\"");
    reject(&m, "{\"pattern\":\"b\"}", "\"ac\"");
    accept(&m, wide, "\"\xe4\xb8\xad\\\"\"");
    reject(&m, wide, "\"\xe4\xb8\xae");
    reject(&m, wide, "\"\xf0");
    accept(&m, limited, "\"a\xc3\xa9\\\"\"");
    reject(&m, limited, "\"a\xc3\xa9\"");
    reject(&m, limited, "\"a\xc3\xa9\\\"aa");
    accept(&m, limited, "\"a\xf0\x9f\x98\x80\\n\xe4\xbd\xa0\"");
    accept(&m, "{\"pattern\":\"^.{0,3}$\",\"maxLength\":2000000000}", "\"abc\"");
    accept(&m, "{\"pattern\":\"-29$\",\"format\":\"date\"}", "\"2026-01-29\"");
    reject(&m, "{\"pattern\":\"-29$\",\"format\":\"date\"}", "\"2026-01-28");
    accept(&m, date, "\"2026-02-28\"");
    reject(&m, date, "\"2026-02-29");
    reject(&m, date, "\"2026-13");
    close_model(&m);
}

static void test_numbers(void **state)
{
    (void)state;
    static const char whole[] = "{\"type\":\"integer\",\"minimum\":-5,\"exclusiveMaximum\":120}";
    static const char real[] = "{\"type\":\"number\",\"exclusiveMinimum\":0,\"maximum\":1.5}";
    static const char high[] = "{\"type\":\"integer\",\"minimum\":17,\"maximum\":203}";
    struct model m = open_model();
    accept(&m, whole, "119");
    accept(&m, whole, "-5");
    accept(&m, whole, "0");
    reject(&m, whole, "120");
    reject(&m, whole, "1190");
    reject(&m, whole, "-6");
    reject(&m, whole, "1.");
    accept(&m, high, "17");
    accept(&m, high, "200");
    reject(&m, high, "204");
    reject(&m, high, "2");
    reject(&m, high, "0");
    reject(&m, high, "-");
    accept(&m, real, "0.000001");
    accept(&m, real, "1.500000");
    reject(&m, real, "0.000000");
    reject(&m, real, "0");
    reject(&m, real, "1.500001");
    reject(&m, real, "2");
    reject(&m, real, "1e");
    accept(&m, "{\"type\":\"integer\",\"multipleOf\":7}", "-49");
    accept(&m, "{\"type\":\"integer\",\"multipleOf\":7}", "999999999999994");
    reject(&m, "{\"type\":\"integer\",\"multipleOf\":7}", "48");
    accept(&m, "{\"type\":\"integer\",\"multipleOf\":1.5,\"minimum\":1,\"maximum\":8}", "6");
    reject(&m, "{\"type\":\"integer\",\"multipleOf\":1.5,\"minimum\":1,\"maximum\":8}", "2");
    reject(&m, "{\"type\":\"integer\",\"multipleOf\":8,\"minimum\":-7}", "-");
    accept(&m, "{\"multipleOf\":0.01}", "-1.07");
    accept(&m, "{\"multipleOf\":0.01}", "0.290");
    reject(&m, "{\"multipleOf\":0.01}", "0.291");
    accept(&m, "{\"multipleOf\":250000000000}", "0.0");
    reject(&m, "{\"multipleOf\":250000000000}", "1");
    accept(&m, "{\"multipleOf\":2.5,\"minimum\":1,\"exclusiveMaximum\":7.5}", "5");
    reject(&m, "{\"multipleOf\":2.5,\"minimum\":1,\"exclusiveMaximum\":7.5}", "7");
    accept(&m, "{\"type\":\"number\"}", "-12.5E+10");
    accept(&m, "{\"type\":\"integer\"}", "999999999999999");
    reject(&m, "{\"type\":\"integer\"}", "9999999999999990");
    close_model(&m);
}

static void test_alternatives(void **state)
{
    (void)state;
    static const char tagged[] =
        "{\"oneOf\":[{\"type\":\"object\",\"properties\":{\"t\":{\"const\":\"x\"},\"v\":{\"type\":"
        "\"null\"}},\"required\":[\"t\",\"v\"]},{\"type\":\"object\",\"properties\":{\"t\":{"
        "\"const\":"
        "\"y\"}},\"required\":[\"t\"]}]}";
    struct model m = open_model();
    accept(&m, "{\"enum\":[\"a\",\"ab\",1,[true,{\"k\":null}]]}", "\"ab\"");
    accept(&m, "{\"enum\":[\"a\",\"ab\",1,[true,{\"k\":null}]]}", "[true, {\"k\": null}]");
    accept(&m, "{\"enum\":[0.1,-2e-7]}", "0.1");
    accept(&m, "{\"enum\":[0.1,-2e-7]}", "-2e-07");
    accept(&m, "{\"const\":0.30000000000000004}", "0.30000000000000004");
    reject(&m, "{\"enum\":[\"a\",\"ab\",1]}", "\"abc");
    reject(&m, "{\"type\":\"string\",\"enum\":[\"a\",1]}", "1");
    accept(&m, "{\"anyOf\":[{\"type\":\"string\"},{\"type\":\"null\"}],\"default\":null}", "null");
    accept(&m, "{\"type\":[\"integer\",\"boolean\"]}", "true");
    accept(&m, tagged, "{\"t\":\"x\",\"v\":null}");
    accept(&m, tagged, "{\"t\":\"y\"}");
    reject(&m, tagged, "{\"t\":\"x\"}");
    accept(&m, "{\"allOf\":[{\"type\":\"null\"}]}", "null");
    close_model(&m);
}

/* Keywords that all hold: allOf, and those beside each other. */
static void test_all(void **state)
{
    (void)state;
    static const char derived[] =
        "{\"$defs\":{\"base\":{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"integer\"}},"
        "\"required\":[\"a\"]}},\"allOf\":[{\"$ref\":\"#/$defs/base\"},{\"properties\":"
        "{\"b\":{\"type\":\"string\"},\"a\":{\"minimum\":5}},\"required\":[\"b\"]}]}";
    static const char closed[] =
        "{\"allOf\":[{\"properties\":{\"a\":{},\"b\":{}},\"additionalProperties\":false},"
        "{\"additionalProperties\":{\"type\":\"null\"},\"properties\":{\"b\":{\"type\":"
        "\"boolean\"},\"c\":{}}}]}";
    static const char tuple[] =
        "{\"allOf\":[{\"prefixItems\":[{\"type\":\"string\"},{}],\"items\":{\"type\":\"null\"}},"
        "{\"items\":{\"type\":[\"string\",\"null\"]},\"minItems\":2,\"maxItems\":3}]}";
    static const char numbers[] =
        "{\"allOf\":[{\"type\":\"number\",\"minimum\":-1.5,\"multipleOf\":"
        "1.5},{\"type\":\"integer\",\"maximum\":12,\"multipleOf\":2}]}";
    static const char ways[] =
        "{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"null\"},\"b\":{\"type\":"
        "\"boolean\"}},\"anyOf\":[{\"required\":[\"a\"]},{\"required\":[\"b\"]}]}";
    static const char list[] =
        "{\"$defs\":{\"a\":{\"type\":\"array\",\"items\":{\"$ref\":\"#/$defs/a\"},\"maxItems\":2},"
        "\"b\":{\"type\":\"array\",\"items\":{\"$ref\":\"#/$defs/b\"},\"minItems\":0}},\"allOf\":"
        "[{\"$ref\":\"#/$defs/a\"},{\"$ref\":\"#/$defs/b\"},{}]}";
    struct model m = open_model();
    accept(&m, derived, "{\"a\":12,\"b\":\"x\"}");
    reject(&m, derived, "{\"a\":3,");
    reject(&m, derived, "{\"a\":5}");
    reject(&m, derived, "{\"a\":5,\"b\":\"\",");
    accept(&m, closed, "{\"a\":null,\"b\":true}");
    reject(&m, closed, "{\"a\":t");
    reject(&m, closed, "{\"b\":true,");
    reject(&m, closed, "{\"c");
    accept(&m, tuple, "[\"x\",\"y\",null]");
    reject(&m, tuple, "[n");
    reject(&m, tuple, "[\"x\",\"y\",\"");
    reject(&m, tuple, "[\"x\",null,null,");
    accept(&m, numbers, "0");
    accept(&m, numbers, "12");
    reject(&m, numbers, "-");
    reject(&m, numbers, "4");
    accept(&m, ways, "{\"b\":true}");
    accept(&m, ways, "{\"a\":null}");
    reject(&m, ways, "{}");
    accept(&m, list, "[[],[[]]]");
    reject(&m, list, "[[],[],");
    accept(&m, "{\"enum\":[1,2.5,7],\"minimum\":2,\"type\":\"number\"}", "2.5");
    reject(&m, "{\"enum\":[1,2.5,7],\"minimum\":2}", "1");
    reject(&m, "{\"enum\":[\"a\",\"bcd\"],\"minLength\":2}", "\"a");
    accept(&m, "{\"allOf\":[{\"enum\":[1.0,\"a\",null]},{\"enum\":[null,\"b\",1]}]}", "1");
    reject(&m, "{\"allOf\":[{\"enum\":[1.0,\"a\",null]},{\"enum\":[null,\"b\",1]}]}", "\"");
    accept(&m, "{\"allOf\":[{\"pattern\":\"^a\"},{\"pattern\":\"b$\"},{\"maxLength\":2}]}",
           "\"ab\"");
    reject(&m, "{\"allOf\":[{\"pattern\":\"^a\"},{\"pattern\":\"b$\"},{\"maxLength\":2}]}", "\"aa");
    accept(&m, "{\"allOf\":[{\"const\":{}},{\"type\":\"object\"}]}", "{}");
    accept(&m, "{\"allOf\":[{\"type\":\"string\"}],\"maxLength\":1}", "\"a\"");
    accept(&m, "{\"allOf\":[{\"type\":\"null\"}],\"allOf\":[{},{},{},{},{},{}]}", "null");
    close_model(&m);
}

static void test_recursion(void **state)
{
    (void)state;
    static const char list[] =
        "{\"$defs\":{\"n\":{\"type\":\"object\",\"properties\":{\"next\":{\"anyOf\":"
        "[{\"$ref\":\"#/$defs/n\"},{\"type\":\"null\"}]}},\"required\":[\"next\"]}},"
        "\"$ref\":\"#/$defs/n\"}";
    struct model m = open_model();
    struct t2v_buf text;
    bool ends;
    accept(&m, list, "{\"next\":{\"next\":null}}");
    t2v_buf_init(&text, SIZE_MAX);
    for (int i = 0; i < 100; i++)
        t2v_buf_adds(&text, "{\"next\":");
    /* The deepest must be null. */
    assert_int_equal(read_text(&m, list, t2v_buf_str(&text), &ends), T2V_SCHEMA_MAX_DEPTH * 8);
    t2v_buf_clear(&text);
    for (int i = 0; i < 100; i++)
        t2v_buf_addc(&text, '[');
    assert_int_equal(read_text(&m, "{}", t2v_buf_str(&text), &ends), T2V_SCHEMA_MAX_DEPTH);
    t2v_buf_deinit(&text);
    close_model(&m);
}

static void refuse(const char *schema, int code, const char *word)
{
    t2v_json *json = parse(schema);
    struct t2v_schema compiled;
    struct t2v_err err = {0};
    int rc = t2v_schema_compile(json, &compiled, &err);
    if (rc != code || strstr(err.msg, word) == NULL)
        fail_msg("%s: %d, \"%s\"", schema, rc, err.msg);
    t2v_schema_deinit(&compiled);
    t2v_json_free(json);
}

static void test_refused(void **state)
{
    (void)state;
    struct model m = open_model();
    refuse("{\"type\":\"string\",\"pattern\":\"a(?=b)\"}", T2V_EUNSUPPORTED, "(?");
    refuse("{\"pattern\":\"(a)\\\\1\"}", T2V_EUNSUPPORTED, "\"pattern\"");
    refuse("{\"pattern\":\"\\\\bx\"}", T2V_EUNSUPPORTED, "escape");
    refuse("{\"pattern\":\"a^b\"}", T2V_EUNSUPPORTED, "anchor");
    refuse("{\"pattern\":\"(a$)\"}", T2V_EUNSUPPORTED, "anchor");
    refuse("{\"pattern\":\"(a\"}", T2V_EFORMAT, "lacks its )");
    refuse("{\"pattern\":\"a)\"}", T2V_EFORMAT, "without its (");
    refuse("{\"pattern\":\"[a\"}", T2V_EFORMAT, "lacks its ]");
    refuse("{\"pattern\":\"*\"}", T2V_EFORMAT, "repeated");
    refuse("{\"pattern\":\"a{2,1}\"}", T2V_EFORMAT, "repetition");
    refuse("{\"pattern\":\"^[^\\\\d\\\\D]$\"}", T2V_EFORMAT, "no text");
    refuse("{\"pattern\":\"(((a{900}){900}){900}){900}\"}", T2V_ETOOLARGE, "too large");
    refuse("{\"pattern\":\"^ab?$\",\"minLength\":3}", T2V_EFORMAT, "exclude each other");
    refuse("{\"pattern\":\"^a\",\"format\":\"date\"}", T2V_EFORMAT, "exclude each other");
    refuse("{\"pattern\":\"a\",\"minLength\":9999}", T2V_ETOOLARGE, "too large together");
    refuse("{\"pattern\":1}", T2V_EFORMAT, "\"pattern\"");
    refuse("{\"properties\":{\"a\":{\"format\":\"uri\"}}}", T2V_EUNSUPPORTED, "\"uri\"");
    refuse("{\"items\":{\"not\":{}}}", T2V_EUNSUPPORTED, "\"not\"");
    refuse("{\"uniqueItems\":true}", T2V_EUNSUPPORTED, "\"uniqueItems\"");
    refuse("{\"allOf\":[]}", T2V_EFORMAT, "\"allOf\"");
    refuse("{\"allOf\":[{},{\"not\":{}}]}", T2V_EUNSUPPORTED, "\"not\"");
    refuse("{\"allOf\":[{\"const\":[]},{\"maxItems\":1}]}", T2V_EUNSUPPORTED, "\"const\"");
    refuse("{\"enum\":[1],\"minimum\":2}", T2V_EFORMAT, "no value");
    refuse("{\"allOf\":[{\"type\":\"string\"},{\"type\":\"null\"}]}", T2V_EFORMAT, "no value");
    refuse("{\"allOf\":[{\"required\":[\"a\"]},{\"properties\":{\"b\":{}},"
           "\"additionalProperties\":false}]}",
           T2V_EFORMAT, "no value");
    refuse("{\"allOf\":[{\"maxItems\":1},{\"minItems\":2}]}", T2V_EFORMAT, "no value");
    refuse("{\"allOf\":[{\"pattern\":\"^a*$\"},{\"pattern\":\"b\"}]}", T2V_EFORMAT, "no value");
    refuse("{\"allOf\":[{\"$ref\":\"#\"},{\"type\":\"object\"}]}", T2V_ETOOLARGE, "parts");
    refuse("{\"oneOf\":[{\"type\":\"integer\"},{\"type\":\"number\"}]}", T2V_EUNSUPPORTED,
           "\"oneOf\"");
    refuse("{\"oneOf\":[{\"enum\":[1]},{\"enum\":[1.0]}]}", T2V_EUNSUPPORTED, "\"oneOf\"");
    refuse("{\"$ref\":\"http://x/y\"}", T2V_EUNSUPPORTED, "$ref");
    refuse("{\"$ref\":\"#\"}", T2V_EUNSUPPORTED, "leads to itself");
    refuse("{\"$ref\":\"#/$defs/x\"}", T2V_EFORMAT, "#/$defs/x");
    refuse("{\"properties\":{\"a\":{\"$ref\":\"#\"}},\"required\":[\"a\"]}", T2V_EFORMAT,
           "no value");
    refuse("{\"type\":\"text\"}", T2V_EFORMAT, "\"type\"");
    refuse("{\"type\":[]}", T2V_EFORMAT, "\"type\"");
    refuse("{\"minItems\":-1}", T2V_EFORMAT, "\"minItems\"");
    refuse("{\"minLength\":3,\"maxLength\":2}", T2V_EFORMAT, "\"minLength\"");
    refuse("{\"prefixItems\":[{}],\"items\":false,\"minItems\":2}", T2V_EFORMAT, "no value");
    refuse("{\"type\":\"integer\",\"minimum\":1.2,\"maximum\":1.8}", T2V_EFORMAT, "empty");
    refuse("{\"type\":\"number\",\"minimum\":1e300}", T2V_EFORMAT, "empty");
    refuse("{\"multipleOf\":0}", T2V_EFORMAT, "above 0");
    refuse("{\"multipleOf\":\"1\"}", T2V_EFORMAT, "above 0");
    refuse("{\"multipleOf\":0.0000001}", T2V_EUNSUPPORTED, "\"multipleOf\"");
    refuse("{\"multipleOf\":0.3333333}", T2V_EUNSUPPORTED, "0.33333");
    refuse("{\"multipleOf\":1e13}", T2V_EUNSUPPORTED, "10^12");
    refuse("{\"multipleOf\":10,\"minimum\":11,\"maximum\":19}", T2V_EFORMAT, "a multiple of");
    refuse("{\"required\":[\"a\"],\"additionalProperties\":false}", T2V_EFORMAT, "\"a\"");
    refuse("{\"items\":{\"items\":false,\"properties\":{\"x\":false}}}", T2V_EFORMAT, "false");
    refuse("[]", T2V_EFORMAT, "an object");
    close_model(&m);
}

/* A schema of `head`, n times `part` with commas between, and `tail`. In part '@' is its number,
 * and
 * '^' the next. */
static void refuse_many(const char *head, const char *part, int n, const char *tail,
                        const char *word)
{
    struct t2v_buf json;
    t2v_buf_init(&json, SIZE_MAX);
    t2v_buf_adds(&json, head);
    for (int i = 0; i < n; i++) {
        t2v_buf_adds(&json, i != 0 ? "," : "");
        for (const char *at = part; *at != '\0'; at++)
            if (*at == '@' || *at == '^')
                t2v_buf_addf(&json, "%d", i + (*at == '^'));
            else
                t2v_buf_addc(&json, *at);
    }
    t2v_buf_adds(&json, tail);
    t2v_buf_addc(&json, '\0');
    refuse(json.ptr, T2V_ETOOLARGE, word);
    t2v_buf_deinit(&json);
}

/* Schemas that would make a step slow. */
static void test_large(void **state)
{
    (void)state;
    struct model m = open_model();
    struct t2v_schema compiled;
    refuse_many("{\"enum\":[", "@", 2000, "]}", "alternatives");
    refuse_many("{\"properties\":{", "\"p@\":true", 2000, "}}", "optional");
    refuse_many("{\"$defs\":{\"r20\":{\"type\":\"null\"},",
                "\"r@\":{\"anyOf\":[{\"$ref\":\"#/$defs/r^\"},{\"$ref\":\"#/$defs/r^\"}]}", 20,
                "},\"$ref\":\"#/$defs/r0\"}", "alternatives");
    refuse_many("{\"$defs\":{\"r90\":{\"type\":\"null\"},", "\"r@\":{\"$ref\":\"#/$defs/r^\"}", 90,
                "},\"$ref\":\"#/$defs/r0\"}", "too deep");
    refuse_many("{\"prefixItems\":[", "{\"type\":\"null\"}", 6000, "]}", "parts");
    refuse_many("{\"$defs\":{\"a\":{\"required\":[", "\"a@\"", 4000,
                "]}},\"allOf\":[{\"$ref\":\"#/$defs/a\"},{\"required\":[\"x\"]},{\"$ref\":"
                "\"#/$defs/a\"},{\"required\":[\"y\"]},{\"$ref\":\"#/$defs/a\"}]}",
                "too large");
    refuse_many("{\"$defs\":{\"s\":{\"type\":\"string\",\"minLength\":1},\"a\":{\"anyOf\":[",
                "{\"$ref\":\"#/$defs/s\"}", 1000,
                "]}},\"allOf\":[{\"$ref\":\"#/$defs/a\"},{\"anyOf\":[{\"$ref\":\"#/$defs/a\"},{}]},"
                "{\"anyOf\":[{},{\"$ref\":\"#/$defs/a\"}]}]}",
                "");
    refuse_many("{\"allOf\":[", "{\"pattern\":\"a.{@}b\"}", 40, "]}", "too large");
    refuse_many(
        "{\"$defs\":{\"n0\":{\"type\":\"null\"},",
        "\"n^\":{\"items\":{\"allOf\":[{\"$ref\":\"#/$defs/n@\"},{\"anyOf\":[{\"maxItems\":@},"
        "{\"type\":\"null\"}]}]}}",
        1000, "},\"$ref\":\"#/$defs/n999\"}", "");
    /* Arrays in arrays, each of two kinds: a state doubles with each bracket. */
    t2v_grammar *grammar = grammar_of(
        &m,
        "{\"anyOf\":[{\"items\":{\"$ref\":\"#\"}},{\"items\":{\"$ref\":\"#\"},\"maxItems\":9}]}",
        &compiled);
    int rc = 0;
    for (size_t i = 0; i < 40 && rc == 0; i++)
        rc = t2v_grammar_take(grammar, '[');
    assert_int_equal(rc, T2V_ETOOLARGE);
    t2v_grammar_free(grammar);
    t2v_schema_deinit(&compiled);
    close_model(&m);
}

/* Without memory it fails, and a state that fails to go on stays. */
static void test_memory(void **state)
{
    (void)state;
    struct model m = open_model();
    t2v_json *json = parse("{\"properties\":{\"a\":{\"enum\":[1,\"x\"],\"minimum\":1},\"b\":"
                           "{\"minimum\":2},\"d\":{\"pattern\":\"x{2}\",\"minLength\":3},\"e\":"
                           "{\"allOf\":[{\"items\":{}},{\"items\":{\"pattern\":\"a\"}}]}},"
                           "\"required\":[\"a\",\"c\"]}");
    for (long n = 0;; n++) {
        t2v_grammar *grammar = NULL;
        t2v_mem_fail_at(n);
        struct t2v_schema compiled;
        const uint32_t *allowed;
        int rc = t2v_schema_compile(json, &compiled, NULL);
        if (rc == 0)
            rc = t2v_grammar_new(m.trie, &compiled, &grammar);
        for (const char *at = "{\"a\":1,\"b\":23"; rc == 0 && *at != '\0'; at++) {
            rc = t2v_grammar_allowed(grammar, &allowed);
            if (rc == 0)
                rc = t2v_grammar_take(grammar, *at);
        }
        t2v_mem_fail_at(-1);
        t2v_grammar_free(grammar);
        t2v_schema_deinit(&compiled);
        if (rc == 0)
            break;
        assert_int_equal(rc, T2V_ENOMEM);
    }
    for (long n = 0;; n++) {
        t2v_vocab_trie *trie = NULL;
        t2v_mem_fail_at(n);
        int rc = t2v_vocab_trie_new(m.decoder, VOCAB, NULL, 0, &trie);
        t2v_mem_fail_at(-1);
        t2v_vocab_trie_free(trie);
        if (rc == 0)
            break;
        assert_int_equal(rc, T2V_ENOMEM);
    }
    t2v_json_free(json);
    close_model(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_any),          cmocka_unit_test(test_objects),
        cmocka_unit_test(test_arrays),       cmocka_unit_test(test_strings),
        cmocka_unit_test(test_patterns),     cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_alternatives), cmocka_unit_test(test_recursion),
        cmocka_unit_test(test_refused),      cmocka_unit_test(test_large),
        cmocka_unit_test(test_memory),       cmocka_unit_test(test_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
