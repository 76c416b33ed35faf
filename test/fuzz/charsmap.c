/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Any bytes as SentencePiece's compiled replacements (precompiled_charsmap). The part before the
 * first NUL NUL NUL NUL '|' is also a text; the rest is the table, as bytes and as base64.
 */
#include "token/normalize/charsmap.h"
#include "base/utf8.h"
#include "fuzz.h"

static void run(const struct t2v_charsmap *map, struct t2v_str text)
{
    enum { MAX_OUT = 1 << 16 };
    struct t2v_buf out;
    size_t bad;
    if (!t2v_utf8_valid(text, &bad))
        text.len = bad;
    t2v_buf_init(&out, MAX_OUT);
    int rc = t2v_charsmap_run(map, text, &out, NULL);
    CHECK(rc == 0 || rc == T2V_ETOOLARGE);
    CHECK(rc != 0 || t2v_utf8_valid(t2v_buf_str(&out), NULL));
    t2v_buf_deinit(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct t2v_str some =
        T2V_STR("e\xcc\x81 \xef\xbc\xa1\xe2\x84\xa2 \xc2\xbd ab c\n");
    const char *mark = size != 0 ? memmem(data, size, "\0\0\0\0|", 5) : NULL;
    size_t n_text = mark != NULL ? (size_t)(mark - (const char *)data) : 0;
    struct t2v_str all = {(const char *)data, size}, text = {all.ptr, n_text};
    struct t2v_str table = mark != NULL ? t2v_str_skip(all, n_text + 5) : all;
    for (int base64 = 0; base64 < 2; base64++) {
        struct t2v_arena arena = {0};
        struct t2v_charsmap *map = NULL;
        struct t2v_err err = {0};
        int rc =
            (base64 != 0 ? t2v_charsmap_read_base64 : t2v_charsmap_read)(table, &arena, &map, &err);
        CHECK(rc == 0 ? map != NULL : err.code == rc && err.msg[0] != '\0');
        if (rc == 0) {
            run(map, some);
            run(map, text);
        }
        t2v_arena_free(&arena);
    }
    return 0;
}
