/* SPDX-License-Identifier: BSD-3-Clause */
/* A client that keeps a number of requests in flight; load.py builds and runs it.
 *
 *     load PORT SECONDS IN_FLIGHT PER_CONNECTION REQUESTS [PAUSE_MS QUERIES]
 *
 * REQUESTS has a request a line, its path and its JSON body with a space between them; they are
 * sent in their order, again and again. Each of the IN_FLIGHT places sends its next request when it
 * has the answer to the last, and connects anew after PER_CONNECTION of them (0: never). With
 * QUERIES, one more connection sends those, PAUSE_MS after each answer. The first second is not
 * counted. A status other than 200 is an error. Prints a JSON object; times are from the first byte
 * sent, or from connecting, to the last byte of the answer.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

enum { MAX_PLACE = 256, HEAD = 4096, MAX_SEEN = 4 << 20 };

/* The requests of a file, as they are sent. */
struct script {
    char **requests; /* [n] */
    size_t n, at;
};

/* Milliseconds that requests took. */
struct seen {
    float *ms; /* [n] */
    size_t n;
};

/* One connection at a time, and what it is doing. */
struct place {
    struct script *script;
    struct seen *seen;
    double pause_ms, begin_ms, due_ms; /* due_ms: when the next request may be sent */
    int fd, n_sent;                    /* fd -1: not connected */
    long left;       /* bytes of the answer still to come; -1: its head is not complete */
    char head[HEAD]; /* [n_head] */
    size_t n_head;
    int waits; /* for an answer */
};

static struct sockaddr_in server;
static int per_connection;
static size_t n_connect;

static void die(const char *what)
{
    perror(what);
    exit(1);
}

static double now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec * 1e-6;
}

static double processor_s(void)
{
    struct rusage used;
    getrusage(RUSAGE_SELF, &used);
    return (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
           1e-6 * (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec);
}

/* A line "PATH BODY" as a request. */
static char *make_request(char *line)
{
    static const char form[] = "POST %s HTTP/1.1\r\nHost: localhost\r\n"
                               "Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s";
    char *body = strchr(line, ' '), *request;
    size_t size = strlen(line) + sizeof form + 32;
    line[strcspn(line, "\n")] = '\0';
    if (body == NULL || (request = malloc(size)) == NULL) {
        fprintf(stderr, "no request: %.60s\n", line);
        exit(1);
    }
    *body++ = '\0';
    snprintf(request, size, form, line, strlen(body), body);
    return request;
}

static void read_script(struct script *script, const char *path)
{
    FILE *file = fopen(path, "r");
    char *line = NULL;
    size_t size = 0;
    if (file == NULL)
        die(path);
    while (getline(&line, &size, file) > 0) {
        script->requests = realloc(script->requests, (script->n + 1) * sizeof *script->requests);
        if (script->requests == NULL)
            die(path);
        script->requests[script->n++] = make_request(line);
    }
    free(line);
    fclose(file);
}

static void connect_place(struct place *place)
{
    int one = 1;
    place->fd = socket(AF_INET, SOCK_STREAM, 0);
    if (place->fd < 0 || connect(place->fd, (struct sockaddr *)&server, sizeof server) != 0)
        die("connect");
    setsockopt(place->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    place->n_sent = 0;
    n_connect++;
}

static void send_next(struct place *place)
{
    struct script *script = place->script;
    const char *request = script->requests[script->at];
    script->at = (script->at + 1) % script->n;
    place->begin_ms = now_ms();
    if (place->fd < 0)
        connect_place(place);
    for (size_t left = strlen(request); left > 0;) {
        ssize_t n = send(place->fd, request, left, 0);
        if (n <= 0)
            die("send");
        request += n;
        left -= (size_t)n;
    }
    place->left = -1;
    place->n_head = 0;
    place->n_sent++;
    place->waits = 1;
}

static void end_request(struct place *place)
{
    double now = now_ms();
    if (place->seen->n < MAX_SEEN)
        place->seen->ms[place->seen->n++] = (float)(now - place->begin_ms);
    place->waits = 0;
    place->due_ms = now + place->pause_ms;
    if (per_connection != 0 && place->n_sent == per_connection) {
        close(place->fd);
        place->fd = -1;
    }
}

/* Sets place->left once the head is complete. */
static void read_head(struct place *place)
{
    place->head[place->n_head] = '\0';
    const char *end = strstr(place->head, "\r\n\r\n");
    const char *length = strcasestr(place->head, "\r\ncontent-length:");
    if (end == NULL && place->n_head < HEAD - 1)
        return;
    if (end == NULL || length == NULL || strncmp(place->head + 9, "200", 3) != 0) {
        fprintf(stderr, "an answer that is not expected: %s\n", place->head);
        exit(1);
    }
    place->left = atol(length + 17) - (long)(place->n_head - (size_t)(end + 4 - place->head));
}

static void receive(struct place *place)
{
    static char rest[1 << 20];
    ssize_t n;
    if (place->left < 0) {
        n = recv(place->fd, place->head + place->n_head, HEAD - 1 - place->n_head, 0);
        place->n_head += n > 0 ? (size_t)n : 0;
        read_head(place);
    } else {
        n = recv(place->fd, rest, sizeof rest, 0);
        place->left -= n;
    }
    if (n <= 0)
        die("recv");
    if (place->left == 0)
        end_request(place);
}

static void turn(struct place *places, size_t n)
{
    struct pollfd fds[MAX_PLACE];
    double now = now_ms(), wait_ms = 100;
    for (size_t i = 0; i < n; i++) {
        if (!places[i].waits && places[i].due_ms <= now)
            send_next(&places[i]);
        if (!places[i].waits && places[i].due_ms - now < wait_ms)
            wait_ms = places[i].due_ms - now;
        fds[i] = (struct pollfd){places[i].waits ? places[i].fd : -1, POLLIN, 0};
    }
    if (poll(fds, n, (int)wait_ms + 1) < 0)
        die("poll");
    for (size_t i = 0; i < n; i++) {
        if (fds[i].revents != 0)
            receive(&places[i]);
    }
}

static int by_value(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

static void print_seen(const char *name, const struct seen *seen, double seconds)
{
    size_t n = seen->n;
    qsort(seen->ms, n, sizeof *seen->ms, by_value);
    printf("\"%s\": {\"n\": %zu, \"per_s\": %.2f, \"p50_ms\": %.3f, \"p99_ms\": %.3f}, ", name, n,
           (double)n / seconds, n != 0 ? (double)seen->ms[n / 2] : 0,
           n != 0 ? (double)seen->ms[n * 99 / 100] : 0);
}

static void run(struct place *places, size_t n, double seconds)
{
    struct seen *requests = places[0].seen, *queries = places[n - 1].seen;
    double begin_ms = now_ms() + 1000;
    while (now_ms() < begin_ms)
        turn(places, n);
    requests->n = queries->n = n_connect = 0;
    double before_s = processor_s();
    begin_ms = now_ms();
    while (now_ms() < begin_ms + seconds * 1e3)
        turn(places, n);
    seconds = (now_ms() - begin_ms) / 1e3;
    printf("{");
    print_seen("requests", requests, seconds);
    if (queries != requests)
        print_seen("queries", queries, seconds);
    printf("\"connections\": %zu, \"processors\": %.3f}\n", n_connect,
           (processor_s() - before_s) / seconds);
}

int main(int argc, char **argv)
{
    static struct place places[MAX_PLACE];
    struct script scripts[2] = {{0}};
    struct seen seen[2] = {{malloc(MAX_SEEN * sizeof(float)), 0},
                           {malloc(MAX_SEEN * sizeof(float)), 0}};
    size_t n = argc > 3 ? strtoul(argv[3], NULL, 10) : 0;
    if ((argc != 6 && argc != 8) || n == 0 || n >= MAX_PLACE || !seen[0].ms || !seen[1].ms) {
        fprintf(stderr, "load PORT SECONDS IN_FLIGHT PER_CONNECTION REQUESTS [PAUSE_MS QUERIES]\n");
        return 2;
    }
    server = (struct sockaddr_in){
        AF_INET, htons((uint16_t)atoi(argv[1])), {htonl(INADDR_LOOPBACK)}, {0}};
    per_connection = atoi(argv[4]);
    read_script(&scripts[0], argv[5]);
    for (size_t i = 0; i < n; i++)
        places[i] = (struct place){.script = &scripts[0], .seen = &seen[0], .fd = -1};
    if (argc == 8) {
        read_script(&scripts[1], argv[7]);
        places[n++] = (struct place){
            .script = &scripts[1], .seen = &seen[1], .pause_ms = atof(argv[6]), .fd = -1};
    }
    run(places, n, atof(argv[2]));
    return 0;
}
