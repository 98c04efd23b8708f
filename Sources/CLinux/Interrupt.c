#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdatomic.h>

#include "CLinux.h"

static atomic_bool interrupted;

/* A lock-free atomic may be written by a handler (C11 7.14.1.1). */
static void note(int signal) {
    (void)signal;
    atomic_store(&interrupted, true);
}

int clinux_interrupt_note(void) {
    struct sigaction action = {.sa_handler = note, .sa_flags = SA_RESETHAND | SA_RESTART};
    if (sigaction(SIGINT, &action, NULL)) return -errno;
    /* Whoever started this process may have blocked it. */
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    return -pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

bool clinux_interrupt_has_come(void) { return atomic_load(&interrupted); }
