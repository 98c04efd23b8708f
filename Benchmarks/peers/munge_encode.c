/// Credentials a second of MUNGE, over the socket of its daemon, from some threads.
///
///     munge_encode SOCKET THREADS SECONDS
#include <munge.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { MOST_THREADS = 64 };

static const char payload[] =
    "{\"sub\":\"user-1001\",\"email\":\"ada@example.com\",\"given_name\":\"Ada\",\"roles\":[\"admin\",\"user\"]}";
static const char *socket_path;
static double end;
static atomic_ulong credentials;
static atomic_int failures;

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

static void *encode(void *unused)
{
    (void)unused;
    munge_ctx_t context = munge_ctx_create();
    if (!context || munge_ctx_set(context, MUNGE_OPT_SOCKET, socket_path) != EMUNGE_SUCCESS) {
        failures++;
        return NULL;
    }
    while (now() < end) {
        char *credential = NULL;
        munge_err_t error = munge_encode(&credential, context, payload, (int)strlen(payload));
        free(credential);
        if (error != EMUNGE_SUCCESS) {
            fprintf(stderr, "%s\n", munge_ctx_strerror(context));
            failures++;
            break;
        }
        credentials++;
    }
    munge_ctx_destroy(context);
    return NULL;
}

int main(int count, char **arguments)
{
    int threads = count == 4 ? atoi(arguments[2]) : 0;
    if (threads < 1 || threads > MOST_THREADS) return 64;
    socket_path = arguments[1];
    double begin = now();
    end = begin + strtod(arguments[3], NULL);
    pthread_t all[MOST_THREADS];
    for (int i = 0; i < threads; i++)
        if (pthread_create(&all[i], NULL, encode, NULL)) return 1;
    for (int i = 0; i < threads; i++) pthread_join(all[i], NULL);
    printf("%.0f\n", (double)credentials / (now() - begin));
    return failures > 0;
}
