/*
 * signet.h: a client of signetd, the token-signing daemon of this host. signet(3) is its manual page, docs/protocol.md
 * describes what travels over the socket.
 *
 * One source file and libc. A client belongs to one thread at a time: give each thread its own, or put a lock around it
 * and around what you read of its last call. After fork(2) the child may go on with the client; it gets a connection
 * of its own.
 *
 * Text goes in and comes out as UTF-8 with a NUL at its end. What a function hands out by a `char **` is yours: give it
 * to signet_free(). A `const char *` belongs to the client and holds until its next call.
 */
#ifndef SIGNET_H
#define SIGNET_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

#define SIGNET_VERSION "0.1.0"
#define SIGNET_DEFAULT_SOCKET "/run/signet/signet.sock"
#define SIGNET_DEFAULT_DEADLINE_MS 5000

#if defined(__GNUC__)
#define SIGNET_CHECKED __attribute__((warn_unused_result))
#else
#define SIGNET_CHECKED
#endif

/* How a call ended. Numbers stay as they are; later versions may add some. */
typedef enum signet_error {
    SIGNET_OK = 0,

    /* The daemon refused: `error.code` of its answer. Nothing was carried out. */
    SIGNET_MALFORMED_REQUEST = 1,
    SIGNET_UNKNOWN_OP = 2,
    SIGNET_NOT_PERMITTED = 3,
    SIGNET_UNKNOWN_PROFILE = 4,
    SIGNET_UNKNOWN_KEYRING = 5,
    SIGNET_CLAIMS_REJECTED = 6,
    SIGNET_TTL_TOO_LONG = 7,
    SIGNET_RATE_LIMITED = 8, /* signet_retry_after_ms() says when to try again */
    SIGNET_TOO_LARGE = 9,
    SIGNET_NO_SIGNING_KEY = 10,
    SIGNET_OVERLOADED = 11, /* signet_retry_after_ms() may say when to try again */
    SIGNET_TIMEOUT = 12,    /* the daemon did not get the whole request in time */
    SIGNET_SHUTTING_DOWN = 13,
    SIGNET_RELOAD_FAILED = 14,
    SIGNET_INTERNAL = 15,
    SIGNET_REFUSED = 16, /* with a code that this version does not know */

    /* The token does not hold; signet_reason() says why. */
    SIGNET_INVALID_TOKEN = 32,

    /* There was no answer. */
    SIGNET_UNAVAILABLE = 64,        /* nobody answers at the socket */
    SIGNET_SERVER_NOT_TRUSTED = 65, /* another user listens there; nothing was sent */
    SIGNET_TIMED_OUT = 66,          /* the deadline passed; the request may have been carried out */
    SIGNET_CONNECTION_LOST = 67,    /* the connection broke; the request may have been carried out */
    SIGNET_PROTOCOL_VIOLATION = 68, /* what came was no answer; the request may have been carried out */
    SIGNET_INVALID_ARGUMENT = 69,   /* nothing was sent */
    SIGNET_NO_MEMORY = 70
} signet_error;

typedef struct signet_client signet_client;

/*
 * Makes a client and connects it.
 *
 * path: the daemon's socket. NULL: the environment's SIGNET_SOCKET, else SIGNET_DEFAULT_SOCKET.
 * uids: the users that the daemon may run as, beside root. NULL, with uid_count 0: the user `signet`, where there is
 * one, and the process's own. The kernel is asked who listens before anything is sent.
 *
 * *client is a client also when connecting failed, NULL only without memory: signet_message() says why, and calls
 * connect again. Give it to signet_disconnect() either way.
 */
SIGNET_CHECKED signet_error signet_connect(
    signet_client **client, const char *path, const uid_t *uids, size_t uid_count);

/* Ends the connection and frees the client; NULL is fine. */
void signet_disconnect(signet_client *client);

/*
 * How long each later call may take in all, in milliseconds, from 1 on. That is SIGNET_DEFAULT_DEADLINE_MS until it is
 * set; anything less than 1 sets it back.
 */
void signet_set_deadline(signet_client *client, int milliseconds);

/*
 * Signs a token.
 *
 * profile: NULL: `default`.
 * claims: one JSON object; NULL: none. White space between its parts, line feeds too, is not sent.
 * ttl: seconds that the token lives; 0: as long as the profile says.
 * token: the compact JWS, to be freed by signet_free(); NULL unless SIGNET_OK comes back. Whoever holds it can use it:
 * keep it out of logs.
 *
 * A request that may have been carried out is never sent again: that is SIGNET_CONNECTION_LOST, and the caller decides.
 */
SIGNET_CHECKED signet_error signet_sign(
    signet_client *client, const char *profile, const char *claims, long ttl, char **token);

/*
 * Verifies a token: SIGNET_OK if and only if it holds in every respect, SIGNET_INVALID_TOKEN if it does not.
 *
 * profile: NULL: `default`.
 * audience: the audience that the token must name. NULL: any that the caller may verify for.
 * claims: the token's claims as one JSON object, to be freed by signet_free(), and NULL unless SIGNET_OK comes back.
 * NULL in its place: they are not wanted.
 */
SIGNET_CHECKED signet_error signet_verify(
    signet_client *client, const char *profile, const char *token, const char *audience, char **claims);

/* Asks whether the daemon answers. */
SIGNET_CHECKED signet_error signet_ping(signet_client *client);

/* Wipes and frees what a call handed out; NULL is fine. */
void signet_free(char *text);

/* What an error means in general; never NULL. */
const char *signet_strerror(signet_error error);

/* What went wrong in the last call, for a person: one line without any token or value of a claim. "" if nothing did. */
const char *signet_message(const signet_client *client);

/* Why the last call found the token invalid, by the names of docs/protocol.md, as "expired"; else NULL. */
const char *signet_reason(const signet_client *client);

/* The id of the key of the token that the last call signed or verified; else NULL. */
const char *signet_kid(const signet_client *client);

/* The unique id of the token that the last call signed; else NULL. */
const char *signet_jti(const signet_client *client);

/* The header, one JSON object, of the token that the last call verified; else NULL. */
const char *signet_header(const signet_client *client);

/* When the token that the last call signed expires, in seconds since 1970-01-01 UTC; else 0. */
int64_t signet_expiry(const signet_client *client);

/* The milliseconds after which trying again may help, if the last call was refused with that advice; else 0. */
int64_t signet_retry_after_ms(const signet_client *client);

#ifdef __cplusplus
}
#endif

#endif
