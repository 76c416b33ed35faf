/* SPDX-License-Identifier: BSD-3-Clause */
#include "http/server.h"

#include <errno.h>
#include <inttypes.h>
#include <malloc.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/guard.h"
#include "base/log.h"
#include "base/mem.h"
#include "http/address.h"
#include "http/conn.h"

#include "base/banned.h"

enum {
    BACKLOG = 4096,
    SPARE_FILES = 64,  /* open files that are not connections */
    FEWEST = 16,       /* connections, however few files may be open */
    TURN_CALLS = 32,   /* what the loop runs before it looks at the sockets again */
    TURN_TAKEN = 16,   /* connections taken in one of these calls */
    LOST_MS = 2000,    /* for what is in flight to fail, once a file of the model has changed */
    END_MS = 1000,     /* for the last answers to be sent */
    JOB_MS = 10000,    /* and for the engine to give back cancelled work */
    BUDGET_BODIES = 32 /* the budget, unless it is set, in bodies of the largest size */
};

/* Memory is given back after a burst of so much, and a second without a request. */
static const size_t burst_least = (size_t)8 << 20;
static const uint64_t quiet_ns = 1000000000;
static const size_t budget_least = (size_t)256 << 20; /* and at least so much */

static void log_full(struct t2v_server *server)
{
    const struct t2v_metrics *metrics = &server->service.metrics;
    t2v_log_limited(&server->limits[T2V_LIMIT_CONNECTIONS], T2V_LOG_WARN, "http",
                    "max-connections is reached open=%" PRIu64 " evicted=%" PRIu64,
                    metrics->n_connection, metrics->evicted);
}

static void log_unaccepted(struct t2v_server *server, const char *why)
{
    t2v_log_limited(&server->limits[T2V_LIMIT_CONNECTIONS], T2V_LOG_WARN, "http",
                    "no more connections are taken for now why=%s open=%" PRIu64, why,
                    server->service.metrics.n_connection);
}

/* ---- Connections come and go ---- */

/* While it is paused, clients wait in the kernel's backlog. */
static void pause_listener(struct t2v_server *server)
{
    if (server->listener != NULL)
        evconnlistener_disable(server->listener);
    server->listener_paused = true;
}

void t2v_server_resume(struct t2v_server *server)
{
    if (!server->listener_paused || !t2v_places_can_take(server))
        return;
    if (server->listener != NULL)
        evconnlistener_enable(server->listener);
    server->listener_paused = false;
}

/* libevent goes on taking connections while there are any, and closes sockets only after that: in a
 * flood there would be no end to it. */
static void on_turn(evutil_socket_t fd, short what, void *arg)
{
    struct t2v_server *server = arg;
    (void)fd, (void)what;
    server->n_taken = 0;
    t2v_server_resume(server);
}

static void on_connection(struct evconnlistener *listener, evutil_socket_t fd,
                          struct sockaddr *address, int len, void *arg)
{
    struct t2v_server *server = arg;
    (void)listener, (void)address, (void)len;
    server->active_ns = t2v_clock_ns();
    server->service.metrics.n_connection++;
    server->service.metrics.connections++;
    t2v_conn_open(server, fd);
    if (t2v_places_are_full(server))
        log_full(server);
    if (++server->n_taken >= TURN_TAKEN)
        event_active(server->turn_event, 0, 0);
    if (server->n_taken >= TURN_TAKEN || !t2v_places_can_take(server))
        pause_listener(server);
}

void t2v_server_conn_closed(struct t2v_server *server)
{
    server->service.metrics.n_connection--;
    t2v_server_resume(server);
}

/* No file descriptor or no memory for a connection: it stays in the backlog, so asking again at
 * once would fail at once, for ever. Pause until one is closed, or the next tick. */
static void on_accept_failed(struct evconnlistener *listener, void *arg)
{
    struct t2v_server *server = arg;
    int said = errno;
    (void)listener;
    server->service.metrics.unaccepted++;
    pause_listener(server);
    log_unaccepted(server, strerror(said));
}

/* ---- Jobs go to the engine and come back ---- */

static size_t budget_of(const struct t2v_server_options *options)
{
    size_t body = (size_t)options->max_body_bytes, bytes;
    if (options->max_memory_bytes > 0)
        return (size_t)options->max_memory_bytes;
    if (!t2v_mul(body, BUDGET_BODIES, &bytes))
        bytes = SIZE_MAX / 2;
    return bytes > budget_least ? bytes : budget_least;
}

/* Whose measure is the least, negative ones and the owner of share left out; NULL: nobody's. */
static struct t2v_conn *least(const struct t2v_server *server, const size_t *share,
                              double (*measure)(struct t2v_conn *c, uint64_t now_ns))
{
    uint64_t now = t2v_clock_ns();
    struct t2v_conn *found = NULL;
    double smallest = 0;
    for (struct t2v_conn *c = server->conns; c != NULL; c = c->next) {
        double x = &c->held_bytes != share ? measure(c, now) : -1;
        if (x >= 0 && (found == NULL || x < smallest)) {
            found = c;
            smallest = x;
        }
    }
    return found;
}

bool t2v_server_hold(struct t2v_server *server, size_t *share, size_t bytes)
{
    struct t2v_conn *slow;
    while (!t2v_budget_hold(&server->service.budget, share, bytes)) {
        bool fits = bytes <= server->service.budget.limit;
        slow = fits ? least(server, share, t2v_conn_rate) : NULL;
        if (slow == NULL && fits)
            slow = least(server, share, t2v_conn_sends_since);
        if (slow == NULL)
            return false;
        server->service.metrics.dropped_slow++;
        t2v_conn_drop(slow);
    }
    if (server->service.budget.held > server->burst_bytes)
        server->burst_bytes = server->service.budget.held;
    return true;
}

/* On the engine's thread or the clerk's. */
static void give_back(struct t2v_job *job)
{
    struct t2v_server *server = job->server;
    job->next = NULL;
    pthread_mutex_lock(&server->lock);
    bool was_empty = server->back == NULL;
    *(was_empty ? &server->back : &server->back_last->next) = job;
    server->back_last = job;
    if (was_empty) {
        /* Under the lock: once it is released, the loop may end and close the descriptor. */
        uint64_t one = 1;
        ssize_t n = write(server->wake_fd, &one, sizeof one);
        (void)n; /* fails only when the counter is full, and then the loop wakes anyway */
    }
    pthread_mutex_unlock(&server->lock);
}

static void work_done(struct t2v_work *work)
{
    give_back(work->user);
}

/* What a job will hold at most until its answer is sent: what is read of its body, or its question,
 * with vectors and the answer's text. */
static size_t job_bytes(const struct t2v_server *server, const struct t2v_job *job)
{
    size_t dim = t2v_model_max_dim(server->service.model);
    if (job->stage == T2V_JOB_READ)
        return 2 * job->body.len;
    return t2v_question_bytes(&job->question) + job->work.n_text * dim * sizeof(float) +
           t2v_question_answer_bytes(&job->question, dim);
}

static bool clerk_is_full(const struct t2v_server *server)
{
    return t2v_pulse_waiting(&server->service.clerk) >= (size_t)server->service.options->max_queue;
}

int t2v_server_submit(struct t2v_server *server, struct t2v_job *job)
{
    job->server = server;
    job->work.done = work_done;
    job->work.user = job;
    int rc = job->stage == T2V_JOB_READ && clerk_is_full(server) ? T2V_EBUSY : 0;
    /* An answer was paid for when its work was. */
    if (rc == 0 && job->stage != T2V_JOB_ANSWER &&
        !t2v_server_hold(server, &job->held_bytes, job_bytes(server, job)))
        rc = T2V_ENOMEM;
    if (rc == 0 && job->stage == T2V_JOB_ENCODE)
        rc = t2v_engine_submit(server->service.engine, &job->work);
    else if (rc == 0)
        t2v_clerk_give(server->clerk, job);
    if (rc != 0) {
        t2v_server_hold(server, &job->held_bytes, 0);
        return rc;
    }
    server->n_job++;
    return 0;
}

void t2v_job_abandon(struct t2v_job *job)
{
    job->conn = NULL;
    if (job->stage == T2V_JOB_ENCODE)
        t2v_work_cancel(&job->work);
}

/* What comes next for a job that is back; true when it is away again. */
static bool is_sent_on(struct t2v_server *server, struct t2v_job *job)
{
    if (job->conn == NULL)
        return false;
    if (job->stage == T2V_JOB_READ && !t2v_job_is_answered(&server->service, job)) {
        int rc = t2v_server_submit(server, job);
        if (rc == 0)
            return true;
        t2v_reply_busy(&job->reply, t2v_why_busy(rc));
    } else if (job->stage == T2V_JOB_ENCODE) {
        if (t2v_job_encoded(&server->service, job))
            return t2v_server_submit(server, job) == 0;
        t2v_job_work(&server->service, job);
    }
    t2v_conn_deliver(job->conn, job);
    return false;
}

static void on_wake(evutil_socket_t fd, short what, void *arg)
{
    struct t2v_server *server = arg;
    uint64_t count;
    (void)what;
    ssize_t n = read(fd, &count, sizeof count);
    (void)n;
    pthread_mutex_lock(&server->lock);
    struct t2v_job *job = server->back;
    server->back = server->back_last = NULL;
    pthread_mutex_unlock(&server->lock);
    while (job != NULL) {
        struct t2v_job *next = job->next;
        server->n_job--;
        if (!is_sent_on(server, job)) {
            t2v_server_hold(server, &job->held_bytes, 0);
            t2v_job_free(job);
        }
        job = next;
    }
}

/* ---- Time-outs, signals and the drain ---- */

static uint64_t ns_of_ms(int64_t ms)
{
    return (uint64_t)(ms > 0 ? ms : 0) * 1000000;
}

static int set_tick(struct t2v_server *server, int64_t ms)
{
    struct timeval each = {ms / 1000, ms % 1000 * 1000};
    return event_add(server->tick_event, &each) == 0 ? 0 : T2V_ENOMEM;
}

/* The connection at hand may go away, the others stay. */
static void check_conns(struct t2v_server *server, uint64_t now_ns)
{
    for (struct t2v_conn *c = server->conns, *next; c != NULL; c = next) {
        next = c->next;
        t2v_conn_check(c, now_ns);
    }
}

static void begin_end(struct t2v_server *server)
{
    server->phase = T2V_ENDING;
    server->phase_ends_ns = t2v_clock_ns() + ns_of_ms(END_MS);
    if (server->listener != NULL)
        evconnlistener_free(server->listener);
    server->listener = NULL;
    for (struct t2v_conn *c = server->conns, *next; c != NULL; c = next) {
        next = c->next;
        t2v_conn_end(c);
    }
}

static bool is_busy(const struct t2v_server *server)
{
    bool busy = server->n_job != 0;
    for (const struct t2v_conn *c = server->conns; c != NULL && !busy; c = c->next)
        busy = t2v_conn_is_busy(c);
    return busy;
}

static void check_phase(struct t2v_server *server, uint64_t now)
{
    uint64_t quiet = server->lost ? 0 : ns_of_ms(server->service.options->drain_ms) / 5;
    if (server->phase == T2V_DRAINING &&
        (now >= server->phase_ends_ns || (now >= server->active_ns + quiet && !is_busy(server))))
        begin_end(server);
    if (server->phase != T2V_ENDING)
        return;
    bool unsent = server->conns != NULL && now < server->phase_ends_ns;
    bool engine_has = server->n_job != 0 && now < server->phase_ends_ns + ns_of_ms(JOB_MS);
    if (!unsent && !engine_has)
        event_base_loopbreak(server->base);
}

static void begin_drain(struct t2v_server *server, uint64_t now, int64_t ms)
{
    server->service.draining = true;
    server->phase = T2V_DRAINING;
    server->active_ns = now;
    server->phase_ends_ns = now + ns_of_ms(ms);
    (void)set_tick(server, 10); /* where it fails, the slower one goes on */
}

static void check_files(struct t2v_server *server, uint64_t now)
{
    struct t2v_err why;
    if (server->lost || !t2v_guard_is_lost(&why))
        return;
    t2v_log(T2V_LOG_ERROR, "model", "%s", why.msg);
    server->lost = true;
    if (server->phase == T2V_SERVING)
        begin_drain(server, now, LOST_MS);
}

/* After a burst: what the allocator keeps of it goes back to the system, once all is quiet. */
static void give_memory_back(struct t2v_server *server, uint64_t now)
{
    size_t held = server->service.budget.held;
    if (server->burst_bytes < burst_least || server->n_job != 0 || held > server->burst_bytes / 4 ||
        now < server->active_ns + quiet_ns)
        return;
    malloc_trim(0);
    server->burst_bytes = held;
}

static void on_tick(evutil_socket_t fd, short what, void *arg)
{
    struct t2v_server *server = arg;
    uint64_t now = t2v_clock_ns();
    (void)fd, (void)what;
    t2v_service_tick(&server->service, now);
    t2v_log_catch_up();
    t2v_server_resume(server);
    check_files(server, now);
    give_memory_back(server, now);
    check_conns(server, now);
    check_phase(server, now);
}

static void on_hangup(evutil_socket_t number, short what, void *arg)
{
    (void)number, (void)what, (void)arg;
    t2v_log(T2V_LOG_INFO, "http",
            "SIGHUP is ignored: settings and model are read at the start only");
}

static void on_signal(evutil_socket_t number, short what, void *arg)
{
    struct t2v_server *server = arg;
    (void)what;
    if (server->phase != T2V_SERVING) {
        t2v_log(T2V_LOG_WARN, "http", "second signal, ending at once");
        server->hurried = true;
        event_base_loopbreak(server->base);
        return;
    }
    t2v_log(T2V_LOG_INFO, "http", "draining signal=%d at_most_ms=%" PRIi64, (int)number,
            server->service.options->drain_ms);
    uint64_t now = t2v_clock_ns();
    begin_drain(server, now, server->service.options->drain_ms);
    check_phase(server, now);
}

/* ---- Setting up ---- */

/* A bound socket, which does not listen so far; -1 and errno. */
static int bound_socket(const struct t2v_address *address)
{
    const int on = 1, off = 0;
    bool v6 = address->at.ss_family == AF_INET6;
    int fd = socket(address->at.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if ((!v6 || setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off) == 0) &&
        bind(fd, (const struct sockaddr *)&address->at, address->len) == 0)
        return fd;
    int said = errno;
    close(fd);
    errno = said;
    return -1;
}

static int port_of(int fd)
{
    struct sockaddr_storage bound = {0};
    socklen_t len = sizeof bound;
    getsockname(fd, (struct sockaddr *)&bound, &len);
    return ntohs(bound.ss_family == AF_INET6 ? ((const struct sockaddr_in6 *)&bound)->sin6_port
                                             : ((const struct sockaddr_in *)&bound)->sin_port);
}

static int bind_port(const char *listen, int *out, struct t2v_err *err)
{
    struct t2v_address found[T2V_ADDRESSES];
    size_t n = 0;
    int rc = t2v_address_find(listen, true, found, &n, err);
    if (rc != 0)
        return rc;
    int fd = bound_socket(&found[0]);
    if (fd < 0 && n > 1 && t2v_address_no_ipv6(errno)) {
        t2v_log(T2V_LOG_INFO, "http", "no IPv6 here, so only IPv4 addresses are served why=%s",
                strerror(errno));
        fd = bound_socket(&found[1]);
    }
    if (fd < 0)
        return t2v_fail(err, T2V_EIO, "cannot listen on %s: %s", listen, strerror(errno));
    *out = fd;
    return 0;
}

/* From the start on, not only while the loop runs. */
static void ignore_signals(void)
{
    static const int numbers[] = {SIGPIPE, SIGHUP, SIGUSR1, SIGUSR2};
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        signal(numbers[i], SIG_IGN);
}

int t2v_server_bind(const struct t2v_server_options *options, int *fd, struct t2v_err *err)
{
    struct t2v_auth auth;
    struct t2v_cors cors;
    ignore_signals();
    int rc = t2v_auth_init(&auth, options->tokens, err);
    if (rc != 0)
        return rc;
    rc = t2v_cors_init(&cors, options->cors_origins, err);
    if (t2v_auth_has_quotes(&auth))
        t2v_log(T2V_LOG_WARN, "http",
                "a token of AUTHENTICATION_ALLOWED_TOKENS begins or ends with a quote, which is "
                "taken as a part of it");
    if (rc == 0) {
        t2v_cors_deinit(&cors);
        rc = bind_port(options->listen, fd, err);
    }
    t2v_auth_deinit(&auth);
    return rc;
}

/* Takes over fd on success. */
static int open_port(struct t2v_server *server, int fd, struct t2v_err *err)
{
    server->listener =
        evconnlistener_new(server->base, on_connection, server,
                           LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC, BACKLOG, fd);
    if (server->listener == NULL)
        return t2v_fail(err, T2V_EIO, "cannot listen on %s: %s", server->service.options->listen,
                        strerror(errno));
    server->port = port_of(fd);
    evconnlistener_set_error_cb(server->listener, on_accept_failed);
    return 0;
}

/* Where files are too few for all connections, there are fewer of them, so that there are some for
 * the probes. */
static void raise_file_limit(struct t2v_service *service)
{
    struct rlimit limit;
    const rlim_t more = SPARE_FILES + T2V_SPARE_PLACES;
    rlim_t want = service->max_connections + more;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= want)
        return;
    rlim_t had = limit.rlim_cur;
    limit.rlim_cur = want < limit.rlim_max ? want : limit.rlim_max;
    rlim_t files = setrlimit(RLIMIT_NOFILE, &limit) == 0 ? limit.rlim_cur : had;
    uint64_t fit = files > more + FEWEST ? files - more : FEWEST;
    if (fit >= service->max_connections)
        return;
    t2v_log(T2V_LOG_WARN, "http",
            "open files are limited to fewer than max-connections needs files=%llu "
            "max_connections=%" PRIu64 " used=%" PRIu64,
            (unsigned long long)files, service->max_connections, fit);
    service->max_connections = fit;
}

/* A loop that looks at its sockets again even if those that it knows of keep it busy. */
static struct event_base *new_base(void)
{
    struct event_config *config = event_config_new();
    if (config == NULL)
        return NULL;
    event_config_set_max_dispatch_interval(config, NULL, TURN_CALLS, 0);
    struct event_base *base = event_base_new_with_config(config);
    event_config_free(config);
    return base;
}

/* The signals that end the service by draining it, and SIGHUP. */
static int make_signals(struct t2v_server *server)
{
    static const int numbers[T2V_N_SIGNAL] = {SIGTERM, SIGINT, SIGQUIT, SIGHUP};
    for (size_t i = 0; i < T2V_N_SIGNAL; i++) {
        struct event *event = evsignal_new(server->base, numbers[i],
                                           numbers[i] == SIGHUP ? on_hangup : on_signal, server);
        server->signal_events[i] = event;
        if (event == NULL || event_add(event, NULL) != 0)
            return T2V_ENOMEM;
    }
    return 0;
}

static int make_events(struct t2v_server *server)
{
    struct event_base *base = server->base;
    server->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (server->wake_fd < 0)
        return T2V_EIO;
    server->wake_event = event_new(base, server->wake_fd, EV_READ | EV_PERSIST, on_wake, server);
    server->tick_event = event_new(base, -1, EV_PERSIST, on_tick, server);
    server->turn_event = event_new(base, -1, 0, on_turn, server);
    bool made =
        server->wake_event != NULL && server->tick_event != NULL && server->turn_event != NULL;
    if (!made || event_add(server->wake_event, NULL) != 0 || make_signals(server) != 0)
        return T2V_ENOMEM;
    const struct t2v_server_options *options = server->service.options;
    int64_t least = options->idle_ms < options->read_ms ? options->idle_ms : options->read_ms;
    int64_t tick = least / 8;
    return set_tick(server, tick < 10 ? 10 : tick > 250 ? 250 : tick);
}

int t2v_server_new(const struct t2v_server_options *options, int fd, t2v_engine *engine,
                   const t2v_model *model, const char *version, t2v_server **out,
                   struct t2v_err *err)
{
    t2v_server *server = t2v_alloc_zero(1, sizeof *server);
    if (server == NULL) {
        close(fd);
        return t2v_fail(err, T2V_ENOMEM, "no memory for the server");
    }
    server->wake_fd = -1;
    pthread_mutex_init(&server->lock, NULL);
    int rc = t2v_service_init(&server->service, options, engine, model, version, err);
    if (rc != 0)
        goto out;
    server->service.budget.limit = budget_of(options);
    mallopt(M_MMAP_THRESHOLD, T2V_BODY_MAPPED); /* what is large goes back to the system at once */
    raise_file_limit(&server->service);
    server->base = new_base();
    rc = server->base != NULL ? make_events(server) : T2V_ENOMEM;
    if (rc == 0)
        rc = t2v_clerk_new(&server->service, &server->service.clerk, give_back, &server->clerk);
    if (rc != 0) {
        t2v_fail(err, rc, "cannot set up the event loop: %s", strerror(errno));
        goto out;
    }
    rc = open_port(server, fd, err);
    if (rc == 0) {
        *out = server;
        return 0;
    }
out:
    close(fd);
    t2v_server_free(server);
    return rc;
}

const char *t2v_server_libevent(void)
{
    return event_get_version();
}

int t2v_server_run(t2v_server *server, struct t2v_err *err)
{
    t2v_log(T2V_LOG_INFO, "http", "listening address=%s port=%d", server->service.options->listen,
            server->port);
    int rc = event_base_dispatch(server->base);
    t2v_log(T2V_LOG_INFO, "http", "stopped");
    if (rc < 0)
        return t2v_fail(err, T2V_EIO, "the event loop broke");
    if (server->lost)
        return t2v_fail(err, T2V_EIO, "%s", ""); /* it was logged when it was found */
    return 0;
}

bool t2v_server_is_abandoned(const t2v_server *server)
{
    return server->hurried || server->n_job != 0;
}

static void free_event(struct event *event)
{
    if (event != NULL)
        event_free(event);
}

void t2v_server_free(t2v_server *server)
{
    if (server == NULL)
        return;
    if (server->listener != NULL)
        evconnlistener_free(server->listener);
    server->listener = NULL;
    while (server->conns != NULL)
        t2v_conn_close(server->conns);
    t2v_clerk_free(server->clerk);
    server->clerk = NULL;
    if (server->wake_fd >= 0)
        on_wake(server->wake_fd, 0, server);
    if (server->n_job != 0)
        return; /* the engine still writes into them, and then into our list */
    free_event(server->wake_event);
    free_event(server->tick_event);
    free_event(server->turn_event);
    for (size_t i = 0; i < T2V_N_SIGNAL; i++)
        free_event(server->signal_events[i]);
    if (server->base != NULL)
        event_base_free(server->base);
    if (server->wake_fd >= 0)
        close(server->wake_fd);
    t2v_service_deinit(&server->service);
    pthread_mutex_destroy(&server->lock);
    t2v_free(server);
}
