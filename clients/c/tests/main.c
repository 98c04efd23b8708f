/* Runs the tests of the C client; with-daemon prepares the daemon's folder. */
#define _GNU_SOURCE
#include "tests.h"

#include <errno.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *running = "";
static pid_t daemon_process;

void check(bool holds, const char *promise, const char *said, const char *file, int line) {
    if (holds) return;
    fprintf(stderr, "FAILED %s\n  %s:%d: %s%s\n", running, file, line, promise, said);
    exit(1);
}

void start_daemon(void) {
    int log[2];
    CHECK(pipe(log) == 0);
    char configuration[512];
    snprintf(configuration, sizeof configuration, "%s/signetd.toml", getenv("SIGNET_HOME"));
    daemon_process = fork();
    CHECK(daemon_process >= 0);
    if (daemon_process == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        dup2(log[1], STDERR_FILENO);
        close(log[0]);
        close(log[1]);
        execl(getenv("SIGNETD"), "signetd", "--config", configuration, (char *)NULL);
        _exit(127);
    }
    close(log[1]);
    /* The read end stays open, so that the daemon can go on writing what little it says. */
    char text[8192] = "";
    size_t count = 0;
    while (!strstr(text, "listening on") && count < sizeof text - 1) {
        ssize_t more = read(log[0], text + count, sizeof text - 1 - count);
        if (more < 0 && errno == EINTR) continue;
        check(more > 0, "the daemon starts: ", text, __FILE__, __LINE__);
        count += (size_t)more;
        text[count] = 0;
    }
}

void stop_daemon(int signal_number) {
    if (daemon_process <= 0) return;
    kill(daemon_process, signal_number);
    waitpid(daemon_process, NULL, 0);
    daemon_process = 0;
}

signet_client *new_client(void) {
    signet_client *client;
    CHECK_ERROR(client, signet_connect(&client, NULL, NULL, 0), SIGNET_OK);
    return client;
}

char *new_token(signet_client *client) {
    char *token;
    CHECK_ERROR(client, signet_sign(client, "default", "{\"sub\":\"user-1\"}", 900, &token), SIGNET_OK);
    return token;
}

static void stop_at_exit(void) { stop_daemon(SIGKILL); }

static int run(const test *tests) {
    int count = 0;
    for (; tests->promise; tests++, count++) {
        running = tests->promise;
        tests->run();
        printf("ok %s\n", running);
        fflush(stdout);
    }
    return count;
}

int main(void) {
    if (!getenv("SIGNETD") || !getenv("SIGNET_HOME")) {
        fprintf(stderr, "to be run by with-daemon\n");
        return 2;
    }
    /* A promise that hangs is broken too. */
    alarm(240);
    pid_t self = getpid();
    start_daemon();
    /* Not for the processes that tests fork: they end by _exit. */
    atexit(stop_at_exit);
    int count = run(daemon_tests);
    stop_daemon(SIGTERM);
    count += run(server_tests);
    if (getpid() == self) printf("%d tests of the C client passed\n", count);
    return 0;
}
