/* SPDX-License-Identifier: BSD-3-Clause */
#include "token/load/text.h"

#include "base/file.h"
#include "base/mem.h"

#include "base/banned.h"

enum { MAX_BYTES = 256 << 20 };

int t2v_load_file(const char *path, t2v_load_text *load, t2v_tokenizer *tokenizer,
                  struct t2v_settings *settings, struct t2v_err *err)
{
    char *bytes;
    size_t len;
    int rc = t2v_file_read(path, MAX_BYTES, &bytes, &len, err);
    if (rc != 0)
        return rc;
    rc = load((struct t2v_str){bytes, len}, tokenizer, settings, err);
    t2v_free(bytes);
    return rc != 0 ? t2v_fail_in(err, rc, path) : 0;
}

bool t2v_load_line(struct t2v_str *text, struct t2v_str *line)
{
    size_t n = 0;
    while (n < text->len && text->ptr[n] != '\n' && text->ptr[n] != '\r')
        n++;
    *line = (struct t2v_str){text->ptr, n};
    bool ended = n < text->len;
    if (ended)
        n += text->ptr[n] == '\r' && n + 1 < text->len && text->ptr[n + 1] == '\n' ? 2 : 1;
    *text = t2v_str_skip(*text, n);
    return ended;
}
