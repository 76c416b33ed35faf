/* SPDX-License-Identifier: BSD-3-Clause */
#include "task/answer/tagger.h"

#include <stdint.h>
#include <stdlib.h>

#include "base/mem.h"
#include "task/answer/pieces.h"

#include "base/banned.h"

const char *const t2v_aggregation_names[T2V_N_AGGREGATION] = {
    [T2V_AGGREGATE_NONE] = "none",   [T2V_AGGREGATE_SIMPLE] = "simple",
    [T2V_AGGREGATE_FIRST] = "first", [T2V_AGGREGATE_AVERAGE] = "average",
    [T2V_AGGREGATE_MAX] = "max",
};

const struct t2v_tagger_params t2v_tagger_defaults = {T2V_AGGREGATE_NONE, NULL};

void t2v_entities_deinit(struct t2v_entities *entities)
{
    t2v_free(entities->ptr);
    t2v_arena_free(&entities->words);
    *entities = (struct t2v_entities){0};
}

static int add(struct t2v_entities *list, struct t2v_entity entity)
{
    if (list->len == list->cap) {
        void *grown = t2v_grow(list->ptr, &list->cap, 16, sizeof *list->ptr);
        if (grown == NULL)
            return T2V_ENOMEM;
        list->ptr = grown;
    }
    list->ptr[list->len++] = entity;
    return 0;
}

/* One call of t2v_tagger_entities. */
struct job {
    const t2v_classifier *classifier;
    const struct t2v_tagger_params *params;
    t2v_decoding *decoding;
    struct t2v_pieces pieces;
    struct t2v_entities items; /* of a row: tokens or words, before they are grouped; its arena is
                                * empty */
    struct t2v_entities *out;
    struct t2v_buf text;
};

static bool is_ignored(const struct job *job, const struct t2v_entity *entity, bool group)
{
    const bool *ignored = job->params->ignored;
    if (ignored == NULL)
        return t2v_str_is(entity->label, "O");
    return ignored[entity->which + (group ? t2v_classifier_n_label(job->classifier) : 0)];
}

static int copy_word(struct job *job, struct t2v_str word, struct t2v_str *out)
{
    *out = t2v_arena_dup(&job->out->words, word);
    return out->ptr != NULL ? 0 : T2V_ENOMEM;
}

/* Begins to decode a word, ends it into the arena. */
static void start_word(struct job *job)
{
    t2v_decoding_restart(job->decoding);
    t2v_buf_clear(&job->text);
}
static int end_word(struct job *job, struct t2v_str *out)
{
    int rc = t2v_decoding_finish(job->decoding, &job->text);
    return rc == 0 ? copy_word(job, t2v_buf_str(&job->text), out) : rc;
}

/* --- tokens, or words of tokens --- */

static struct t2v_entity entity_of(const struct job *job, const struct t2v_piece *piece)
{
    return (struct t2v_entity){
        .label = t2v_classifier_label(job->classifier, piece->best),
        .score = (double)piece->scores[piece->best],
        .word = piece->word,
        .begin = piece->begin,
        .end = piece->end,
        .index = piece->index,
        .which = piece->best,
    };
}

/* The label with the best mean score of the pieces. */
static void average(const struct job *job, const struct t2v_piece *pieces, size_t n,
                    struct t2v_entity *word)
{
    size_t n_label = t2v_classifier_n_label(job->classifier), best = 0;
    word->score = -1;
    for (size_t k = 0; k < n_label; k++) {
        double sum = 0;
        for (size_t i = 0; i < n; i++)
            sum += (double)pieces[i].scores[k];
        if (sum / (double)n > word->score) {
            word->score = sum / (double)n;
            best = k;
        }
    }
    word->label = t2v_classifier_label(job->classifier, best);
    word->which = best;
}

/* The entity of a word of n pieces. */
static int add_word(struct job *job, const struct t2v_piece *pieces, size_t n)
{
    const struct t2v_piece *chosen = pieces;
    int rc = 0;
    for (size_t i = 1; i < n && job->params->aggregation == T2V_AGGREGATE_MAX; i++) {
        if (pieces[i].scores[pieces[i].best] > chosen->scores[chosen->best])
            chosen = &pieces[i];
    }
    struct t2v_entity word = entity_of(job, chosen);
    if (job->params->aggregation == T2V_AGGREGATE_AVERAGE)
        average(job, pieces, n, &word);
    word.begin = pieces[0].begin;
    word.end = pieces[n - 1].end;
    word.index = pieces[0].index;
    start_word(job);
    for (size_t i = 0; i < n && rc == 0; i++)
        rc = t2v_decoding_feed_tokens(job->decoding, &pieces[i].word, 1, &job->text);
    if (rc == 0)
        rc = end_word(job, &word.word);
    return rc == 0 ? add(&job->items, word) : rc;
}

static int make_items(struct job *job)
{
    const struct t2v_piece *pieces = job->pieces.ptr;
    size_t n = job->pieces.len;
    bool words = job->params->aggregation > T2V_AGGREGATE_SIMPLE;
    int rc = 0;
    job->items.len = 0;
    for (size_t i = 0, next; i < n && rc == 0; i = next) {
        next = i + 1;
        while (words && next < n && pieces[next].inside)
            next++;
        rc = words ? add_word(job, pieces + i, next - i)
                   : add(&job->items, entity_of(job, &pieces[i]));
    }
    return rc;
}

/* --- groups --- */

/* The tag of a label. *begins: it has the prefix of a first token. */
static struct t2v_str tag_of(struct t2v_str label, bool *begins)
{
    *begins = t2v_str_starts(label, T2V_STR("B-"));
    return *begins || t2v_str_starts(label, T2V_STR("I-")) ? t2v_str_skip(label, 2) : label;
}

/* UPSTREAM: a group's name is what comes after the first hyphen of its first label. */
static struct t2v_str group_name(struct t2v_str label)
{
    struct t2v_str rest = label;
    struct t2v_str before = t2v_str_cut(&rest, '-');
    return before.len < label.len ? rest : label;
}

void t2v_tagger_ignore(const t2v_classifier *classifier, const struct t2v_str *list, size_t n,
                       bool *ignored)
{
    size_t n_label = t2v_classifier_n_label(classifier);
    for (size_t k = 0; k < n_label; k++) {
        struct t2v_str label = t2v_classifier_label(classifier, k), group = group_name(label);
        ignored[k] = ignored[n_label + k] = false;
        for (size_t i = 0; i < n; i++) {
            ignored[k] |= t2v_str_eq(label, list[i]);
            ignored[n_label + k] |= t2v_str_eq(group, list[i]);
        }
    }
}

static int add_group(struct job *job, const struct t2v_entity *items, size_t n)
{
    struct t2v_entity group = items[0];
    double sum = 0;
    int rc = 0;
    group.label = group_name(items[0].label);
    if (is_ignored(job, &group, true))
        return 0;
    start_word(job);
    for (size_t i = 0; i < n && rc == 0; i++) {
        sum += items[i].score;
        rc = t2v_decoding_feed_tokens(job->decoding, &items[i].word, 1, &job->text);
    }
    group.score = sum / (double)n;
    group.end = items[n - 1].end;
    if (rc == 0)
        rc = end_word(job, &group.word);
    return rc == 0 ? add(job->out, group) : rc;
}

static int group_items(struct job *job)
{
    const struct t2v_entity *items = job->items.ptr;
    bool begins;
    int rc = 0;
    for (size_t i = 0, next; i < job->items.len && rc == 0; i = next) {
        struct t2v_str tag = tag_of(items[i].label, &begins);
        for (next = i + 1; next < job->items.len; next++) {
            struct t2v_str other = tag_of(items[next].label, &begins);
            if (begins || !t2v_str_eq(tag, other))
                break;
        }
        rc = add_group(job, items + i, next - i);
    }
    return rc;
}

/* The entities of a row, as they are. */
static int add_items(struct job *job)
{
    int rc = 0;
    for (size_t i = 0; i < job->items.len && rc == 0; i++) {
        struct t2v_entity entity = job->items.ptr[i];
        if (is_ignored(job, &entity, false))
            continue;
        rc = copy_word(job, entity.word, &entity.word);
        if (rc == 0)
            rc = add(job->out, entity);
    }
    return rc;
}

/* --- windows --- */

struct placed {
    struct t2v_entity entity;
    size_t order;
};

static int by_begin(const void *a, const void *b)
{
    const struct placed *x = a, *y = b;
    if (x->entity.begin != y->entity.begin)
        return x->entity.begin < y->entity.begin ? -1 : 1;
    return x->order < y->order ? -1 : x->order > y->order;
}

/* Whether b, which begins inside a, replaces it: the longer one stays, else the better. */
static bool is_better(const struct t2v_entity *b, const struct t2v_entity *a)
{
    size_t of_b = b->end - b->begin, of_a = a->end - a->begin;
    return of_b > of_a || (of_b == of_a && b->score > a->score);
}

/* Of the entities of windows that share tokens, one stays at each place. */
static int merge_windows(struct t2v_entities *list)
{
    struct placed *sorted = t2v_alloc_zero(list->len, sizeof *sorted);
    size_t n = list->len, kept = 0, last = 0;
    if (sorted == NULL)
        return T2V_ENOMEM;
    for (size_t i = 0; i < n; i++)
        sorted[i] = (struct placed){list->ptr[i], i};
    if (n > 1)
        qsort(sorted, n, sizeof *sorted, by_begin);
    for (size_t i = 1; i < n; i++) {
        const struct t2v_entity *a = &sorted[last].entity, *b = &sorted[i].entity;
        if (b->begin >= a->end)
            list->ptr[kept++] = *a;
        if (b->begin >= a->end || is_better(b, a))
            last = i;
    }
    if (n != 0)
        list->ptr[kept++] = sorted[last].entity;
    list->len = kept;
    t2v_free(sorted);
    return 0;
}

static int read_rows(struct job *job, const struct t2v_tagging *tagging, struct t2v_err *err)
{
    const struct t2v_result *result = tagging->result;
    size_t n_row = 0;
    int rc = 0;
    for (size_t i = 0; i < result->n_row && rc == 0; i++) {
        if (result->rows[i].input != tagging->input)
            continue;
        n_row++;
        rc = t2v_pieces_read(&job->pieces, result, &result->rows[i], err);
        if (rc != 0)
            return rc;
        rc = make_items(job);
        if (rc == 0)
            rc = job->params->aggregation == T2V_AGGREGATE_NONE ? add_items(job) : group_items(job);
    }
    if (rc == 0 && n_row > 1)
        rc = merge_windows(job->out);
    return rc == 0 ? 0 : t2v_fail(err, rc, "no memory for the entities");
}

int t2v_tagger_entities(const t2v_classifier *classifier, const t2v_decoder *decoder,
                        const struct t2v_tagging *tagging, const struct t2v_tagger_params *params,
                        struct t2v_entities *out, struct t2v_err *err)
{
    struct job job = {.classifier = classifier, .params = params, .out = out};
    t2v_entities_deinit(out);
    t2v_buf_init(&job.text, SIZE_MAX);
    int rc = t2v_pieces_init(&job.pieces, classifier, decoder, tagging->text, err);
    if (rc == 0 && t2v_decoding_new(decoder, 0, &job.decoding) != 0)
        rc = t2v_fail(err, T2V_ENOMEM, "no memory for the entities");
    if (rc == 0)
        rc = read_rows(&job, tagging, err);
    if (rc != 0)
        t2v_entities_deinit(out);
    t2v_pieces_deinit(&job.pieces);
    t2v_entities_deinit(&job.items);
    t2v_decoding_free(job.decoding);
    t2v_buf_deinit(&job.text);
    return rc;
}
