/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * grammar MODEL_DIR N <LINES: for each line, a JSON Schema, or null for any object, draws N texts
 * of tokens that its grammar allows, and prints a JSON array of them; null stands for one that had
 * no end. A schema that is refused: a string with the reason. For grammar.py.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json/json.h"
#include "json/write.h"
#include "task/generate/grammar/grammar.h"
#include "token/tokenizer.h"

enum { MAX_STEPS = 600, MAX_VOCAB = 300000 };

static uint32_t seed = 1;

static uint32_t draw(uint32_t n)
{
    seed = seed * 1664525u + 1013904223u;
    return (seed >> 8) % n;
}

struct run {
    t2v_decoder *decoder;
    t2v_vocab_trie *trie;
    int32_t end; /* an id beyond the vocabulary */
};

static void fail(const char *what)
{
    fprintf(stderr, "%s\n", what);
    exit(1);
}

static bool closes(const struct run *run, int32_t id)
{
    struct t2v_str text = run->trie->text_of[id];
    return id == run->end || (text.ptr != NULL && strchr("\"}],", *text.ptr) != NULL);
}

/* A random allowed id; the longer the text, the rather one that closes something. */
static int32_t choose(const struct run *run, const uint32_t *allowed, size_t step)
{
    bool close = draw(100) < 30 + step;
    int32_t chosen[2] = {-1, -1};
    uint32_t seen[2] = {0, 0};
    for (int32_t id = 0; (size_t)id < run->trie->vocab; id++) {
        if ((allowed[id / 32] >> id % 32 & 1) == 0)
            continue;
        size_t which = close && closes(run, id);
        if (draw(++seen[which]) == 0)
            chosen[which] = id;
    }
    return chosen[1] >= 0 ? chosen[1] : chosen[0];
}

/* False: there was no end. */
static bool generate(const struct run *run, t2v_grammar *grammar, struct t2v_buf *out)
{
    int32_t ids[MAX_STEPS];
    size_t n = 0;
    for (;;) {
        const uint32_t *allowed;
        bool ok = t2v_grammar_allowed(grammar, &allowed) == 0;
        int32_t id = ok ? choose(run, allowed, n) : -1;
        if (id < 0)
            fail("nothing is allowed");
        if (t2v_grammar_take(grammar, id) != 0)
            fail("an allowed id is not taken");
        if (id == run->end)
            break;
        if (n == MAX_STEPS)
            return false;
        ids[n++] = id;
    }
    if (t2v_decode(run->decoder, ids, n, T2V_DECODE_SKIP_SPECIAL, out) != 0)
        fail("decoding failed");
    return true;
}

static void answer(const struct run *run, const t2v_json *schema, long n)
{
    struct t2v_buf line, text;
    struct t2v_err err = {0};
    struct t2v_schema compiled;
    t2v_buf_init(&line, SIZE_MAX);
    t2v_buf_init(&text, SIZE_MAX);
    t2v_schema_compile(schema, &compiled, &err);
    for (long i = 0; i < n && err.code == 0; i++) {
        t2v_grammar *grammar = NULL;
        t2v_buf_clear(&text);
        if (t2v_grammar_new(run->trie, &compiled, &grammar) != 0)
            fail("no memory");
        t2v_buf_addc(&line, i == 0 ? '[' : ',');
        if (generate(run, grammar, &text))
            t2v_json_write_str(&line, t2v_buf_str(&text));
        else
            t2v_buf_adds(&line, "null");
        t2v_grammar_free(grammar);
    }
    if (err.code != 0)
        t2v_json_write_str(&line, t2v_str_of(err.msg));
    else
        t2v_buf_addc(&line, ']');
    printf("%.*s\n", (int)line.len, line.ptr);
    t2v_buf_deinit(&line);
    t2v_buf_deinit(&text);
    t2v_schema_deinit(&compiled);
}

int main(int argc, char **argv)
{
    static char line[1 << 20];
    struct run run = {0};
    struct t2v_err err;
    t2v_tokenizer *tokenizer;
    if (argc != 3)
        fail("grammar MODEL_DIR N <schemas");
    if (t2v_tokenizer_open(argv[1], &tokenizer, &err) != 0 ||
        t2v_decoder_new(tokenizer, &run.decoder, &err) != 0)
        fail(err.msg);
    while (run.end < MAX_VOCAB && t2v_decoder_token(run.decoder, run.end).ptr != NULL)
        run.end++;
    if (t2v_vocab_trie_new(run.decoder, (size_t)run.end + 1, &run.end, 1, &run.trie) != 0)
        fail("no memory");
    while (fgets(line, sizeof line, stdin) != NULL) {
        t2v_json *schema;
        if (t2v_json_parse(t2v_str_of(line), &schema, &err) != 0)
            fail(err.msg);
        answer(&run, t2v_json_type(schema) == T2V_JSON_NULL ? NULL : schema, atol(argv[2]));
        t2v_json_free(schema);
    }
    t2v_vocab_trie_free(run.trie);
    t2v_decoder_free(run.decoder);
    t2v_tokenizer_free(tokenizer);
    return 0;
}
