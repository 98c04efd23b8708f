/* libsystemd as Swift sees it: what a service and its manager have to say to each other, and whose process is whose. */
#ifndef CSYSTEMD_H
#define CSYSTEMD_H

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-daemon.h>
#include <systemd/sd-login.h>

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

#endif
