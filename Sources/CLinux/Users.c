#define _GNU_SOURCE
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>

#include "CLinux.h"

enum { FIRST_BUFFER = 1024, LARGEST_BUFFER = 1 << 20 };

/* Calls one of the …_r functions with a buffer that grows until the entry fits, then `USE` on the entry `found`. */
#define LOOK_UP(TYPE, CALL, USE)                                               \
    for (size_t capacity = FIRST_BUFFER;; capacity *= 2) {                     \
        char *buffer = malloc(capacity);                                       \
        if (!buffer) return -ENOMEM;                                           \
        struct TYPE entry, *found = NULL;                                      \
        int error;                                                             \
        do error = CALL;                                                       \
        while (error == EINTR);                                                \
        if (error == ERANGE && capacity < LARGEST_BUFFER) {                    \
            free(buffer);                                                      \
            continue;                                                          \
        }                                                                      \
        int result = -error;                                                   \
        if (found) {                                                           \
            result = 1;                                                        \
            USE;                                                               \
        } else if (error == ENOENT || error == ESRCH) {                        \
            result = 0; /* what some sources say for an unknown name */        \
        }                                                                      \
        free(buffer);                                                          \
        return result;                                                         \
    }

int clinux_user_ids(const char *name, uint32_t *uid, uint32_t *gid) {
    LOOK_UP(passwd, getpwnam_r(name, &entry, buffer, capacity, &found),
            *uid = found->pw_uid; *gid = found->pw_gid)
}

int clinux_user_name(uint32_t uid, char *name, size_t room) {
    LOOK_UP(passwd, getpwuid_r(uid, &entry, buffer, capacity, &found),
            if (strlen(found->pw_name) < room) strcpy(name, found->pw_name); else result = -ERANGE)
}

int clinux_group_id(const char *name, uint32_t *gid) {
    LOOK_UP(group, getgrnam_r(name, &entry, buffer, capacity, &found), *gid = found->gr_gid)
}

int clinux_group_name(uint32_t gid, char *name, size_t room) {
    LOOK_UP(group, getgrgid_r(gid, &entry, buffer, capacity, &found),
            if (strlen(found->gr_name) < room) strcpy(name, found->gr_name); else result = -ERANGE)
}

int clinux_group_has_members(uint32_t gid) {
    LOOK_UP(group, getgrgid_r(gid, &entry, buffer, capacity, &found), result = found->gr_mem[0] != NULL)
}
