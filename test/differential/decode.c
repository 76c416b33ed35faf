/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * decode MODEL_DIR [alone] <LINES: decodes each line, a JSON array of ids, in all four ways, and
 * prints a JSON array of the texts: raw, without special tokens, tidied, both. Each text is also
 * made of ids that come in random lots (one by one, too): what comes out must be whole characters,
 * the same in the end, and at each step the beginning of what the ids so far give. Ends with 1
 * where it is not. For decode.py.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "json/json.h"
#include "json/write.h"
#include "token/decode/decoder.h"

enum { N_SPLIT = 3 };

static uint32_t seed = 1;

static uint32_t draw(uint32_t n)
{
    seed = seed * 1664525u + 1013904223u;
    return (seed >> 8) % n;
}

static void fail(const char *what, size_t at)
{
    fprintf(stderr, "%s, after %zu ids\n", what, at);
    exit(1);
}

/* The text of the first n ids begins with what has come out. */
static void check_beginning(const t2v_decoder *decoder, const struct t2v_ids *ids, size_t n,
                            unsigned flags, const struct t2v_buf *out)
{
    struct t2v_buf now;
    t2v_buf_init(&now, SIZE_MAX);
    if (t2v_decode(decoder, ids->ptr, n, flags, &now) != 0 ||
        !t2v_str_starts(t2v_buf_str(&now), t2v_buf_str(out)))
        fail("too early", n);
    t2v_buf_deinit(&now);
}

static void check_parts(const t2v_decoder *decoder, const struct t2v_ids *ids, unsigned flags,
                        t2v_decoding *decoding, struct t2v_str whole, uint32_t most)
{
    struct t2v_buf out;
    t2v_buf_init(&out, SIZE_MAX);
    for (size_t at = 0, n; at < ids->len; at += n) {
        n = 1 + draw(most);
        if (n > ids->len - at)
            n = ids->len - at;
        size_t before = out.len;
        if (t2v_decoding_feed(decoding, ids->ptr + at, n, &out) != 0)
            fail("an error", at);
        if (!t2v_utf8_valid(t2v_str_skip(t2v_buf_str(&out), before), NULL))
            fail("not UTF-8", at);
        if (ids->len < 60 || draw((uint32_t)ids->len / 8) == 0)
            check_beginning(decoder, ids, at + n, flags, &out);
    }
    if (t2v_decoding_finish(decoding, &out) != 0 || !t2v_str_eq(t2v_buf_str(&out), whole))
        fail("another text", ids->len);
    t2v_decoding_restart(decoding);
    t2v_buf_deinit(&out);
}

static void decode_line(const t2v_decoder *decoder, t2v_decoding *decodings[4],
                        const struct t2v_ids *ids)
{
    struct t2v_buf out, whole;
    t2v_buf_init(&out, SIZE_MAX);
    t2v_buf_init(&whole, SIZE_MAX);
    for (unsigned flags = 0; flags < 4; flags++) {
        t2v_buf_clear(&whole);
        if (t2v_decode(decoder, ids->ptr, ids->len, flags, &whole) != 0)
            fail("no text", ids->len);
        t2v_buf_adds(&out, flags == 0 ? "[" : ",");
        t2v_json_write_str(&out, whole.len != 0 ? t2v_buf_str(&whole) : T2V_STR(""));
        for (int i = 0; i < N_SPLIT; i++)
            check_parts(decoder, ids, flags, decodings[flags], t2v_buf_str(&whole),
                        i == 0 ? 1 : 1 + draw(9));
    }
    t2v_buf_adds(&out, "]\n");
    if (out.fail != 0 || fwrite(out.ptr, 1, out.len, stdout) != out.len)
        fail("no output", 0);
    t2v_buf_deinit(&whole);
    t2v_buf_deinit(&out);
}

static void read_ids(struct t2v_str line, struct t2v_ids *ids)
{
    t2v_json *root;
    struct t2v_err err;
    ids->len = 0;
    if (t2v_json_parse(line, &root, &err) != 0)
        fail(err.msg, 0);
    for (size_t i = 0; i < t2v_json_len(root); i++) {
        int64_t id = -1;
        t2v_json_int(t2v_json_at(root, i), &id);
        if (t2v_ids_add(ids, id > INT32_MAX ? INT32_MAX : (int32_t)id) != 0)
            fail("no memory", i);
    }
    t2v_json_free(root);
}

int main(int argc, char **argv)
{
    t2v_tokenizer *tokenizer;
    t2v_decoder *decoder;
    t2v_decoding *decodings[4];
    struct t2v_ids ids = {0};
    struct t2v_err err;
    char *line = NULL;
    size_t cap = 0;
    if (argc < 2)
        fail("usage: decode MODEL_DIR [alone]", 0);
    if ((argc > 2 ? t2v_tokenizer_open_alone(argv[1], &tokenizer, &err)
                  : t2v_tokenizer_open(argv[1], &tokenizer, &err)) != 0 ||
        t2v_decoder_new(tokenizer, &decoder, &err) != 0)
        fail(err.msg, 0);
    printf("%s\n", t2v_decoder_tidies(decoder) ? "true" : "false");
    for (unsigned flags = 0; flags < 4; flags++) {
        if (t2v_decoding_new(decoder, flags, &decodings[flags]) != 0)
            fail("no memory", 0);
    }
    for (ssize_t len; (len = getline(&line, &cap, stdin)) > 0;) {
        read_ids((struct t2v_str){line, (size_t)len}, &ids);
        decode_line(decoder, decodings, &ids);
    }
    for (unsigned flags = 0; flags < 4; flags++)
        t2v_decoding_free(decodings[flags]);
    free(line);
    t2v_ids_deinit(&ids);
    t2v_decoder_free(decoder);
    t2v_tokenizer_free(tokenizer);
    return 0;
}
