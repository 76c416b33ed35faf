/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/team.h"

#include <pthread.h>
#include <sched.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "base/clock.h"
#include "base/guard.h"
#include "base/mem.h"
#include "base/thread.h"
#include "base/width.h"

#include "base/banned.h"

enum {
    SPIN_BARRIER = 4000, /* pauses at a barrier before sched_yield */
    SPIN_IDLE = 2000     /* pauses before an idle lane goes to sleep: some 50 microseconds */
};

/* The items taken from a lane's share in this step, by any lane; may exceed the share. */
struct taken {
    alignas(64) atomic_size_t n;
};

/* What a lane did in a run up to its last barrier, after which lane 0 reads it; but waited_ns is
 * the lane's own. Times are of its processor clock, but end_ns. */
struct meter {
    alignas(64) uint64_t waited_ns; /* on a processor, for other lanes */
    uint64_t busy_ns;               /* on a processor, waits included */
    uint64_t useful_ns;             /* the same without them */
    uint64_t end_ns;                /* when it was done, of t2v_clock_ns */
};

/* Where an idle lane sleeps. */
struct bed {
    alignas(64) atomic_bool taken;
    pthread_cond_t wake;
};

struct t2v_team {
    int n, n_started;
    pthread_t *threads; /* [n - 1] */
    void (*fn)(void *arg, const struct t2v_lane *lane);
    void *arg;

    struct taken *taken;  /* [n] */
    struct meter *meters; /* [n] */
    struct bed *beds;     /* [n] */
    struct t2v_width width;

    /* The number of the run, times RUN, plus its lanes; idle lanes watch it. */
    alignas(64) atomic_uint_least64_t run;
    alignas(64) atomic_uint arrived; /* lanes at the barrier */
    alignas(64) atomic_uint phase;   /* incremented when a barrier opens */

    alignas(64) pthread_mutex_t lock; /* for sleeping only */
    atomic_bool stop;
};

static const uint64_t RUN = 1 << 16;

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

/* Nanoseconds for which this thread was on a processor. */
static uint64_t processor_ns(void)
{
    return t2v_clock_read_ns(CLOCK_THREAD_CPUTIME_ID);
}

static bool is_open(const t2v_team *team, unsigned phase)
{
    return atomic_load_explicit(&team->phase, memory_order_acquire) != phase;
}

/* Waits until the barrier of `phase` opens. The processor's clock, a system call, is read only in
 * long waits. */
static void wait_for_phase(const struct t2v_lane *lane, unsigned phase)
{
    const t2v_team *team = lane->team;
    if (is_open(team, phase))
        return;
    uint64_t begin_ns = t2v_clock_ns();
    bool open = false;
    for (int spins = 0; spins < SPIN_BARRIER && !open; spins++) {
        pause_briefly();
        open = is_open(team, phase);
    }
    uint64_t waited_ns = t2v_clock_ns() - begin_ns;
    if (!open) {
        begin_ns = processor_ns();
        while (!is_open(team, phase))
            sched_yield();
        waited_ns += processor_ns() - begin_ns;
    }
    team->meters[lane->rank].waited_ns += waited_ns;
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
    wait_for_phase(lane, phase);
}

/* Waits for another run than `seen` in which lane `rank` takes part, and returns it. */
static uint64_t next_run(t2v_team *team, int rank, uint64_t seen)
{
    struct bed *bed = &team->beds[rank];
    uint64_t run;
    for (int spins = 0; spins < SPIN_IDLE; spins++) {
        run = atomic_load_explicit(&team->run, memory_order_acquire);
        if (run != seen && (uint64_t)rank < run % RUN)
            return run;
        pause_briefly();
    }
    pthread_mutex_lock(&team->lock);
    atomic_exchange(&bed->taken, true);
    while ((run = atomic_load(&team->run)) == seen || (uint64_t)rank >= run % RUN)
        pthread_cond_wait(&bed->wake, &team->lock);
    atomic_store(&bed->taken, false);
    pthread_mutex_unlock(&team->lock);
    return run;
}

/* Begins a run of n lanes. The sequentially consistent order of `run` and `taken` ensures that
 * either this thread sees a sleeper, or the sleeper sees the new run before it waits. Both are
 * exchanged, not stored: qemu 7.2 lets a later load overtake a store of arm64. */
static void begin_run(t2v_team *team, int n)
{
    uint64_t before = atomic_load_explicit(&team->run, memory_order_relaxed);
    atomic_exchange(&team->run, before - before % RUN + RUN + (uint64_t)n);
    for (int rank = 1; rank < n; rank++) {
        struct bed *bed = &team->beds[rank];
        if (!atomic_load(&bed->taken))
            continue;
        pthread_mutex_lock(&team->lock);
        pthread_cond_signal(&bed->wake);
        pthread_mutex_unlock(&team->lock);
    }
}

/* This lane's part of a run. */
static void run_lane(const struct t2v_lane *lane)
{
    t2v_team *team = lane->team;
    struct meter *meter = &team->meters[lane->rank];
    uint64_t begin_ns = processor_ns();
    meter->waited_ns = 0;
    team->fn(team->arg, lane);
    meter->busy_ns = processor_ns() - begin_ns;
    meter->useful_ns = meter->busy_ns > meter->waited_ns ? meter->busy_ns - meter->waited_ns : 0;
    meter->end_ns = t2v_clock_ns();
    t2v_lane_barrier(lane);
}

static void *lane_main(void *arg)
{
    struct start *start = arg;
    t2v_team *team = start->team;
    struct t2v_lane lane = {.rank = start->rank, .team = team};
    t2v_free(start);
    for (uint64_t run = 0;;) {
        run = next_run(team, lane.rank, run);
        if (atomic_load(&team->stop))
            return NULL;
        lane.n = (int)(run % RUN);
        run_lane(&lane);
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
        .meters = t2v_alloc_aligned((size_t)n, sizeof(struct meter)),
        .beds = t2v_alloc_aligned((size_t)n, sizeof(struct bed)),
    };
    pthread_mutex_init(&team->lock, NULL);
    t2v_width_init(&team->width, n);
    bool got = team->threads != NULL && team->taken != NULL && team->meters != NULL;
    int rc = got && team->beds != NULL ? 0 : T2V_ENOMEM;
    for (int i = 0; i < n && team->beds != NULL; i++) {
        atomic_init(&team->beds[i].taken, false);
        pthread_cond_init(&team->beds[i].wake, NULL);
    }
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
    begin_run(team, team->n_started + 1);
    for (int i = 0; i < team->n_started; i++)
        pthread_join(team->threads[i], NULL);
    for (int i = 0; i < team->n && team->beds != NULL; i++)
        pthread_cond_destroy(&team->beds[i].wake);
    pthread_mutex_destroy(&team->lock);
    t2v_free(team->threads);
    t2v_free(team->taken);
    t2v_free(team->meters);
    t2v_free(team->beds);
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

/* Tells the team's width what the lanes did in a run that began at begin_ns. */
static void count_run(t2v_team *team, int n, uint64_t begin_ns)
{
    uint64_t now_ns = t2v_clock_ns();
    struct t2v_width_spent run = {.wall = now_ns - begin_ns};
    for (int i = 0; i < n; i++) {
        const struct meter *meter = &team->meters[i];
        uint64_t took_ns = meter->end_ns - begin_ns;
        run.useful += meter->useful_ns;
        if (took_ns > meter->busy_ns)
            run.lost += took_ns - meter->busy_ns;
    }
    t2v_width_add(&team->width, &run, now_ns);
}

void t2v_team_run(t2v_team *team, void (*fn)(void *arg, const struct t2v_lane *lane), void *arg)
{
    struct t2v_lane lane = {0, team->width.now, team};
    team->fn = fn;
    team->arg = arg;
    if (team->n == 1) {
        fn(arg, &lane);
        t2v_lane_barrier(&lane);
        return;
    }
    uint64_t begin_ns = t2v_clock_ns();
    begin_run(team, lane.n);
    run_lane(&lane);
    count_run(team, lane.n, begin_ns);
}

int t2v_team_run_guarded(t2v_team *team, void (*fn)(void *arg, const struct t2v_lane *lane),
                         void *arg, struct t2v_err *err)
{
    int changed;
    do {
        unsigned mark = t2v_guard_mark();
        t2v_team_run(team, fn, arg);
        changed = t2v_guard_check(mark, err);
    } while (changed > 0);
    return changed;
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
