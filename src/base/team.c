/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/team.h"

#include <pthread.h>
#include <sched.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "base/mem.h"
#include "base/thread.h"

#include "base/banned.h"

enum {
    SPIN_BARRIER = 4000, /* pauses at a barrier before sched_yield */
    SPIN_IDLE = 2000     /* pauses before an idle lane goes to sleep: some 50 microseconds */
};

/* The items taken from a lane's share in this step, by any lane; may exceed the share. */
struct taken {
    alignas(64) atomic_size_t n;
};

struct t2v_team {
    int n, n_started;
    pthread_t *threads; /* [n - 1] */
    void (*fn)(void *arg, const struct t2v_lane *lane);
    void *arg;

    struct taken *taken; /* [n] */

    alignas(64) atomic_uint run;     /* incremented by each run; idle lanes watch it */
    alignas(64) atomic_uint arrived; /* lanes at the barrier */
    alignas(64) atomic_uint phase;   /* incremented when a barrier opens */

    alignas(64) pthread_mutex_t lock; /* for sleeping only */
    pthread_cond_t wake;
    atomic_int n_asleep;
    atomic_bool stop;
};

struct start {
    t2v_team *team;
    int rank;
};

static inline void pause_briefly(void)
{
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

void t2v_lane_barrier(const struct t2v_lane *lane)
{
    t2v_team *team = lane->team;
    unsigned phase = atomic_load_explicit(&team->phase, memory_order_relaxed);
    if (lane->n == 1) {
        atomic_store_explicit(&team->taken[0].n, 0, memory_order_relaxed);
        atomic_store_explicit(&team->phase, phase + 1, memory_order_relaxed);
        return;
    }
    if (atomic_fetch_add_explicit(&team->arrived, 1, memory_order_acq_rel) + 1 ==
        (unsigned)lane->n) {
        for (int i = 0; i < lane->n; i++)
            atomic_store_explicit(&team->taken[i].n, 0, memory_order_relaxed);
        atomic_store_explicit(&team->arrived, 0, memory_order_relaxed);
        atomic_store_explicit(&team->phase, phase + 1, memory_order_release);
        return;
    }
    for (int spins = 0; atomic_load_explicit(&team->phase, memory_order_acquire) == phase;) {
        if (++spins < SPIN_BARRIER)
            pause_briefly();
        else
            sched_yield();
    }
}

/* Waits for a run other than number `seen`. Returns its number. */
static unsigned next_run(t2v_team *team, unsigned seen)
{
    for (int spins = 0; spins < SPIN_IDLE; spins++) {
        unsigned run = atomic_load_explicit(&team->run, memory_order_acquire);
        if (run != seen)
            return run;
        pause_briefly();
    }
    pthread_mutex_lock(&team->lock);
    atomic_fetch_add(&team->n_asleep, 1);
    unsigned run;
    while ((run = atomic_load(&team->run)) == seen)
        pthread_cond_wait(&team->wake, &team->lock);
    atomic_fetch_sub(&team->n_asleep, 1);
    pthread_mutex_unlock(&team->lock);
    return run;
}

/* Wakes the idle lanes. The sequentially consistent order of `run` and `n_asleep` ensures that
 * either this thread sees a sleeper, or the sleeper sees the new run before it waits. */
static void begin_run(t2v_team *team)
{
    atomic_fetch_add(&team->run, 1);
    if (atomic_load(&team->n_asleep) != 0) {
        pthread_mutex_lock(&team->lock);
        pthread_cond_broadcast(&team->wake);
        pthread_mutex_unlock(&team->lock);
    }
}

static void *lane_main(void *arg)
{
    struct start *start = arg;
    t2v_team *team = start->team;
    struct t2v_lane lane = {start->rank, team->n, team};
    t2v_free(start);
    for (unsigned run = 0;;) {
        run = next_run(team, run);
        if (atomic_load(&team->stop))
            return NULL;
        team->fn(team->arg, &lane);
        t2v_lane_barrier(&lane);
    }
}

static int start_lane(t2v_team *team, int rank)
{
    struct start *start = t2v_alloc(sizeof *start);
    if (start == NULL)
        return T2V_ENOMEM;
    *start = (struct start){team, rank};
    int rc = t2v_thread_start(&team->threads[rank - 1], lane_main, start);
    if (rc == 0)
        team->n_started++;
    else
        t2v_free(start);
    return rc;
}

int t2v_team_new(int n, t2v_team **out, struct t2v_err *err)
{
    t2v_team *team = t2v_alloc_aligned(1, sizeof *team);
    if (team == NULL)
        return t2v_fail(err, T2V_ENOMEM, "no memory for a team of %d threads", n);
    *team = (t2v_team){
        .n = n,
        .threads = t2v_alloc_zero((size_t)n, sizeof(pthread_t)),
        .taken = t2v_alloc_aligned((size_t)n, sizeof(struct taken)),
    };
    pthread_mutex_init(&team->lock, NULL);
    pthread_cond_init(&team->wake, NULL);
    int rc = team->threads == NULL || team->taken == NULL ? T2V_ENOMEM : 0;
    for (int i = 0; i < n && rc == 0; i++)
        atomic_init(&team->taken[i].n, 0);
    for (int rank = 1; rank < n && rc == 0; rank++)
        rc = start_lane(team, rank);
    if (rc != 0) {
        t2v_team_free(team);
        return t2v_fail(err, rc, "a team of %d threads cannot be started", n);
    }
    *out = team;
    return 0;
}

void t2v_team_free(t2v_team *team)
{
    if (team == NULL)
        return;
    atomic_store(&team->stop, true);
    begin_run(team);
    for (int i = 0; i < team->n_started; i++)
        pthread_join(team->threads[i], NULL);
    pthread_cond_destroy(&team->wake);
    pthread_mutex_destroy(&team->lock);
    t2v_free(team->threads);
    t2v_free(team->taken);
    t2v_free(team);
}

int t2v_team_size(const t2v_team *team)
{
    return team->n;
}

unsigned t2v_team_steps(const t2v_team *team)
{
    return atomic_load_explicit(&team->phase, memory_order_relaxed);
}

void t2v_team_run(t2v_team *team, void (*fn)(void *arg, const struct t2v_lane *lane), void *arg)
{
    struct t2v_lane lane = {0, team->n, team};
    if (team->n > 1) {
        team->fn = fn;
        team->arg = arg;
        begin_run(team);
    }
    fn(arg, &lane);
    t2v_lane_barrier(&lane);
}

bool t2v_lane_take(const struct t2v_lane *lane, size_t n, size_t *item)
{
    size_t of = (size_t)lane->n;
    for (size_t i = 0; i < of; i++) {
        size_t rank = ((size_t)lane->rank + i) % of;
        size_t first = n * rank / of, end = n * (rank + 1) / of;
        atomic_size_t *taken = &lane->team->taken[rank].n;
        *item = first + atomic_fetch_add_explicit(taken, 1, memory_order_relaxed);
        if (*item < end)
            return true;
    }
    return false;
}

void t2v_lane_share(const struct t2v_lane *lane, size_t n, size_t grain, size_t *begin, size_t *end)
{
    size_t n_grain = (n + grain - 1) / grain;
    size_t rank = (size_t)lane->rank, of = (size_t)lane->n;
    size_t first = n_grain * rank / of * grain;
    size_t last = n_grain * (rank + 1) / of * grain;
    *begin = first < n ? first : n;
    *end = last < n ? last : n;
}
