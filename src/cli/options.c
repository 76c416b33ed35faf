/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/options.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/suggest.h"

#include "base/banned.h"

enum kind {
    TEXT,
    COUNT, /* digits and an optional K, Ki, KB or KiB, also with M or G: powers of 1024; any case */
    SECONDS, /* "5", "0.5"; stored in milliseconds */
    SWITCH,  /* a flag alone, or true, yes, on, 1 and their opposites; any case */
    MODELS   /* DIR or NAME=DIR; the flag may be given again */
};

struct setting {
    const char *flag; /* without the dashes; NULL: environment only */
    const char *env;  /* NULL: flag only */
    enum kind kind;
    size_t offset;
    const char *value;  /* the default, as a user would write it; NULL: none, for TEXT */
    const char *one_of; /* for TEXT: the allowed words; "": any */
    unsigned commands;
    const char *help;
};

#define AT(field) offsetof(struct t2v_options, field)
enum {
    MODEL = T2V_CMD_SERVE | T2V_CMD_EMBED | T2V_CMD_INSPECT | T2V_CMD_BENCH | T2V_CMD_SELFTEST,
    ARITHMETIC = MODEL | T2V_CMD_GENERATE,
    RUN = T2V_CMD_SERVE | T2V_CMD_EMBED | T2V_CMD_BENCH | T2V_CMD_SELFTEST,
    SERVE = T2V_CMD_SERVE
};

// clang-format off
static const struct setting settings[] = {
    {"model", "T2V_MODEL", MODELS, AT(models), "./models/model", "", ARITHMETIC | T2V_CMD_TOKENS, "the model directory, as Hugging Face lays it out; serve takes several: --model NAME=DIR --model NAME=DIR"},
    {"listen", "T2V_LISTEN", TEXT, AT(server.listen), "[::]:8080", "", SERVE | T2V_CMD_HEALTH, "ADDR:PORT, [V6ADDR]:PORT or :PORT; [::] is every address, IPv4 too (0.0.0.0 where the kernel has no IPv6); ADDR is a number or localhost, no name is looked up"},
    {"threads", "T2V_THREADS", COUNT, AT(threads), "0", "", RUN | T2V_CMD_GENERATE, "threads that encode; 0: the processors that affinity and cgroup allow"},
    {"precision", "T2V_PRECISION", TEXT, AT(precision), "", "f32 bf16 int8 auto", ARITHMETIC, "arithmetic of the encoder; unset: f32, but int8 under the vectorizer onnx; auto: the fastest whose vectors keep a cosine of 0.9999"},
    {"vectorizer", "T2V_VECTORIZER", TEXT, AT(vectorizer), "auto", "auto default sentence-transformers onnx model2vec", MODEL, "how a text becomes a vector; auto: as the model directory says"},
    {"cpu", "T2V_CPU", TEXT, AT(cpu), "", "c blas avx2 avxvnni avx512 avx512vnni avx512bf16 neon dotprod i8mm", MODEL | T2V_CMD_GENERATE, "the highest instruction-set variant to use"},
    {"bidirectional-attention", "T2V_BIDIRECTIONAL_ATTENTION", TEXT, AT(bidirectional), "auto", "auto true false", MODEL, "Gemma 3: each token also attends to later ones; auto: as config.json says; false: as Transformers 4.56.1 computes EmbeddingGemma"},
    {"direct-tokenize", "T2V_TRANSFORMERS_DIRECT_TOKENIZE", SWITCH, AT(direct_tokenize), "false", "", MODEL, "default vectorizer: encode the whole text as one sequence, without splitting it into sentences"},
    {"model2vec-char-cut", "T2V_MODEL2VEC_CHAR_CUT", SWITCH, AT(char_cut), "false", "", MODEL, "vectorizer model2vec: cut a text as model2vec 0.8.1 does: characters at 512 times the median token's length, unknown tokens dropped, then 512 tokens"},
    {"sentence-transformers", "USE_SENTENCE_TRANSFORMERS_VECTORIZER", SWITCH, AT(sentence_transformers), "false", "", MODEL, "run the pipeline of modules.json"},
    {"query-passage-prefixes", "USE_QUERY_PASSAGE_PREFIXES", SWITCH, AT(query_passage_prefixes), "false", "", MODEL, "put \"TASK_TYPE: \" before each text"},
    {"onnx-runtime", "ONNX_RUNTIME", SWITCH, AT(onnx_runtime), "false", "", MODEL, "run as the Python server's int8 images do"},

    {NULL, "AUTHENTICATION_ALLOWED_TOKENS", TEXT, AT(server.tokens), "", "", SERVE, "comma-separated bearer tokens; unset: no authentication"},
    {"cors-origins", "T2V_CORS_ORIGINS", TEXT, AT(server.cors_origins), "", "", SERVE, "origins whose pages may read responses: SCHEME://HOST:PORT, comma-separated, or * for all; unset: no CORS"},
    {"page", "T2V_PAGE", SWITCH, AT(server.page), "true", "", SERVE, "browsers get a page at GET /, to try the models; false: always the empty answer of /health there"},
    {"cache", "ENABLE_CACHE", SWITCH, AT(server.cache), "false", "", SERVE, "keep up to 1024 results for 600 s"},
    {"max-body", "T2V_MAX_BODY", COUNT, AT(server.max_body_bytes), "16m", "", SERVE, "maximum bytes of a request body"},
    {"max-memory", "T2V_MAX_MEMORY", COUNT, AT(server.max_memory_bytes), "0", "", SERVE, "maximum bytes for all clients together: requests, texts, vectors, responses; 0: 32 times max-body, at least 256m"},
    {"task", "T2V_TASK", TEXT, AT(serve_task), "auto", "auto embed generate", SERVE, "what a directory is for; auto: as it says: one with modules.json, model_name or a vectorizer embeds, else a ...ForCausalLM generates text"},
    {"kv-cache", "T2V_KV_CACHE", COUNT, AT(kv_cache), "0", "", SERVE | T2V_CMD_GENERATE, "bytes for keys and values of a model that generates text; 0: a quarter of the memory that the process may use, or less if 8 of the longest sequences need less"},
    {"max-text-tokens", "T2V_MAX_TEXT_TOKENS", COUNT, AT(max_text_tok), "1000000", "", RUN, "maximum tokens of one text, counted after each sentence is truncated"},
    {"max-queue", "T2V_MAX_QUEUE", COUNT, AT(server.max_queue), "1024", "", SERVE, "maximum requests waiting or running, texts to generate counted by themselves; more wait for a place, see queue-timeout"},
    {"embeddings-formula", "T2V_EMBEDDINGS_FORMULA", TEXT, AT(embeddings_formula), "sentence-transformers", "sentence-transformers vectors", SERVE, "how the routes for embeddings make a vector: as sentence-transformers does for the model directory, or as POST /vectors does"},
    {"accept-token-ids", "T2V_ACCEPT_TOKEN_IDS", SWITCH, AT(server.accept_token_ids), "false", "", SERVE, "take token ids of the model for a text to embed, or to continue on /v1/completions; false: refuse them, since ids of another tokenizer are another text"},
    {"answers-formula", "T2V_ANSWERS_FORMULA", TEXT, AT(server.answers_formula), "transformers", "transformers container", SERVE, "how POST /answers finds an answer: as the question-answering pipeline of transformers 4, or as Weaviate's qna-transformers container"},
    {"queue-timeout", "T2V_QUEUE_TIMEOUT", SECONDS, AT(server.queue_ms), "20", "", SERVE, "seconds that a request waits for a place in a full queue before it gets 503; 0: 503 at once"},
    {"max-connections", "T2V_MAX_CONNECTIONS", COUNT, AT(server.max_connections), "16384", "", SERVE, "maximum open connections, plus 16 for probes"},
    {"idle-timeout", "T2V_IDLE_TIMEOUT", SECONDS, AT(server.idle_ms), "120", "", SERVE, "seconds that a keep-alive connection may be idle"},
    {"read-timeout", "T2V_READ_TIMEOUT", SECONDS, AT(server.read_ms), "30", "", SERVE, "seconds to receive a whole request, or to send a response"},
    {"drain", "T2V_DRAIN", SECONDS, AT(server.drain_ms), "5", "", SERVE, "maximum seconds of service after SIGTERM; ends early after a fifth of it without a request"},
    {"stall-timeout", "T2V_STALL_TIMEOUT", SECONDS, AT(server.stall_ms), "60", "", SERVE, "seconds without progress on waiting work until /.well-known/live returns 503"},
    {"log-level", "T2V_LOG_LEVEL", TEXT, AT(log_level), "info", "error warn info debug", SERVE, "least severe level that is logged to standard error"},
    {"log-format", "T2V_LOG_FORMAT", TEXT, AT(log_format), "text", "text json", SERVE, "one line of text or JSON for each event"},

    {"corpus", NULL, TEXT, AT(corpus), "", "", T2V_CMD_BENCH, "a JSON file, {\"SET\": [\"TEXT\", ...], ...}"},
    {"against", NULL, TEXT, AT(against), "", "f32 bf16 int8 auto", T2V_CMD_BENCH, "compare the vectors with those of this precision, instead of timing"},
    {"prompt-tokens", NULL, TEXT, AT(prompt_tokens), "", "", T2V_CMD_BENCH, "instead of a corpus: how fast a model that generates text reads prompts of so many random tokens, such as 128,512"},
    {"new-tokens", NULL, COUNT, AT(new_tokens), "64", "", T2V_CMD_BENCH, "with --prompt-tokens: tokens to make after each prompt"},
    {"streams", NULL, COUNT, AT(streams), "1", "", T2V_CMD_BENCH, "with --prompt-tokens: sequences at once"},
    {"pooling", NULL, TEXT, AT(pooling), "", "", T2V_CMD_EMBED, "pooling_strategy: masked_mean or cls"},
    {"task", NULL, TEXT, AT(task), "", "", T2V_CMD_EMBED, "task_type: query or passage"},
    {"prompt", NULL, TEXT, AT(prompt), NULL, "", T2V_CMD_EMBED, "put this before each text, as encode(prompt=TEXT) of sentence-transformers"},
    {"prompt-name", NULL, TEXT, AT(prompt_name), "", "", T2V_CMD_EMBED, "vectorizer sentence-transformers: put the model's prompt of this name before each text"},
    {"text", NULL, TEXT, AT(text), NULL, "", T2V_CMD_EMBED | T2V_CMD_GENERATE, "the only text, instead of the input"},
    {"input", NULL, TEXT, AT(input), "", "", T2V_CMD_EMBED, "the file with the texts; unset or -: standard input"},
    {"format", NULL, TEXT, AT(format), "", "lines json csv tsv", T2V_CMD_EMBED, "of the input: a text a line, JSON lines, CSV, or CSV with tabs; unset: by the file's ending (.jsonl, .ndjson, .json, .csv, .tsv, else lines), json for standard input"},
    {"column", NULL, TEXT, AT(column), "", "", T2V_CMD_EMBED, "the column, or member of a JSON object, with the text; unset: text, or the only column"},
    {"no-header", NULL, SWITCH, AT(no_header), "false", "", T2V_CMD_EMBED, "the first record of the CSV is a text, too, and --column a number from 1"},
    {"skip-empty", NULL, SWITCH, AT(skip_empty), "false", "", T2V_CMD_EMBED, "no row for a line without a text, instead of a null row"},
    {"output", NULL, TEXT, AT(output), "", "", T2V_CMD_EMBED, "the file for the vectors; unset or -: standard output"},
    {"output-format", NULL, TEXT, AT(output_format), "", "json npy f32", T2V_CMD_EMBED, "of the output: JSON arrays, one a line, NumPy's, or bare little-endian float32; unset: by the file's ending (.npy, .f32, else json)"},
    {"resume", NULL, SWITCH, AT(resume), "false", "", T2V_CMD_EMBED, "go on after the last whole row of the output file"},
    {"overwrite", NULL, SWITCH, AT(overwrite), "false", "", T2V_CMD_EMBED, "drop the rows of an output file that is there"},
    {"progress", NULL, SWITCH, AT(progress), "false", "", T2V_CMD_EMBED, "show progress on standard error, even if it is no terminal"},
    {"json", NULL, SWITCH, AT(json), "false", "", T2V_CMD_INSPECT | T2V_CMD_GENERATE, "one line of JSON; of generate: for each prompt"},
    {"max-new-tokens", NULL, COUNT, AT(max_new), "256", "", T2V_CMD_GENERATE, "tokens to add to a prompt at most; 0: as many as fit"},
    {"temperature", NULL, TEXT, AT(temperature), "", "", T2V_CMD_GENERATE, "sample, with the logits divided by this number; unset: the most likely token"},
    {"top-k", NULL, COUNT, AT(top_k), "0", "", T2V_CMD_GENERATE, "sample among so many of the most likely tokens; 0: all"},
    {"top-p", NULL, TEXT, AT(top_p), "", "", T2V_CMD_GENERATE, "sample among the most likely tokens that have this probability together"},
    {"seed", NULL, COUNT, AT(seed), "0", "", T2V_CMD_GENERATE, "the same seed gives the same text; 0: a new one each time"},
    {"short", NULL, SWITCH, AT(brief), "false", "", T2V_CMD_INSPECT, "without the list of tensors"},
    {"offsets", NULL, SWITCH, AT(offsets), "false", "", T2V_CMD_TOKENS, "each line is an object: ids, offsets (the characters of the text that a token stands for) and bytes (the same in UTF-8)"},
    {"decode", NULL, SWITCH, AT(decode), "false", "", T2V_CMD_TOKENS, "decode arrays of token ids, one a line, to texts as JSON strings"},
    {"keep-special", NULL, SWITCH, AT(keep_special), "false", "", T2V_CMD_TOKENS, "with --decode: keep special tokens in the text"},
    {"raw", NULL, SWITCH, AT(raw), "false", "", T2V_CMD_TOKENS, "with --decode: keep spaces before punctuation, even if clean_up_tokenization_spaces is true"},
    {"dimensions", NULL, COUNT, AT(dimensions), "0", "", T2V_CMD_EMBED, "components to keep, if the vectorizer supports it; 0: all"},
};
// clang-format on
enum { N_SETTING = sizeof settings / sizeof settings[0] };

/* Environment variables of upstream that are accepted and have no effect. */
static const char *const ignored[] = {
    "ENABLE_CUDA",       "CUDA_CORE",
    "USE_QUERY_PROMPT",  "CUDA_PER_PROCESS_MEMORY_FRACTION",
    "TRUST_REMOTE_CODE", "USE_SENTENCE_TRANSFORMERS_MULTI_PROCESS",
};

/* Reads digits of a number that may be multiplied by 1,000. False if there are none or too many.
 * *rest: the text after them. */
static bool read_digits(const char *text, int64_t *out, const char **rest)
{
    int64_t value = 0;
    const char *p = text;
    for (; *p >= '0' && *p <= '9'; p++) {
        value = value * 10 + (*p - '0');
        if (value > INT64_MAX / 10000 - 10)
            return false;
    }
    *out = value;
    *rest = p;
    return p != text;
}

/* The power of 2 of a unit such as k, M, Ki or GiB; 0: not a unit. */
static int shift_of(const char *unit)
{
    static const char prefixes[] = "kmg";
    const char *at = *unit != '\0' ? strchr(prefixes, *unit | 0x20) : NULL;
    if (at == NULL || *at == '\0')
        return 0;
    unit++;
    unit += *unit == 'i';
    unit += *unit == 'B' || *unit == 'b';
    return *unit == '\0' ? 10 * (int)(at - prefixes + 1) : 0;
}

static bool read_count(const char *text, int64_t *out)
{
    int64_t value;
    const char *rest;
    if (!read_digits(text, &value, &rest))
        return false;
    int shift = shift_of(rest);
    if ((*rest != '\0' && shift == 0) || value > INT64_MAX >> shift)
        return false;
    *out = value << shift;
    return true;
}

/* Reads seconds as milliseconds; only the first three digits of a fraction count. */
static bool read_seconds(const char *text, int64_t *ms)
{
    const char *p;
    if (!read_digits(text, ms, &p))
        return false;
    *ms *= 1000;
    if (*p == '.') {
        int64_t unit = 100;
        for (p++; *p >= '0' && *p <= '9'; p++, unit /= 10)
            *ms += (*p - '0') * unit;
    }
    return *p == '\0' && *ms <= INT64_C(86400000);
}

static bool is_any_of(const char *text, const char *const *words, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (t2v_str_is_word(t2v_str_of(text), words[i]))
            return true;
    }
    return false;
}

static bool read_switch(const char *text, bool *out)
{
    static const char *const yes[] = {"true", "1", "yes", "on"};
    static const char *const no[] = {"false", "0", "no", "off", ""};
    *out = is_any_of(text, yes, sizeof yes / sizeof yes[0]);
    return *out || is_any_of(text, no, sizeof no / sizeof no[0]);
}

/* Whether word is one of the space-separated words, or any word is allowed. */
static bool is_one_of(const char *word, const char *words)
{
    size_t len = strlen(word);
    if (*words == '\0' || len == 0)
        return true;
    if (strchr(word, ' ') != NULL)
        return false;
    for (const char *at = words; at != NULL; at = strchr(at, ' ')) {
        at += *at == ' ';
        if (strncmp(at, word, len) == 0 && (at[len] == ' ' || at[len] == '\0'))
            return true;
    }
    return false;
}

/* Where the directory begins in "NAME=DIR"; 0: there is no name. A path with '/' before '=' has
 * none. */
static size_t name_len(const char *text)
{
    size_t n = strcspn(text, "=/");
    return text[n] == '=' ? n : 0;
}

static int add_model(struct t2v_model_choices *models, const char *text, const char *name,
                     struct t2v_err *err)
{
    size_t n = name_len(text);
    const char *dir = n != 0 ? text + n + 1 : text;
    if (models->n == T2V_MAX_MODELS)
        return t2v_fail(err, T2V_EUSAGE, "%s: at most %d models", name, (int)T2V_MAX_MODELS);
    if (*dir == '\0')
        return t2v_fail(err, T2V_EUSAGE, "%s: '%.60s' names no directory", name, text);
    models->list[models->n++] = (struct t2v_model_choice){{text, n}, dir};
    return 0;
}

/* The first flag replaces what the environment gave; further flags add models. */
static int set_models(struct t2v_model_choices *models, const char *text, const char *name,
                      struct t2v_err *err)
{
    bool by_flag = strncmp(name, "--", 2) == 0;
    if (!by_flag || !models->by_flag)
        models->n = 0;
    models->by_flag = by_flag;
    return add_model(models, text, name, err);
}

static int set(struct t2v_options *options, const struct setting *s, const char *text,
               const char *name, struct t2v_err *err)
{
    void *field = (char *)options + s->offset;
    switch (s->kind) {
    case TEXT:
        if (!is_one_of(text, s->one_of))
            return t2v_fail(err, T2V_EUSAGE, "%s: '%.60s' is not one of: %s", name, text,
                            s->one_of);
        *(const char **)field = text;
        return 0;
    case COUNT:
        if (!read_count(text, field))
            return t2v_fail(err, T2V_EUSAGE, "%s: '%.60s' is not a count (digits, then K, M or G)",
                            name, text);
        return 0;
    case SECONDS:
        if (!read_seconds(text, field))
            return t2v_fail(err, T2V_EUSAGE,
                            "%s: '%.60s' is not a number of seconds, at most 86400", name, text);
        return 0;
    case SWITCH:
        if (!read_switch(text, field))
            return t2v_fail(err, T2V_EUSAGE, "%s: '%.60s' is not true or false", name, text);
        return 0;
    case MODELS:
        return set_models(field, text, name, err);
    }
    return 0;
}

static const struct setting *find_flag(struct t2v_str name, enum t2v_command command)
{
    for (size_t i = 0; i < N_SETTING; i++) {
        const struct setting *s = &settings[i];
        if (s->flag != NULL && (s->commands & command) != 0 && t2v_str_is(name, s->flag))
            return s;
    }
    return NULL;
}

/* Other servers' names of settings, and the flags here. */
static const char *const aliases[][2] = {
    {"host", "listen"}, {"port", "listen"},     {"address", "listen"},
    {"bind", "listen"}, {"dtype", "precision"}, {"workers", "threads"},
};

static int unknown_flag(struct t2v_str name, enum t2v_command command, struct t2v_err *err)
{
    struct t2v_suggest near = t2v_suggest_for(name);
    for (size_t i = 0; i < N_SETTING; i++) {
        if (settings[i].flag != NULL && (settings[i].commands & command) != 0)
            t2v_suggest_try(&near, settings[i].flag, settings[i].flag);
    }
    for (size_t i = 0; i < sizeof aliases / sizeof aliases[0]; i++) {
        if (find_flag(t2v_str_of(aliases[i][1]), command) != NULL)
            t2v_suggest_try(&near, aliases[i][0], aliases[i][1]);
    }
    int len = name.len < 58 ? (int)name.len : 58;
    if (near.answer == NULL)
        return t2v_fail(err, T2V_EUSAGE,
                        "unknown flag '--%.*s' (--help lists those that are known)", len, name.ptr);
    return t2v_fail(err, T2V_EUSAGE, "unknown flag '--%.*s', did you mean --%s?", len, name.ptr,
                    near.answer);
}

/* Not a flag: probably one with a single dash, or a stray value. */
static int no_flag(const char *arg, enum t2v_command command, struct t2v_err *err)
{
    struct t2v_str name = t2v_str_of(arg);
    if (arg[0] == '-' && arg[1] != '\0') {
        name = t2v_str_skip(name, 1);
        name.len = strcspn(name.ptr, "=");
        if (find_flag(name, command) != NULL)
            return t2v_fail(err, T2V_EUSAGE, "'-%.*s': did you mean --%.*s?", (int)name.len,
                            name.ptr, (int)name.len, name.ptr);
    }
    return t2v_fail(err, T2V_EUSAGE, "'%.60s': expected a flag, such as --model DIR", arg);
}

/* Reads the flag at argv[*i] and its value, after '=' or in the next argument. */
static int take_flag(struct t2v_options *options, enum t2v_command command, int n, char **argv,
                     int *i, struct t2v_err *err)
{
    const char *arg = argv[*i];
    if (strncmp(arg, "--", 2) != 0)
        return no_flag(arg, command, err);
    struct t2v_str name = {arg + 2, strcspn(arg + 2, "=")};
    const struct setting *s = find_flag(name, command);
    if (s == NULL)
        return unknown_flag(name, command, err); /* without the value, which may be a secret */
    const char *value = name.ptr[name.len] == '=' ? name.ptr + name.len + 1 : NULL;
    const char *next = *i + 1 < n ? argv[*i + 1] : NULL;
    bool on;
    if (value == NULL && s->kind == SWITCH &&
        (next == NULL || *next == '\0' || !read_switch(next, &on)))
        value = "true";
    if (value == NULL) {
        if (next == NULL)
            return t2v_fail(err, T2V_EUSAGE, "--%s needs a value", s->flag);
        value = next;
        ++*i;
    }
    char shown[64];
    snprintf(shown, sizeof shown, "--%s", s->flag);
    return set(options, s, value, shown, err);
}

static int check(const struct t2v_options *options, struct t2v_err *err)
{
    if (options->threads > 1024)
        return t2v_fail(err, T2V_EUSAGE, "--threads: %" PRId64 " is above 1024", options->threads);
    if (options->server.max_queue < 1 || options->server.max_connections < 1 ||
        options->server.max_body_bytes < 1 || options->max_text_tok < 1)
        return t2v_fail(
            err, T2V_EUSAGE,
            "--max-queue, --max-connections, --max-body and --max-text-tokens must be above 0");
    if (!options->decode && (options->keep_special || options->raw))
        return t2v_fail(err, T2V_EUSAGE, "--%s means nothing without --decode",
                        options->raw ? "raw" : "keep-special");
    return 0;
}

int t2v_options_parse(struct t2v_options *options, enum t2v_command command, int n, char **argv,
                      bool *help, struct t2v_err *err)
{
    struct t2v_options parsed = {0};
    *help = false;
    for (size_t i = 0; i < N_SETTING; i++) {
        const char *value = settings[i].value;
        int rc = value != NULL ? set(&parsed, &settings[i], value, settings[i].flag, err) : 0;
        if (rc != 0)
            return rc;
    }
    for (size_t i = 0; i < N_SETTING; i++) {
        const struct setting *s = &settings[i];
        const char *value = s->env != NULL ? getenv(s->env) : NULL;
        if (value == NULL || *value == '\0' || (s->commands & command) == 0)
            continue;
        int rc = set(&parsed, s, value, s->env, err);
        if (rc != 0)
            return rc;
    }
    for (int i = 0; i < n; i++) {
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
            *help = true;
            continue;
        }
        int rc = take_flag(&parsed, command, n, argv, &i, err);
        if (rc != 0)
            return rc;
    }
    int rc = check(&parsed, err);
    if (rc == 0 && parsed.models.n > 1 && command != T2V_CMD_SERVE)
        rc = t2v_fail(err, T2V_EUSAGE, "--model: only serve takes several models");
    parsed.model = parsed.models.list[0].dir;
    if (rc == 0)
        *options = parsed;
    return rc;
}

void t2v_options_help(FILE *out, enum t2v_command command)
{
    for (size_t i = 0; i < N_SETTING; i++) {
        const struct setting *s = &settings[i];
        if ((s->commands & command) == 0)
            continue;
        static const char *const values[] = {" TEXT", " N", " SECONDS", "", " TEXT"};
        char flag[64] = "(environment only)";
        if (s->flag != NULL)
            snprintf(flag, sizeof flag, "--%s%s", s->flag, values[s->kind]);
        fprintf(out, "  %-28s %s\n", flag, s->help);
        if (*s->one_of != '\0')
            fprintf(out, "  %-28s one of: %s\n", "", s->one_of);
        fprintf(out, "  %-28s", "");
        if (s->env != NULL)
            fprintf(out, " %s;", s->env);
        fprintf(out, " default: %s\n", s->value != NULL && *s->value != '\0' ? s->value : "unset");
    }
}

static bool is_setting(struct t2v_str name)
{
    for (size_t i = 0; i < N_SETTING; i++) {
        if (settings[i].env != NULL && t2v_str_is(name, settings[i].env))
            return true;
    }
    return false;
}

/* The setting closest to an unknown name that begins with T2V_; NULL: none. */
static const char *meant_by(struct t2v_str name)
{
    struct t2v_suggest near = t2v_suggest_for(t2v_str_skip(name, 4));
    for (size_t i = 0; i < N_SETTING; i++) {
        const char *env = settings[i].env;
        if (env == NULL)
            continue;
        t2v_suggest_try(&near, strncmp(env, "T2V_", 4) == 0 ? env + 4 : env, env);
        if (settings[i].flag != NULL)
            t2v_suggest_try(&near, settings[i].flag, env);
    }
    return near.answer;
}

extern char **environ;

void t2v_options_log_environment(void)
{
    for (size_t i = 0; i < sizeof ignored / sizeof ignored[0]; i++) {
        const char *value = getenv(ignored[i]);
        if (value != NULL && *value != '\0')
            t2v_log(T2V_LOG_INFO, "options", "%s is accepted, and has no effect here", ignored[i]);
    }
    for (char **e = environ; *e != NULL; e++) {
        struct t2v_str name = {*e, strcspn(*e, "=")};
        if (strncmp(*e, "T2V_", 4) != 0 || is_setting(name))
            continue;
        const char *meant = meant_by(name);
        t2v_log(T2V_LOG_WARN, "options", "%.*s is no setting, and ignored%s%s%s", T2V_STR_ARG(name),
                meant != NULL ? " (did you mean " : "", meant != NULL ? meant : "",
                meant != NULL ? "?)" : "");
    }
}
