/* SPDX-License-Identifier: BSD-3-Clause */
#include "http/body.h"

#include <stdbool.h>
#include <string.h>

#include "base/banned.h"

#define EXAMPLE "send a JSON object, such as {\"text\": \"hello\"}"

/* First bytes that give a format away. */
static const struct {
    struct t2v_str bytes;
    const char *message;
} marks[] = {
    {{"\xef\xbb\xbf", 3}, "the body begins with a byte order mark: send UTF-8 without one"},
    {{"\xff\xfe", 2}, "the body is UTF-16 or UTF-32: JSON is sent as UTF-8"},
    {{"\xfe\xff", 2}, "the body is UTF-16: JSON is sent as UTF-8"},
    {{"\0\0\xfe\xff", 4}, "the body is UTF-32: JSON is sent as UTF-8"},
    {{"\x1f\x8b", 2}, "the body is compressed with gzip: send the JSON uncompressed"},
    {{"\x28\xb5\x2f\xfd", 4}, "the body is compressed with zstd: send the JSON uncompressed"},
    {{"\x78\x01", 2}, "the body is compressed with zlib: send the JSON uncompressed"},
    {{"\x78\x9c", 2}, "the body is compressed with zlib: send the JSON uncompressed"},
    {{"\x78\xda", 2}, "the body is compressed with zlib: send the JSON uncompressed"},
    {{"--", 2}, "the body is a multipart form: " EXAMPLE},
    {{"%7B", 3}, "the body is percent-encoded: " EXAMPLE},
    {{"%7b", 3}, "the body is percent-encoded: " EXAMPLE},
    {{"'", 1},
     "the body begins with a single quote, which the shell did not take off: put double "
     "quotes around it and \\\" inside"},
    {{"<", 1}, "the body is XML or HTML: " EXAMPLE},
};

/* NAME=..., as a form sends it. */
static bool is_form(struct t2v_str body)
{
    static const char name[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                               "-_.~+%*[]";
    size_t i = 0;
    while (i < body.len && i < 200 && memchr(name, body.ptr[i], sizeof name - 1) != NULL)
        i++;
    return i != 0 && i < body.len && body.ptr[i] == '=';
}

/* UTF-16 or UTF-32 without a mark: each ASCII character has a NUL on one side. */
static bool is_wide(struct t2v_str body)
{
    return body.len >= 2 && (body.ptr[0] == '\0') != (body.ptr[1] == '\0');
}

/* {'text': ...}: Python's str() of a dictionary; {text: ...}: JavaScript, or quotes that a shell
 * took. */
static const char *wrong_object(struct t2v_str body)
{
    if (body.len == 0 || body.ptr[0] != '{')
        return NULL;
    body = t2v_str_skip(body, 1);
    while (body.len != 0 && strchr(" \t\r\n", body.ptr[0]) != NULL && body.ptr[0] != '\0')
        body = t2v_str_skip(body, 1);
    if (body.len == 0)
        return NULL;
    char c = body.ptr[0];
    if (c == '\'')
        return "single quotes: JSON has its names and strings in double quotes";
    if (c == '\\')
        return "a backslash before a quote that the shell did not take off: names and strings are "
               "in plain double quotes";
    bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
    return letter ? "a name without quotes: JSON has its names and strings in double quotes" : NULL;
}

const char *t2v_body_mistake(struct t2v_str body)
{
    for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++) {
        if (t2v_str_starts(body, marks[i].bytes))
            return marks[i].message;
    }
    if (is_wide(body))
        return "the body is UTF-16 or UTF-32: JSON is sent as UTF-8";
    if (is_form(body))
        return "the body is form data (NAME=VALUE): " EXAMPLE;
    const char *wrong = wrong_object(body);
    if (wrong != NULL)
        return wrong;
    bool json = body.len != 0 && memchr(" \t\r\n{[\"-0123456789", body.ptr[0], 18) != NULL;
    return json ? NULL : "the body is not JSON: " EXAMPLE;
}
