/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/pace.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"
#include "cli/command.h"
#include "cli/lines.h"
#include "json/json.h"
#include "task/generate/pass.h"

#include "base/banned.h"

enum { ROUNDS = 3, MOST_PROMPT = 1 << 17 };

struct pace {
    const struct t2v_options *options;
    t2v_json *config;
    t2v_store *store;
    struct t2v_kernels kernels;
    const struct t2v_form *form;
    t2v_net *net;
    t2v_team *team;
    struct t2v_pass pass;
    /* The sequences of a round. */
    size_t n_seq, n_page;           /* pages of each */
    struct t2v_kv kv[T2V_PASS_SEQ]; /* [n_seq] */
    char **pages;                   /* [n_seq, n_page] */
    uint64_t random;
};

/* --- the net --- */

static int open_net(struct pace *pace, struct t2v_err *err)
{
    const struct t2v_options *options = pace->options;
    const char *precision = *options->precision != '\0' ? options->precision : "f32";
    char path[4096];
    int n_lane = t2v_thread_count(options);
    snprintf(path, sizeof path, "%s/config.json", options->model);
    int rc = t2v_json_load(path, 1 << 24, &pace->config, err);
    if (rc == 0)
        rc = t2v_store_open(options->model, &pace->store, err);
    if (rc == 0)
        rc = t2v_kernels_init(&pace->kernels, options->cpu, err);
    if (rc == 0)
        rc = t2v_kernels_form(&pace->kernels, precision, &pace->form, err);
    const struct t2v_net_options of_net = {.n_lane = n_lane, .head = true};
    if (rc == 0)
        rc = t2v_net_open(pace->config, pace->store, &pace->kernels, pace->form, &of_net,
                          &pace->net, err);
    if (rc == 0 && (!t2v_net_has_head(pace->net) || t2v_net_shape(pace->net)->kv == 0))
        rc = t2v_fail(err, T2V_EUNSUPPORTED, "the model does not generate text");
    if (rc == 0)
        rc = t2v_team_new(n_lane, &pace->team, err);
    if (rc == 0 && (rc = t2v_pass_init(&pace->pass, pace->net, n_lane)) != 0)
        t2v_fail(err, rc, "no memory for a pass");
    return rc;
}

static void free_pages(struct pace *pace)
{
    for (size_t i = 0; i < pace->n_seq * pace->n_page && pace->pages != NULL; i++)
        t2v_free(pace->pages[i]);
    t2v_free(pace->pages);
    pace->pages = NULL;
}

static void close_pace(struct pace *pace)
{
    free_pages(pace);
    t2v_pass_deinit(&pace->pass);
    t2v_team_free(pace->team);
    t2v_net_free(pace->net);
    t2v_store_close(pace->store);
    t2v_json_free(pace->config);
}

/* --- a round --- */

static int make_pages(struct pace *pace, size_t n_seq, size_t n_tok, struct t2v_err *err)
{
    size_t bytes = t2v_page_bytes(t2v_net_shape(pace->net));
    pace->n_seq = n_seq;
    pace->n_page = n_tok / T2V_PAGE_TOK + 1;
    pace->pages = t2v_alloc_zero(n_seq * pace->n_page, sizeof *pace->pages);
    bool got = pace->pages != NULL;
    for (size_t i = 0; i < n_seq * pace->n_page && got; i++)
        got = (pace->pages[i] = t2v_alloc_aligned(1, bytes)) != NULL;
    for (size_t s = 0; s < n_seq && got; s++)
        pace->kv[s] = (struct t2v_kv){.pages = pace->pages + s * pace->n_page};
    return got ? 0 : t2v_fail(err, T2V_ENOMEM, "no memory for keys and values");
}

static int32_t draw_id(struct pace *pace)
{
    pace->random = pace->random * 6364136223846793005u + 1442695040888963407u;
    return (int32_t)((pace->random >> 33) % t2v_net_shape(pace->net)->vocab);
}

/* One pass over the next n tokens of each sequence, and the logits of the last ones. */
static int run_pass(struct pace *pace, size_t n, struct t2v_err *err)
{
    int32_t ids[T2V_PASS_TOK];
    size_t last[T2V_PASS_SEQ];
    t2v_pass_clear(&pace->pass);
    for (size_t s = 0; s < pace->n_seq; s++) {
        for (size_t i = 0; i < n; i++)
            ids[i] = draw_id(pace);
        last[s] = t2v_pass_place(&pace->pass, &pace->kv[s], ids, n) + n - 1;
    }
    int rc = t2v_pass_run(&pace->pass, pace->team, err);
    for (size_t s = 0; s < pace->n_seq && rc == 0; s += T2V_PASS_LOGITS) {
        size_t left = pace->n_seq - s;
        rc = t2v_pass_logits(&pace->pass, pace->team, last + s,
                             left < T2V_PASS_LOGITS ? left : T2V_PASS_LOGITS, err);
    }
    for (size_t s = 0; s < pace->n_seq; s++)
        pace->kv[s].n_tok += n;
    return rc;
}

/* Seconds of the prompt, then of the new tokens. */
static int run_round(struct pace *pace, size_t n_prompt, size_t n_new, double seconds[2],
                     struct t2v_err *err)
{
    size_t most = T2V_PASS_TOK / pace->n_seq;
    int rc = 0;
    for (size_t s = 0; s < pace->n_seq; s++)
        pace->kv[s].n_tok = 0;
    uint64_t begin_ns = t2v_clock_ns();
    for (size_t n, done = 0; done < n_prompt && rc == 0; done += n) {
        n = n_prompt - done < most ? n_prompt - done : most;
        rc = run_pass(pace, n, err);
    }
    uint64_t middle_ns = t2v_clock_ns();
    for (size_t i = 0; i < n_new && rc == 0; i++)
        rc = run_pass(pace, 1, err);
    seconds[0] = (double)(middle_ns - begin_ns) / 1e9;
    seconds[1] = (double)(t2v_clock_ns() - middle_ns) / 1e9;
    return rc;
}

/* The fastest of several rounds, after one to warm up. */
static int bench_length(struct pace *pace, size_t n_prompt, struct t2v_err *err)
{
    size_t n_new = (size_t)pace->options->new_tokens, n_seq = (size_t)pace->options->streams;
    double best[2] = {1e30, 1e30}, seconds[2];
    int rc = make_pages(pace, n_seq, n_prompt + n_new, err);
    for (int i = 0; i <= ROUNDS && rc == 0; i++) {
        rc = run_round(pace, n_prompt, n_new, seconds, err);
        for (int k = 0; k < 2 && i > 0; k++)
            best[k] = seconds[k] < best[k] ? seconds[k] : best[k];
    }
    free_pages(pace);
    if (rc != 0)
        return rc;
    struct t2v_buf line;
    t2v_buf_init(&line, SIZE_MAX);
    t2v_buf_addf(&line,
                 "{\"prompt_tokens\":%zu,\"new_tokens\":%zu,\"streams\":%zu,"
                 "\"prompt_tokens_per_s\":%.1f,\"new_tokens_per_s\":%.1f,\"weight_bytes\":%zu,"
                 "\"precision\":\"%s\",\"kernels\":\"%s\",\"threads\":%d}",
                 n_prompt, n_new, n_seq, (double)(n_prompt * n_seq) / best[0],
                 (double)(n_new * n_seq) / best[1], t2v_net_weight_bytes(pace->net),
                 pace->form->name, pace->kernels.name, t2v_thread_count(pace->options));
    rc = t2v_print_json(&line, err);
    t2v_buf_deinit(&line);
    return rc;
}

int t2v_bench_pace(const struct t2v_options *options, struct t2v_err *err)
{
    struct pace *pace = t2v_alloc_zero(1, sizeof *pace);
    if (pace == NULL)
        return t2v_fail(err, T2V_ENOMEM, "no memory for a pass");
    pace->options = options;
    pace->random = 1;
    int rc = 0;
    if (options->streams < 1 || options->streams > T2V_PASS_SEQ || options->new_tokens < 1)
        rc = t2v_fail(err, T2V_EUSAGE, "--streams: 1 to %d, and --new-tokens: 1 or more",
                      T2V_PASS_SEQ);
    if (rc == 0)
        rc = open_net(pace, err);
    const char *at = options->prompt_tokens;
    while (rc == 0 && *at != '\0') {
        char *end;
        long n = strtol(at, &end, 10);
        if (end == at || n < 1 || n > MOST_PROMPT || (*end != ',' && *end != '\0'))
            rc = t2v_fail(err, T2V_EUSAGE, "--prompt-tokens: '%s' is no list such as 128,512", at);
        else
            rc = bench_length(pace, (size_t)n, err);
        at = *end == ',' ? end + 1 : end;
    }
    close_pace(pace);
    t2v_free(pace);
    return rc;
}
