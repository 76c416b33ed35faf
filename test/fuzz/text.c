/* SPDX-License-Identifier: BSD-3-Clause */
/* Any bytes as a text: UTF-8, white space, sentences. */
#include "base/mem.h"
#include "base/utf8.h"
#include "fuzz.h"
#include "text/punkt.h"
#include "unicode/space.h"

static void check_sentences(const t2v_punkt *punkt, struct t2v_str text)
{
    struct t2v_punkt_walk walk;
    struct t2v_str sentence;
    const char *at = text.ptr;
    t2v_punkt_start(&walk, punkt, text);
    while (t2v_punkt_next(&walk, &sentence)) {
        CHECK(sentence.len != 0 && sentence.ptr >= at);
        CHECK(sentence.ptr + sentence.len <= text.ptr + text.len);
        CHECK(t2v_utf8_valid(sentence, NULL));
        at = sentence.ptr + sentence.len;
    }
    CHECK(!t2v_punkt_next(&walk, &sentence));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static t2v_punkt *punkt;
    if (punkt == NULL)
        CHECK(t2v_punkt_new(&punkt) == 0);
    struct t2v_str text = {(const char *)data, size};
    size_t bad = 0;
    if (!t2v_utf8_valid(text, &bad)) {
        CHECK(bad < size && t2v_utf8_valid((struct t2v_str){text.ptr, bad}, NULL));
        text.len = bad;
    }
    struct t2v_buf once, twice;
    t2v_buf_init(&once, size);
    t2v_buf_init(&twice, size);
    CHECK(t2v_space_collapse(text, &once) == 0); /* the result is never longer */
    CHECK(t2v_space_collapse(t2v_buf_str(&once), &twice) == 0);
    CHECK(t2v_str_eq(t2v_buf_str(&once), t2v_buf_str(&twice)));
    check_sentences(punkt, text);
    if (once.len != 0)
        check_sentences(punkt, t2v_buf_str(&once));
    t2v_buf_deinit(&once);
    t2v_buf_deinit(&twice);
    return 0;
}
