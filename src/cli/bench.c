/* SPDX-License-Identifier: BSD-3-Clause */
/* `t2v bench`: times the texts of a corpus, or compares their vectors with those of another
 * precision. */
#include "cli/bench.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/mem.h"
#include "cli/command.h"
#include "cli/compare.h"
#include "cli/lines.h"
#include "cli/pace.h"
#include "json/json.h"
#include "json/write.h"

#include "base/banned.h"

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The model of the settings and, with --against, another one of that precision. */
struct bench {
    const struct t2v_options *options;
    t2v_embedder *model, *other_model;
    t2v_engine *engine, *other;
};

/* A set of the corpus. */
struct set {
    struct t2v_str name;
    struct t2v_str *texts; /* [n], n >= 1 */
    size_t n;
};

/* One text after another; times in ms (may be NULL), in the order of the texts. */
static int bench_each(t2v_engine *engine, const struct set *set, double *ms, size_t *n_tok,
                      struct t2v_err *err)
{
    *n_tok = 0;
    for (size_t i = 0; i < set->n; i++) {
        struct t2v_work work = {.texts = &set->texts[i], .n_text = 1};
        uint64_t begin = t2v_clock_ns();
        t2v_engine_run(engine, &work);
        if (ms != NULL)
            ms[i] = (double)(t2v_clock_ns() - begin) / 1e6;
        *n_tok += work.n_tok;
        t2v_work_deinit(&work);
        if (work.err.code != 0)
            return t2v_fail(err, work.err.code, "text %zu: %s", i, work.err.msg);
    }
    return 0;
}

/* All texts at once; sets the time in seconds. */
static int bench_all(t2v_engine *engine, const struct set *set, double *seconds,
                     struct t2v_err *err)
{
    struct t2v_work work = {.texts = set->texts, .n_text = set->n};
    uint64_t begin = t2v_clock_ns();
    int rc = t2v_run_work(engine, &work, err);
    *seconds = (double)(t2v_clock_ns() - begin) / 1e9;
    t2v_work_deinit(&work);
    return rc;
}

static void begin_line(struct t2v_buf *line, struct t2v_str name)
{
    t2v_buf_adds(line, "{\"set\":");
    t2v_json_write_str(line, name);
}

/* Runs each way twice: to warm up, then timed. ms: [set->n], overwritten. */
static int bench_set(const struct bench *bench, const struct set *set, double *ms,
                     struct t2v_buf *line, struct t2v_err *err)
{
    const t2v_model *model = t2v_embedder_model(bench->model);
    t2v_engine *engine = bench->engine;
    size_t n = set->n, n_tok;
    double together, alone = 0;
    int rc = bench_each(engine, set, NULL, &n_tok, err);
    if (rc == 0)
        rc = bench_each(engine, set, ms, &n_tok, err);
    if (rc == 0)
        rc = bench_all(engine, set, &together, err);
    if (rc == 0)
        rc = bench_all(engine, set, &together, err);
    if (rc != 0)
        return rc;
    for (size_t i = 0; i < n; i++)
        alone += ms[i] / 1e3;
    qsort(ms, n, sizeof *ms, by_value);
    begin_line(line, set->name);
    t2v_buf_addf(
        line,
        ",\"texts\":%zu,\"tokens\":%zu,\"median_ms\":%.4f,\"p99_ms\":%.4f,"
        "\"texts_per_s\":%.1f,\"vectorizer\":\"%s\",\"precision\":\"%s\",\"kernels\":\"%s\","
        "\"threads\":%d}",
        n, n_tok, ms[n / 2], ms[n * 99 / 100], (double)n / (together < alone ? together : alone),
        t2v_embedder_vectorizer(bench->model), t2v_model_precision(model), t2v_model_cpu(model),
        t2v_thread_count(bench->options));
    return t2v_print_json(line, err);
}

static int compare_set(const struct bench *bench, const struct set *set, struct t2v_buf *line,
                       struct t2v_err *err)
{
    size_t n = set->n;
    struct t2v_work a = {.texts = set->texts, .n_text = n}, b = a;
    int rc = t2v_run_work(bench->engine, &a, err);
    if (rc == 0)
        rc = t2v_run_work(bench->other, &b, err);
    if (rc == 0) {
        struct t2v_distance distance;
        t2v_distance(a.result.values, b.result.values, n, a.result.width, &distance);
        begin_line(line, set->name);
        t2v_buf_addf(line,
                     ",\"texts\":%zu,\"precision\":\"%s\",\"against\":\"%s\","
                     "\"mean_cosine\":%.6f,\"least_cosine\":%.6f",
                     n, t2v_model_precision(t2v_embedder_model(bench->model)),
                     t2v_model_precision(t2v_embedder_model(bench->other_model)), distance.mean,
                     distance.least);
        if (distance.n_neighbour > 0)
            t2v_buf_addf(line, ",\"neighbours\":%zu,\"neighbours_lost\":%.4f", distance.n_neighbour,
                         distance.lost);
        t2v_buf_addf(line, ",\"vectorizer\":\"%s\",\"kernels\":\"%s\"}",
                     t2v_embedder_vectorizer(bench->model),
                     t2v_model_cpu(t2v_embedder_model(bench->model)));
        rc = t2v_print_json(line, err);
    }
    t2v_work_deinit(&a);
    t2v_work_deinit(&b);
    return rc;
}

/* Allocates set->texts, which the caller frees, also after a failure; views of member. */
static int read_set(const struct t2v_options *options, const struct t2v_json_member *member,
                    struct set *set, struct t2v_err *err)
{
    set->name = member->key;
    set->n = t2v_json_len(member->value);
    if (t2v_json_type(member->value) != T2V_JSON_ARRAY || set->n == 0)
        return t2v_fail(err, T2V_EFORMAT, "%s: '%.*s' is no list of texts, or an empty one",
                        options->corpus, T2V_STR_ARG(member->key));
    set->texts = t2v_alloc_zero(set->n, sizeof *set->texts);
    if (set->texts == NULL)
        return t2v_fail(err, T2V_ENOMEM, "no memory for %zu texts", set->n);
    for (size_t i = 0; i < set->n; i++) {
        set->texts[i] = t2v_json_str(t2v_json_at(member->value, i));
        if (set->texts[i].ptr == NULL)
            return t2v_fail(err, T2V_EFORMAT, "%s: %.*s: item %zu is no string", options->corpus,
                            T2V_STR_ARG(member->key), i);
    }
    return 0;
}

/* One set of the corpus: an array of strings. */
static int bench_member(const struct bench *bench, const struct t2v_json_member *member,
                        struct t2v_err *err)
{
    struct set set = {.texts = NULL};
    struct t2v_buf line;
    t2v_buf_init(&line, SIZE_MAX);
    double *ms = NULL;
    int rc = read_set(bench->options, member, &set, err);
    if (rc == 0 && bench->other != NULL) {
        rc = compare_set(bench, &set, &line, err);
    } else if (rc == 0) {
        ms = t2v_alloc_zero(set.n, sizeof *ms);
        rc = ms != NULL ? bench_set(bench, &set, ms, &line, err)
                        : t2v_fail(err, T2V_ENOMEM, "no memory for %zu texts", set.n);
    }
    t2v_buf_deinit(&line);
    t2v_free(set.texts);
    t2v_free(ms);
    return rc;
}

static int open_bench(struct bench *bench, struct t2v_err *err)
{
    struct t2v_options other = *bench->options;
    other.precision = other.against;
    int rc = t2v_open(bench->options, false, &bench->model, &bench->engine, err);
    if (rc == 0 && *other.against != '\0')
        rc = t2v_open(&other, false, &bench->other_model, &bench->other, err);
    return rc;
}

int t2v_command_bench(const struct t2v_options *options, struct t2v_err *err)
{
    t2v_json *corpus = NULL;
    struct bench bench = {.options = options};
    if (*options->prompt_tokens != '\0')
        return t2v_bench_pace(options, err);
    if (*options->corpus == '\0')
        return t2v_fail(err, T2V_EUSAGE, "--corpus FILE, or --prompt-tokens N, is needed");
    int rc = t2v_json_load(options->corpus, (size_t)1 << 30, &corpus, err);
    if (rc == 0 && t2v_json_type(corpus) != T2V_JSON_OBJECT)
        rc = t2v_fail(err, T2V_EFORMAT, "%s: expected {\"SET\": [\"TEXT\", ...], ...}",
                      options->corpus);
    if (rc == 0)
        rc = open_bench(&bench, err);
    if (rc == 0) {
        for (struct t2v_json_member m = t2v_json_first(corpus); m.value != NULL && rc == 0;
             m = t2v_json_next(corpus, m))
            rc = bench_member(&bench, &m, err);
    }
    t2v_engine_free(bench.other);
    t2v_engine_free(bench.engine);
    t2v_embedder_free(bench.other_model);
    t2v_embedder_free(bench.model);
    t2v_json_free(corpus);
    return rc;
}
