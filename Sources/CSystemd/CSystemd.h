/* libsystemd as Swift sees it: what a service and its manager have to say to each other, and whose process is whose. */
#ifndef CSYSTEMD_H
#define CSYSTEMD_H

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-daemon.h>
#define SD_JOURNAL_SUPPRESS_LOCATION
#include <systemd/sd-journal.h>
#include <systemd/sd-login.h>
#include <sys/socket.h>

/* sd_pid_get_unit(3): writes the name of the system unit of `pid`, without a NUL, and returns its length; a negative
 * errno when there is none or the room is too small. */
static inline int csystemd_unit_of_process(int pid, unsigned char *name, int room) {
    char *unit = NULL;
    int result = sd_pid_get_unit(pid, &unit);
    if (result < 0) return result;
    size_t length = strlen(unit);
    result = length <= (size_t)room ? (int)length : -ENAMETOOLONG;
    if (result > 0) memcpy(name, unit, length);
    free(unit);
    return result;
}

/* Whether a descriptor is a stream socket of the Unix domain that listens (sd_is_socket_unix(3)). */
static inline int csystemd_is_listening(int descriptor) {
    return sd_is_socket_unix(descriptor, SOCK_STREAM, 1, NULL, 0) > 0;
}

/* Frees an array of `count` strings, and the strings. */
static inline void csystemd_free_strings(char **strings, int count) {
    for (int i = 0; strings && i < count; i++) free(strings[i]);
    free(strings);
}

#endif
