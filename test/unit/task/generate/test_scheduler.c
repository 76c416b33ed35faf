/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Random walks of a scheduler: works come, clients are slow, leave and read on, prompts begin
 * alike, and the pool is too small for all. No page is ever written that another sequence has, no
 * step is larger than the pass, and each work has the tokens that it would have alone.
 *
 * The pass here takes the place of the net's: instead of keys and values it stores for each token a
 * hash of it and of what is stored for the one before it, and the next token is made from that.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "task/generate/scheduler.h"
#include "task/generate/state.h"

enum {
    PAGE_BYTES = T2V_PAGE_TOK * sizeof(uint64_t),
    N_BEGINNING = 3,   /* texts that prompts begin with */
    MOST_PROMPT = 500, /* tokens */
    MOST_CHOICE = 80,
    MOST_CLIENT = 40,
    MOST_PAGE = 400,
    FIRST_ID = 3, /* others end a text */
    IDLE_STEPS = 4
};

static const float top_logit = 4;

struct walk {
    const char *name;
    uint32_t n_page;
    size_t max_tok, n_step, n_client;
};

struct client {
    struct t2v_stepped work;
    atomic_bool cancelled;
    enum t2v_flow flow;
    bool lives;
    double pick_ns;
    size_t breaks_at;           /* new token whose logits are not finite */
    size_t n_told[MOST_CHOICE]; /* bytes of on_token */
    struct t2v_generate generate;
    struct t2v_choice choices[MOST_CHOICE];
    int32_t prompt[MOST_PROMPT];
};

static t2v_scheduler *scheduler;
static const struct walk *the_walk;
static size_t vocab, step_number;
static size_t n_shared, n_failed, n_full, n_crowded; /* how often the walks came to that */
static struct client clients[MOST_CLIENT];
static int32_t beginnings[N_BEGINNING][MOST_PROMPT];
static uint64_t row_hash[T2V_PASS_TOK];

static uint64_t random_state;

/* Below n. */
static size_t draw(size_t n)
{
    random_state = random_state * 6364136223846793005u + 1442695040888963407u;
    return (size_t)(random_state >> 33) % n;
}

static void expect(bool holds, const char *what)
{
    if (!holds)
        fail_msg("%s, step %zu: not so: %s", the_walk->name, step_number, what);
}

/* --- the pass --- */

static uint64_t mix(uint64_t hash, int32_t id)
{
    hash = (hash ^ (uint64_t)(id + 1)) * UINT64_C(0x9e3779b97f4a7c15);
    return hash ^ hash >> 29;
}

static int32_t next_id(uint64_t hash)
{
    return (int32_t)(FIRST_ID + (hash >> 7) % (vocab - FIRST_ID));
}

static uint64_t *stored(const struct t2v_kv *kv, size_t at)
{
    return (uint64_t *)(void *)kv->pages[at / T2V_PAGE_TOK] + at % T2V_PAGE_TOK;
}

int t2v_pass_init(struct t2v_pass *pass, const t2v_net *net, int n_lane)
{
    (void)net, (void)n_lane;
    pass->logits = t2v_alloc_zero(T2V_PASS_LOGITS * vocab, sizeof(float));
    t2v_pass_clear(pass);
    return pass->logits == NULL ? T2V_ENOMEM : 0;
}

void t2v_pass_deinit(struct t2v_pass *pass)
{
    t2v_free(pass->logits);
}

void t2v_pass_clear(struct t2v_pass *pass)
{
    pass->start[0] = 0;
    pass->seqs = (struct t2v_seqs){.ids = pass->ids, .start = pass->start, .past = pass->past};
}

size_t t2v_pass_place(struct t2v_pass *pass, struct t2v_kv *kv, const int32_t *ids, size_t n)
{
    struct t2v_seqs *seqs = &pass->seqs;
    size_t first = seqs->n_tok;
    expect(n > 0 && n <= T2V_PASS_TOK - first, "the pass has room for the rows");
    expect(seqs->n_seq < T2V_PASS_SEQ, "the pass has room for the sequence");
    memcpy(pass->ids + first, ids, n * sizeof *ids);
    pass->past[seqs->n_seq++] = kv;
    seqs->n_tok += n;
    pass->start[seqs->n_seq] = seqs->n_tok;
    return first;
}

/* How many sequences have each page. */
static void count_users(unsigned users[MOST_PAGE])
{
    size_t n_used = 0;
    memset(users, 0, MOST_PAGE * sizeof *users);
    for (size_t i = 0; i < scheduler->n_running; i++) {
        const struct t2v_sequence *sequence = scheduler->running[i];
        for (size_t k = 0; k < sequence->n_page; k++)
            n_used += users[sequence->pages[k]]++ == 0;
    }
    for (const struct t2v_sequence *s = scheduler->waiting; s != NULL; s = s->next)
        expect(s->n_page == 0, "a sequence that waits has no pages");
    expect(n_used == the_walk->n_page - t2v_pool_n_free(scheduler->pool), "no page is lost");
}

static void check_past(const struct t2v_sequence *sequence)
{
    uint64_t hash = 0;
    for (size_t at = 0; at < sequence->kv.n_tok; at++) {
        hash = mix(hash, sequence->ids[at]);
        expect(*stored(&sequence->kv, at) == hash, "the past is that of the sequence");
    }
}

/* A sequence of the pass, before anything is written. */
static void check_sequence(const struct t2v_sequence *sequence, const unsigned users[MOST_PAGE])
{
    size_t first = sequence->kv.n_tok, after = first + sequence->n_row;
    expect(sequence->generation->rc == 0, "it has not failed");
    expect(!sequence->generation->paused && !sequence->skipped, "its client waits for it");
    expect(after <= sequence->n_id, "its tokens are known");
    expect(after <= sequence->n_page * T2V_PAGE_TOK, "its pages have room for the rows");
    expect(first >= sequence->n_noted * T2V_PAGE_TOK, "pages that others may find are full");
    for (size_t k = 0; k < sequence->n_page; k++) {
        bool written = (k + 1) * T2V_PAGE_TOK > first && k * T2V_PAGE_TOK < after;
        expect(!written || users[sequence->pages[k]] == 1, "a page that is written is its own");
        n_shared += users[sequence->pages[k]] > 1;
    }
    check_past(sequence);
}

static void check_step(const struct t2v_pass *pass)
{
    unsigned users[MOST_PAGE];
    size_t n_seq = 0, n_tok = 0;
    count_users(users);
    for (size_t i = 0; i < scheduler->n_running; i++) {
        const struct t2v_sequence *sequence = scheduler->running[i];
        if (sequence->n_row == 0)
            continue;
        expect(pass->past[n_seq++] == &sequence->kv, "the pass has the sequences in order");
        expect(sequence->row == n_tok, "a sequence knows its rows");
        n_tok += sequence->n_row;
        check_sequence(sequence, users);
    }
    expect(n_seq == pass->seqs.n_seq && n_tok == pass->seqs.n_tok, "the pass has no others");
    n_full += n_tok == T2V_PASS_TOK;
    n_crowded += n_seq == T2V_PASS_SEQ;
}

int t2v_pass_run(struct t2v_pass *pass, t2v_team *team, struct t2v_err *err)
{
    (void)team, (void)err;
    check_step(pass);
    for (size_t s = 0; s < pass->seqs.n_seq; s++) {
        const struct t2v_kv *kv = pass->past[s];
        uint64_t hash = kv->n_tok != 0 ? *stored(kv, kv->n_tok - 1) : 0;
        for (size_t row = pass->start[s]; row < pass->start[s + 1]; row++) {
            hash = mix(hash, pass->ids[row]);
            *stored(kv, kv->n_tok + row - pass->start[s]) = hash;
            row_hash[row] = hash;
        }
    }
    return 0;
}

int t2v_pass_logits(struct t2v_pass *pass, t2v_team *team, const size_t *rows, size_t n,
                    struct t2v_err *err)
{
    (void)team, (void)err;
    expect(n <= T2V_PASS_LOGITS, "there is room for the logits");
    memset(pass->logits, 0, n * vocab * sizeof(float));
    for (size_t i = 0; i < n; i++) {
        const struct t2v_sequence *sequence = scheduler->wanted[i].sequence;
        const struct client *client = sequence->generation->generate->user;
        bool breaks =
            scheduler->wanted[i].at == 0 && sequence->choice->n_token == client->breaks_at;
        pass->logits[i * vocab + (size_t)next_id(row_hash[rows[i]])] = breaks ? NAN : top_logit;
    }
    return 0;
}

/* --- clients --- */

static enum t2v_flow flow_of(const struct t2v_generate *generate)
{
    const struct client *client = generate->user;
    return client->flow;
}

static void tell(const struct t2v_generate *generate, struct t2v_choice *choice,
                 struct t2v_str piece)
{
    struct client *client = generate->user;
    size_t *n_told = &client->n_told[choice - client->choices];
    expect(piece.len == 0 || piece.ptr == choice->text.ptr + *n_told, "a piece is the next");
    *n_told += piece.len;
    expect(*n_told == choice->text.len, "it is all that is new");
}

/* A beginning that others have, too, and an end of its own; often whole pages, and one more. */
static size_t draw_prompt(int32_t prompt[MOST_PROMPT], size_t max_tok)
{
    size_t most = max_tok - 1 < MOST_PROMPT ? max_tok - 1 : MOST_PROMPT;
    size_t which = draw(N_BEGINNING), n_same = draw(most + 1), n_own = draw(80);
    switch (draw(4)) {
    case 0:
        n_own = n_same;
        n_same = 0;
        break;
    case 1:
    case 2:
        n_same = n_same / T2V_PAGE_TOK * T2V_PAGE_TOK;
        n_own = draw(3);
    }
    size_t n = n_same + n_own < most ? n_same + n_own : most;
    n = n > 0 ? n : 1;
    for (size_t i = 0; i < n; i++)
        prompt[i] =
            i < n_same ? beginnings[which][i] : (int32_t)(FIRST_ID + draw(vocab - FIRST_ID));
    return n;
}

static void begin(struct client *client)
{
    static const double pick_ns[] = {0, 0, 0, 0, 0, 1e5, 15e6, 60e6};
    *client = (struct client){.lives = true, .pick_ns = pick_ns[draw(8)]};
    client->breaks_at = draw(20) == 0 ? draw(30) : SIZE_MAX;
    size_t n_prompt = draw_prompt(client->prompt, the_walk->max_tok);
    bool many = draw(4) == 0;
    client->generate = (struct t2v_generate){
        .choices = client->choices,
        .n_choice = many ? draw(MOST_CHOICE + 1) : 1 + draw(3),
        .sampling = t2v_sampling_greedy,
        .max_new = !many && draw(3) == 0 ? SIZE_MAX : 1 + draw(100),
        .prompt_logprobs = draw(6) == 0,
        .on_token = tell,
        .flow = flow_of,
        .user = client,
    };
    for (size_t i = 0; i < client->generate.n_choice; i++)
        client->choices[i] = (struct t2v_choice){.prompt = client->prompt, .n_prompt = n_prompt};
    client->work =
        (struct t2v_stepped){.params = &client->generate, .cancelled = &client->cancelled};
    t2v_scheduler_add(scheduler, &client->work);
}

static void check_choice(const struct client *client, const struct t2v_choice *choice)
{
    size_t fits = the_walk->max_tok - choice->n_prompt, max_new = client->generate.max_new;
    float sum = logf(expf(top_logit) + (float)(vocab - 1));
    uint64_t hash = 0;
    for (size_t i = 0; i < choice->n_prompt; i++) {
        bool rated = client->generate.prompt_logprobs && i > 0;
        float logprob = (choice->prompt[i] == next_id(hash) ? top_logit : 0) - sum;
        expect(!rated || fabsf(choice->prompt_logprobs[i] - logprob) < 1e-4F,
               "the prompt's log-probabilities are its own");
        hash = mix(hash, choice->prompt[i]);
    }
    expect(choice->finish == T2V_FINISH_LENGTH, "a choice ends");
    expect(choice->n_token == (fits < max_new ? fits : max_new), "it has all tokens");
    for (size_t i = 0; i < choice->n_token; i++) {
        expect(choice->tokens[i].id == next_id(hash), "a token is that of the sequence alone");
        hash = mix(hash, choice->tokens[i].id);
    }
}

static void end(struct client *client)
{
    const struct t2v_generate *generate = &client->generate;
    int code = client->work.err.code;
    bool left = client->flow != T2V_FLOW_OPEN || atomic_load(&client->cancelled);
    expect(code == 0 || (code == T2V_EBUSY && left) ||
               (code == T2V_EMODEL && client->breaks_at != SIZE_MAX),
           "a work fails for its own reasons");
    for (size_t i = 0; i < generate->n_choice; i++) {
        if (code == 0)
            check_choice(client, &client->choices[i]);
        t2v_choice_deinit(&client->choices[i]);
    }
    n_failed += code != 0;
    client->lives = false;
}

static void change(struct client *client)
{
    if (!client->lives) {
        if (draw(3) == 0)
            begin(client);
    } else if (draw(40) == 0) {
        client->flow = T2V_FLOW_GONE;
    } else if (draw(40) == 0) {
        atomic_store(&client->cancelled, true);
    } else if (client->flow != T2V_FLOW_GONE) {
        client->flow = draw(4) == 0 ? T2V_FLOW_FULL : T2V_FLOW_OPEN;
    }
}

/* --- walks --- */

/* What is measured otherwise. */
static void set_times(void)
{
    static const double row_ns[] = {0, 1, 1, 1e5, 1e6, 1e7};
    scheduler->cost = (struct t2v_cost){.row_ns = row_ns[draw(6)]};
    scheduler->cost.key_ns = scheduler->cost.row_ns / 1000;
    for (struct t2v_generation *g = scheduler->generations; g != NULL; g = g->next)
        g->pick_ns = ((const struct client *)g->generate->user)->pick_ns;
}

/* A step, as the engine makes it: only if there is something to do. */
static void step(bool ending)
{
    static size_t n_idle;
    struct t2v_stepped *done = NULL;
    struct t2v_err err = {0};
    step_number++;
    if (!ending && !t2v_scheduler_can_step(scheduler))
        return;
    set_times();
    expect(t2v_scheduler_step(scheduler, NULL, ending, &done, &err) == 0, "a step succeeds");
    n_idle = scheduler->pass.seqs.n_tok == 0 && done == NULL ? n_idle + 1 : 0;
    expect(n_idle < IDLE_STEPS, "steps do something");
    while (done != NULL) {
        struct client *client = (struct client *)((char *)done - offsetof(struct client, work));
        done = done->next;
        end(client);
    }
}

/* All clients take what they get, or the service ends: works end. */
static void finish(bool ending)
{
    size_t first = step_number;
    for (size_t i = 0; i < the_walk->n_client && !ending; i++)
        clients[i].flow = clients[i].flow == T2V_FLOW_FULL ? T2V_FLOW_OPEN : clients[i].flow;
    while (!t2v_scheduler_is_idle(scheduler)) {
        step(ending);
        expect(step_number - first < MOST_CLIENT * MOST_CHOICE * 100, "all works end");
    }
    expect(t2v_pool_n_free(scheduler->pool) == the_walk->n_page, "all pages come back");
}

static void check_walk(const struct t2v_causal *causal, const struct walk *walk)
{
    t2v_pool *pool;
    struct t2v_generator_stats stats;
    the_walk = walk;
    random_state = 20;
    step_number = 0;
    for (size_t i = 0; i < N_BEGINNING * MOST_PROMPT; i++) /* the first repeats a token */
        beginnings[i / MOST_PROMPT][i % MOST_PROMPT] =
            (int32_t)(FIRST_ID + (i < MOST_PROMPT ? 0 : draw(vocab - FIRST_ID)));
    assert_int_equal(t2v_pool_new(PAGE_BYTES, walk->n_page, &pool), 0);
    assert_int_equal(t2v_scheduler_new(causal, pool, PAGE_BYTES, 1, &scheduler), 0);
    while (step_number < walk->n_step) {
        for (size_t i = draw(4); i > 0; i--)
            change(&clients[draw(walk->n_client)]);
        step(false);
        if (draw(1000) == 0)
            finish(draw(2) == 0);
    }
    finish(false);
    t2v_scheduler_get_stats(scheduler, &stats);
    assert_true(stats.n_preempted > 0);
    t2v_scheduler_free(scheduler);
    t2v_pool_free(pool);
}

static void test_walks(void **state)
{
    static const struct walk walks[] = {
        {"few pages", 8, 512, 20000, 12},
        {"some pages", 40, 600, 20000, 24},
        {"many pages", MOST_PAGE, 600, 20000, MOST_CLIENT},
    };
    const struct t2v_model_options options = {.precision = "f32", .cpu = "", .threads = 1};
    struct t2v_causal causal = {0};
    struct t2v_err err = {0};
    (void)state;
    const char *dir = T2V_TEST_DIR "/golden/generators/marked";
    assert_int_equal(t2v_model_find(dir, false, &causal.model, &err), 0);
    assert_int_equal(t2v_model_load(causal.model, &options, &err), 0);
    assert_int_equal(t2v_decoder_new(t2v_model_tokenizer(causal.model), &causal.decoder, &err), 0);
    vocab = t2v_net_shape(t2v_model_net(causal.model))->vocab;
    for (size_t i = 0; i < sizeof walks / sizeof walks[0]; i++) {
        causal.max_tok = walks[i].max_tok;
        check_walk(&causal, &walks[i]);
    }
    assert_true(n_shared > 0 && n_failed > 0 && n_full > 0 && n_crowded > 0);
    t2v_decoder_free(causal.decoder);
    t2v_model_free(causal.model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_walks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
