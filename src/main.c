/* SPDX-License-Identifier: BSD-3-Clause */
/* t2v: which command, with which settings. What goes wrong is reported here, and the exit status is
 * made here (but for a mapped file that changes, see base/guard.h). */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/guard.h"
#include "base/log.h"
#include "base/suggest.h"
#include "cli/bench.h"
#include "cli/embed.h"
#include "cli/generate.h"
#include "cli/health.h"
#include "cli/inspect.h"
#include "cli/selftest.h"
#include "cli/sentences.h"
#include "cli/serve.h"
#include "cli/tokens.h"
#include "http/server.h"
#include "kernel/kernel.h"
#include "regex/regex.h"
#include "unicode/letter.h"
#include "version.h"

#include "base/banned.h"

static const struct {
    const char *name;
    enum t2v_command bit;
    int (*run)(const struct t2v_options *options, struct t2v_err *err);
    const char *help;
} commands[] = {
    {"serve", T2V_CMD_SERVE, t2v_command_serve, "answer /vectors and /meta over HTTP"},
    {"embed", T2V_CMD_EMBED, t2v_command_embed, "texts of a file or of standard input to vectors"},
    {"generate", T2V_CMD_GENERATE, t2v_command_generate,
     "continue prompts, one a line of standard input"},
    {"tokens", T2V_CMD_TOKENS, t2v_command_tokens,
     "JSON strings, one a line, to arrays of token ids; with --decode the way back"},
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
    fprintf(out, "\n  t2v COMMAND --help (or: t2v help COMMAND) lists the flags; t2v version says "
                 "what this is\n");
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

/* A command's name that is none. */
static int unknown_command(const char *name)
{
    struct t2v_suggest near = t2v_suggest_for(t2v_str_of(name));
    for (size_t i = 0; i < N_COMMAND; i++)
        t2v_suggest_try(&near, commands[i].name, commands[i].name);
    if (name[0] == '-')
        fprintf(stderr, "t2v: '%.60s': a command comes first, such as: t2v serve --model DIR\n",
                name);
    else if (near.answer != NULL)
        fprintf(stderr, "t2v: unknown command '%.60s', did you mean '%s'?\n", name, near.answer);
    else
        fprintf(stderr, "t2v: unknown command '%.60s'\n", name);
    return print_usage(stderr);
}

static void print_help(size_t command)
{
    printf("usage: t2v %s [--FLAG VALUE ...]: %s\n\n", commands[command].name,
           commands[command].help);
    t2v_options_help(stdout, commands[command].bit);
}

/* The command's exit status. args: what follows its name. */
static int run(size_t command, int n, char **args)
{
    struct t2v_options options;
    struct t2v_err err = {0};
    bool help;
    int rc = t2v_options_parse(&options, commands[command].bit, n, args, &help, &err);
    if (rc == 0 && help)
        print_help(command);
    else if (rc == 0)
        rc = commands[command].run(&options, &err);
    if (rc == 0 && (fflush(stdout) != 0 || ferror(stdout)))
        rc = t2v_fail(&err, T2V_EIO, "standard output: %s", strerror(errno));
    if (rc != 0 && *err.msg == '\0')
        return 1;
    if (rc != 0 && t2v_log_is_json())
        t2v_log(T2V_LOG_ERROR, commands[command].name, "%s", err.msg);
    else if (rc != 0)
        t2v_log_plain("t2v %s: %s", commands[command].name, err.msg);
    return rc == 0 ? 0 : rc == T2V_EUSAGE ? 2 : 1;
}

static bool is_any_of(const char *word, const char *a, const char *b, const char *c)
{
    return strcmp(word, a) == 0 || strcmp(word, b) == 0 || strcmp(word, c) == 0;
}

int main(int argc, char **argv)
{
    if (argc < 2)
        return print_usage(stderr);
    bool help = is_any_of(argv[1], "help", "--help", "-h");
    if (help && argc == 2)
        return print_usage(stdout);
    if (is_any_of(argv[1], "version", "--version", "-V"))
        return print_version();
    t2v_guard_start();
    const char *name = argv[help ? 2 : 1];
    for (size_t i = 0; i < N_COMMAND; i++) {
        char flag[] = "--help", *only[] = {flag};
        if (strcmp(name, commands[i].name) == 0)
            return help ? run(i, 1, only) : run(i, argc - 2, argv + 2);
    }
    return unknown_command(name);
}
