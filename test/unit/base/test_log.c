/* SPDX-License-Identifier: BSD-3-Clause */
#include <fcntl.h>
#include <inttypes.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/log.h"

static int kept_stderr;
static char said[8192]; /* what was logged since begin(), without the time */

static void begin(bool as_json)
{
    FILE *file = tmpfile();
    t2v_log_setup(T2V_LOG_INFO, as_json);
    assert_non_null(file);
    fflush(stderr);
    kept_stderr = dup(STDERR_FILENO);
    assert_int_equal(dup2(fileno(file), STDERR_FILENO), STDERR_FILENO);
    fclose(file);
}

static const char *end(void)
{
    lseek(STDERR_FILENO, 0, SEEK_SET);
    ssize_t n = read(STDERR_FILENO, said, sizeof said - 1);
    said[n > 0 ? n : 0] = '\0';
    dup2(kept_stderr, STDERR_FILENO);
    close(kept_stderr);
    return said;
}

/* The line after its time, "2026-11-29T07:17:35.868Z" here or in JSON. */
static const char *after_time(const char *line)
{
    const char *z = strchr(line, 'Z');
    assert_non_null(z);
    assert_true(z - line >= 23);
    assert_true(z[-4] == '.' && z[-7] == ':' && z[-10] == ':' && z[-13] == 'T');
    return z + 1;
}

static void test_text(void **state)
{
    (void)state;
    begin(false);
    t2v_log(T2V_LOG_INFO, "room", "open path=%s dim=%zu ms=%.3f left=%" PRIi64, "a b", (size_t)384,
            1.5, INT64_C(-7));
    assert_string_equal(after_time(end()),
                        " info room open path=\"a b\" dim=384 ms=1.500 left=-7\n");
    begin(false);
    t2v_log(T2V_LOG_WARN, "room", "%d%% of %s: x=%s is no key", 50, "it", "y");
    assert_string_equal(after_time(end()), " warn room 50% of it: x=y is no key\n");
    begin(false);
    t2v_log(T2V_LOG_INFO, "room", "m a=%s b=%s c=%s d=%.*s", "", "x=y", "q\"q", 2, "long");
    assert_string_equal(after_time(end()), " info room m a=\"\" b=\"x=y\" c=\"q\\\"q\" d=lo\n");
    begin(false);
    t2v_log(T2V_LOG_DEBUG, "room", "not logged");
    assert_string_equal(end(), "");
}

static void test_json(void **state)
{
    (void)state;
    begin(true);
    t2v_log(T2V_LOG_ERROR, "room", "open \"it\" path=%s n=%u big=%llu x=%x ms=%.1f ratio=%d/%d",
            "a\\b", 3u, 18446744073709551615ull, 255u, 2.25, 1, 2);
    assert_string_equal(after_time(end()),
                        "\",\"level\":\"error\",\"area\":\"room\",\"message\":\"open \\\"it\\\"\","
                        "\"path\":\"a\\\\b\",\"n\":3,\"big\":18446744073709551615,\"x\":\"ff\","
                        "\"ms\":2.2,\"ratio\":\"1/2\"}\n");
    begin(true);
    t2v_log(T2V_LOG_INFO, "room", "m family=%s ms=%.3f", "123", (double)NAN);
    assert_non_null(strstr(end(), "\"family\":\"123\",\"ms\":\"nan\"}"));
    begin(true);
    t2v_log(T2V_LOG_INFO, "room", "%s", "a\nb\x01\xff k=v");
    assert_non_null(strstr(end(), "\"message\":\"a\\\\x0ab\\\\x01\\\\xff k=v\"}"));
}

/* However long the values are, the line is whole; keys that do not fit are left out. */
static void test_long(void **state)
{
    (void)state;
    static char quotes[5000];
    memset(quotes, '"', sizeof quotes - 1);
    for (int json = 0; json < 2; json++) {
        begin(json != 0);
        t2v_log(T2V_LOG_INFO, "room", "%s a=%s b=%s c=%d", quotes, quotes, quotes, 7);
        const char *line = end();
        size_t len = strlen(line);
        assert_true(len > 640 && len < 2100);
        assert_int_equal(line[len - 1], '\n');
        assert_non_null(strstr(line, json ? "\"c\":7}" : " c=7"));
        assert_null(strstr(line, json ? "\"b\":" : " b="));
    }
}

static void test_limited(void **state)
{
    (void)state;
    struct t2v_log_limit limit = {0}, other = {0};
    begin(true);
    for (int i = 0; i < 5; i++)
        t2v_log_limited(&limit, T2V_LOG_WARN, "room", "event n=%d", i);
    t2v_log_limited(&other, T2V_LOG_WARN, "room", "another");
    end();
    assert_non_null(strstr(said, "\"event\",\"n\":0}"));
    assert_null(strstr(said, "\"n\":1"));
    assert_non_null(strstr(said, "another"));
    limit.logged_ns -= UINT64_C(1000000000); /* a second later */
    begin(true);
    t2v_log_limited(&limit, T2V_LOG_WARN, "room", "event n=%d", 5);
    assert_non_null(strstr(end(), "\"n\":5,\"left_out\":4}"));
    assert_int_equal(limit.n_left_out, 0);
}

/* A pipe of one page on standard error, and its other end, which does not block. */
static int begin_unread(void)
{
    int ends[2];
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    assert_true(fcntl(ends[1], F_SETPIPE_SZ, 4096) > 0);
    assert_int_equal(fcntl(ends[0], F_SETFL, O_NONBLOCK), 0);
    kept_stderr = dup(STDERR_FILENO);
    assert_int_equal(dup2(ends[1], STDERR_FILENO), STDERR_FILENO);
    close(ends[1]);
    return ends[0];
}

static const char *read_all(int fd)
{
    size_t n = 0;
    for (ssize_t got; (got = read(fd, said + n, sizeof said - 1 - n)) > 0;)
        n += (size_t)got;
    said[n] = '\0';
    return said;
}

/* Logs until a line is dropped, and checks that those before it are whole. */
static uint64_t fill(int fd)
{
    uint64_t before = t2v_log_dropped();
    for (int i = 0; i < 1000; i++)
        t2v_log(T2V_LOG_INFO, "room", "line n=%d", i);
    uint64_t n = t2v_log_dropped() - before;
    assert_in_range(n, 900, 999);
    assert_int_equal(fcntl(STDERR_FILENO, F_GETFL) & O_NONBLOCK, 0);
    unsigned n_line = 0;
    for (char *at = (char *)(uintptr_t)read_all(fd), *line; (line = strsep(&at, "\n")) != NULL;) {
        char want[64];
        snprintf(want, sizeof want, " info room line n=%u", n_line);
        if (*line == '\0')
            break;
        assert_string_equal(after_time(line), want);
        n_line++;
    }
    assert_int_equal(n_line + n, 1000);
    return n;
}

static void check_unread(void)
{
    char want[96];
    int fd = begin_unread();
    t2v_log_setup(T2V_LOG_INFO, false);
    t2v_log_never_wait(true);
    uint64_t n = fill(fd);
    snprintf(want, sizeof want, "they are lost dropped=%" PRIu64 "\n", n);
    t2v_log_catch_up();
    assert_non_null(strstr(read_all(fd), want));
    t2v_log_catch_up(); /* it is told once */
    assert_string_equal(read_all(fd), "");
    n = fill(fd);
    snprintf(want, sizeof want, "they are lost dropped=%" PRIu64 "\n", n);
    t2v_log(T2V_LOG_INFO, "room", "here again");
    assert_non_null(strstr(read_all(fd), want));
    assert_non_null(strstr(said, "info room here again\n"));
    t2v_log_never_wait(false);
    dup2(kept_stderr, STDERR_FILENO);
    close(kept_stderr);
    close(fd);
}

/* Nobody reads: lines are dropped whole and counted, and nothing waits. */
static void test_unread(void **state)
{
    (void)state;
    alarm(20);
    check_unread();
    alarm(0);
}

static void test_levels(void **state)
{
    (void)state;
    assert_int_equal(t2v_log_level_of("error"), T2V_LOG_ERROR);
    assert_int_equal(t2v_log_level_of("debug"), T2V_LOG_DEBUG);
    assert_int_equal(t2v_log_level_of("noise"), T2V_LOG_INFO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text),   cmocka_unit_test(test_json),
        cmocka_unit_test(test_long),   cmocka_unit_test(test_limited),
        cmocka_unit_test(test_unread), cmocka_unit_test(test_levels),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
