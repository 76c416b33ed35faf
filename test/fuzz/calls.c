/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Any bytes as an answer that may call tools: in one piece and byte by byte it gives the same
 * content and the same calls, whose arguments are JSON objects.
 */
#include "chat/calls.h"
#include "fuzz.h"

static const t2v_json *tools(void)
{
    static t2v_json *json;
    if (json == NULL)
        CHECK(t2v_json_parse(T2V_STR("[{\"name\":\"a\"},{\"name\":\"now\"}]"), &json, NULL) == 0);
    return json;
}

static t2v_calls *read_answer(struct t2v_str text, size_t step, struct t2v_buf *content)
{
    t2v_calls *calls = NULL;
    CHECK(t2v_calls_new(tools(), &calls) == 0);
    while (text.len != 0) {
        size_t n = text.len < step ? text.len : step;
        CHECK(t2v_calls_feed(calls, (struct t2v_str){text.ptr, n}, content) == 0);
        text = t2v_str_skip(text, n);
    }
    CHECK(t2v_calls_finish(calls, content) == 0);
    return calls;
}

static void check_call(struct t2v_call call)
{
    t2v_json *json = NULL;
    CHECK(call.name.len != 0);
    CHECK(t2v_json_parse(call.arguments, &json, NULL) == 0);
    CHECK(t2v_json_type(json) == T2V_JSON_OBJECT);
    t2v_json_free(json);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct t2v_buf whole, parts;
    struct t2v_str text = {size != 0 ? (const char *)data : "", size};
    t2v_buf_init(&whole, SIZE_MAX);
    t2v_buf_init(&parts, SIZE_MAX);
    t2v_calls *a = read_answer(text, SIZE_MAX, &whole), *b = read_answer(text, 1, &parts);
    CHECK(t2v_str_eq(t2v_buf_str(&whole), t2v_buf_str(&parts)));
    CHECK(t2v_calls_count(a) == t2v_calls_count(b));
    CHECK(t2v_calls_count(a) != 0 || t2v_str_eq(t2v_buf_str(&whole), text));
    for (size_t i = 0; i < t2v_calls_count(a); i++) {
        check_call(t2v_calls_at(a, i));
        CHECK(t2v_str_eq(t2v_calls_at(a, i).name, t2v_calls_at(b, i).name));
        CHECK(t2v_str_eq(t2v_calls_at(a, i).arguments, t2v_calls_at(b, i).arguments));
    }
    t2v_calls_free(a);
    t2v_calls_free(b);
    t2v_buf_deinit(&whole);
    t2v_buf_deinit(&parts);
    return 0;
}
