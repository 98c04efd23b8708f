#define _GNU_SOURCE
#include "CLinux.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* Debian 12's headers are older than the option. The number is that of every architecture but parisc and sparc. */
#ifndef SO_PEERPIDFD
#define SO_PEERPIDFD 77
#endif

int clinux_peer_credentials(int socket, clinux_credentials *peer) {
    struct ucred credentials;
    socklen_t length = sizeof credentials;
    if (getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &credentials, &length)) return -errno;
    *peer = (clinux_credentials){.uid = credentials.uid, .gid = credentials.gid, .pid = credentials.pid};
    return 0;
}

int clinux_peer_groups(int socket, uint32_t *groups, uint32_t *count) {
    socklen_t length = *count * (socklen_t)sizeof *groups;
    int result = getsockopt(socket, SOL_SOCKET, SO_PEERGROUPS, groups, &length) ? -errno : 0;
    *count = length / (uint32_t)sizeof *groups;
    return result;
}

int clinux_peer_process(int socket) {
    int descriptor = -1;
    socklen_t length = sizeof descriptor;
    if (getsockopt(socket, SOL_SOCKET, SO_PEERPIDFD, &descriptor, &length)) return -errno;
    return descriptor;
}

int clinux_open_process_directory(pid_t pid) {
    char path[32];
    snprintf(path, sizeof path, "/proc/%d", (int)pid);
    return clinux_open_at(AT_FDCWD, path, O_PATH | O_DIRECTORY | O_CLOEXEC, 0);
}

bool clinux_knows_peer_process(void) {
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair)) return false;
    int descriptor = clinux_peer_process(pair[0]);
    close(pair[0]);
    close(pair[1]);
    if (descriptor >= 0) close(descriptor);
    return descriptor >= 0;
}

int clinux_forbid_dumping(void) { return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) ? -errno : 0; }

int clinux_drop_crash_handlers(void) {
/* Decided when it is compiled: nothing at run time makes a release keep a handler. */
#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
    return 0; /* whose reports are what they are for */
#endif
#endif
    static const int signals[] = {SIGQUIT, SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE, SIGSEGV};
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
        struct sigaction now;
        if (sigaction(signals[i], NULL, &now)) return -errno;
        if (now.sa_handler != SIG_IGN && signal(signals[i], SIG_DFL) == SIG_ERR) return -errno;
    }
    return 0;
}

int clinux_forbid_new_privileges(void) { return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ? -errno : 0; }

int clinux_open_at(int directory, const char *path, int flags, mode_t mode) {
    /* A file on a network or in user space keeps open(2) waiting, and a signal interrupts it. */
    int descriptor;
    do descriptor = openat(directory, path, flags, mode);
    while (descriptor < 0 && errno == EINTR);
    return descriptor < 0 ? -errno : descriptor;
}

int clinux_rename_without_replacing(int directory, const char *from, const char *to) {
    return renameat2(directory, from, directory, to, RENAME_NOREPLACE) ? -errno : 0;
}

const char *clinux_error_text(int code) { return strerrordesc_np(code); }

typedef struct {
    void (*body)(void *);
    void *context;
} job;

static void *run(void *argument) {
    job *work = argument;
    work->body(work->context);
    return NULL;
}

int clinux_run_on_disposable_stack(void (*body)(void *), void *context) {
    enum { STACK = 512 << 10 };
    void *stack = mmap(NULL, STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
    if (stack == MAP_FAILED) return -errno;
    int error = 0;
    if (mlock2(stack, STACK, MLOCK_ONFAULT) || madvise(stack, STACK, MADV_DONTDUMP)) error = errno;
    pthread_attr_t attributes;
    if (!error && !(error = pthread_attr_init(&attributes))) {
        job work = {body, context};
        pthread_t thread;
        error = pthread_attr_setstack(&attributes, stack, STACK);
        if (!error) error = pthread_create(&thread, &attributes, run, &work);
        if (!error) error = pthread_join(thread, NULL);
        pthread_attr_destroy(&attributes);
    }
    munmap(stack, STACK);
    return -error;
}
