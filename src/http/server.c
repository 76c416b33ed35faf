/* SPDX-License-Identifier: BSD-3-Clause */
#include "http/server.h"

#include <errno.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <inttypes.h>
#include <malloc.h>
#include <signal.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/guard.h"
#include "base/log.h"
#include "base/mem.h"
#include "http/conns.h"
#include "http/dispatch.h"
#include "http/port.h"

#include "base/banned.h"

enum {
    BACKLOG = 4096,
    TURN_CALLS = 32,    /* callbacks that the loop runs before it polls the sockets again */
    TURN_ACCEPTED = 16, /* connections accepted before the loop polls again */
    LOST_MS = 2000,     /* for requests in flight to fail, after a file of the model has changed */
    END_MS = 1000,      /* for the last answers to be sent */
    JOB_MS = 10000,     /* then, for the engine to return cancelled work */
    BUDGET_BODIES = 32  /* default memory budget, in bodies of the largest size */
};

/* Memory is returned to the system after a burst of at least burst_least bytes, once no request has
 * come for quiet_ns. */
static const size_t burst_least = (size_t)8 << 20;
static const uint64_t quiet_ns = 1000000000;
static const size_t budget_least = (size_t)256 << 20; /* smallest default budget */

enum { N_SIGNAL = 4 }; /* signals with a handler */

enum phase { SERVING, DRAINING, ENDING };

struct t2v_server {
    struct t2v_service service;
    struct t2v_dispatch dispatch;
    struct t2v_conns conns;
    struct event_base *base;
    struct evconnlistener *listener; /* NULL once no more connections are accepted */
    bool listener_paused;
    int n_accepted; /* connections, since turn_event last ran */
    int port;       /* the open port, for the log */
    struct event *wake_event, *tick_event, *turn_event, *signal_events[N_SIGNAL];
    enum phase phase;
    uint64_t phase_ends_ns; /* while DRAINING and ENDING */
    bool lost;              /* a file of the model changed: drain, then end */
    bool hurried;           /* a second signal: end at once */
};

/* ---- New connections ---- */

static void log_full(struct t2v_server *server)
{
    const struct t2v_metrics *metrics = &server->service.metrics;
    t2v_log_limited(&server->conns.crowded, T2V_LOG_WARN, "http",
                    "max-connections is reached open=%" PRIu64 " evicted=%" PRIu64,
                    metrics->n_connection, metrics->evicted);
}

/* While it is paused, clients wait in the kernel's backlog. */
static void pause_listener(struct t2v_server *server)
{
    if (server->listener != NULL)
        evconnlistener_disable(server->listener);
    server->listener_paused = true;
}

static void resume_listener(void *user)
{
    struct t2v_server *server = user;
    if (!server->listener_paused || !t2v_places_can_take(&server->conns.places))
        return;
    if (server->listener != NULL)
        evconnlistener_enable(server->listener);
    server->listener_paused = false;
}

/* libevent accepts connections as long as there are any, and closes sockets only afterwards. In a
 * flood that would never happen, so the listener is paused after TURN_ACCEPTED, and resumed here.
 */
static void on_turn(evutil_socket_t fd, short what, void *arg)
{
    struct t2v_server *server = arg;
    (void)fd, (void)what;
    server->n_accepted = 0;
    resume_listener(server);
}

static void on_connection(struct evconnlistener *listener, evutil_socket_t fd,
                          struct sockaddr *address, int len, void *arg)
{
    struct t2v_server *server = arg;
    const struct t2v_places *places = &server->conns.places;
    (void)listener, (void)address, (void)len;
    server->conns.active_ns = t2v_clock_ns();
    server->service.metrics.connections++;
    t2v_conns_open(&server->conns, fd);
    if (t2v_places_are_full(places))
        log_full(server);
    if (++server->n_accepted >= TURN_ACCEPTED)
        event_active(server->turn_event, 0, 0);
    if (server->n_accepted >= TURN_ACCEPTED || !t2v_places_can_take(places))
        pause_listener(server);
}

/* No file descriptor or no memory for a connection. It stays in the backlog, so accepting again
 * would fail again, in a busy loop. Pause until a connection is closed, or the next tick. */
static void on_accept_failed(struct evconnlistener *listener, void *arg)
{
    struct t2v_server *server = arg;
    int error = errno;
    (void)listener;
    server->service.metrics.accept_failures++;
    pause_listener(server);
    t2v_log_limited(&server->conns.crowded, T2V_LOG_WARN, "http",
                    "no more connections are taken for now why=%s open=%" PRIu64, strerror(error),
                    server->service.metrics.n_connection);
}

static void on_wake(evutil_socket_t fd, short what, void *arg)
{
    struct t2v_server *server = arg;
    (void)fd, (void)what;
    t2v_dispatch_collect(&server->dispatch);
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

static void begin_end(struct t2v_server *server)
{
    server->phase = ENDING;
    server->phase_ends_ns = t2v_clock_ns() + ns_of_ms(END_MS);
    if (server->listener != NULL)
        evconnlistener_free(server->listener);
    server->listener = NULL;
    t2v_conns_end(&server->conns);
}

static bool is_busy(const struct t2v_server *server)
{
    return server->dispatch.n_away != 0 || t2v_conns_are_busy(&server->conns);
}

static void check_phase(struct t2v_server *server, uint64_t now)
{
    uint64_t quiet = server->lost ? 0 : ns_of_ms(server->service.options->drain_ms) / 5;
    if (server->phase == DRAINING && (now >= server->phase_ends_ns ||
                                      (now >= server->conns.active_ns + quiet && !is_busy(server))))
        begin_end(server);
    if (server->phase != ENDING)
        return;
    bool unsent = server->conns.first != NULL && now < server->phase_ends_ns;
    bool engine_has =
        server->dispatch.n_away != 0 && now < server->phase_ends_ns + ns_of_ms(JOB_MS);
    if (!unsent && !engine_has)
        event_base_loopbreak(server->base);
}

static void begin_drain(struct t2v_server *server, uint64_t now, int64_t ms)
{
    server->service.draining = true;
    server->phase = DRAINING;
    server->conns.active_ns = now;
    server->phase_ends_ns = now + ns_of_ms(ms);
    (void)set_tick(server, 10); /* on failure the slower tick goes on */
}

static void check_files(struct t2v_server *server, uint64_t now)
{
    struct t2v_err why;
    if (server->lost || !t2v_guard_is_lost(&why))
        return;
    t2v_log(T2V_LOG_ERROR, "model", "%s", why.msg);
    server->lost = true;
    if (server->phase == SERVING)
        begin_drain(server, now, LOST_MS);
}

/* After a burst, once nothing is in flight: returns to the system what the allocator kept. */
static void give_memory_back(struct t2v_server *server, uint64_t now)
{
    struct t2v_budget *budget = &server->service.budget;
    if (budget->peak < burst_least || server->dispatch.n_away != 0 ||
        budget->held > budget->peak / 4 || now < server->conns.active_ns + quiet_ns)
        return;
    malloc_trim(0);
    budget->peak = budget->held;
}

static void on_tick(evutil_socket_t fd, short what, void *arg)
{
    struct t2v_server *server = arg;
    uint64_t now = t2v_clock_ns();
    (void)fd, (void)what;
    t2v_service_tick(&server->service, now);
    t2v_log_catch_up();
    resume_listener(server);
    check_files(server, now);
    give_memory_back(server, now);
    t2v_dispatch_tick(&server->dispatch, now);
    t2v_conns_check(&server->conns, now);
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
    if (server->phase != SERVING) {
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

/* Also before and after the loop runs. */
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
        rc = t2v_port_bind(options->listen, fd, err);
    }
    t2v_auth_deinit(&auth);
    return rc;
}

static size_t budget_of(const struct t2v_server_options *options)
{
    size_t body = (size_t)options->max_body_bytes, bytes;
    if (options->max_memory_bytes > 0)
        return (size_t)options->max_memory_bytes;
    if (!t2v_mul(body, BUDGET_BODIES, &bytes))
        bytes = SIZE_MAX / 2;
    return bytes > budget_least ? bytes : budget_least;
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
    server->port = t2v_port_of(fd);
    evconnlistener_set_error_cb(server->listener, on_accept_failed);
    return 0;
}

/* A loop that polls its sockets after TURN_CALLS callbacks, even if more callbacks are due. */
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

/* SIGTERM, SIGINT and SIGQUIT drain the service; SIGHUP is only logged. */
static int make_signals(struct t2v_server *server)
{
    static const int numbers[N_SIGNAL] = {SIGTERM, SIGINT, SIGQUIT, SIGHUP};
    for (size_t i = 0; i < N_SIGNAL; i++) {
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
    server->wake_event =
        event_new(base, server->dispatch.wake_fd, EV_READ | EV_PERSIST, on_wake, server);
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

static int make_loop(struct t2v_server *server)
{
    server->base = new_base();
    t2v_conns_init(&server->conns, server->base, &server->service, &server->dispatch,
                   resume_listener, server);
    if (server->base == NULL)
        return T2V_ENOMEM;
    int rc = t2v_dispatch_init(&server->dispatch, &server->service);
    return rc == 0 ? make_events(server) : rc;
}

int t2v_server_new(const struct t2v_server_options *options, int fd, t2v_engine *engine,
                   const struct t2v_models *models, const char *version, t2v_server **out,
                   struct t2v_err *err)
{
    t2v_server *server = t2v_alloc_zero(1, sizeof *server);
    if (server == NULL) {
        close(fd);
        return t2v_fail(err, T2V_ENOMEM, "no memory for the server");
    }
    int rc = t2v_service_init(&server->service, options, engine, models, version, err);
    if (rc != 0)
        goto out;
    server->service.budget.limit = budget_of(options);
    server->service.max_connections = t2v_port_fit_files(server->service.max_connections);
    mallopt(M_MMAP_THRESHOLD, T2V_BODY_MAPPED); /* large blocks are unmapped when freed */
    rc = make_loop(server);
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
    return server->hurried || server->dispatch.n_away != 0;
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
    t2v_conns_close(&server->conns);
    if (!t2v_dispatch_stop(&server->dispatch))
        return; /* the engine still uses jobs and the list of those done */
    free_event(server->wake_event);
    free_event(server->tick_event);
    free_event(server->turn_event);
    for (size_t i = 0; i < N_SIGNAL; i++)
        free_event(server->signal_events[i]);
    if (server->base != NULL)
        event_base_free(server->base);
    t2v_dispatch_deinit(&server->dispatch);
    t2v_service_deinit(&server->service);
    t2v_free(server);
}
