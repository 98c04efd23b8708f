/* What the tests share: promises that are checked, a daemon, and servers that break the rules. */
#ifndef SIGNET_TESTS_H
#define SIGNET_TESTS_H

#include "signet.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Ends the program with the place and the values when a promise is broken. */
#define CHECK(condition) check(!!(condition), #condition, "", __FILE__, __LINE__)
/* The same of how a call ended, with the client's message. */
#define CHECK_ERROR(client, call, expected) \
    do { \
        signet_error checked_ = (call); \
        char said_[600]; \
        snprintf(said_, sizeof said_, ": %d, %s", (int)checked_, signet_message(client)); \
        check(checked_ == (expected), #call " == " #expected, said_, __FILE__, __LINE__); \
    } while (0)
#define CHECK_CONTAINS(text, part) check(strstr((text), (part)) != NULL, #text " contains " #part, (text), __FILE__, __LINE__)

void check(bool holds, const char *promise, const char *said, const char *file, int line);

/* A test, by the promise that it tests. */
typedef struct test {
    const char *promise;
    void (*run)(void);
} test;
extern const test daemon_tests[], server_tests[];

/* The real daemon, on $SIGNET_SOCKET. */
void start_daemon(void);
void stop_daemon(int signal_number);

/* A client of the real daemon. */
signet_client *new_client(void);
/* A token of the profile `default`, to be freed. */
char *new_token(signet_client *client);

/*
 * A server in a process of its own that serves connections by these functions, one after another, and ends. Its
 * socket's path is at `server_path`.
 */
typedef void service(int socket);
extern char server_path[];
void start_server(service *const *services, size_t count);
/* Ends the server; returns how many request lines it has read. */
int end_server(void);
/* As the server: reads a request line; its id comes back, -1 at the end of the stream. */
long read_request(int socket);
/* The last line that was read. */
extern char request_line[];
void say(int socket, const char *text);
/* Reads a request and says this, with its id for each `@`. */
void answer_request(int socket, const char *pattern);
/* In the tests: waits until the server has closed one more connection. */
void wait_for_close(void);
/* Who the server is, 0 being the tests' own user; and how many connections may wait for it. */
extern uid_t server_uid;
extern int server_backlog;

#endif
