// Asks a line on many connections, with a number of requests in flight on each, and prints as one line of JSON how many
// answers came, how many of them were errors, and how long they took. Part of scripts/measure-fairness.
//
// usage: fairness_load SOCKET CONNECTIONS DEPTH SECONDS LINE     (0 seconds: until SIGTERM)
// Says "started" on a line before that, when the first answer is here.
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

struct connection {
    int socket;
    // Where in an answer the next byte falls.
    size_t column;
    // When each request in flight was sent: a ring, since answers come in order.
    uint64_t *sent;
    size_t first;
};

static volatile sig_atomic_t isOver;
static void stop(int signal) { (void)signal; isOver = 1; }

static void fail(const char *what) {
    perror(what);
    exit(1);
}

static uint64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

static int compare(const void *a, const void *b) {
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static int connected(const char *path) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof address.sun_path) { errno = ENAMETOOLONG; fail(path); }
    strcpy(address.sun_path, path);
    int descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (descriptor < 0 || connect(descriptor, (struct sockaddr *)&address, sizeof address) < 0) fail(path);
    return descriptor;
}

// Sends the line `count` times, and notes when. `used` are the requests in flight before.
static void ask(struct connection *c, const char *lines, size_t length, size_t count, size_t depth, size_t used) {
    uint64_t time = now();
    for (size_t i = 0; i < count; i++) c->sent[(c->first + used + i) % depth] = time;
    size_t total = count * length, done = 0;
    while (done < total) {
        ssize_t sent = send(c->socket, lines + done, total - done, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR) continue;
        if (sent < 0) fail("send");
        done += (size_t)sent;
    }
}

int main(int count, char **arguments) {
    if (count != 6) { fputs("usage: fairness_load SOCKET CONNECTIONS DEPTH SECONDS LINE\n", stderr); return 2; }
    size_t connections = strtoul(arguments[2], NULL, 10), depth = strtoul(arguments[3], NULL, 10);
    double seconds = strtod(arguments[4], NULL);
    size_t length = strlen(arguments[5]) + 1;
    if (connections == 0 || depth == 0) { fputs("at least one connection, and one request in flight\n", stderr); return 2; }
    char *lines = malloc(depth * length);
    struct connection *all = calloc(connections, sizeof *all);
    size_t room = 1 << 20, answers = 0, errors = 0;
    uint32_t *latencies = malloc(room * sizeof *latencies);
    static char bytes[1 << 18];
    if (!lines || !all || !latencies) fail("malloc");
    for (size_t i = 0; i < depth; i++) {
        memcpy(lines + i * length, arguments[5], length - 1);
        lines[(i + 1) * length - 1] = '\n';
    }
    struct sigaction action = {.sa_handler = stop};
    sigset_t terminate;
    sigemptyset(&terminate);
    sigaddset(&terminate, SIGTERM);
    sigaction(SIGTERM, &action, NULL);
    sigprocmask(SIG_UNBLOCK, &terminate, NULL);
    int poll = epoll_create1(EPOLL_CLOEXEC);
    for (size_t i = 0; i < connections; i++) {
        all[i].socket = connected(arguments[1]);
        all[i].sent = malloc(depth * sizeof *all[i].sent);
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = &all[i]};
        if (!all[i].sent || epoll_ctl(poll, EPOLL_CTL_ADD, all[i].socket, &event) < 0) fail("epoll_ctl");
    }
    uint64_t began = now(), end = seconds > 0 ? began + (uint64_t)(seconds * 1e9) : UINT64_MAX;
    for (size_t i = 0; i < connections; i++) ask(&all[i], lines, length, depth, depth, 0);
    while (!isOver && now() < end) {
        struct epoll_event events[64];
        int ready = epoll_wait(poll, events, 64, 100);
        if (ready < 0 && errno != EINTR) fail("epoll_wait");
        for (int e = 0; e < ready; e++) {
            struct connection *c = events[e].data.ptr;
            ssize_t got = recv(c->socket, bytes, sizeof bytes, MSG_DONTWAIT);
            if (got < 0 && (errno == EAGAIN || errno == EINTR)) continue;
            if (got == 0) { fputs("the daemon has closed a connection\n", stderr); return 1; }
            if (got < 0) fail("recv");
            uint64_t time = now();
            size_t finished = 0;
            for (ssize_t i = 0; i < got; i++) {
                // {"ok":true or {"ok":false
                if (c->column == 6 && bytes[i] != 't') errors++;
                c->column++;
                if (bytes[i] != '\n') continue;
                c->column = 0;
                if (answers == 0) { puts("started"); fflush(stdout); }
                if (answers == room) {
                    room *= 2;
                    latencies = realloc(latencies, room * sizeof *latencies);
                    if (!latencies) fail("realloc");
                }
                latencies[answers++] = (uint32_t)((time - c->sent[c->first]) / 100);
                c->first = (c->first + 1) % depth;
                finished++;
            }
            if (finished > 0) ask(c, lines, length, finished, depth, depth - finished);
        }
    }
    double lasted = (double)(now() - began) / 1e9;
    qsort(latencies, answers, sizeof *latencies, compare);
    double p50 = answers ? latencies[answers / 2] / 10.0 : 0, p99 = answers ? latencies[answers * 99 / 100] / 10.0 : 0;
    printf("{\"answers\": %zu, \"errors\": %zu, \"rate\": %.0f, \"p50\": %.1f, \"p99\": %.1f}\n", answers, errors,
        (double)answers / lasted, p50, p99);
    return 0;
}
