/* Servers for the tests, each in a process of its own. */
#define _GNU_SOURCE
#include "tests.h"

#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

char server_path[108];
char request_line[1 << 21];
uid_t server_uid;
int server_backlog = 16;
static pid_t server;
/* Shared with the server: the request lines that it has read. */
static int *lines;
/* The server writes a byte when it has closed a connection. */
static int closed[2];

static void serve(int listener, service *const *services, size_t count) {
    for (size_t i = 0; i < count; i++) {
        int socket = accept(listener, NULL, NULL);
        if (socket < 0) _exit(1);
        services[i](socket);
        /* Dropping what is unread would be a reset, and could take the answer with it. */
        shutdown(socket, SHUT_WR);
        if (close(socket) != 0 || write(closed[1], "", 1) != 1) _exit(1);
    }
    close(listener);
    _exit(0);
}

void start_server(service *const *services, size_t count) {
    static int number;
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(server_path, sizeof server_path, "%s/server-%d.sock", getenv("SIGNET_HOME"), ++number);
    strcpy(address.sun_path, server_path);
    if (!lines) {
        lines = mmap(NULL, sizeof *lines, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        CHECK(lines != MAP_FAILED && pipe(closed) == 0);
    }
    *lines = 0;
    int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), ready[2];
    CHECK(listener >= 0 && bind(listener, (struct sockaddr *)&address, sizeof address) == 0 && pipe(ready) == 0);
    CHECK(chmod(server_path, 0666) == 0);
    server = fork();
    CHECK(server >= 0);
    if (server == 0) {
        /* The uid that the kernel tells of is that of listen(2). */
        if (server_uid && setuid(server_uid) != 0) _exit(1);
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (listen(listener, server_backlog) != 0 || write(ready[1], "", 1) != 1) _exit(1);
        serve(listener, services, count);
    }
    close(listener);
    close(ready[1]);
    char byte;
    CHECK(read(ready[0], &byte, 1) == 1);
    close(ready[0]);
}

void wait_for_close(void) {
    char byte;
    CHECK(read(closed[0], &byte, 1) == 1);
}

int end_server(void) {
    kill(server, SIGKILL);
    waitpid(server, NULL, 0);
    unlink(server_path);
    /* What it said of closed connections is for nobody any more. */
    CHECK(close(closed[0]) == 0 && close(closed[1]) == 0 && pipe(closed) == 0);
    return *lines;
}

long read_request(int socket) {
    size_t count = 0;
    for (char c; read(socket, &c, 1) == 1;) {
        if (c != '\n') {
            if (count < sizeof request_line - 1) request_line[count++] = c;
            continue;
        }
        request_line[count] = 0;
        ++*lines;
        const char *id = strstr(request_line, "\"id\":");
        return id ? strtol(id + 5, NULL, 10) : -1;
    }
    return -1;
}

void say(int socket, const char *text) {
    for (size_t left = strlen(text); left > 0;) {
        ssize_t count = send(socket, text, left, MSG_NOSIGNAL);
        if (count <= 0) return;
        text += count;
        left -= (size_t)count;
    }
}

void answer_request(int socket, const char *pattern) {
    long id = read_request(socket);
    if (id < 0) return;
    char text[4096], digits[24];
    snprintf(digits, sizeof digits, "%ld", id);
    size_t count = 0;
    for (; *pattern && count < sizeof text - 32; pattern++) {
        const char *piece = *pattern == '@' ? digits : (const char[]){*pattern, 0};
        memcpy(text + count, piece, strlen(piece));
        count += strlen(piece);
    }
    text[count] = 0;
    say(socket, text);
}
