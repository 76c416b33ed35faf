/* SPDX-License-Identifier: BSD-3-Clause */
#include "json/plain.h"

#include <string.h>

#include "base/utf8.h"

#include "base/banned.h"

size_t t2v_json_plain_run(const uint8_t *s, size_t n)
{
    size_t i = 0;
    while (i < n) {
        if (s[i] >= 0x80) {
            int len = t2v_utf8_len((struct t2v_str){(const char *)s + i, n - i});
            if (len == 0)
                break;
            i += (size_t)len;
        } else if (s[i] < 0x20 || s[i] == '"' || s[i] == '\\') {
            break;
        } else {
            i++;
        }
    }
    return i;
}

size_t t2v_json_string_end(struct t2v_str s, size_t i)
{
    while (i < s.len) {
        const char *quote = memchr(s.ptr + i, '"', s.len - i);
        if (quote == NULL)
            return s.len;
        size_t end = (size_t)(quote - s.ptr), back = end;
        while (back > i && s.ptr[back - 1] == '\\')
            back--;
        if ((end - back) % 2 == 0)
            return end;
        i = end + 1;
    }
    return s.len;
}
