/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Sentences: NLTK's own (golden/sentences.txt, by golden/make-sentences), hostile texts of every
 * kind in linear time, and nothing read past a text's end.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "../base/guard.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "text/punkt.h"
#include "text/punkt_data.h"

enum { MAX_SENTENCES = 512 };

static t2v_punkt *punkt;

/* One line of the golden file, unescaped. */
struct golden {
    char *text; /* as long as the line at most */
    size_t len, n;
    size_t start[MAX_SENTENCES], end[MAX_SENTENCES];
};

static void read_line(struct golden *golden, struct t2v_str line)
{
    golden->len = golden->n = 0;
    for (size_t i = 0; i < line.len; i++) {
        if (line.ptr[i] != '\\') {
            golden->text[golden->len++] = line.ptr[i];
            continue;
        }
        char what = line.ptr[++i];
        if (what == '[') {
            assert_true(golden->n < MAX_SENTENCES);
            golden->start[golden->n] = golden->len;
        } else if (what == ']') {
            golden->end[golden->n++] = golden->len;
        } else if (what == '{') {
            char *stop;
            uint32_t cp = (uint32_t)strtoul(line.ptr + i + 1, &stop, 16);
            golden->len += (size_t)t2v_utf8_encode(cp, golden->text + golden->len);
            i = (size_t)(stop - line.ptr);
        } else {
            golden->text[golden->len++] = what;
        }
    }
}

/* The number of sentences, all inside the text, in order, none empty. */
static size_t count(struct t2v_str text)
{
    struct t2v_punkt_walk walk;
    struct t2v_str sentence;
    size_t n = 0, at = 0;
    t2v_punkt_start(&walk, punkt, text);
    while (t2v_punkt_next(&walk, &sentence)) {
        size_t start = (size_t)(sentence.ptr - text.ptr);
        if (sentence.len == 0 || start < at || start > text.len || sentence.len > text.len - start)
            fail_msg("sentence %zu: %zu bytes at %zu, after %zu of %zu", n, sentence.len, start, at,
                     text.len);
        at = start + sentence.len;
        n++;
    }
    assert_false(t2v_punkt_next(&walk, &sentence));
    return n;
}

static void check_line(const struct golden *golden, size_t number)
{
    struct t2v_punkt_walk walk;
    struct t2v_str sentence;
    size_t n = 0;
    t2v_punkt_start(&walk, punkt, (struct t2v_str){golden->text, golden->len});
    for (; t2v_punkt_next(&walk, &sentence); n++) {
        if (n >= golden->n)
            fail_msg("line %zu, sentence %zu: want none, got \"%.*s\"", number, n,
                     T2V_STR_ARG(sentence));
        struct t2v_str want = {golden->text + golden->start[n], golden->end[n] - golden->start[n]};
        if (sentence.ptr != want.ptr || sentence.len != want.len)
            fail_msg("line %zu, sentence %zu: want \"%.*s\", got \"%.*s\"", number, n,
                     T2V_STR_ARG(want), T2V_STR_ARG(sentence));
    }
    if (n != golden->n)
        fail_msg("line %zu: want %zu sentences, got %zu", number, golden->n, n);
}

/* Calls check for every line of the golden file; returns how many there are. */
static size_t for_golden(void (*check)(const struct golden *golden, size_t number))
{
    char *file = NULL;
    size_t len, lines = 0;
    struct t2v_err err = {0};
    if (t2v_file_read(T2V_TEST_DIR "/golden/sentences.txt", 1 << 20, &file, &len, &err) != 0)
        fail_msg("%s", err.msg);
    struct golden *golden = calloc(1, sizeof *golden);
    assert_non_null(golden);
    golden->text = malloc(len);
    assert_non_null(golden->text);
    for (size_t at = 0; at < len; lines++) {
        const char *end = memchr(file + at, '\n', len - at);
        assert_non_null(end);
        struct t2v_str line = {file + at, (size_t)(end - file) - at};
        read_line(golden, line);
        check(golden, lines + 1);
        at += line.len + 1;
    }
    free(golden->text);
    free(golden);
    t2v_free(file);
    return lines;
}

static void test_golden(void **state)
{
    (void)state;
    assert_in_range(for_golden(check_line), 1000, 5000);
}

/* The text, cut at each of its last 200 bytes, flush against a page that cannot be read. */
static void check_prefixes(const struct golden *golden, size_t number)
{
    (void)number;
    struct guard guard = guard_new(golden->len);
    for (size_t len = golden->len > 200 ? golden->len - 200 : 0; len <= golden->len; len++)
        count(guard_put(&guard, (struct t2v_str){golden->text, len}));
    guard_free(&guard);
}

static void test_no_overread(void **state)
{
    (void)state;
    for_golden(check_prefixes);
}

/* Bytes that are not UTF-8 are outside the contract, but must do no harm. */
static void test_random_bytes(void **state)
{
    (void)state;
    static const char LIKELY[] = "..?! \n\"')-,aA1\xC2\xE2\x80\xE3\xFF\xF0\x85\xA0";
    struct guard guard = guard_new(64);
    uint32_t seed = 12345;
    for (int round = 0; round < 100000; round++) {
        char text[64];
        size_t len = 0;
        for (seed = seed * 1664525 + 1013904223; len < (size_t)round % sizeof text; len++) {
            seed = seed * 1664525 + 1013904223;
            text[len] = LIKELY[(seed >> 16) % (sizeof LIKELY - 1)];
        }
        count(guard_put(&guard, (struct t2v_str){text, len}));
    }
    guard_free(&guard);
}

static void test_small(void **state)
{
    (void)state;
    static const struct {
        struct t2v_str text;
        size_t n;
    } CASES[] = {
        {{NULL, 0}, 0},
        {T2V_STR(""), 0},
        {T2V_STR(" \n\u3000"), 0},
        {T2V_STR("."), 1},
        {T2V_STR("...!?"), 2},
        {T2V_STR("\")]}'"), 1},
        {T2V_STR("One. Two. Three."), 3},
        {T2V_STR("Mr. Smith went to St. Louis."), 1},
        {T2V_STR("He said \"No.\" She left."), 2},
        {T2V_STR("a\0. B\0. C"), 3},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        size_t n = count(CASES[i].text);
        if (n != CASES[i].n)
            fail_msg("case %zu: want %zu sentences, got %zu", i, CASES[i].n, n);
    }
}

/* One piece over and over: a step back or ahead that is not bounded would take hours here. */
static void test_giants(void **state)
{
    (void)state;
    static const char *const PIECES[] = {
        "A. ",    "a. ",  "a",  ".",    "?",  "\"",    "'",      "-",         ",",    ".\u00a0",
        ".\"",    "!)",   "a,", ". . ", ".,", "-.",    "a.\x1c", "mr.\u00a0", "\n",   ".\n",
        "\u3000", "?\" ", ")",  "1,",   "#",  "u.s.-", "\u4e2d", " .",        "a--a", ".) ",
    };
    static const char *const HEADS[] = {"", "5. ", "k. B"};
    size_t size = (size_t)1 << 20;
    char *text = malloc(size + 16);
    assert_non_null(text);
    for (size_t i = 0; i < sizeof PIECES / sizeof *PIECES; i++) {
        for (size_t head = 0; head < sizeof HEADS / sizeof *HEADS; head++) {
            size_t n = strlen(PIECES[i]), len = strlen(HEADS[head]);
            memcpy(text, HEADS[head], len);
            for (; len + n <= size; len += n)
                memcpy(text + len, PIECES[i], n);
            clock_t start = clock();
            count((struct t2v_str){text, len});
            double s = (double)(clock() - start) / CLOCKS_PER_SEC;
            if (s > 10)
                fail_msg("\"%s\" and 1 MiB of \"%s\": %.1f s", HEADS[head], PIECES[i], s);
        }
    }
    free(text);
}

static void test_data(void **state)
{
    (void)state;
    static const struct {
        struct t2v_str type;
        int known, seen;
    } CASES[] = {
        {T2V_STR("a"), 0, 15},
        {T2V_STR("zy"), 0, 6}, /* the last of all */
        {T2V_STR("##number##"), T2V_PUNKT_FIRST, 0},
        {T2V_STR("##number## zimmer"), T2V_PUNKT_COLLOCATION, 0},
        {T2V_STR("b"), T2V_PUNKT_FIRST, 7},
        {T2V_STR(". . "), T2V_PUNKT_ABBREVIATION, 0},
        {T2V_STR("mr"), T2V_PUNKT_ABBREVIATION, 0},
        {T2V_STR("yr"), T2V_PUNKT_ABBREVIATION, 0},
        {T2V_STR("the"), T2V_PUNKT_STARTER, 15},
        {T2V_STR("madonna-meets-the-duchess-of-windsor"), 0, 6},
        {T2V_STR(""), 0, 0},
        {T2V_STR("\x01"), 0, 0},
        {T2V_STR("zzz"), 0, 0},
        {T2V_STR("The"), 0, 0},
        {T2V_STR("th"), 0, 6},
        {T2V_STR("thx"), 0, 0},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        int known = t2v_punkt_known(punkt, CASES[i].type);
        int seen = t2v_punkt_seen(punkt, CASES[i].type);
        if (known != CASES[i].known || seen != CASES[i].seen)
            fail_msg("case %zu \"%.*s\": want %d, %d, got %d, %d", i, T2V_STR_ARG(CASES[i].type),
                     CASES[i].known, CASES[i].seen, known, seen);
    }
}

static void test_no_memory(void **state)
{
    (void)state;
    t2v_punkt *made = NULL;
    for (long n = 0;; n++) {
        t2v_mem_fail_at(n);
        int rc = t2v_punkt_new(&made);
        t2v_mem_fail_at(-1);
        if (rc == 0)
            break;
        assert_int_equal(rc, T2V_ENOMEM);
        assert_null(made);
        assert_true(n < 100);
    }
    t2v_punkt_free(made);
    t2v_punkt_free(NULL);
}

static int set_up(void **state)
{
    (void)state;
    return t2v_punkt_new(&punkt);
}

static int tear_down(void **state)
{
    (void)state;
    t2v_punkt_free(punkt);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden),       cmocka_unit_test(test_no_overread),
        cmocka_unit_test(test_random_bytes), cmocka_unit_test(test_small),
        cmocka_unit_test(test_giants),       cmocka_unit_test(test_data),
        cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
