/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef T2V_CLI_OPTIONS_H
#define T2V_CLI_OPTIONS_H
/*
 * The settings of the program. One table in options.c gives each its flag, environment variable,
 * kind, default and help; parsing, --help and the table in doc/api.md follow it. A flag overrides
 * the environment. Strings point into argv, the environment or the table.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/error.h"
#include "base/str.h"
#include "http/options.h"

enum { T2V_MAX_MODELS = 8 };

/* One --model: NAME=DIR, or DIR. */
struct t2v_model_choice {
    struct t2v_str name; /* empty: none was given */
    const char *dir;
};

/* The models, in the order in which they were given. */
struct t2v_model_choices {
    struct t2v_model_choice list[T2V_MAX_MODELS]; /* [n] */
    size_t n;
    bool by_flag; /* they are from flags, which replace those of the environment */
};

struct t2v_options {
    struct t2v_model_choices models;
    const char *model; /* the first one's directory */
    int64_t threads;   /* 0: as t2v_cpus */
    const char *precision, *vectorizer, *cpu;
    const char *bidirectional; /* "auto", "true", "false" */
    bool direct_tokenize, char_cut;
    bool sentence_transformers, query_passage_prefixes, onnx_runtime;

    struct t2v_server_options server; /* serve */
    const char *embeddings_formula;   /* "sentence-transformers", "vectors" */
    int64_t max_text_tok;
    const char *serve_task; /* "auto", "embed", "generate" */
    int64_t kv_cache;       /* bytes of a generator's keys and values; 0: a share of the memory */
    const char *log_level, *log_format;

    /* embed, bench */
    const char *corpus, *against, *pooling, *task;
    int64_t dimensions;
    const char *prompt_tokens; /* bench */
    int64_t new_tokens, streams;

    /* generate */
    const char *temperature, *top_p; /* numbers; empty: not given */
    int64_t top_k, max_new, seed;    /* 0: off; no limit; a new one */

    /* embed */
    const char *text, *prompt; /* NULL: not given */
    const char *prompt_name, *input, *format, *column, *output, *output_format;
    bool no_header, skip_empty, resume, overwrite, progress;

    /* inspect */
    bool json, brief;

    /* tokens */
    bool offsets, decode, keep_special, raw;
};

/* The commands that know a setting, as bits. */
enum t2v_command {
    T2V_CMD_SERVE = 1,
    T2V_CMD_EMBED = 2,
    T2V_CMD_TOKENS = 4,
    T2V_CMD_SENTENCES = 8,
    T2V_CMD_INSPECT = 16,
    T2V_CMD_BENCH = 32,
    T2V_CMD_SELFTEST = 64,
    T2V_CMD_HEALTH = 128,
    T2V_CMD_GENERATE = 256
};

/* Applies the defaults, the environment, then argv[0..n), the arguments after the command. 0, or
 * T2V_EUSAGE with a message that says what was expected. Sets *help to whether --help was given. */
int t2v_options_parse(struct t2v_options *options, enum t2v_command command, int n, char **argv,
                      bool *help, struct t2v_err *err);
/* Prints the table's lines for one command. */
void t2v_options_help(FILE *out, enum t2v_command command);
/* Logs environment variables without effect: names of upstream that are accepted and ignored, and
 * names that begin with T2V_ but are no setting. */
void t2v_options_log_environment(void);

#endif
