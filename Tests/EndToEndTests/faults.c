/* Preloaded into a process, has its system calls do what POSIX lets them do and what they seldom do: move fewer bytes than
 * asked for, be interrupted (EINTR), find no room (EAGAIN, on descriptors that do not wait). The first time that each can
 * happen, so that it does, then at random, from a seed; each is counted. And has every write to a file find the disk full,
 * while that is asked for; and the next opening of a certain file find no room in the system's table of files.
 *
 * This befalls what the program itself calls, SwiftNIO in it too. Libraries that are loaded beside it call for themselves,
 * and some rely on what Linux does: Dispatch traps where it cannot open the file in /proc that tells whether a thread of
 * its own is at work (_dispatch_workq_monitor_pools), and opening that never waits, nor is interrupted.
 *
 * Reading and accepting never find nothing where there is something: what epoll has called readable is so until its one
 * reader has read it, and SwiftNIO asserts that (`readable0` in BaseSocketChannel.swift). A debug build traps, and hangs in
 * its own backtrace, with the connections of its backlog unaccepted.
 *
 * The file that SIGNET_TEST_FAULTS names is the page below, shared with the test. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

/* What can be injected, and its name in the page. */
#define KINDS(ONE)                                                                                                     \
    ONE(READ_SHORT, "read short") ONE(READ_EINTR, "read EINTR")                                                        \
    ONE(RECV_SHORT, "recv short") ONE(RECV_EINTR, "recv EINTR") ONE(RECV_EAGAIN, "recv EAGAIN")                        \
    ONE(WRITE_SHORT, "write short") ONE(WRITE_EINTR, "write EINTR") ONE(WRITE_EAGAIN, "write EAGAIN")                  \
    ONE(WRITEV_SHORT, "writev short") ONE(WRITEV_EINTR, "writev EINTR") ONE(WRITEV_EAGAIN, "writev EAGAIN")            \
    ONE(SEND_SHORT, "send short") ONE(SEND_EINTR, "send EINTR") ONE(SEND_EAGAIN, "send EAGAIN")                        \
    ONE(SENDMSG_EINTR, "sendmsg EINTR") ONE(SENDMSG_EAGAIN, "sendmsg EAGAIN")                                          \
    ONE(ACCEPT_EINTR, "accept EINTR") ONE(ACCEPT_ABORTED, "accept ECONNABORTED")                                       \
    ONE(CONNECT_EINTR, "connect EINTR") ONE(OPEN_EINTR, "open EINTR") ONE(CLOSE_EINTR, "close EINTR")                  \
    ONE(FSYNC_EINTR, "fsync EINTR") ONE(FCHMOD_EINTR, "fchmod EINTR") ONE(FLOCK_EINTR, "flock EINTR")                  \
    ONE(POLL_EINTR, "poll EINTR") ONE(EPOLL_EINTR, "epoll_wait EINTR")                                                 \
    ONE(PASSWD_EINTR, "passwd EINTR") ONE(GROUP_EINTR, "group EINTR") ONE(WRITE_ENOSPC, "write ENOSPC")
#define CONSTANT(KIND, NAME) KIND,
#define NAMED(KIND, NAME) [KIND] = NAME,
typedef enum { KINDS(CONSTANT) COUNT } kind;
static const char *const names[COUNT] = {KINDS(NAMED)};

typedef struct {
    _Atomic uint64_t seed;
    _Atomic uint64_t rate; /* one call in so many, for each kind; 0: none */
    _Atomic uint64_t full; /* the disk */
    _Atomic uint64_t scarce; /* room in the table of files: the number of the one that finds none */
    _Atomic uint64_t threads; /* of all processes */
    uint64_t count;
    struct { char name[24]; _Atomic uint64_t times; } kinds[COUNT];
} page;
static page *shared;
static struct dl_find_object program;

static _Thread_local uint64_t state;

/* splitmix64. */
static uint64_t next_random(void) {
    if (!state) state = shared->seed ^ 0xD1342543DE82EF95 * ++shared->threads;
    uint64_t z = state += 0x9E3779B97F4A7C15;
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9;
    z = (z ^ z >> 27) * 0x94D049BB133111EB;
    return z ^ z >> 31;
}

/* Where the function that this stands in returns to: into the program or not. */
#define INLINE static inline __attribute__((always_inline))
INLINE bool is_of_program(void) {
    void *caller = __builtin_return_address(0);
    return caller >= program.dlfo_map_start && caller < program.dlfo_map_end;
}

INLINE bool happens(kind kind) {
    if (!shared || !shared->rate || !is_of_program()) return false;
    if (shared->kinds[kind].times && next_random() % shared->rate) return false;
    shared->kinds[kind].times++;
    return true;
}

__attribute__((constructor)) static void begin(void) {
    const char *path = getenv("SIGNET_TEST_FAULTS");
    if (!path) return;
    int file = open(path, O_RDWR | O_CLOEXEC);
    if (file < 0) abort();
    void *memory = mmap(NULL, sizeof(page), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (memory == MAP_FAILED) abort();
    close(file);
    page *mapped = memory;
    mapped->count = COUNT;
    for (int kind = 0; kind < COUNT; kind++)
        for (int i = 0; names[kind][i]; i++) mapped->kinds[kind].name[i] = names[kind][i];
    if (_dl_find_object((void *)getauxval(AT_ENTRY), &program)) abort();
    shared = mapped;
}

#define REAL(NAME) ((__typeof__(&NAME))real(&(static_##NAME), #NAME))
static void *real(void *_Atomic *place, const char *name) {
    void *found = *place;
    if (!found) *place = found = dlsym(RTLD_NEXT, name);
    if (!found) abort();
    return found;
}
#define PLACE(NAME) static void *_Atomic static_##NAME

static int fail(int code) {
    errno = code;
    return -1;
}

typedef struct { bool is_stream, is_file, waits; } nature;
/* Of events, timers and their kin, whose reads and writes are of one size, nothing is said. */
static bool look(int descriptor, nature *nature) {
    struct stat status;
    int error = errno, flags;
    bool is_known = shared && !fstat(descriptor, &status) && (flags = fcntl(descriptor, F_GETFL)) >= 0;
    errno = error;
    if (!is_known) return false;
    int type = 0;
    socklen_t length = sizeof type;
    nature->is_file = S_ISREG(status.st_mode);
    nature->is_stream = S_ISFIFO(status.st_mode)
        || (S_ISSOCK(status.st_mode) && !getsockopt(descriptor, SOL_SOCKET, SO_TYPE, &type, &length) && type == SOCK_STREAM);
    nature->waits = !(flags & O_NONBLOCK);
    return nature->is_file || nature->is_stream;
}

static size_t some_of(size_t count) { return 1 + next_random() % (count - 1); }

PLACE(read);
ssize_t read(int descriptor, void *buffer, size_t count) {
    nature it;
    if (look(descriptor, &it)) {
        if (happens(READ_EINTR)) return fail(EINTR);
        if (count > 1 && happens(READ_SHORT)) count = some_of(count);
    }
    return REAL(read)(descriptor, buffer, count);
}

PLACE(recv);
ssize_t recv(int descriptor, void *buffer, size_t count, int flags) {
    nature it;
    if (look(descriptor, &it)) {
        if (happens(RECV_EINTR)) return fail(EINTR);
        if ((!it.waits || flags & MSG_DONTWAIT) && happens(RECV_EAGAIN)) return fail(EAGAIN);
        if (it.is_stream && count > 1 && happens(RECV_SHORT)) count = some_of(count);
    }
    return REAL(recv)(descriptor, buffer, count, flags);
}

/* Up to PIPE_BUF bytes go into a pipe as a whole or not at all. */
static bool may_be_cut(int descriptor, const nature *it) {
    struct stat status;
    return it->is_file || (!fstat(descriptor, &status) && S_ISSOCK(status.st_mode));
}

static bool is_full(const nature *it) {
    if (!it->is_file || !shared->full) return false;
    shared->kinds[WRITE_ENOSPC].times++;
    return true;
}

PLACE(write);
ssize_t write(int descriptor, const void *buffer, size_t count) {
    nature it;
    if (look(descriptor, &it)) {
        if (is_full(&it)) return fail(ENOSPC);
        if (happens(WRITE_EINTR)) return fail(EINTR);
        if (it.is_stream && !it.waits && happens(WRITE_EAGAIN)) return fail(EAGAIN);
        if (count > 1 && may_be_cut(descriptor, &it) && happens(WRITE_SHORT)) count = some_of(count);
    }
    return REAL(write)(descriptor, buffer, count);
}

PLACE(writev);
ssize_t writev(int descriptor, const struct iovec *pieces, int count) {
    nature it;
    if (look(descriptor, &it)) {
        if (is_full(&it)) return fail(ENOSPC);
        if (happens(WRITEV_EINTR)) return fail(EINTR);
        if (it.is_stream && !it.waits && happens(WRITEV_EAGAIN)) return fail(EAGAIN);
        if (count > 0 && pieces[0].iov_len > 1 && may_be_cut(descriptor, &it) && happens(WRITEV_SHORT))
            return REAL(writev)(descriptor, &(struct iovec){pieces[0].iov_base, some_of(pieces[0].iov_len)}, 1);
    }
    return REAL(writev)(descriptor, pieces, count);
}

PLACE(send);
ssize_t send(int descriptor, const void *buffer, size_t count, int flags) {
    nature it;
    if (look(descriptor, &it)) {
        if (happens(SEND_EINTR)) return fail(EINTR);
        if ((!it.waits || flags & MSG_DONTWAIT) && happens(SEND_EAGAIN)) return fail(EAGAIN);
        if (count > 1 && happens(SEND_SHORT)) count = some_of(count);
    }
    return REAL(send)(descriptor, buffer, count, flags);
}

PLACE(sendmsg);
ssize_t sendmsg(int descriptor, const struct msghdr *message, int flags) {
    nature it;
    if (happens(SENDMSG_EINTR)) return fail(EINTR);
    if (look(descriptor, &it) && !it.waits && happens(SENDMSG_EAGAIN)) return fail(EAGAIN);
    return REAL(sendmsg)(descriptor, message, flags);
}

INLINE bool refuses_to_accept(int descriptor) {
    nature it;
    if (!look(descriptor, &it)) return false;
    if (happens(ACCEPT_EINTR)) return fail(EINTR);
    return happens(ACCEPT_ABORTED) && fail(ECONNABORTED);
}

PLACE(accept);
int accept(int descriptor, struct sockaddr *restrict address, socklen_t *restrict length) {
    return refuses_to_accept(descriptor) ? -1 : REAL(accept)(descriptor, address, length);
}

PLACE(accept4);
int accept4(int descriptor, struct sockaddr *restrict address, socklen_t *restrict length, int flags) {
    return refuses_to_accept(descriptor) ? -1 : REAL(accept4)(descriptor, address, length, flags);
}

PLACE(open);
int open(const char *path, int flags, ...) {
    va_list rest;
    va_start(rest, flags);
    mode_t mode = flags & O_CREAT ? va_arg(rest, mode_t) : 0;
    va_end(rest);
    return happens(OPEN_EINTR) ? fail(EINTR) : REAL(open)(path, flags, mode);
}

static bool is_withheld(const char *path) {
    static const char *const files[] = {NULL, "state.json", "state.lock"};
    uint64_t wanted = shared ? shared->scarce : 0;
    const char *slash = strrchr(path, '/');
    return wanted && !strcmp(slash ? slash + 1 : path, files[wanted]) && atomic_exchange(&shared->scarce, 0);
}

PLACE(openat);
int openat(int directory, const char *path, int flags, ...) {
    va_list rest;
    va_start(rest, flags);
    mode_t mode = flags & O_CREAT ? va_arg(rest, mode_t) : 0;
    va_end(rest);
    if (is_withheld(path)) return fail(ENFILE);
    return happens(OPEN_EINTR) ? fail(EINTR) : REAL(openat)(directory, path, flags, mode);
}

/* Linux has closed the descriptor then, and it must not be closed again. */
PLACE(close);
int close(int descriptor) {
    int result = REAL(close)(descriptor);
    return !result && happens(CLOSE_EINTR) ? fail(EINTR) : result;
}

#define INTERRUPTED(KIND, CALL, ARGUMENTS, ...)                                                                        \
    PLACE(CALL);                                                                                                       \
    int CALL(__VA_ARGS__) { return happens(KIND) ? fail(EINTR) : REAL(CALL) ARGUMENTS; }
INTERRUPTED(CONNECT_EINTR, connect, (socket, to, length), int socket, const struct sockaddr *to, socklen_t length)
INTERRUPTED(FSYNC_EINTR, fsync, (file), int file)
INTERRUPTED(FCHMOD_EINTR, fchmod, (file, mode), int file, mode_t mode)
INTERRUPTED(FLOCK_EINTR, flock, (file, operation), int file, int operation)
INTERRUPTED(POLL_EINTR, poll, (entries, count, timeout), struct pollfd *entries, nfds_t count, int timeout)
INTERRUPTED(EPOLL_EINTR, epoll_wait, (epoll, events, room, timeout), int epoll, struct epoll_event *events, int room,
            int timeout)

#define LOOK_UP(CALL, TYPE, KEY, KIND)                                                                                 \
    PLACE(CALL);                                                                                                       \
    int CALL(KEY key, struct TYPE *restrict entry, char *restrict buffer, size_t size, struct TYPE **restrict found) { \
        *found = NULL;                                                                                                 \
        return happens(KIND) ? EINTR : REAL(CALL)(key, entry, buffer, size, found);                                    \
    }
LOOK_UP(getpwnam_r, passwd, const char *, PASSWD_EINTR)
LOOK_UP(getpwuid_r, passwd, uid_t, PASSWD_EINTR)
LOOK_UP(getgrnam_r, group, const char *, GROUP_EINTR)
LOOK_UP(getgrgid_r, group, gid_t, GROUP_EINTR)
