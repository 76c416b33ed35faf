/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Any bytes as the `decoder` of a tokenizer.json with tricky tokens, which then decodes ids: the
 * bytes after the last NUL of the input. The text is the same at once and in parts. Each part
 * consists of whole characters, and the text so far is a prefix of the text of the ids so far.
 */
#include "base/utf8.h"
#include "folder.h"
#include "token/decode/decoder.h"

static const char *const names[] = {"tokenizer.json"};

static const char head[] =
    "{\"added_tokens\": [{\"id\": 0, \"content\": \"<s>\", \"single_word\": false, \"lstrip\": "
    "false, "
    "\"rstrip\": false, \"normalized\": false, \"special\": true}], \"model\": {\"type\": "
    "\"WordLevel\", \"unk_token\": \"<s>\", \"vocab\": {\"<s>\": 0";

static const char *const tokens[] = {"",
                                     " ",
                                     "  ",
                                     "\xe2\x96\x81",
                                     "\xe2\x96\x81"
                                     "a",
                                     "a",
                                     "b",
                                     "ab",
                                     "aab",
                                     "a</w>",
                                     "</w>",
                                     "##a",
                                     "##",
                                     " .",
                                     ".",
                                     " ' ",
                                     " '",
                                     "' ",
                                     " n",
                                     "n't",
                                     " 'm",
                                     " do",
                                     " not",
                                     "s",
                                     "<pad>",
                                     "|",
                                     "<0x41>",
                                     "<0xE4>",
                                     "<0xBD>",
                                     "<0xA0>",
                                     "<0xFF>",
                                     "<0x",
                                     "<0x+A>",
                                     "41>",
                                     "\xc4\xa0"
                                     "a",
                                     "\xc3\xa4",
                                     "\xc2\xbd",
                                     "\xc3\x83",
                                     "\xc2\xa9",
                                     "\xc3\xb0\xc5\x81",
                                     "\xc4\xba\xc4\xa2",
                                     "\xe4\xbd\xa0",
                                     "\xf0\x9f\x98\x80",
                                     "xyx",
                                     "xy",
                                     "x",
                                     "-"};

static void put_tokenizer(const uint8_t *decoder, size_t n)
{
    struct t2v_buf json;
    t2v_buf_init(&json, SIZE_MAX);
    t2v_buf_adds(&json, head);
    for (size_t i = 0; i < sizeof tokens / sizeof *tokens; i++)
        t2v_buf_addf(&json, ", \"%s\": %zu", tokens[i], i + 1);
    t2v_buf_adds(&json, "}}, \"decoder\": ");
    t2v_buf_add(&json, decoder, n);
    t2v_buf_adds(&json, "}");
    CHECK(json.fail == 0);
    folder_put(names[0], (const uint8_t *)json.ptr, json.len);
    t2v_buf_deinit(&json);
}

/* The same, with so many ids at a time. False: the decoder fails on them. */
static bool decode_parts(const t2v_decoder *decoder, const int32_t *ids, size_t n, unsigned flags,
                         size_t most, struct t2v_buf *out)
{
    t2v_decoding *decoding;
    int rc = 0;
    CHECK(t2v_decoding_new(decoder, flags, &decoding) == 0);
    for (size_t at = 0, k; at < n && rc == 0; at += k) {
        size_t before = out->len;
        k = n - at < most ? n - at : most;
        rc = t2v_decoding_feed(decoding, ids + at, k, out);
        CHECK(t2v_utf8_valid(t2v_str_skip(t2v_buf_str(out), before), NULL));
    }
    if (rc == 0)
        rc = t2v_decoding_finish(decoding, out);
    CHECK(rc == 0 || rc == T2V_ETOOLARGE);
    t2v_decoding_free(decoding);
    return rc == 0;
}

static void decode(const t2v_decoder *decoder, const int32_t *ids, size_t n, unsigned flags)
{
    struct t2v_buf whole, parts;
    t2v_buf_init(&whole, 1 << 20);
    t2v_buf_init(&parts, 1 << 20);
    int rc = t2v_decode(decoder, ids, n, flags, &whole);
    CHECK(rc == 0 || rc == T2V_ETOOLARGE);
    for (size_t most = 1; most < 4 && rc == 0; most++) {
        t2v_buf_clear(&parts);
        CHECK(decode_parts(decoder, ids, n, flags, most, &parts));
        CHECK(t2v_str_eq(t2v_buf_str(&whole), t2v_buf_str(&parts)));
    }
    t2v_buf_deinit(&whole);
    t2v_buf_deinit(&parts);
}

/* The text after half of them. */
static void decode_half(const t2v_decoder *decoder, const int32_t *ids, size_t n, unsigned flags)
{
    struct t2v_buf half, now;
    t2v_decoding *decoding;
    t2v_buf_init(&half, 1 << 20);
    t2v_buf_init(&now, 1 << 20);
    CHECK(t2v_decoding_new(decoder, flags, &decoding) == 0);
    if (t2v_decode(decoder, ids, n / 2, flags, &half) == 0 &&
        t2v_decoding_feed(decoding, ids, n / 2, &now) == 0)
        CHECK(t2v_str_starts(t2v_buf_str(&half), t2v_buf_str(&now)));
    t2v_decoding_free(decoding);
    t2v_buf_deinit(&half);
    t2v_buf_deinit(&now);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    enum { MOST = 256 };
    int32_t ids[MOST];
    t2v_tokenizer *tokenizer = NULL;
    t2v_decoder *decoder = NULL;
    struct t2v_err err = {0};
    folder_make(names, 1);
    const uint8_t *nul = size != 0 ? memrchr(data, '\0', size) : NULL;
    size_t n_json = nul != NULL ? (size_t)(nul - data) : size, n = 0;
    for (size_t i = n_json + 1; i < size && n < MOST; i++)
        ids[n++] = data[i] < 0xf0 ? data[i] % 50 : -(int32_t)data[i];
    put_tokenizer(size != 0 ? data : (const uint8_t *)"", n_json);
    int rc = t2v_tokenizer_open_alone(folder.path, &tokenizer, &err);
    if (rc == 0)
        rc = t2v_decoder_new(tokenizer, &decoder, &err);
    CHECK(rc == 0 || err.msg[0] != '\0');
    for (unsigned flags = 0; flags < 4 && rc == 0; flags++) {
        decode(decoder, ids, n, flags);
        decode_half(decoder, ids, n, flags);
    }
    t2v_decoder_free(decoder);
    t2v_tokenizer_free(tokenizer);
    return 0;
}
