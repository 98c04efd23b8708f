/// Load for a server of lines on a Unix socket, from one thread.
///
///     line_load SOCKET CONNECTIONS DEPTH SECONDS LINES-FILE          as much as goes
///     line_load SOCKET CONNECTIONS DEPTH 0 LINES-FILE                each line once, as fast as it goes
///     line_load SOCKET CONNECTIONS DEPTH SECONDS LINES-FILE RATE     so many a second
///
/// Each connection keeps at most DEPTH requests in flight; the lines of the file are sent in turn. With RATE the load is open: request
/// n is due at n / RATE, whether or not earlier ones were answered, and its latency counts from when it was due. So a server
/// that stalls is charged for all who would have come meanwhile. What the generator itself comes late is in it, too.
///
/// Prints JSON: answers and errors counted, answers per second, latencies in nanoseconds. A tenth of SECONDS before that
/// does not count.
#define _GNU_SOURCE
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { READ_BYTES = 1 << 18, EVENTS = 64, NANOSECONDS = 1000000000 };
/// How long a request may be without an answer before the run has failed, in nanoseconds.
static const int64_t patience = 30LL * NANOSECONDS;

// MARK: Latencies, to one part in 64

enum { FINE = 6, BUCKETS = (64 - FINE + 1) << FINE };
static uint64_t buckets[BUCKETS], measured, wrong;

static unsigned bucket(uint64_t value)
{
    if (value < 1 << FINE) return (unsigned)value;
    unsigned shift = 63 - (unsigned)__builtin_clzll(value) - FINE;
    return (shift << FINE) + (unsigned)(value >> shift);
}

/// The middle of a bucket.
static uint64_t value_of(unsigned index)
{
    if (index < 2 << FINE) return index;
    unsigned shift = (index >> FINE) - 1;
    return ((uint64_t)(index - (shift << FINE)) << shift) + (1ULL << shift) / 2;
}

static uint64_t quantile(double part)
{
    uint64_t rank = (uint64_t)(part * (double)measured), seen = 0;
    for (unsigned i = 0; i < BUCKETS; i++)
        if ((seen += buckets[i]) > rank) return value_of(i);
    return 0;
}

// MARK: Connections

typedef struct {
    int fd;
    /// When the requests in flight were due, in a ring.
    int64_t *due;
    uint64_t head, tail;
    size_t next_line, in_line;
    char *output;
    size_t output_length, output_capacity;
    int is_blocked;
    char beginning[32];
} connection;

static char **lines;
static size_t *lengths, line_count;
static uint64_t depth, sent;
static int poll_fd;

static int64_t now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * NANOSECONDS + time.tv_nsec;
}

static void fail(const char *what)
{
    perror(what);
    exit(1);
}

static void connect_to(connection *c, const char *path, size_t index)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof address.sun_path) exit(64);
    strcpy(address.sun_path, path);
    c->fd = socket(AF_UNIX, SOCK_STREAM, 0);
    if (c->fd < 0 || connect(c->fd, (struct sockaddr *)&address, sizeof address)) fail(path);
    c->due = calloc(depth, sizeof *c->due);
    c->next_line = index % line_count;
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = c};
    if (!c->due || epoll_ctl(poll_fd, EPOLL_CTL_ADD, c->fd, &event)) fail("epoll_ctl");
}

static void enqueue(connection *c, size_t line, int64_t due)
{
    size_t length = lengths[line];
    if (c->output_length + length > c->output_capacity) {
        c->output_capacity = (c->output_length + length) * 2;
        if (!(c->output = realloc(c->output, c->output_capacity))) fail("realloc");
    }
    memcpy(c->output + c->output_length, lines[line], length);
    c->output_length += length;
    c->due[c->head++ % depth] = due;
    sent++;
}

static void transmit(connection *c)
{
    size_t done = 0;
    while (done < c->output_length) {
        ssize_t count = send(c->fd, c->output + done, c->output_length - done, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (count < 0 && errno != EAGAIN) fail("send");
        if (count < 0) break;
        done += (size_t)count;
    }
    memmove(c->output, c->output + done, c->output_length - done);
    c->output_length -= done;
    int is_blocked = c->output_length > 0;
    if (is_blocked == c->is_blocked) return;
    c->is_blocked = is_blocked;
    struct epoll_event event = {.events = EPOLLIN | (is_blocked ? EPOLLOUT : 0), .data.ptr = c};
    if (epoll_ctl(poll_fd, EPOLL_CTL_MOD, c->fd, &event)) fail("epoll_ctl");
}

static int begins(const connection *c, const char *text)
{
    size_t length = strlen(text);
    return c->in_line >= length && memcmp(c->beginning, text, length) == 0;
}

static void receive(connection *c, int64_t begin)
{
    static char input[READ_BYTES];
    ssize_t count = recv(c->fd, input, sizeof input, MSG_DONTWAIT);
    if (count < 0 && errno == EAGAIN) return;
    if (count < 0) fail("recv");
    if (count == 0) {
        fprintf(stderr, "the server has closed a connection\n");
        exit(1);
    }
    int64_t time = now();
    for (char *at = input, *end = input + count; at < end;) {
        char *lf = memchr(at, '\n', (size_t)(end - at));
        size_t length = (size_t)((lf ? lf : end) - at);
        if (c->in_line < sizeof c->beginning) {
            size_t room = sizeof c->beginning - c->in_line;
            memcpy(c->beginning + c->in_line, at, length < room ? length : room);
        }
        c->in_line += length;
        if (!lf) return;
        if (c->tail == c->head) {
            fprintf(stderr, "an answer to nothing\n");
            exit(1);
        }
        int64_t due = c->due[c->tail++ % depth];
        if (time >= begin) {
            measured++;
            buckets[bucket((uint64_t)(time - due))]++;
            if (!begins(c, "{\"ok\":true") || begins(c, "{\"ok\":true,\"valid\":false")) {
                if (wrong++ == 0)
                    fprintf(stderr, "%.*s\n", (int)(c->in_line < 32 ? c->in_line : 32), c->beginning);
            }
        }
        c->in_line = 0;
        at = lf + 1;
    }
}

static void read_lines(const char *path)
{
    FILE *file = fopen(path, "r");
    if (!file) fail(path);
    char *line = NULL;
    size_t capacity = 0, room = 0;
    for (ssize_t length; (length = getline(&line, &capacity, file)) > 0; line_count++) {
        if (line_count == room) {
            room = room ? room * 2 : 64;
            lines = realloc(lines, room * sizeof *lines);
            lengths = realloc(lengths, room * sizeof *lengths);
            if (!lines || !lengths) fail("realloc");
        }
        if (!(lines[line_count] = strndup(line, (size_t)length))) fail("strndup");
        lengths[line_count] = (size_t)length;
    }
    free(line);
    fclose(file);
    if (!line_count) exit(64);
}

int main(int count, char **arguments)
{
    if (count < 6) {
        fprintf(stderr, "usage: line_load SOCKET CONNECTIONS DEPTH SECONDS LINES-FILE [RATE]\n");
        return 64;
    }
    size_t connections = strtoul(arguments[2], NULL, 10);
    depth = strtoul(arguments[3], NULL, 10);
    double seconds = strtod(arguments[4], NULL), rate = count > 6 ? strtod(arguments[6], NULL) : 0;
    if (!connections || !depth) return 64;
    read_lines(arguments[5]);
    prctl(PR_SET_TIMERSLACK, 1);
    poll_fd = epoll_create1(0);
    connection *all = calloc(connections, sizeof *all);
    if (!all) fail("calloc");
    for (size_t i = 0; i < connections; i++) connect_to(&all[i], arguments[1], i);

    int is_once = seconds <= 0;
    int64_t start = now(), begin = is_once ? start : start + (int64_t)(seconds * 0.1 * NANOSECONDS);
    int64_t end = is_once ? INT64_MAX : begin + (int64_t)(seconds * NANOSECONDS), last_answer = start;
    double interval = rate > 0 ? NANOSECONDS / rate : 0;
    uint64_t answered = 0, issued = 0, planned = rate > 0 ? (uint64_t)((double)(end - start) / interval) : 0;
    for (;;) {
        int64_t time = now();
        int is_full = 0;
        if (rate > 0) {
            if (issued == planned && answered == issued) break;
            // A connection that is full holds up what is due to it, and is charged for it.
            while (issued < planned && start + (int64_t)(interval * (double)issued) <= time) {
                connection *c = &all[issued % connections];
                if ((is_full = c->head - c->tail == depth)) break;
                enqueue(c, issued % line_count, start + (int64_t)(interval * (double)issued));
                issued++;
            }
            for (size_t i = 0; i < connections; i++)
                if (all[i].output_length && !all[i].is_blocked) transmit(&all[i]);
        } else {
            if (time >= end || (is_once && answered == line_count)) break;
            for (size_t i = 0; i < connections; i++) {
                connection *c = &all[i];
                while (c->head - c->tail < depth && (!is_once || sent < line_count)) {
                    size_t line = is_once ? sent : c->next_line++ % line_count;
                    enqueue(c, line, time);
                }
                if (c->output_length && !c->is_blocked) transmit(c);
            }
        }
        struct timespec timeout = {.tv_sec = 1};
        if (rate > 0 && issued < planned && !is_full) {
            int64_t wait = start + (int64_t)(interval * (double)issued) - now();
            if (wait < 0) wait = 0;
            timeout = (struct timespec){wait / NANOSECONDS, wait % NANOSECONDS};
        }
        struct epoll_event events[EVENTS];
        int ready = epoll_pwait2(poll_fd, events, EVENTS, &timeout, NULL);
        for (int i = 0; i < ready; i++) {
            connection *c = events[i].data.ptr;
            uint64_t before = c->tail;
            receive(c, begin);
            answered += c->tail - before;
            if (events[i].events & EPOLLOUT) transmit(c);
            last_answer = now();
        }
        if (now() - last_answer > patience) {
            fprintf(stderr, "no answer for 30 s\n");
            return 1;
        }
    }
    double elapsed = (double)((is_once || rate > 0 ? last_answer : now()) - begin) / NANOSECONDS;
    printf("{\"answers\":%lu,\"errors\":%lu,\"per_second\":%.1f,\"p50\":%lu,\"p99\":%lu,\"p99_9\":%lu}\n", measured, wrong,
           (double)measured / elapsed, quantile(0.5), quantile(0.99), quantile(0.999));
    return wrong ? 2 : 0;
}
