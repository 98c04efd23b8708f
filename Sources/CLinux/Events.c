#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "CLinux.h"

int clinux_pipe_open(int ends[2]) { return pipe2(ends, O_CLOEXEC) ? -errno : 0; }

int clinux_event_open(void) {
    int descriptor = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    return descriptor < 0 ? -errno : descriptor;
}

static sigset_t awaited_signals(void) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    return set;
}

void clinux_signals_block(void) {
    sigset_t set = awaited_signals();
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);
}

int clinux_signals_open(void) {
    sigset_t set = awaited_signals();
    int descriptor = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    return descriptor < 0 ? -errno : descriptor;
}

int clinux_signals_next(int descriptor) {
    struct signalfd_siginfo signal;
    ssize_t count;
    do count = read(descriptor, &signal, sizeof signal);
    while (count < 0 && errno == EINTR);
    if (count == sizeof signal) return (int)signal.ssi_signo;
    return count < 0 && errno != EAGAIN ? -errno : 0;
}

int clinux_epoll_open(void) {
    int descriptor = epoll_create1(EPOLL_CLOEXEC);
    return descriptor < 0 ? -errno : descriptor;
}

int clinux_epoll_set(int epoll, int descriptor, uint64_t tag, bool is_new, bool wants_writing) {
    struct epoll_event event = {.events = EPOLLIN | (wants_writing ? EPOLLOUT : 0), .data.u64 = tag};
    return epoll_ctl(epoll, is_new ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, descriptor, &event) ? -errno : 0;
}

int clinux_epoll_wait(int epoll, uint64_t *tags, int room, int timeout) {
    enum { LARGEST = 64 };
    struct epoll_event events[LARGEST];
    int count = epoll_wait(epoll, events, room < LARGEST ? room : LARGEST, timeout);
    if (count < 0) return errno == EINTR ? 0 : -errno;
    for (int index = 0; index < count; index++) tags[index] = events[index].data.u64;
    return count;
}
