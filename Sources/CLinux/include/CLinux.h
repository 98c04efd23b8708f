/* Linux calls that Glibc's Swift module hides, because they need _GNU_SOURCE or variadic arguments.
 * Each returns 0 (or a value) on success and a negative errno on failure. */
#ifndef CLINUX_H
#define CLINUX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

typedef struct {
    uint32_t uid, gid;
    int32_t pid;
} clinux_credentials;

/* SO_PEERCRED: who connected, as the kernel recorded it at connect. For a listening peer: who called listen. */
int clinux_peer_credentials(int socket, clinux_credentials *peer);
/* SO_PEERGROUPS: supplementary groups. `count` is room in, length out; -ERANGE when the room is too small. */
int clinux_peer_groups(int socket, uint32_t *groups, uint32_t *count);
/* SO_PEERPIDFD (Linux 6.5): a new descriptor of the process that connected, closed on exec; -ENOPROTOOPT on kernels
 * that know none. */
int clinux_peer_process(int socket);
/* The directory of a process in /proc, as a new descriptor (O_PATH) that stays with that process when it has ended. */
int clinux_open_process_directory(pid_t pid);
/* Whether the kernel knows SO_PEERPIDFD. */
bool clinux_knows_peer_process(void);

/* prctl(PR_SET_DUMPABLE, 0): no core, no ptrace by the same user, /proc/PID owned by root. */
int clinux_forbid_dumping(void);
/* Gives the signals of crashes back to the kernel. Swift's runtime, where it finds its backtracer, takes them before main:
 * it then hands the memory of a process that cannot be dumped to another one, which prints what registers point at; and
 * goes on where the signal was sent by somebody. What the starter had the process ignore stays ignored. */
int clinux_drop_crash_handlers(void);
/* prctl(PR_SET_NO_NEW_PRIVS, 1). */
int clinux_forbid_new_privileges(void);

/* openat(2) without the variadic mode. */
int clinux_open_at(int directory, const char *path, int flags, mode_t mode);
/* renameat2(2) with RENAME_NOREPLACE: -EEXIST when the target exists. */
int clinux_rename_without_replacing(int directory, const char *from, const char *to);

/* strerrordesc_np(3): the text of an errno, constant for the process's life; NULL for an unknown one. */
const char *clinux_error_text(int code);

/* Runs `body` on a thread whose stack is a locked mapping of its own, left out of dumps, wiped and unmapped after the
 * join, so that nothing that the body leaves on its stack outlives it. */
int clinux_run_on_disposable_stack(void (*body)(void *), void *context);

/* The system's database of users and groups (nsswitch.conf). 1: found, 0: unknown, negative errno: it failed. */
int clinux_user_ids(const char *name, uint32_t *uid, uint32_t *gid);
int clinux_user_name(uint32_t uid, char *name, size_t capacity);
int clinux_group_id(const char *name, uint32_t *gid);
int clinux_group_name(uint32_t gid, char *name, size_t capacity);
/* Whether the group lists members; users whose primary group it is are not listed. */
int clinux_group_has_members(uint32_t gid);

/* eventfd(2), not blocking: written to by any thread, it becomes readable until it is read. The new descriptor. */
int clinux_event_open(void);
/* pipe2(2), closed on exec: the end that is read, then the one that is written. */
int clinux_pipe_open(int ends[2]);

/* Blocks SIGTERM, SIGINT and SIGHUP for this thread and all that it starts, and ignores SIGPIPE. */
void clinux_signals_block(void);
/* signalfd(2) over the signals that are blocked so, not blocking. The new descriptor. */
int clinux_signals_open(void);
/* The next of them that has come; 0 for none. */
int clinux_signals_next(int descriptor);

/* From now on the first SIGINT is noted and ends nothing; the next one is fatal again. */
int clinux_interrupt_note(void);
/* Whether it has come. */
bool clinux_interrupt_has_come(void);

/* epoll(7), level-triggered. The new descriptor. */
int clinux_epoll_open(void);
/* Adds or changes what is awaited of `descriptor`: bytes or the end of the stream, and room to write where wanted. */
int clinux_epoll_set(int epoll, int descriptor, uint64_t tag, bool is_new, bool wants_writing);
/* Waits at most `timeout` milliseconds; fills in the tags of what is ready and returns their number, 0 when none. */
int clinux_epoll_wait(int epoll, uint64_t *tags, int room, int timeout);

#endif
