/* SPDX-License-Identifier: BSD-3-Clause */
/* t2v: options -> model -> engine -> server -> drain. What goes wrong is said here, and the exit
 * status is made here (but for a mapped file that changes, see base/guard.h). */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/guard.h"
#include "base/log.h"
#include "commands.h"
#include "http/server.h"
#include "text/letter.h"
#include "token/regex.h"
#include "version.h"

#include "base/banned.h"

static void log_start(const struct t2v_options *options, const t2v_model *model)
{
    t2v_log(T2V_LOG_INFO, "model", "open path=%s family=%s vectorizer=%s precision=%s dim=%zu",
            t2v_model_dir(model), t2v_model_family(model), t2v_model_vectorizer(model),
            t2v_model_precision(model), t2v_model_dim(model));
    t2v_log(T2V_LOG_INFO, "kernel", "kernels=%s blas=\"%s\" threads=%d", t2v_model_cpu(model),
            t2v_blas_name(), t2v_thread_count(options));
    if (strcmp(t2v_model_precision(model), "int8") == 0)
        t2v_log(T2V_LOG_WARN, "model",
                "precision=int8: vectors near those of f32, but not the same; an index needs one "
                "precision for all its vectors");
    const char *forced = getenv("OPENBLAS_CORETYPE");
    if (forced != NULL && *forced != '\0')
        t2v_log(T2V_LOG_WARN, "kernel",
                "OPENBLAS_CORETYPE=%.40s in the environment forces OpenBLAS's core; set too low it "
                "halves the speed",
                forced);
}

static int serve(const struct t2v_options *options, struct t2v_err *err)
{
    static const char *const levels[] = {"error", "warn", "info", "debug"};
    uint64_t begun = t2v_clock_ns();
    enum t2v_log_level level = T2V_LOG_INFO;
    for (int i = 0; i < 4; i++) {
        if (strcmp(options->log_level, levels[i]) == 0)
            level = (enum t2v_log_level)i;
    }
    t2v_log_setup(level, strcmp(options->log_format, "json") == 0);
    t2v_options_log_environment();
    t2v_model *model = NULL;
    t2v_engine *engine = NULL;
    t2v_server *server = NULL;
    int rc = t2v_open(options, true, &model, &engine, err);
    if (rc == 0)
        rc = t2v_server_new(options, engine, model, T2V_VERSION, &server, err);
    if (rc == 0) {
        log_start(options, model);
        t2v_log(T2V_LOG_INFO, "http", "ready after %.0f ms",
                (double)(t2v_clock_ns() - begun) / 1e6);
        rc = t2v_server_run(server);
        if (rc != 0)
            t2v_fail(err, rc, "the event loop broke");
    }
    t2v_server_free(server);
    t2v_engine_free(engine);
    t2v_model_free(model);
    return rc;
}

static const struct {
    const char *name;
    enum t2v_command bit;
    int (*run)(const struct t2v_options *options, struct t2v_err *err);
    const char *help;
} commands[] = {
    {"serve", T2V_CMD_SERVE, serve, "answer /vectors and /meta over HTTP"},
    {"embed", T2V_CMD_EMBED, t2v_command_embed, "JSON strings, one a line, to vectors, one a line"},
    {"tokens", T2V_CMD_TOKENS, t2v_command_tokens,
     "JSON strings, one a line, to arrays of token ids"},
    {"sentences", T2V_CMD_SENTENCES, t2v_command_sentences,
     "JSON strings, one a line, to arrays of sentences"},
    {"inspect", T2V_CMD_INSPECT, t2v_command_inspect, "say what a model directory holds"},
    {"bench", T2V_CMD_BENCH, t2v_command_bench,
     "time a corpus, one text at a time and all at once"},
    {"selftest", T2V_CMD_SELFTEST, t2v_command_selftest,
     "check a model's vectors, against golden answers where it has them"},
    {"health", T2V_CMD_HEALTH, t2v_command_health,
     "ask the service on this machine if it is ready"},
};
enum { N_COMMAND = sizeof commands / sizeof commands[0] };

static int print_usage(FILE *out)
{
    fprintf(out, "usage: t2v COMMAND [--FLAG VALUE ...]\n\n");
    for (size_t i = 0; i < N_COMMAND; i++)
        fprintf(out, "  %-10s %s\n", commands[i].name, commands[i].help);
    fprintf(out, "\n  t2v COMMAND --help lists the flags; t2v --version says what this is\n");
    return out == stderr ? 2 : 0;
}

static int print_version(void)
{
    struct t2v_kernels kernels;
    struct t2v_err err;
    if (t2v_kernels_init(&kernels, getenv("T2V_CPU"), &err) != 0) {
        fprintf(stderr, "t2v: %s\n", err.msg);
        return 1;
    }
    const char *forced = getenv("OPENBLAS_CORETYPE");
    printf("t2v %s\n", T2V_VERSION);
    printf("build     %s\n", T2V_BUILD);
    printf("kernels   %s\n", kernels.name);
    printf("blas      %s%s\n", t2v_blas_name(),
           forced != NULL && *forced != '\0' ? " (forced by OPENBLAS_CORETYPE)" : "");
    printf("libevent  %s\n", t2v_server_libevent());
    printf("utf8proc  %s\n", t2v_letter_library());
    printf("PCRE2     %s\n", t2v_regex_library());
    return 0;
}

int main(int argc, char **argv)
{
    if (argc < 2)
        return print_usage(stderr);
    if (strcmp(argv[1], "--version") == 0)
        return print_version();
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)
        return print_usage(stdout);
    t2v_guard_start();
    for (size_t i = 0; i < N_COMMAND; i++) {
        if (strcmp(argv[1], commands[i].name) != 0)
            continue;
        struct t2v_options options;
        struct t2v_err err = {0};
        bool help;
        int rc = t2v_options_parse(&options, commands[i].bit, argc - 2, argv + 2, &help, &err);
        if (rc == 0 && help) {
            printf("usage: t2v %s [--FLAG VALUE ...]: %s\n\n", argv[1], commands[i].help);
            t2v_options_help(stdout, commands[i].bit);
        } else if (rc == 0) {
            rc = commands[i].run(&options, &err);
        }
        if (rc == 0 && (fflush(stdout) != 0 || ferror(stdout)))
            rc = t2v_fail(&err, T2V_EIO, "standard output: %s", strerror(errno));
        if (rc != 0)
            fprintf(stderr, "t2v %s: %s\n", argv[1], err.msg);
        return rc == 0 ? 0 : rc == T2V_EUSAGE ? 2 : 1;
    }
    fprintf(stderr, "t2v: unknown command '%.60s'\n", argv[1]);
    return print_usage(stderr);
}
