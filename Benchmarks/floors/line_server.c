#define _GNU_SOURCE
#include "line_server.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { MOST_THREADS = 64, READ_BYTES = 1 << 16, OUTPUT_BYTES = 1 << 20, EVENTS = 64 };

static int polls[MOST_THREADS];

/// Waits for the peer to read where it does not; false when it is gone.
static int send_all(int fd, const char *bytes, size_t count)
{
    while (count > 0) {
        ssize_t sent = send(fd, bytes, count, MSG_NOSIGNAL);
        if (sent < 0 && errno == EAGAIN) {
            struct pollfd writable = {.fd = fd, .events = POLLOUT};
            poll(&writable, 1, -1);
            continue;
        }
        if (sent < 0) return 0;
        bytes += sent;
        count -= (size_t)sent;
    }
    return 1;
}

static int answer_all(int fd, void *answerer, const char *input, size_t length, char *output)
{
    const char *end = input + length;
    size_t filled = 0;
    for (const char *lf; (lf = memchr(input, '\n', (size_t)(end - input))); input = lf + 1) {
        filled += answer(answerer, output + filled);
        if (filled + LONGEST_ANSWER <= OUTPUT_BYTES) continue;
        if (!send_all(fd, output, filled)) return 0;
        filled = 0;
    }
    return send_all(fd, output, filled);
}

static void *loop(void *argument)
{
    int poll_fd = *(int *)argument;
    void *answerer = answerer_new();
    char *input = malloc(READ_BYTES), *output = malloc(OUTPUT_BYTES);
    if (!answerer || !input || !output) exit(1);
    for (;;) {
        struct epoll_event events[EVENTS];
        int count = epoll_wait(poll_fd, events, EVENTS, -1);
        for (int i = 0; i < count; i++) {
            int fd = events[i].data.fd;
            ssize_t received = read(fd, input, READ_BYTES);
            if (received < 0 && errno == EAGAIN) continue;
            if (received <= 0 || !answer_all(fd, answerer, input, (size_t)received, output)) close(fd);
        }
    }
    return NULL;
}

int serve(const char *socket_path, int threads)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (threads < 1 || threads > MOST_THREADS || strlen(socket_path) >= sizeof address.sun_path) {
        fprintf(stderr, "no such socket path, or no such number of threads\n");
        return 64;
    }
    strcpy(address.sun_path, socket_path);
    for (int i = 0; i < threads; i++) {
        pthread_t thread;
        polls[i] = epoll_create1(EPOLL_CLOEXEC);
        if (polls[i] < 0 || pthread_create(&thread, NULL, loop, &polls[i])) return 1;
    }
    int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (listener < 0 || bind(listener, (struct sockaddr *)&address, sizeof address) || listen(listener, 4096)) {
        perror(socket_path);
        return 1;
    }
    for (int next = 0;; next = (next + 1) % threads) {
        int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
        if (fd >= 0) epoll_ctl(polls[next], EPOLL_CTL_ADD, fd, &event);
    }
}
