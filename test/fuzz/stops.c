/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The text of a sequence with stop strings. The first byte says whether they stay; strings with
 * NULs between follow, and after the last NUL ids of a SentencePiece vocabulary: 0 to 255 are
 * bytes. What comes out is whole characters and has a stop string only at its end; without one it
 * is the text of all ids.
 */
#include "base/utf8.h"
#include "folder.h"
#include "task/generate/text.h"

enum { MOST_STOPS = 8, MOST_IDS = 256 };

static const char *const names[] = {"tokenizer.json"};
static const char *const words[] = {"a",
                                    "b",
                                    "ab",
                                    "\xe2\x96\x81"
                                    "a",
                                    "\xe2\x96\x81",
                                    "\xe4\xbd\xa0",
                                    "bab",
                                    "<"};
enum { N_WORD = sizeof words / sizeof *words, N_ID = 256 + N_WORD };

static void put_tokenizer(void)
{
    struct t2v_buf json;
    t2v_buf_init(&json, SIZE_MAX);
    t2v_buf_adds(&json, "{\"added_tokens\":[],\"model\":{\"type\":\"BPE\",\"byte_fallback\":true,"
                        "\"merges\":[],\"vocab\":{");
    for (unsigned i = 0; i < 256; i++)
        t2v_buf_addf(&json, "\"<0x%02X>\":%u,", i, i);
    for (unsigned i = 0; i < N_WORD; i++)
        t2v_buf_addf(&json, "%s\"%s\":%u", i != 0 ? "," : "", words[i], 256 + i);
    t2v_buf_adds(&json,
                 "}},\"decoder\":{\"type\":\"Sequence\",\"decoders\":[{\"type\":\"Replace\","
                 "\"pattern\":{\"String\":\"\xe2\x96\x81\"},\"content\":\" \"},{\"type\":"
                 "\"ByteFallback\"},{\"type\":\"Fuse\"},{\"type\":\"Strip\",\"content\":\" \","
                 "\"start\":1,\"stop\":0}]}}");
    CHECK(json.fail == 0);
    folder_put(names[0], (const uint8_t *)json.ptr, json.len);
    t2v_buf_deinit(&json);
}

/* Made once. */
static const t2v_decoder *vocabulary(void)
{
    static t2v_tokenizer *tokenizer;
    static t2v_decoder *decoder;
    if (decoder != NULL)
        return decoder;
    folder_make(names, 1);
    put_tokenizer();
    CHECK(t2v_tokenizer_open_alone(folder.path, &tokenizer, NULL) == 0);
    CHECK(t2v_decoder_new(tokenizer, &decoder, NULL) == 0);
    return decoder;
}

struct input {
    struct t2v_str stops[MOST_STOPS];
    size_t n_stop, n_id;
    int32_t ids[MOST_IDS];
    bool keep_stop;
};

static void read_input(const uint8_t *data, size_t size, struct input *in)
{
    const uint8_t *nul = memrchr(data, '\0', size);
    in->keep_stop = data[0] % 2 != 0;
    if (nul == NULL || nul == data)
        return;
    struct t2v_str rest = {(const char *)data + 1, (size_t)(nul - data - 1)};
    while (rest.len != 0 && in->n_stop < MOST_STOPS) {
        struct t2v_str stop = t2v_str_cut(&rest, '\0');
        if (stop.len != 0 && t2v_utf8_valid(stop, NULL))
            in->stops[in->n_stop++] = stop;
    }
    for (const uint8_t *at = nul + 1; at < data + size && in->n_id < MOST_IDS; at++)
        in->ids[in->n_id++] = *at < 0xc0 ? *at : *at < 0xf0 ? 256 + *at % N_WORD : 0x90 + *at;
}

/* Where a stop string ends first; SIZE_MAX: nowhere. */
static size_t find_stop(const struct input *in, struct t2v_str text)
{
    for (size_t end = 1; end <= text.len; end++)
        for (size_t i = 0; i < in->n_stop; i++)
            if (t2v_str_ends((struct t2v_str){text.ptr, end}, in->stops[i]))
                return end;
    return SIZE_MAX;
}

static void check(const struct input *in, const struct t2v_buf *out, bool stopped)
{
    struct t2v_str text = t2v_buf_str(out);
    size_t end = find_stop(in, text);
    CHECK(t2v_utf8_valid(text, NULL));
    CHECK(end == (stopped && in->keep_stop ? text.len : SIZE_MAX));
    if (stopped)
        return;
    struct t2v_buf whole;
    t2v_buf_init(&whole, SIZE_MAX);
    CHECK(t2v_decode(vocabulary(), in->ids, in->n_id, T2V_DECODE_SKIP_SPECIAL, &whole) == 0);
    CHECK(t2v_str_eq(text, t2v_buf_str(&whole)));
    t2v_buf_deinit(&whole);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input in = {0};
    t2v_gen_text *text = NULL;
    struct t2v_buf out;
    bool stopped = false;
    if (size == 0)
        return 0;
    read_input(data, size, &in);
    t2v_buf_init(&out, SIZE_MAX);
    CHECK(t2v_gen_text_new(vocabulary(), in.stops, in.n_stop, in.keep_stop, &text) == 0);
    for (size_t i = 0; i < in.n_id && !stopped; i++) {
        size_t before = out.len;
        CHECK(t2v_gen_text_feed(text, in.ids[i], &out, &stopped) == 0);
        CHECK(t2v_utf8_valid(t2v_str_skip(t2v_buf_str(&out), before), NULL));
    }
    CHECK(t2v_gen_text_finish(text, &out) == 0);
    check(&in, &out, t2v_gen_text_stopped(text));
    t2v_gen_text_free(text);
    t2v_buf_deinit(&out);
    return 0;
}
