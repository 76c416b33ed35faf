/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/lines.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"

#include "base/banned.h"

/* Reads JSON from standard input, one value a line. */
struct reader {
    char *line;
    size_t cap, number; /* number: of the line, from 1 */
    t2v_json *json;
};

/* Puts "line N: " before err's message. */
static int in_line(const struct reader *reader, int rc, struct t2v_err *err)
{
    char where[48];
    snprintf(where, sizeof where, "line %zu", reader->number);
    return t2v_fail_in(err, rc, where);
}

/* Reads the next line into reader->json, valid until the next call; *more is false at the end.
 * Skips blank lines. */
static int next_line(struct reader *reader, bool *more, struct t2v_err *err)
{
    ssize_t len;
    t2v_json_free(reader->json);
    reader->json = NULL;
    do {
        len = getline(&reader->line, &reader->cap, stdin);
        reader->number++;
    } while (len > 0 && strspn(reader->line, " \t\r\n") == (size_t)len);
    *more = len > 0;
    if (len <= 0)
        return feof(stdin) ? 0
                           : t2v_fail(err, T2V_EIO,
                                      "standard input cannot be read, or no memory for a line");
    int rc = t2v_json_parse((struct t2v_str){reader->line, (size_t)len}, &reader->json, err);
    return rc != 0 ? in_line(reader, rc, err) : 0;
}

static void reader_deinit(struct reader *reader)
{
    t2v_json_free(reader->json);
    free(reader->line);
}

/* Prints the buffer as a line and empties it. */
static int print_line(struct t2v_buf *out, struct t2v_err *err)
{
    t2v_buf_addc(out, '\n');
    if (out->fail != 0)
        return t2v_fail(err, out->fail, "no memory for a line of output");
    if (fwrite(out->ptr, 1, out->len, stdout) != out->len || fflush(stdout) != 0)
        return t2v_fail(err, T2V_EIO, "standard output: %s", strerror(errno));
    out->len = 0;
    return 0;
}

size_t t2v_print_words(struct t2v_str words)
{
    size_t len = 0;
    while (words.len != 0) {
        char escape[T2V_UTF8_ESCAPE];
        size_t n = (size_t)t2v_utf8_escape(words, escape), n_escape = strlen(escape);
        len +=
            n_escape != 0 ? fwrite(escape, 1, n_escape, stdout) : fwrite(words.ptr, 1, n, stdout);
        words = t2v_str_skip(words, n);
    }
    return len;
}

int t2v_print_json(struct t2v_buf *line, struct t2v_err *err)
{
    struct t2v_buf out;
    t2v_buf_init(&out, SIZE_MAX);
    for (struct t2v_str left = t2v_buf_str(line); left.len != 0;) {
        char escape[T2V_UTF8_ESCAPE];
        size_t n = (size_t)t2v_utf8_escape(left, escape);
        if (*escape == '\0')
            t2v_buf_add(&out, left.ptr, n);
        else if (n > 1)
            t2v_buf_adds(&out, escape);
        else
            t2v_buf_addf(&out, "\\u%04x", (unsigned char)*left.ptr);
        left = t2v_str_skip(left, n);
    }
    if (line->fail != 0)
        out.fail = line->fail;
    line->len = 0;
    int rc = print_line(&out, err);
    t2v_buf_deinit(&out);
    return rc;
}

int t2v_lines_each_value(t2v_line_value_fn *on_line, void *user, struct t2v_err *err)
{
    struct reader reader = {0};
    struct t2v_buf out;
    t2v_buf_init(&out, SIZE_MAX);
    for (;;) {
        bool more;
        int rc = next_line(&reader, &more, err);
        if (rc == 0 && more && (rc = on_line(user, reader.json, &out, err)) != 0)
            in_line(&reader, rc, err);
        if (rc == 0 && more)
            rc = print_line(&out, err);
        if (rc != 0 || !more) {
            t2v_buf_deinit(&out);
            reader_deinit(&reader);
            return rc;
        }
    }
}

/* The callback for texts and its user data. */
struct text_taker {
    t2v_line_fn *on_line;
    void *user;
};

static int take_text(void *user, const t2v_json *value, struct t2v_buf *out, struct t2v_err *err)
{
    const struct text_taker *taker = user;
    if (t2v_json_type(value) != T2V_JSON_STRING)
        return t2v_fail(err, T2V_EFORMAT, "expected a JSON string, found %s",
                        t2v_json_type_name(value));
    return taker->on_line(taker->user, t2v_json_str(value), out, err);
}

int t2v_lines_each(t2v_line_fn *on_line, void *user, struct t2v_err *err)
{
    struct text_taker taker = {on_line, user};
    return t2v_lines_each_value(take_text, &taker, err);
}
