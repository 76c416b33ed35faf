/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/sentences.h"

#include "cli/lines.h"
#include "json/write.h"
#include "text/punkt.h"
#include "unicode/space.h"

#include "base/banned.h"

struct splitter {
    t2v_punkt *punkt;
    struct t2v_buf collapsed;
};

static int split_line(const t2v_punkt *punkt, struct t2v_str text, struct t2v_buf *collapsed,
                      struct t2v_buf *out)
{
    collapsed->len = 0;
    int rc = t2v_space_collapse(text, collapsed);
    if (rc != 0)
        return rc;
    struct t2v_punkt_walk walk;
    struct t2v_str sentence;
    t2v_punkt_start(&walk, punkt, t2v_buf_str(collapsed));
    const char *before = "[";
    while (t2v_punkt_next(&walk, &sentence)) {
        t2v_buf_adds(out, before);
        t2v_json_write_str(out, sentence);
        before = ", ";
    }
    t2v_buf_adds(out, *before == '[' ? "[]" : "]");
    return out->fail;
}

static int on_line(void *user, struct t2v_str text, struct t2v_buf *out, struct t2v_err *err)
{
    struct splitter *splitter = user;
    int rc = split_line(splitter->punkt, text, &splitter->collapsed, out);
    return rc != 0 ? t2v_fail(err, rc, "no memory for a text of %zu bytes", text.len) : 0;
}

int t2v_command_sentences(const struct t2v_options *options, struct t2v_err *err)
{
    struct splitter splitter = {.punkt = NULL};
    (void)options;
    t2v_buf_init(&splitter.collapsed, SIZE_MAX);
    int rc = t2v_punkt_new(&splitter.punkt);
    if (rc != 0)
        t2v_fail(err, rc, "no memory for the sentence splitter");
    else
        rc = t2v_lines_each(on_line, &splitter, err);
    t2v_punkt_free(splitter.punkt);
    t2v_buf_deinit(&splitter.collapsed);
    return rc;
}
