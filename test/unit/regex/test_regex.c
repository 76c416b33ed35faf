/* SPDX-License-Identifier: BSD-3-Clause */
/* Patterns: what they find, what they are refused for, and where they are stopped. */
#include "../token/dir.h"

#include "base/mem.h"
#include "regex/regex.h"

/* The hits of a pattern, each in brackets. */
static void mark(const char *pattern, struct t2v_str text, char *out, size_t size)
{
    struct t2v_regex_walk walk;
    t2v_regex *regex = NULL;
    struct t2v_err err;
    if (t2v_regex_new(t2v_str_of(pattern), "p", &regex, &err) != 0)
        fail_msg("%s: %s", pattern, err.msg);
    assert_int_equal(t2v_regex_begin(&walk, regex, text), 0);
    size_t done = 0, n = 0;
    int found;
    out[0] = '\0';
    while ((found = t2v_regex_next(&walk)) == 1) {
        n += (size_t)snprintf(out + n, size - n, "%.*s[%.*s]", (int)(walk.begin - done),
                              text.ptr + done, (int)(walk.end - walk.begin), text.ptr + walk.begin);
        done = walk.end;
    }
    assert_int_equal(found, 0);
    snprintf(out + n, size - n, "%.*s", (int)(text.len - done), text.ptr + done);
    t2v_regex_end(&walk);
    t2v_regex_free(regex);
}

/* As the library's: asked of it. */
static void test_hits(void **state)
{
    (void)state;
    static const struct {
        const char *pattern, *text, *want;
    } cases[] = {
        {"^a", "a\na", "[a]\n[a]"},
        {"a$", "a\na", "[a]\n[a]"},
        {"a.b", "a\nb a\rb", "a\nb [a\rb]"},
        {"(?m)a.b", "a\nb", "[a\nb]"},
        {"a{1,3}+", "aaaaaaaa b", "[aaaaaaaa] b"},
        {"a{2}?", "aaaaa", "[aa][aa]a[]"},
        {"a{,2}", "aaaaa", "[aa][aa][a]"},
        {"a**", "aaab", "[aaa]b[]"},
        {"a*", "baac", "[]b[aa]c[]"},
        {"", "ab", "[]a[]b[]"},
        /* Characters that Unicode 14 does not have, or has with another property; tokenizers 0.22
         */
        {"\\p{Han}", "\xf0\xae\xaf\xb0", "[\xf0\xae\xaf\xb0]"},
        {"\\P{Han}", "\xf0\xae\xaf\xb0", "\xf0\xae\xaf\xb0"},
        {"\\p{Garay}", "\xf0\x90\xb5\x90", "[\xf0\x90\xb5\x90]"},
        {"\\p{Emoji}", "\xf0\x9f\xab\xa8", "[\xf0\x9f\xab\xa8]"},
        {"[[:alpha:]]", "\xcd\xa3", "[\xcd\xa3]"},
        {"[[:lower:]]", "\xe1\x83\xbc", "[\xe1\x83\xbc]"},
        /* Characters whose case folding is several; tokenizers 0.22 */
        {"(?i)ss",
         "\xc3\x9f"
         "\xe1\xba\x9e"
         "sS\xc5\xbf"
         "s",
         "[\xc3\x9f"
         "][\xe1\xba\x9e"
         "][sS][\xc5\xbf"
         "s]"},
        {"ss", "\xc3\x9f", "\xc3\x9f"},
        {"(?i)st",
         "\xef\xac\x86"
         "\xef\xac\x85"
         "St",
         "[\xef\xac\x86"
         "][\xef\xac\x85"
         "][St]"},
        {"(?i)\xc3\x9f",
         "ssSS\xe1\xba\x9e"
         "\xc3\x9f",
         "[ss][SS][\xe1\xba\x9e"
         "][\xc3\x9f"
         "]"},
        {"(?i)sss",
         "\xc3\x9f"
         "s s\xc3\x9f",
         "[\xc3\x9f"
         "s] s\xc3\x9f"},
        {"(?i)ffi",
         "\xef\xac\x83"
         " \xef\xac\x80"
         "i f\xef\xac\x81"
         " FFI",
         "[\xef\xac\x83"
         "] \xef\xac\x80"
         "i f\xef\xac\x81"
         " [FFI]"},
        {"(?i)ff",
         "\xef\xac\x80"
         "\xef\xac\x83",
         "[\xef\xac\x80"
         "]\xef\xac\x83"},
        {"(?i)ss+",
         "\xc3\x9f"
         " sss",
         "\xc3\x9f"
         " [sss]"},
        {"(?i)[\xc3\x9f"
         "]",
         "ss\xc3\x9f"
         "S",
         "[ss][\xc3\x9f"
         "]S"},
        {"(?i)[^\xc3\x9f"
         "]",
         "\xc3\x9f"
         "a",
         "\xc3\x9f"
         "[a]"},
        {"(?i:ss)a|st",
         "\xc3\x9f"
         "a\xef\xac\x86",
         "[\xc3\x9f"
         "a]\xef\xac\x86"},
        {"(?i:a(?-i:ss)ss)",
         "a\xc3\x9f"
         "\xc3\x9f"
         " ass\xc3\x9f",
         "a\xc3\x9f"
         "\xc3\x9f"
         " [ass\xc3\x9f"
         "]"},
        {"(?i)\\x73s", "\xc3\x9f",
         "[\xc3\x9f"
         "]"},
        {"(?i)i\xcc\x87", "\xc4\xb0",
         "[\xc4\xb0"
         "]"},
        {"(?i)assb|x",
         "A\xc3\x9f"
         "Bx",
         "[A\xc3\x9f"
         "B][x]"},
        {"(?i)ss{2}",
         "\xc3\x9f"
         "s sss",
         "\xc3\x9f"
         "s [sss]"},
        {"(?i)[\xef\xac\x86]", "x\xef\xac\x85x", "x[\xef\xac\x85]x"},
        {"(?i)[\xef\xac\x93\xc3\x9f"
         "b]",
         "ssx", "[ss]x"},
        {"(?i)f\xc4\xb0", "\xef\xac\x81\xcc\x87", "\xef\xac\x81\xcc\x87"},
        {"\\h", "ag", "[a]g"},
        {"\\v", "\x0b\n", "[\x0b]\n"},
        {"\\u0041|\\x{42}", "AB", "[A][B]"},
        {"(?i)[k]", "\xe2\x84\xaa", "[\xe2\x84\xaa]"},
        {"\\s", "\xe1\xa0\x8e\xc2\x85", "\xe1\xa0\x8e[\xc2\x85]"},
        {"\\bfoo\\b",
         "e\xcc\x81"
         "foo foo",
         "e\xcc\x81"
         "foo [foo]"},
        {"\\w", "\xc2\xb2", "[\xc2\xb2]"},
        {"[\\w]", "\xc2\xb2", "\xc2\xb2"},
        {"[a[bc]]+", "xabcx", "x[abc]x"},
        {"[]a]+", "x]a", "x[]a]"},
        {"x{", "x{", "[x{]"},
        {"\\p{L}+", "\xf0\xae\xaf\xb0", "[\xf0\xae\xaf\xb0]"}, /* U+2EBF0, of Unicode 15.1 */
        {"[^\\s\\p{L}]+", "\xf0\xae\xaf\xb0.", "\xf0\xae\xaf\xb0[.]"},
        {"\\p{^L}|\\P{^Lu}", "aA1", "a[A][1]"},
        {"(a)\\1|(?<=b)c(?!d)|(?>x+)y", "aabcd xxy bc", "[aa]bcd [xxy] b[c]"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char got[256];
        mark(cases[i].pattern, t2v_str_of(cases[i].text), got, sizeof got);
        if (strcmp(got, cases[i].want) != 0)
            fail_msg("%zu: %s: expected \"%s\", got \"%s\"", i, cases[i].pattern, cases[i].want,
                     got);
    }
}

static void test_refused(void **state)
{
    (void)state;
    static const struct {
        const char *pattern;
        int code;
        const char *said;
    } cases[] = {
        {"(a", T2V_EFORMAT, "p: the pattern has no ) for a ("},
        {"a)", T2V_EFORMAT, "p: the pattern has a ) too many"},
        {"[a", T2V_EFORMAT, "p: the pattern has no ] for a ["},
        {"a\\", T2V_EFORMAT, "p: the pattern has a backslash at its end"},
        {"*", T2V_EFORMAT, "p: the pattern has nothing that could be repeated"},
        {"\\p{", T2V_EFORMAT, "p: the pattern has a wrong \\p{...}"},
        {"\\p{Nothing}", T2V_EUNSUPPORTED, "p: PCRE2 cannot compile it: "},
        {"[a&&b]", T2V_EUNSUPPORTED, "p: && inside of [...] in a pattern is not supported"},
        {"[a[^b]]", T2V_EUNSUPPORTED, "p: [^ inside of [...] in a pattern is not supported"},
        {"(?~a)", T2V_EUNSUPPORTED, "p: a group that begins so in a pattern is not supported"},
        {"(*FAIL)", T2V_EUNSUPPORTED, "p: (* in a pattern is not supported"},
        {"(*LIMIT_MATCH=1)a", T2V_EUNSUPPORTED, "p: (* in a pattern is not supported"},
        {"a(?i)b", T2V_EUNSUPPORTED,
         "p: (?i) that is not its beginning in a pattern is not supported"},
        {"\\C", T2V_EUNSUPPORTED, "p: \\C in a pattern is not supported"},
        {"((a{9999}){9999}){9999}", T2V_ETOOLARGE, "p: PCRE2 cannot compile it: "},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        t2v_regex *regex = NULL;
        struct t2v_err err = {0};
        int rc = t2v_regex_new(t2v_str_of(cases[i].pattern), "p", &regex, &err);
        if (rc != cases[i].code || strstr(err.msg, cases[i].said) != err.msg)
            fail_msg("%zu: %s: expected %d \"%s\", got %d \"%s\"", i, cases[i].pattern,
                     cases[i].code, cases[i].said, rc, err.msg);
        t2v_regex_free(regex);
    }
}

/* What would take for ever ends soon, and so does what wants too much memory. */
static void test_limits(void **state)
{
    (void)state;
    static const char *const patterns[] = {"(?:a+)+[bc]", "((a|a)*|(?:a+)+)*[bc]"};
    char text[4096];
    memset(text, 'a', sizeof text);
    for (size_t i = 0; i < sizeof patterns / sizeof *patterns; i++) {
        struct t2v_regex_walk walk;
        t2v_regex *regex = NULL;
        struct t2v_err err;
        assert_int_equal(t2v_regex_new(t2v_str_of(patterns[i]), "p", &regex, &err), 0);
        assert_int_equal(t2v_regex_begin(&walk, regex, (struct t2v_str){text, sizeof text}), 0);
        assert_int_equal(t2v_regex_next(&walk), T2V_ETOOLARGE);
        t2v_regex_end(&walk);
        t2v_regex_free(regex);
    }
}

/* As many hits as the walk gives, or the error that ends it. */
static int count_hits(const char *pattern, struct t2v_str text)
{
    struct t2v_regex_walk walk;
    t2v_regex *regex = NULL;
    struct t2v_err err;
    int n = 0, rc = 1;
    if (t2v_regex_new(t2v_str_of(pattern), "p", &regex, &err) != 0)
        fail_msg("%s: %s", pattern, err.msg);
    assert_int_equal(t2v_regex_begin(&walk, regex, text), 0);
    while ((rc = t2v_regex_next(&walk)) == 1)
        n++;
    t2v_regex_end(&walk);
    t2v_regex_free(regex);
    return rc < 0 ? rc : n;
}

/* A pattern that takes many steps at every place is stopped, be there hits or none, in one walk or
 * in many; one that takes some steps here and there is not. */
static void test_steps(void **state)
{
    (void)state;
    enum { N = 1 << 20 };
    char *bytes = malloc(N);
    assert_non_null(bytes);
    struct t2v_str text = {bytes, N};
    memset(bytes, 'a', N);
    t2v_regex_allow(N);
    assert_int_equal(count_hits("(?:a?){14}[bc]", text), T2V_ETOOLARGE);
    t2v_regex_allow(N);
    assert_int_equal(count_hits("(?:a?){14}[bc]|a", text), T2V_ETOOLARGE);
    t2v_regex_allow(N);
    int rc = 0;
    for (size_t i = 0; i + 64 <= N && rc >= 0; i += 64)
        rc = count_hits("(?:a?){14}[bc]|a", (struct t2v_str){bytes + i, 64});
    assert_int_equal(rc, T2V_ETOOLARGE);
    /* One hit of many steps; then hits and borders of windows. */
    t2v_regex_allow(N);
    assert_int_equal(count_hits("(?:a|b)+", (struct t2v_str){bytes, 50000}), 1);
    for (size_t i = 0; i < N; i += 2)
        memcpy(bytes + i, "\xc3\xa9", 2);
    memcpy(bytes + 65536 - 1 - 3, "abxy", 4);
    bytes[65536 * 5] = bytes[65536 * 5 + 1] = 'x';
    bytes[N - 1] = bytes[N - 2] = 'x';
    t2v_regex_allow(N);
    assert_int_equal(count_hits("x", text), 5);
    assert_int_equal(count_hits("(?<=b)x|(?<=\xc3\xa9)x", text), 3);
    free(bytes);
}

/* Every request for memory may fail. */
static void test_memory(void **state)
{
    (void)state;
    int rc = T2V_ENOMEM;
    for (long n = 0; rc == T2V_ENOMEM && n < 200; n++) {
        t2v_regex *regex = NULL;
        struct t2v_err err;
        t2v_mem_fail_at(n);
        rc = t2v_regex_new(T2V_STR("(?i:'s)|[\\p{L}\\s]+(?!\\S)"), "p", &regex, &err);
        t2v_mem_fail_at(-1);
        assert_true(rc == 0 || (rc == T2V_ENOMEM && regex == NULL));
        t2v_regex_free(regex);
    }
    assert_int_equal(rc, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hits),  cmocka_unit_test(test_refused), cmocka_unit_test(test_limits),
        cmocka_unit_test(test_steps), cmocka_unit_test(test_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
