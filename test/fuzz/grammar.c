/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Any bytes up to the last NUL as a JSON Schema; each byte after it chooses one of the ids that its
 * grammar allows. There always is one, it is taken, and a text that may end is JSON.
 */
#include "task/generate/grammar/grammar.h"
#include "folder.h"
#include "json/write.h"
#include "token/byte_level.h"

enum { END = 300, VOCAB = 301 };

static const char *const names[] = {"tokenizer.json"};
static const char *const words[] = {"{\"", "\":",       "\": ", "\",\"", "\"}",  "}}",  "true",
                                    "ab",  "\xc3\xa9t", "12",   "]}",    "\\\"", " \"", ",\n"};

#define BYTE_LEVEL                                                                                 \
    "{\"type\":\"ByteLevel\",\"add_prefix_space\":false,\"trim_offsets\":false,\"use_regex\":"     \
    "false}"

static void add_entry(struct t2v_buf *json, struct t2v_str bytes, size_t id)
{
    struct t2v_buf text;
    t2v_buf_init(&text, SIZE_MAX);
    CHECK(t2v_byte_level_add(bytes, &text) == 0);
    t2v_buf_adds(json, id != 0 ? "," : "");
    t2v_json_write_str(json, t2v_buf_str(&text));
    t2v_buf_addf(json, ":%zu", id);
    t2v_buf_deinit(&text);
}

static void put_tokenizer(void)
{
    struct t2v_buf json;
    t2v_buf_init(&json, SIZE_MAX);
    t2v_buf_adds(&json,
                 "{\"added_tokens\":[],\"decoder\":" BYTE_LEVEL ",\"pre_tokenizer\":" BYTE_LEVEL
                 ",\"model\":{\"type\":\"BPE\",\"merges\":[],\"vocab\":{");
    for (size_t i = 0; i < 256; i++) {
        const char byte = (char)i;
        add_entry(&json, (struct t2v_str){&byte, 1}, i);
    }
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        add_entry(&json, t2v_str_of(words[i]), 256 + i);
    t2v_buf_adds(&json, "}}}");
    CHECK(json.fail == 0);
    folder_put(names[0], (const uint8_t *)json.ptr, json.len);
    t2v_buf_deinit(&json);
}

/* Made once. */
static const t2v_vocab_trie *vocabulary(void)
{
    static t2v_vocab_trie *trie;
    static t2v_tokenizer *tokenizer;
    static t2v_decoder *decoder;
    const int32_t end = END;
    if (trie != NULL)
        return trie;
    folder_make(names, 1);
    put_tokenizer();
    CHECK(t2v_tokenizer_open_alone(folder.path, &tokenizer, NULL) == 0);
    CHECK(t2v_decoder_new(tokenizer, &decoder, NULL) == 0);
    CHECK(t2v_vocab_trie_new(decoder, VOCAB, &end, 1, &trie) == 0);
    return trie;
}

static bool is_allowed(const uint32_t *allowed, int32_t id)
{
    return (allowed[id / 32] >> id % 32 & 1) != 0;
}

/* The allowed id that a byte chooses: the first from there on. */
static int32_t choose(const uint32_t *allowed, uint8_t byte)
{
    for (int32_t i = 0; i < VOCAB; i++) {
        int32_t id = (byte + i) % VOCAB;
        if (is_allowed(allowed, id))
            return id;
    }
    return -1;
}

static void check_end(const struct t2v_buf *text)
{
    t2v_json *json = NULL;
    CHECK(t2v_json_parse(t2v_buf_str(text), &json, NULL) == 0);
    t2v_json_free(json);
}

static void walk(t2v_grammar *grammar, const uint8_t *bytes, size_t n)
{
    struct t2v_buf text;
    t2v_buf_init(&text, SIZE_MAX);
    for (size_t i = 0; i < n; i++) {
        const uint32_t *allowed;
        if (t2v_grammar_allowed(grammar, &allowed) != 0)
            break; /* too many ways to go on */
        if (is_allowed(allowed, END))
            check_end(&text);
        int32_t id = choose(allowed, bytes[i]);
        CHECK(id >= 0);
        int rc = t2v_grammar_take(grammar, id);
        CHECK(rc == 0 || rc == T2V_ETOOLARGE);
        struct t2v_str added = vocabulary()->text_of[id];
        if (rc != 0 || id == END)
            break;
        t2v_buf_add(&text, added.ptr, added.len);
    }
    t2v_buf_deinit(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    enum { MOST = 200 };
    t2v_json *json = NULL;
    struct t2v_schema schema;
    t2v_grammar *grammar = NULL;
    struct t2v_err err = {0};
    const uint8_t *nul = size != 0 ? memrchr(data, '\0', size) : NULL;
    size_t n_json = nul != NULL ? (size_t)(nul - data) : size;
    size_t n = nul != NULL ? size - n_json - 1 : 0;
    if (t2v_json_parse((struct t2v_str){(const char *)data, n_json}, &json, NULL) != 0)
        return 0;
    if (t2v_schema_compile(json, &schema, &err) != 0)
        CHECK(err.msg[0] != '\0');
    else if (t2v_grammar_new(vocabulary(), &schema, &grammar) == 0)
        walk(grammar, nul != NULL ? nul + 1 : data, n < MOST ? n : MOST);
    t2v_grammar_free(grammar);
    t2v_schema_deinit(&schema);
    t2v_json_free(json);
    return 0;
}
