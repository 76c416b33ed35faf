/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/generate.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "cli/command.h"
#include "cli/lines.h"
#include "json/write.h"
#include "task/generate/generator.h"
#include "token/encode.h"

#include "base/banned.h"

enum { AT_ONCE = 16, MAX_LINE = 1 << 26 };

/* A prompt on its way. */
struct turn {
    struct command *command;
    struct t2v_str prompt; /* owned */
    struct t2v_ids ids;
    struct t2v_choice choice;
    struct t2v_generate generate;
    struct t2v_work work;
    bool is_done; /* under the command's lock */
};

struct command {
    const struct t2v_options *options;
    t2v_generator *generator;
    t2v_engine *engine;
    t2v_token_space *space;
    struct t2v_sampling sampling;
    struct turn turns[AT_ONCE]; /* a ring: [first, first + n) modulo AT_ONCE */
    size_t first, n;
    size_t n_at_once; /* 1, if text is written as it comes */
    pthread_mutex_t lock;
    pthread_cond_t done;
};

/* --- settings --- */

static int read_number(const char *flag, const char *text, double min, double max, float *out,
                       struct t2v_err *err)
{
    t2v_json *number = NULL;
    double x = 0;
    if (*text == '\0')
        return 0;
    bool is_number = t2v_json_parse(t2v_str_of(text), &number, NULL) == 0 &&
                     t2v_json_double(number, &x) && x >= min && x <= max;
    t2v_json_free(number);
    if (!is_number)
        return t2v_fail(err, T2V_EUSAGE, "--%s: expected a number from %g to %g", flag, min, max);
    *out = (float)x;
    return 0;
}

/* Greedy, unless one of the settings of sampling is given. */
static int read_sampling(const struct t2v_options *options, struct t2v_sampling *sampling,
                         struct t2v_err *err)
{
    *sampling = t2v_sampling_greedy;
    sampling->sample =
        *options->temperature != '\0' || *options->top_p != '\0' || options->top_k != 0;
    sampling->top_k = options->top_k < UINT32_MAX ? (uint32_t)options->top_k : 0;
    int rc = read_number("temperature", options->temperature, 0, 1e6, &sampling->temperature, err);
    if (rc == 0)
        rc = read_number("top-p", options->top_p, 1e-6, 1, &sampling->top_p, err);
    if (sampling->temperature == 0) {
        sampling->sample = false;
        sampling->temperature = 1;
    }
    return rc;
}

/* --- one prompt --- */

/* On the leader's thread. */
static void write_piece(const struct t2v_generate *generate, struct t2v_choice *choice,
                        struct t2v_str piece)
{
    (void)generate;
    (void)choice;
    fwrite(piece.ptr, 1, piece.len, stdout);
    fflush(stdout);
}

static void on_done(struct t2v_work *work)
{
    struct turn *turn = work->user;
    pthread_mutex_lock(&turn->command->lock);
    turn->is_done = true;
    pthread_cond_signal(&turn->command->done);
    pthread_mutex_unlock(&turn->command->lock);
}

static int encode_prompt(struct command *command, struct turn *turn, struct t2v_err *err)
{
    const t2v_tokenizer *tokenizer = t2v_model_tokenizer(t2v_generator_model(command->generator));
    size_t most = t2v_generator_max_tok(command->generator);
    int rc =
        t2v_tokenizer_encode(tokenizer, command->space, turn->prompt, SIZE_MAX, &turn->ids, err);
    if (rc == 0 && turn->ids.len == 0)
        rc = t2v_fail(err, T2V_EEMPTY, "the prompt has no tokens");
    if (rc == 0 && turn->ids.len >= most)
        rc = t2v_fail(err, T2V_ETOOLARGE, "the prompt has %zu tokens, the model takes %zu",
                      turn->ids.len, most - 1);
    return rc == 0 ? t2v_model_check_ids(t2v_generator_model(command->generator), &turn->ids, err)
                   : rc;
}

static int begin_turn(struct command *command, struct t2v_str prompt, struct t2v_err *err)
{
    const struct t2v_options *options = command->options;
    struct turn *turn = &command->turns[(command->first + command->n) % AT_ONCE];
    *turn = (struct turn){.command = command};
    char *copy = t2v_dup(prompt.ptr, prompt.len);
    if (copy == NULL)
        return t2v_fail(err, T2V_ENOMEM, "no memory for the prompt");
    turn->prompt = (struct t2v_str){copy, prompt.len};
    command->n++;
    int rc = encode_prompt(command, turn, err);
    if (rc != 0) {
        turn->is_done = true;
        return rc;
    }
    turn->choice = (struct t2v_choice){
        .prompt = turn->ids.ptr,
        .n_prompt = turn->ids.len,
        .seed = options->seed != 0 ? (uint64_t)options->seed : t2v_sampler_seed(),
    };
    turn->generate = (struct t2v_generate){
        .choices = &turn->choice,
        .n_choice = 1,
        .sampling = command->sampling,
        .max_new = options->max_new > 0 ? (size_t)options->max_new : SIZE_MAX,
        .on_token = options->json ? NULL : write_piece,
    };
    turn->work = (struct t2v_work){.task = t2v_generator_task(command->generator),
                                   .params = &turn->generate,
                                   .done = on_done,
                                   .user = turn};
    rc = t2v_engine_submit(command->engine, &turn->work);
    turn->is_done = rc != 0;
    return rc == 0 ? 0 : t2v_fail(err, rc, "the engine takes no work");
}

static const char *finish_name(enum t2v_finish finish)
{
    return finish == T2V_FINISH_END ? "end" : finish == T2V_FINISH_STOP ? "stop" : "length";
}

static int write_json(const struct turn *turn, struct t2v_err *err)
{
    struct t2v_buf line;
    t2v_buf_init(&line, SIZE_MAX);
    t2v_buf_adds(&line, "{\"prompt\":");
    t2v_json_write_str(&line, turn->prompt);
    t2v_buf_adds(&line, ",\"text\":");
    t2v_json_write_str(&line, t2v_buf_str(&turn->choice.text));
    t2v_buf_addf(&line, ",\"prompt_tokens\":%zu,\"tokens\":%zu,\"finish\":\"%s\"}", turn->ids.len,
                 turn->choice.n_token, finish_name(turn->choice.finish));
    int rc = t2v_print_json(&line, err);
    t2v_buf_deinit(&line);
    return rc;
}

static int write_turn(const struct command *command, const struct turn *turn, struct t2v_err *err)
{
    if (turn->work.err.code != 0)
        return t2v_fail(err, turn->work.err.code, "%s", turn->work.err.msg);
    if (command->options->json)
        return write_json(turn, err);
    return putchar('\n') != EOF && fflush(stdout) == 0
               ? 0
               : t2v_fail(err, T2V_EIO, "standard output: %s", strerror(errno));
}

/* Waits for the oldest prompt. write: and writes its text. */
static int end_turn(struct command *command, bool write, struct t2v_err *err)
{
    struct turn *turn = &command->turns[command->first];
    pthread_mutex_lock(&command->lock);
    while (!turn->is_done)
        pthread_cond_wait(&command->done, &command->lock);
    pthread_mutex_unlock(&command->lock);
    int rc = write ? write_turn(command, turn, err) : 0;
    t2v_work_deinit(&turn->work);
    t2v_choice_deinit(&turn->choice);
    t2v_ids_deinit(&turn->ids);
    t2v_free((void *)(uintptr_t)turn->prompt.ptr);
    command->first = (command->first + 1) % AT_ONCE;
    command->n--;
    return rc;
}

/* --- all prompts --- */

static int take_prompt(struct command *command, struct t2v_str prompt, struct t2v_err *err)
{
    int rc = 0;
    while (command->n >= command->n_at_once && rc == 0)
        rc = end_turn(command, true, err);
    return rc == 0 ? begin_turn(command, prompt, err) : rc;
}

/* A prompt a line. */
static int take_lines(struct command *command, struct t2v_err *err)
{
    char *line = NULL;
    size_t cap = 0, number = 0;
    ssize_t len;
    int rc = 0;
    while (rc == 0 && (len = getline(&line, &cap, stdin)) >= 0) {
        struct t2v_str prompt = {line, (size_t)len};
        if (prompt.len > 0 && line[prompt.len - 1] == '\n')
            prompt.len--;
        number++;
        if (prompt.len == 0)
            continue;
        if (prompt.len > MAX_LINE || !t2v_utf8_valid(prompt, NULL))
            rc = t2v_fail(err, T2V_EFORMAT, "line %zu: it is too long, or no UTF-8", number);
        else
            rc = take_prompt(command, prompt, err);
    }
    free(line);
    return rc;
}

static int open_command(struct command *command, struct t2v_err *err)
{
    const struct t2v_options *options = command->options;
    const struct t2v_generator_options of_generator =
        t2v_generator_options_of(options, options->model);
    const struct t2v_engine_options of_engine = {.n_thread = of_generator.threads,
                                                 .leader = true,
                                                 .max_queue = AT_ONCE,
                                                 .max_text_tok = SIZE_MAX};
    int rc = read_sampling(options, &command->sampling, err);
    if (rc == 0)
        rc = t2v_generator_open(&of_generator, &command->generator, err);
    if (rc == 0 && (rc = t2v_token_space_new(&command->space)) != 0)
        t2v_fail(err, rc, "no memory for the tokenizer");
    if (rc != 0)
        return rc;
    const struct t2v_task *task = t2v_generator_task(command->generator);
    return t2v_engine_new(&task, 1, &of_engine, &command->engine, err);
}

int t2v_command_generate(const struct t2v_options *options, struct t2v_err *err)
{
    struct command *command = t2v_alloc_zero(1, sizeof *command);
    if (command == NULL)
        return t2v_fail(err, T2V_ENOMEM, "no memory for the prompts");
    command->options = options;
    command->n_at_once = options->json ? AT_ONCE : 1;
    pthread_mutex_init(&command->lock, NULL);
    pthread_cond_init(&command->done, NULL);
    int rc = open_command(command, err);
    if (rc == 0 && options->text != NULL)
        rc = take_prompt(command, t2v_str_of(options->text), err);
    else if (rc == 0)
        rc = take_lines(command, err);
    while (command->n > 0) {
        int ended = end_turn(command, rc == 0, err);
        rc = rc != 0 ? rc : ended;
    }
    t2v_engine_free(command->engine);
    t2v_token_space_free(command->space);
    t2v_generator_free(command->generator);
    pthread_cond_destroy(&command->done);
    pthread_mutex_destroy(&command->lock);
    t2v_free(command);
    return rc;
}
