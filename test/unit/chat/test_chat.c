/* SPDX-License-Identifier: BSD-3-Clause */
/* Chat templates, against what transformers made of them (test/golden/make-chats), and what that
 * cannot show: messages, limits, and the files of a model. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"
#include "chat/chat.h"

#define GOLDEN T2V_TEST_DIR "/golden/chats.json"

struct rendering {
    int rc;
    struct t2v_buf text; /* NUL-terminated */
    struct t2v_err err;
};

static t2v_json *parse(const char *text)
{
    t2v_json *root = NULL;
    assert_int_equal(t2v_json_parse(t2v_str_of(text), &root, NULL), 0);
    return root;
}

/* Renders with a template; rendering->text is to be freed. */
static struct rendering render(struct t2v_str template, const struct t2v_chat_request *request)
{
    struct rendering r = {0};
    t2v_chat *chat = NULL;
    t2v_buf_init(&r.text, SIZE_MAX);
    r.rc = t2v_chat_parse(template, NULL, &chat, &r.err);
    if (r.rc == 0)
        r.rc = t2v_chat_render(chat, request, &r.text, &r.err);
    t2v_buf_addc(&r.text, '\0');
    t2v_chat_free(chat);
    return r;
}

static void check_golden(const t2v_json *entry, const struct t2v_chat_request *request)
{
    struct t2v_str template = t2v_json_str(t2v_json_get(entry, "template"));
    struct t2v_str want = t2v_json_str(t2v_json_get(entry, "text"));
    struct t2v_str says = t2v_json_str(t2v_json_get(entry, "says"));
    struct rendering r = render(template, request);
    struct t2v_str got = {r.text.ptr, r.text.len - 1};
    if (want.ptr != NULL && (r.rc != 0 || !t2v_str_eq(want, got)))
        fail_msg("%.*s\nwant: %.*s\n got: %.*s %s", T2V_STR_ARG(template), T2V_STR_ARG(want),
                 T2V_STR_ARG(got), r.err.msg);
    if (want.ptr == NULL && r.rc == 0)
        fail_msg("%.*s\nwant: an error\n got: %.*s", T2V_STR_ARG(template), T2V_STR_ARG(got));
    if (says.ptr != NULL && strstr(r.err.msg, says.ptr) == NULL)
        fail_msg("%.*s\nwant: %s\n got: %s", T2V_STR_ARG(template), says.ptr, r.err.msg);
    t2v_buf_deinit(&r.text);
}

static void test_golden(void **state)
{
    (void)state;
    t2v_json *root;
    assert_int_equal(t2v_json_load(GOLDEN, 1 << 20, &root, NULL), 0);
    const t2v_json *common = t2v_json_at(root, 0);
    struct t2v_chat_request request = {.messages = t2v_json_get(common, "messages"),
                                       .tools = t2v_json_get(common, "tools"),
                                       .kwargs = t2v_json_get(common, "kwargs"),
                                       .add_generation_prompt = true};
    assert_true(t2v_json_len(root) > 80);
    for (size_t i = 1; i < t2v_json_len(root); i++)
        check_golden(t2v_json_at(root, i), &request);
    t2v_json_free(root);
}

/* Renders with one message; the text or the error must be `want`. */
static void check(const char *template, int rc, const char *want)
{
    t2v_json *messages = parse("[{\"role\": \"user\", \"content\": \"hi\"}]");
    struct t2v_chat_request request = {.messages = messages};
    struct rendering r = render(t2v_str_of(template), &request);
    const char *got = r.rc == 0 ? r.text.ptr : r.err.msg;
    if (r.rc != rc || strcmp(got, want) != 0)
        fail_msg("%s\nwant: %d %s\n got: %d %s", template, rc, want, r.rc, got);
    t2v_buf_deinit(&r.text);
    t2v_json_free(messages);
}

static void test_messages(void **state)
{
    (void)state;
    check("a\n  {{ x.y }}", T2V_EFORMAT, "line 2, column 8: 'x' is undefined");
    check("{{ messages[0].x.y }}", T2V_EFORMAT,
          "line 1, column 18: 'dict object' has no attribute 'x'");
    check("ä {% if x %}", T2V_EFORMAT, "line 1, column 13: the template ends before endif");
    check("{% foo %}", T2V_EFORMAT, "line 1, column 4: unknown tag 'foo'");
    check("{% include 'x' %}", T2V_EUNSUPPORTED,
          "line 1, column 4: 'include' is not supported in chat templates");
    check("{{ 'a' | pprint }}", T2V_EUNSUPPORTED,
          "line 1, column 10: the filter 'pprint' is not supported");
    check("{{ raise_exception('No!\x1b[0m') }}", T2V_EFORMAT, "No!\\x1b[0m");
    check("{{ 9223372036854775807 + 1 }}", T2V_EUNSUPPORTED,
          "line 1, column 24: integers beyond 64 bits are not supported");
    check("", 0, "");
}

static void test_limits(void **state)
{
    (void)state;
    static const char *const greedy[] = {
        "{% set ns = namespace(x='aaaaaaaa') %}{% for i in range(99) %}{% set ns.x = ns.x + ns.x %}"
        "{% endfor %}",
        "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}",
        "{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}",
        "{% for i in range(99999) %}{{ 'a' * 999 }}{% endfor %}",
        "{% set ns = namespace() %}{% set ns.a = [ns] %}{{ ns }}",
        "{% set ns = namespace(l=[]) %}{% for i in range(2000) %}{% set ns.l = [ns.l] %}{% endfor "
        "%}"
        "{{ ns.l | tojson }}",
        "{{ 'a' * 99999999999 }}",
        "{{ '%999999999d' % 1 }}{{ '%99999d' % 1 * 9999 }}",
    };
    t2v_json *messages = parse("[{\"role\": \"user\", \"content\": \"hi\"}]");
    struct t2v_chat_request request = {.messages = messages};
    for (size_t i = 0; i < sizeof greedy / sizeof *greedy; i++) {
        struct rendering r = render(t2v_str_of(greedy[i]), &request);
        if (r.rc != T2V_ETOOLARGE)
            fail_msg("%s\n got: %d %s", greedy[i], r.rc, r.err.msg);
        t2v_buf_deinit(&r.text);
    }
    t2v_json_free(messages);
}

static void check_continued(const char *template, const char *messages, int rc, const char *want)
{
    t2v_json *root = parse(messages);
    struct t2v_chat_request request = {.messages = root, .continue_final_message = true};
    struct rendering r = render(t2v_str_of(template), &request);
    if (r.rc != rc || (rc == 0 && strcmp(r.text.ptr, want) != 0))
        fail_msg("%s\nwant: %d %s\n got: %d %s %s", template, rc, want, r.rc, r.text.ptr,
                 r.err.msg);
    t2v_buf_deinit(&r.text);
    t2v_json_free(root);
}

static void test_continue(void **state)
{
    (void)state;
    static const char text[] = "[{\"content\": \"a\"}, {\"content\": \"go on \"}]";
    static const char parts[] = "[{\"content\": [{\"text\": \"p\"}, {\"text\": \"q\"}, {}]}]";
    check_continued("{% for m in messages %}<{{ m.content }}>{% endfor %}", text, 0, "<a><go on ");
    check_continued("{% for m in messages %}<{{ m.content | trim }}>{% endfor %}", text, 0,
                    "<a><go on");
    check_continued("{% for p in messages[0].content %}{{ p.text }};{% endfor %}", parts, 0, "p;q");
    check_continued("{{ messages[0].content }}", text, T2V_EFORMAT, NULL);
    check_continued("x", "[{\"content\": null}]", T2V_EFORMAT, NULL);
    check_continued("x", "[{\"role\": \"user\"}]", T2V_EFORMAT, NULL);
}

static void test_request(void **state)
{
    (void)state;
    static const struct {
        const char *messages, *tools, *kwargs;
    } wrong[] = {
        {"{}", "null", "{}"},
        {"[]", "null", "{}"},
        {"[1]", "null", "{}"},
        {"[{}]", "{}", "{}"},
        {"[{}]", "[1]", "{}"},
        {"[{}]", "null", "[]"},
        {"[{}]", "null", "{\"messages\": 1}"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        t2v_json *messages = parse(wrong[i].messages), *tools = parse(wrong[i].tools);
        t2v_json *kwargs = parse(wrong[i].kwargs);
        struct t2v_chat_request request = {.messages = messages, .tools = tools, .kwargs = kwargs};
        struct rendering r = render(T2V_STR("x"), &request);
        assert_int_equal(r.rc, T2V_EFORMAT);
        t2v_buf_deinit(&r.text);
        t2v_json_free(messages);
        t2v_json_free(tools);
        t2v_json_free(kwargs);
    }
}

static void test_time(void **state)
{
    (void)state;
    t2v_json *messages = parse("[{}]");
    struct t2v_chat_request request = {.messages = messages, .now = 1700000000};
    setenv("TZ", "UTC", 1);
    struct rendering r =
        render(T2V_STR("{{ strftime_now('%d %b %Y %H:%M:%S.%f %-d%% %Z|ä') }}"), &request);
    assert_int_equal(r.rc, 0);
    assert_string_equal(r.text.ptr, "14 Nov 2023 22:13:20.000000 14% |ä");
    t2v_buf_deinit(&r.text);
    t2v_json_free(messages);
}

static void write_file(const char *dir, const char *name, const char *text)
{
    char path[1024];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(text, f);
    assert_int_equal(fclose(f), 0);
}

/* What a directory's templates make of a request with tools or without. */
static void check_dir(const char *dir, const char *name, bool tools, const char *want)
{
    t2v_json *root = parse("[{\"role\": \"user\"}]");
    struct t2v_chat_request request = {
        .messages = root, .tools = tools ? root : NULL, .template_name = name};
    struct t2v_buf out;
    struct t2v_err err = {0};
    t2v_chat *chat;
    t2v_buf_init(&out, SIZE_MAX);
    if (t2v_chat_open(dir, &chat, &err) != 0)
        fail_msg("%s", err.msg);
    if (want == NULL) {
        assert_int_equal(t2v_chat_render(chat, &request, &out, &err), T2V_EFORMAT);
    } else {
        if (t2v_chat_render(chat, &request, &out, &err) != 0)
            fail_msg("want: %s, got: %s", want, err.msg);
        t2v_buf_addc(&out, '\0');
        assert_string_equal(out.ptr, want);
    }
    t2v_buf_deinit(&out);
    t2v_chat_free(chat);
    t2v_json_free(root);
}

static void remove_all(const char *dir)
{
    static const char *const names[] = {"tokenizer_config.json",
                                        "special_tokens_map.json",
                                        "chat_template.jinja",
                                        "chat_template.json",
                                        "additional_chat_templates/rag.jinja",
                                        "additional_chat_templates/tool_use.jinja",
                                        "additional_chat_templates",
                                        ""};
    char path[1024];
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        snprintf(path, sizeof path, "%s/%s", dir, names[i]);
        remove(path);
    }
}

static void test_files(void **state)
{
    (void)state;
    char dir[] = "/tmp/t2v-chat-XXXXXX", folder[512];
    t2v_chat *chat = NULL;
    struct t2v_err err = {0};
    assert_non_null(mkdtemp(dir));
    assert_int_equal(t2v_chat_open(dir, &chat, &err), 0);
    assert_null(chat);
    t2v_chat_free(NULL);

    write_file(dir, "chat_template.json", "{\"chat_template\": \"json\"}");
    check_dir(dir, NULL, false, "json");
    write_file(dir, "special_tokens_map.json",
               "{\"eos_token\": {\"content\": \"</m>\"}, \"additional_special_tokens\": [\"a\"]}");
    write_file(dir, "tokenizer_config.json",
               "{\"bos_token\": \"<s>\", \"eos_token\": \"</s>\", \"pad_token\": null,"
               "\"chat_template\": \"{{ bos_token }}{{ eos_token }}{{ pad_token is defined }}"
               "{{ additional_special_tokens }}\"}");
    check_dir(dir, NULL, true, "<s></m>False['a']");
    write_file(dir, "tokenizer_config.json",
               "{\"added_tokens_decoder\": {}, \"eos_token\": \"</s>\", \"chat_template\": ["
               "{\"name\": \"default\", \"template\": \"{{ eos_token }}\"},"
               "{\"name\": \"tool_use\", \"template\": \"{{ tools is none }}\"}]}");
    check_dir(dir, NULL, false, "</s>");
    check_dir(dir, NULL, true, "False");
    check_dir(dir, "tool_use", false, "True");
    check_dir(dir, "nope", false, NULL);
    write_file(dir, "tokenizer_config.json",
               "{\"eos_token\": \"</s>\", \"chat_template\": ["
               "{\"name\": \"default\", \"template\": \"{{ eos_token }\"},"
               "{\"name\": \"rag\", \"template\": \"rag\"}, {\"name\": \"tool_use\"}]}");
    check_dir(dir, NULL, false, NULL);
    check_dir(dir, "rag", false, "rag");

    snprintf(folder, sizeof folder, "%s/additional_chat_templates", dir);
    assert_int_equal(mkdir(folder, 0700), 0);
    write_file(folder, "rag.jinja", "rag\n");
    check_dir(dir, "rag", false, "rag");
    check_dir(dir, NULL, false, NULL);
    write_file(dir, "chat_template.jinja", "file\n\n");
    check_dir(dir, NULL, false, "file\n");
    write_file(folder, "tool_use.jinja", "{% if x %}");
    check_dir(dir, NULL, false, "file\n");
    check_dir(dir, NULL, true, NULL);
    assert_int_equal(t2v_chat_open(dir, &chat, &err), 0);
    assert_non_null(strstr(t2v_chat_fault(chat), "tool_use.jinja: line 1, column 11: "));
    t2v_chat_free(chat);
    remove_all(dir);
}

static bool reads(const char *template, const char *variable)
{
    t2v_chat *chat = NULL;
    assert_int_equal(t2v_chat_parse(t2v_str_of(template), NULL, &chat, NULL), 0);
    bool is = t2v_chat_reads(chat, variable);
    t2v_chat_free(chat);
    return is;
}

static void test_reads(void **state)
{
    (void)state;
    assert_true(reads("{{ a }}{% if messages %}{% for t in tools %}{{ t }}{% endfor %}{% endif %}",
                      "tools"));
    assert_true(reads("{% macro f(x=tools) %}{% endmacro %}", "tools"));
    assert_false(reads("tools {{ 'tools' }} {{ x.tools }} {# tools #}", "tools"));
    assert_false(reads("", "tools"));
}

/* Every allocation fails once. */
static void test_no_memory(void **state)
{
    (void)state;
    t2v_json *messages = parse("[{\"role\": \"user\", \"content\": \"hi\"}]");
    struct t2v_chat_request request = {.messages = messages};
    struct t2v_str template =
        T2V_STR("{% macro f(x, y=1) %}{{ x.upper() ~ y }}{% endmacro %}{% for m in messages %}"
                "{{ f(m.content) }}{{ [m] | tojson(indent=1) }}{{ '%s' % m }}{% endfor %}");
    int rc = T2V_ENOMEM;
    for (long i = 0; rc == T2V_ENOMEM && i < 1000; i++) {
        t2v_mem_fail_at(i);
        struct rendering r = render(template, &request);
        rc = r.rc;
        t2v_mem_fail_at(-1);
        if (rc != 0)
            assert_int_equal(r.err.code, T2V_ENOMEM);
        t2v_buf_deinit(&r.text);
    }
    assert_int_equal(rc, 0);
    t2v_json_free(messages);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden),  cmocka_unit_test(test_messages),
        cmocka_unit_test(test_limits),  cmocka_unit_test(test_continue),
        cmocka_unit_test(test_request), cmocka_unit_test(test_time),
        cmocka_unit_test(test_files),   cmocka_unit_test(test_no_memory),
        cmocka_unit_test(test_reads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
