/* SPDX-License-Identifier: BSD-3-Clause */
#include "commands.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cpus.h"
#include "base/utf8.h"
#include "model/diagnose.h"
#include "unicode/space.h"
#include "json/json.h"
#include "json/write.h"

#include "base/banned.h"

int t2v_thread_count(const struct t2v_options *options)
{
    return options->threads > 0 ? (int)options->threads : t2v_cpus();
}

/* UPSTREAM: images of model2vec's server have the model in another place than the others. */
static const char *model_dir(const struct t2v_options *options)
{
    static const char usual[] = "./models/model", of_model2vec[] = "/app/models";
    bool other = strcmp(options->vectorizer, "model2vec") == 0 &&
                 strcmp(options->model, usual) == 0 && access(usual, F_OK) != 0 && errno == ENOENT;
    return other ? of_model2vec : options->model;
}

static struct t2v_model_options model_options(const struct t2v_options *options)
{
    return (struct t2v_model_options){
        .dir = model_dir(options),
        .vectorizer = options->vectorizer,
        .precision = options->precision,
        .cpu = options->cpu,
        .threads = t2v_thread_count(options),
        .bidirectional = options->bidirectional,
        .direct_tokenize = options->direct_tokenize,
        .char_cut = options->char_cut,
        .sentence_transformers = options->sentence_transformers,
        .onnx_runtime = options->onnx_runtime,
        .query_passage_prefixes = options->query_passage_prefixes,
    };
}

int t2v_open_model(const struct t2v_options *options, t2v_model **model, struct t2v_err *err)
{
    struct t2v_model_options of_model = model_options(options);
    return t2v_model_open(&of_model, model, err);
}

int t2v_open(const struct t2v_options *options, bool leader, t2v_model **model, t2v_engine **engine,
             struct t2v_err *err)
{
    struct t2v_model_options of_model = model_options(options);
    struct t2v_engine_options of_engine = {
        .n_thread = t2v_thread_count(options),
        .leader = leader,
        .max_queue = options->max_queue > 0 ? (size_t)options->max_queue : 1,
        .max_text_tok = (size_t)options->max_text_tok,
    };
    int rc = t2v_model_open(&of_model, model, err);
    if (rc != 0)
        return rc;
    rc = t2v_engine_new(*model, &of_engine, engine, err);
    if (rc != 0) {
        t2v_model_free(*model);
        *model = NULL;
    }
    return rc;
}

int t2v_run_work(t2v_engine *engine, struct t2v_work *work, struct t2v_err *err)
{
    t2v_engine_run(engine, work);
    return work->err.code != 0 ? t2v_fail(err, work->err.code, "%s", work->err.msg) : 0;
}

/* --- lines of JSON --- */

/* JSON strings, one a line, from standard input. */
struct reader {
    char *line;
    size_t cap, number; /* number: of the line, from 1 */
    t2v_json *json;
};

/* "line N: " before what err says. */
static int in_line(const struct reader *reader, int rc, struct t2v_err *err)
{
    char where[48];
    snprintf(where, sizeof where, "line %zu", reader->number);
    return t2v_fail_in(err, rc, where);
}

/* The next line's text, which lives until the next call; *more is false at the end. Blank lines are
 * passed over. */
static int next_text(struct reader *reader, struct t2v_str *text, bool *more, struct t2v_err *err)
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
    if (rc == 0 && t2v_json_type(reader->json) != T2V_JSON_STRING)
        rc = t2v_fail(err, T2V_EFORMAT, "expected a JSON string, found %s",
                      t2v_json_type_name(reader->json));
    if (rc != 0)
        return in_line(reader, rc, err);
    *text = t2v_json_str(reader->json);
    return 0;
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

/* --- sentences --- */

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

int t2v_command_sentences(const struct t2v_options *options, struct t2v_err *err)
{
    (void)options;
    struct reader reader = {0};
    struct t2v_buf collapsed, out;
    t2v_punkt *punkt = NULL;
    t2v_buf_init(&collapsed, SIZE_MAX);
    t2v_buf_init(&out, SIZE_MAX);
    int rc = t2v_punkt_new(&punkt);
    if (rc != 0)
        t2v_fail(err, rc, "no memory for the sentence splitter");
    while (rc == 0) {
        struct t2v_str text;
        bool more;
        rc = next_text(&reader, &text, &more, err);
        if (rc != 0 || !more)
            break;
        rc = split_line(punkt, text, &collapsed, &out);
        rc = rc != 0 ? t2v_fail(err, rc, "no memory for a text of %zu bytes", text.len)
                     : print_line(&out, err);
    }
    t2v_punkt_free(punkt);
    t2v_buf_deinit(&out);
    t2v_buf_deinit(&collapsed);
    reader_deinit(&reader);
    return rc;
}

/* --- tokens --- */

/* UPSTREAM: the default vectorizer's limit. Static embeddings have that of tokenizer.json. */
enum { MAX_TOK = 500 };

int t2v_command_tokens(const struct t2v_options *options, struct t2v_err *err)
{
    struct reader reader = {0};
    struct t2v_buf out;
    struct t2v_ids ids = {0};
    t2v_tokenizer *tokenizer = NULL;
    t2v_token_space *space = NULL;
    t2v_buf_init(&out, SIZE_MAX);
    bool is_static = false;
    int rc = t2v_diagnose_dir(options->model, err);
    if (rc != 0)
        t2v_fail_in(err, rc, options->model);
    else
        rc = t2v_model_open_tokenizer(options->model, "auto", &tokenizer, &is_static, err);
    if (rc == 0 && (rc = t2v_token_space_new(&space)) != 0)
        t2v_fail(err, rc, "no memory for the tokenizer");
    while (rc == 0) {
        struct t2v_str text;
        bool more;
        rc = next_text(&reader, &text, &more, err);
        if (rc != 0 || !more)
            break;
        rc = is_static ? t2v_tokenizer_encode_bare(tokenizer, space, text, &ids, err)
                       : t2v_tokenizer_encode(tokenizer, space, text, MAX_TOK, &ids, err);
        if (rc != 0) {
            in_line(&reader, rc, err);
            break;
        }
        t2v_buf_addc(&out, '[');
        for (size_t i = 0; i < ids.len; i++)
            t2v_buf_addf(&out, "%s%d", i > 0 ? ", " : "", (int)ids.ptr[i]);
        t2v_buf_addc(&out, ']');
        rc = print_line(&out, err);
    }
    t2v_token_space_free(space);
    t2v_tokenizer_free(tokenizer);
    t2v_ids_deinit(&ids);
    t2v_buf_deinit(&out);
    reader_deinit(&reader);
    return rc;
}

/* --- embed --- */

static void show_progress(size_t n, bool end)
{
    if (isatty(STDERR_FILENO) && (end || n % 100 == 0))
        fprintf(stderr, "\r%zu texts%s", n, end ? "\n" : "");
}

static int embed_lines(const struct t2v_ask *ask, t2v_engine *engine, struct reader *reader,
                       struct t2v_buf *out, struct t2v_err *err)
{
    for (size_t n = 0;; n++) {
        struct t2v_str text;
        bool more;
        int rc = next_text(reader, &text, &more, err);
        show_progress(n, rc != 0 || !more);
        if (rc != 0 || !more)
            return rc;
        struct t2v_work work = {.texts = &text, .n_text = 1, .ask = *ask};
        rc = t2v_run_work(engine, &work, err);
        if (rc != 0) {
            in_line(reader, rc, err);
        } else {
            t2v_json_write_f32s(out, work.vectors, work.dim);
            rc = print_line(out, err);
        }
        t2v_work_deinit(&work);
        if (rc != 0)
            return rc;
    }
}

int t2v_command_embed(const struct t2v_options *options, struct t2v_err *err)
{
    t2v_model *model = NULL;
    t2v_engine *engine = NULL;
    struct reader reader = {0};
    struct t2v_buf out;
    const struct t2v_ask ask = {
        .pooling = t2v_str_of(options->pooling),
        .task = *options->task != '\0' ? t2v_str_of(options->task) : (struct t2v_str){NULL, 0},
        .dimensions = options->dimensions,
    };
    t2v_buf_init(&out, SIZE_MAX);
    int rc = t2v_open(options, false, &model, &engine, err);
    if (rc == 0)
        rc = t2v_model_check_ask(model, &ask, err);
    if (rc == 0)
        rc = embed_lines(&ask, engine, &reader, &out, err);
    t2v_engine_free(engine);
    t2v_model_free(model);
    t2v_buf_deinit(&out);
    reader_deinit(&reader);
    return rc;
}
