/* SPDX-License-Identifier: BSD-3-Clause */
#include "task/classify/classifier.h"

#include <inttypes.h>
#include <math.h>

#include "base/file.h"
#include "base/mem.h"
#include "task/classify/classifier_private.h"
#include "token/encode.h"

#include "base/banned.h"

enum { CONFIG_BYTES = 16 << 20, PATH_BYTES = 4096 };

/* --- opening --- */

static int open_config(t2v_head *head, const char *dir, struct t2v_err *err)
{
    char path[PATH_BYTES];
    bool there = false;
    int rc = t2v_file_join(path, sizeof path, dir, "config.json", err);
    if (rc == 0)
        rc = t2v_json_load(path, CONFIG_BYTES, &head->config, err);
    if (rc == 0)
        rc = t2v_net_check(head->config, err);
    if (rc == 0)
        rc =
            t2v_file_find(path, sizeof path, dir, "config_sentence_transformers.json", &there, err);
    if (rc == 0 && there)
        rc = t2v_json_load(path, CONFIG_BYTES, &head->st_config, err);
    return rc == 0 ? t2v_head_read_kind(head, err) : rc;
}

static int open_encoder(t2v_head *head, const struct t2v_head_options *options, struct t2v_err *err)
{
    const struct t2v_form *form = NULL;
    int rc = t2v_kernels_init(&head->kernels, options->cpu, err);
    if (rc == 0)
        rc = t2v_kernels_form(&head->kernels, options->precision, &form, err);
    if (rc == 0)
        rc = t2v_store_open(options->dir, &head->store, err);
    if (rc == 0)
        rc = t2v_net_open(
            head->config, head->store, &head->kernels, form,
            &(struct t2v_net_options){.n_lane = options->threads > 1 ? options->threads : 1},
            &head->encoder, err);
    return rc;
}

/* The tokenizer and the encoder must fit each other. A pair's token types are looked at when a pair
 * comes: a head for single texts needs none. */
static int check_fit(t2v_head *head, struct t2v_err *err)
{
    const struct t2v_shape *shape = t2v_net_shape(head->encoder);
    size_t limit = t2v_tokenizer_model_max(head->tokenizer), n_special;
    int32_t max_id = t2v_tokenizer_max_id(head->tokenizer), of_pair, max_type;
    if (t2v_tokenizer_pair(head->tokenizer, &n_special, &of_pair, &max_type) && of_pair > max_id)
        max_id = of_pair;
    if (max_id < 0 || (size_t)max_id >= shape->vocab)
        return t2v_fail(err, T2V_EFORMAT,
                        "the tokenizer's largest id is %" PRId32
                        ", but the embeddings have only %zu rows",
                        max_id, shape->vocab);
    head->max_tok = limit != 0 && limit < shape->max_tok ? limit : shape->max_tok;
    if (t2v_tokenizer_n_special(head->tokenizer) > head->max_tok || n_special > head->max_tok)
        return t2v_fail(err, T2V_EFORMAT,
                        "a sequence is at most %zu tokens, fewer than the "
                        "special ones",
                        head->max_tok);
    return 0;
}

static int open_parts(t2v_head *head, const struct t2v_head_options *options, struct t2v_err *err)
{
    size_t n_label;
    int rc = open_config(head, options->dir, err);
    if (rc == 0)
        rc = open_encoder(head, options, err);
    if (rc == 0)
        rc = t2v_head_read_labels(head, &n_label, err);
    if (rc == 0)
        rc = t2v_head_load(head, n_label, err);
    if (rc == 0)
        rc = t2v_tokenizer_open(options->dir, &head->tokenizer, err);
    return rc == 0 ? check_fit(head, err) : rc;
}

int t2v_head_open(const struct t2v_head_options *options, t2v_head **out, struct t2v_err *err)
{
    t2v_head *head = t2v_alloc_zero(1, sizeof *head);
    if (head == NULL)
        return t2v_fail(err, T2V_ENOMEM, "no memory for the model");
    int rc = open_parts(head, options, err);
    if (rc != 0) {
        t2v_head_free(head);
        return t2v_fail_in_dir(err, rc, options->dir, NULL);
    }
    *out = head;
    return 0;
}

void t2v_head_free(t2v_head *head)
{
    if (head == NULL)
        return;
    t2v_tokenizer_free(head->tokenizer);
    t2v_net_free(head->encoder);
    t2v_store_close(head->store);
    t2v_json_free(head->config);
    t2v_json_free(head->st_config);
    t2v_arena_free(&head->arena);
    t2v_free(head);
}

enum t2v_head_kind t2v_head_kind(const t2v_head *head)
{
    return head->kind;
}

const t2v_net *t2v_head_encoder(const t2v_head *head)
{
    return head->encoder;
}

const t2v_tokenizer *t2v_head_tokenizer(const t2v_head *head)
{
    return head->tokenizer;
}

size_t t2v_head_n_label(const t2v_head *head)
{
    return head->out.n_out;
}

struct t2v_str t2v_head_label(const t2v_head *head, size_t i)
{
    return head->labels[i];
}

size_t t2v_head_max_tok(const t2v_head *head)
{
    return head->max_tok;
}

/* --- running --- */

/* A text alone is of type 0. */
static int no_types(size_t n, struct t2v_ids *types, struct t2v_err *err)
{
    types->len = 0;
    for (size_t i = 0; i < n; i++) {
        if (t2v_ids_add(types, 0) != 0)
            return t2v_fail(err, T2V_ENOMEM, "no memory for %zu tokens", n);
    }
    return 0;
}

int t2v_head_encode(const t2v_head *head, t2v_token_space *space, struct t2v_str text,
                    struct t2v_str second, size_t max_tok, struct t2v_ids *ids,
                    struct t2v_ids *types, struct t2v_err *err)
{
    size_t n_type = t2v_net_shape(head->encoder)->n_type, n_special;
    int32_t max_id, max_type;
    if (second.ptr == NULL) {
        int rc = t2v_tokenizer_encode(head->tokenizer, space, text, max_tok, ids, err);
        return rc == 0 ? no_types(ids->len, types, err) : rc;
    }
    if (t2v_tokenizer_pair(head->tokenizer, &n_special, &max_id, &max_type) && n_type != 0 &&
        (size_t)max_type >= n_type)
        return t2v_fail(err, T2V_EUNSUPPORTED,
                        "the tokenizer's pairs have a token type %" PRId32
                        ", but the model has only %zu",
                        max_type, n_type);
    enum t2v_cut cut = head->kind == T2V_HEAD_SPAN ? T2V_CUT_SECOND : T2V_CUT_LONGEST;
    struct t2v_text_pair pair = {text, second, max_tok, cut};
    return t2v_tokenizer_encode_pair(head->tokenizer, space, &pair, ids, types, NULL, err);
}

size_t t2v_head_n_row(const t2v_head *head, size_t n_tok)
{
    return head->kind == T2V_HEAD_SEQUENCE ? 1 : n_tok;
}

/* out[n] = the mean of the rows. */
static void mean(const float *hidden, size_t n_tok, size_t n, float *out)
{
    for (size_t i = 0; i < n; i++) {
        double sum = 0;
        for (size_t t = 0; t < n_tok; t++)
            sum += (double)hidden[t * n + i];
        out[i] = (float)(sum / (double)n_tok);
    }
}

/* y = dense(x) and what comes behind it, for n_row rows of n. */
static void run_dense(const t2v_head *head, const float *x, size_t n_row, float *y)
{
    size_t n = head->dense.n_out;
    head->dense.form->linear(&head->dense, head->act, x, n * sizeof *x, n_row, 0, n, y, n);
    for (size_t i = 0; i < n_row * n && head->tanh; i++)
        y[i] = tanhf(y[i]);
    if (head->gamma != NULL)
        head->kernels.layer_norm(y, NULL, n_row, n, head->gamma, head->beta, head->eps, y);
}

void t2v_head_logits(const t2v_head *head, const float *hidden, size_t n_tok, float *spare,
                     float *logits)
{
    size_t n = head->out.n_in, n_row = t2v_head_n_row(head, n_tok), n_label = head->out.n_out;
    const float *x = hidden;
    if (head->kind == T2V_HEAD_SEQUENCE && head->mean) {
        mean(hidden, n_tok, n, spare);
        x = spare;
    }
    if (head->dense.n_out != 0) {
        float *y = spare + n_row * n;
        run_dense(head, x, n_row, y);
        x = y;
    }
    head->out.form->linear(&head->out, T2V_ACT_NONE, x, n * sizeof *x, n_row, 0, n_label, logits,
                           n_label);
}

void t2v_head_score(const t2v_head *head, float *logits)
{
    for (size_t i = 0; i < head->out.n_out; i++) {
        if (head->score_act == T2V_HEAD_ACT_SIGMOID)
            logits[i] = 1.0F / (1.0F + expf(-logits[i]));
        else if (head->score_act == T2V_HEAD_ACT_TANH)
            logits[i] = tanhf(logits[i]);
    }
}

size_t t2v_head_best(const float *logits, size_t n, float *share)
{
    size_t best = 0;
    double sum = 0;
    for (size_t i = 1; i < n; i++)
        best = logits[i] > logits[best] ? i : best;
    for (size_t i = 0; i < n; i++)
        sum += exp((double)logits[i] - (double)logits[best]);
    *share = (float)(1.0 / sum);
    return best;
}
