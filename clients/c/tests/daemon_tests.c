/* What the client promises of the real daemon. */
#define _GNU_SOURCE
#include "tests.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static void a_token_is_signed_and_verified(void) {
    signet_client *client = new_client();
    char *token = new_token(client), *claims;
    CHECK(strcmp(signet_kid(client), "first") == 0 && strlen(signet_jti(client)) == 22);
    CHECK(signet_expiry(client) > 1700000000 && *signet_message(client) == 0);
    CHECK_ERROR(client, signet_verify(client, "default", token, "https://api.example.com", &claims), SIGNET_OK);
    CHECK_CONTAINS(claims, "{\"sub\":\"user-1\",\"iss\":\"https://auth.example.com\"");
    CHECK(strcmp(signet_header(client), "{\"alg\":\"HS512\",\"kid\":\"first\",\"typ\":\"JWT\"}") == 0);
    CHECK(strcmp(signet_kid(client), "first") == 0 && signet_reason(client) == NULL && signet_jti(client) == NULL);
    signet_free(claims);
    CHECK_ERROR(client, signet_verify(client, NULL, token, NULL, NULL), SIGNET_OK);
    signet_free(token);
    CHECK_ERROR(client, signet_sign(client, NULL, NULL, 0, &token), SIGNET_OK);
    signet_free(token);
    CHECK_ERROR(client, signet_ping(client), SIGNET_OK);
    signet_disconnect(client);
}

static void a_token_that_does_not_hold_is_an_error_with_a_reason(void) {
    signet_client *client = new_client();
    char *token = new_token(client), *claims = token;
    CHECK_ERROR(client, signet_verify(client, "other", token, NULL, &claims), SIGNET_INVALID_TOKEN);
    CHECK(claims == NULL && strcmp(signet_reason(client), "wrong_issuer") == 0 && signet_kid(client) == NULL);
    CHECK_ERROR(
        client, signet_verify(client, NULL, token, "https://admin.example.com", NULL), SIGNET_INVALID_TOKEN);
    CHECK(strcmp(signet_reason(client), "wrong_audience") == 0);
    char *first_of_signature = strrchr(token, '.') + 1;
    *first_of_signature = *first_of_signature == 'A' ? 'B' : 'A';
    CHECK_ERROR(client, signet_verify(client, NULL, token, NULL, &claims), SIGNET_INVALID_TOKEN);
    CHECK(strcmp(signet_reason(client), "bad_signature") == 0 && !strstr(signet_message(client), token));
    CHECK_ERROR(client, signet_verify(client, NULL, "", NULL, &claims), SIGNET_INVALID_TOKEN);
    CHECK(strcmp(signet_reason(client), "malformed") == 0);
    CHECK_ERROR(client, signet_ping(client), SIGNET_OK);
    CHECK(signet_reason(client) == NULL);
    signet_free(token);
    signet_disconnect(client);
}

static void refusals_have_their_codes_and_keep_the_connection(void) {
    signet_client *client = new_client();
    char *token;
    CHECK_ERROR(client, signet_sign(client, "missing", NULL, 0, &token), SIGNET_UNKNOWN_PROFILE);
    CHECK(token == NULL);
    CHECK_ERROR(client, signet_sign(client, NULL, "{\"iss\":\"me\"}", 0, &token), SIGNET_CLAIMS_REJECTED);
    CHECK_CONTAINS(signet_message(client), "iss");
    CHECK_ERROR(client, signet_sign(client, NULL, NULL, 86400, &token), SIGNET_TTL_TOO_LONG);
    CHECK_ERROR(
        client, signet_verify(client, NULL, "a.b.c", "https://elsewhere.example.com", NULL), SIGNET_NOT_PERMITTED);
    CHECK_ERROR(client, signet_sign(client, NULL, "{\"a\":1,\"\\u0061\":2}", 0, &token), SIGNET_MALFORMED_REQUEST);
    CHECK_ERROR(client, signet_ping(client), SIGNET_OK);
    signet_disconnect(client);
}

static void claims_are_one_object_on_one_line(void) {
    signet_client *client = new_client();
    char *token, *claims;
    static const char *const wrong[] = {
        "", " ", "1", "[]", "null", "\"a\"", "{", "{}{}", "{},\"ttl\":1", "{}}\n{\"op\":\"ping\"", "{}\n{}",
        "{\"a\":\"\n\"}", "{\"a\":\"\x01\"}", "{\"a\":01}", "{\"a\":1.}", "{\"a\":+1}", "{\"a\":1e}", "{\"a\":-}",
        "{\"a\":tru}", "{\"a\":NaN}", "{\"a\"}", "{\"a\":}", "{a:1}", "{\"a\":1,}", "{,}", "{\"a\":[1,]}",
        "{\"a\":[1 2]}", "{\"a\":\"\\x\"}", "{\"a\":\"\\u12\"}", "{\"a\":\"\\ud800\"}", "{\"a\":\"\\udc00\"}",
        "{\"a\":\"\\ud800\\u0041\"}", "{\"a\":\"\xff\"}", "{\"a\":\"\xed\xa0\x80\"}", "{\"a\":\"\xc0\x80\"}",
        "{\"a\":\"\xf4\x90\x80\x80\"}", "{\"a\":\"\xe2\x82\"}", "{\"a\":\"", "{\"a\":\"\\", "{\"a\":1}x", "\xef\xbb\xbf{}",
        "{/**/}",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        signet_error error = signet_sign(client, NULL, wrong[i], 0, &token);
        check(error == SIGNET_INVALID_ARGUMENT, "refused: ", wrong[i], __FILE__, __LINE__);
        CHECK(token == NULL);
    }
    char *deep = calloc(1, 2001);
    memset(deep, '[', 1000);
    memset(deep + 1000, ']', 994);
    memcpy(deep, "{\"a\":", 5);
    strcpy(deep + 1994, "]}");
    CHECK_ERROR(client, signet_sign(client, NULL, deep, 0, &token), SIGNET_INVALID_ARGUMENT);
    free(deep);
    /* White space between the parts goes, what is inside of strings stays as it is. */
    const char *spread = "\r\n {\n\t\"text\" : \"a \\n\xc3\xa9\\u00e9\\ud83d\\ude00 {}\" ,\n \"n\" : [ -0.5e+10 , { } , [ ] , null ]\n}\n";
    CHECK_ERROR(client, signet_sign(client, NULL, spread, 0, &token), SIGNET_OK);
    CHECK_ERROR(client, signet_verify(client, NULL, token, NULL, &claims), SIGNET_OK);
    CHECK_CONTAINS(
        claims, "{\"text\":\"a \\n\xc3\xa9\\u00e9\\ud83d\\ude00 {}\",\"n\":[-0.5e+10,{},[],null],\"iss\":");
    signet_free(token);
    signet_free(claims);
    CHECK_ERROR(client, signet_ping(client), SIGNET_OK);
    signet_disconnect(client);
}

static void names_are_escaped(void) {
    signet_client *client = new_client();
    char *token;
    const char *name = "a\"\\\n\x7f\xc3\xa9\",\"ttl\":1,\"x\":\"";
    CHECK_ERROR(client, signet_sign(client, name, NULL, 0, &token), SIGNET_UNKNOWN_PROFILE);
    CHECK_ERROR(client, signet_sign(client, "\xff", NULL, 0, &token), SIGNET_INVALID_ARGUMENT);
    CHECK_ERROR(client, signet_verify(client, NULL, "a\nb", NULL, NULL), SIGNET_INVALID_TOKEN);
    CHECK_ERROR(client, signet_verify(client, NULL, "\xc3", NULL, NULL), SIGNET_INVALID_ARGUMENT);
    CHECK_ERROR(client, signet_verify(client, NULL, "a.b.c", "\"", NULL), SIGNET_NOT_PERMITTED);
    CHECK_ERROR(client, signet_ping(client), SIGNET_OK);
    signet_disconnect(client);
}

static void wrong_arguments_send_nothing(void) {
    signet_client *client = new_client();
    char *token;
    CHECK_ERROR(client, signet_sign(client, NULL, NULL, -1, &token), SIGNET_INVALID_ARGUMENT);
    CHECK_ERROR(client, signet_sign(client, NULL, NULL, 0, NULL), SIGNET_INVALID_ARGUMENT);
    CHECK_ERROR(client, signet_verify(client, NULL, NULL, NULL, NULL), SIGNET_INVALID_ARGUMENT);
    CHECK(signet_sign(NULL, NULL, NULL, 0, &token) == SIGNET_INVALID_ARGUMENT && token == NULL);
    CHECK(signet_connect(NULL, NULL, NULL, 0) == SIGNET_INVALID_ARGUMENT);
    CHECK(signet_ping(NULL) == SIGNET_INVALID_ARGUMENT && *signet_message(NULL));
    signet_disconnect(client);
    signet_disconnect(NULL);
    signet_free(NULL);
    char path[200];
    memset(path, 'x', sizeof path - 1);
    path[sizeof path - 1] = 0;
    CHECK(signet_connect(&client, path, NULL, 0) == SIGNET_INVALID_ARGUMENT && client);
    CHECK_ERROR(client, signet_ping(client), SIGNET_INVALID_ARGUMENT);
    signet_disconnect(client);
}

static void long_claims_pass_and_too_long_ones_are_told(void) {
    signet_client *client = new_client();
    char *token, *claims, *text = malloc(2000000);
    size_t sizes[] = {40000, 70000, 1100000};
    signet_error expected[] = {SIGNET_OK, SIGNET_TOO_LARGE, SIGNET_TOO_LARGE};
    for (int i = 0; i < 3; i++) {
        memcpy(text, "{\"text\":\"", 9);
        memset(text + 9, 'x', sizes[i]);
        memcpy(text + 9 + sizes[i], "\"}", 3);
        CHECK_ERROR(client, signet_sign(client, NULL, text, 0, &token), expected[i]);
        if (expected[i]) continue;
        CHECK_ERROR(client, signet_verify(client, NULL, token, NULL, &claims), SIGNET_OK);
        CHECK(strlen(claims) > sizes[i]);
        signet_free(claims);
        signet_free(token);
    }
    free(text);
    CHECK_ERROR(client, signet_ping(client), SIGNET_OK);
    signet_disconnect(client);
}

static void a_rate_is_waited_for_once_within_the_deadline(void) {
    signet_client *client = new_client();
    char *token;
    CHECK_ERROR(client, signet_sign(client, "scarce", NULL, 0, &token), SIGNET_OK);
    signet_free(token);
    /* Too short to wait: the refusal comes at once. */
    signet_set_deadline(client, 100);
    signet_error error = signet_sign(client, "scarce", NULL, 0, &token);
    if (error == SIGNET_RATE_LIMITED) CHECK(signet_retry_after_ms(client) >= 1 && token == NULL);
    else CHECK_ERROR(client, error, SIGNET_OK); /* a machine so slow that a second has passed */
    signet_free(token);
    signet_set_deadline(client, 0);
    CHECK_ERROR(client, signet_sign(client, "scarce", NULL, 0, &token), SIGNET_OK);
    CHECK(signet_retry_after_ms(client) == 0 && *signet_message(client) == 0);
    signet_free(token);
    signet_disconnect(client);
}

static void a_restart_of_the_daemon_is_not_seen(void) {
    signet_client *client = new_client();
    char *token = new_token(client);
    for (int i = 0; i < 4; i++) {
        stop_daemon(i % 2 ? SIGKILL : SIGTERM);
        start_daemon();
        CHECK_ERROR(client, signet_verify(client, NULL, token, NULL, NULL), SIGNET_OK);
        signet_free(new_token(client));
    }
    signet_free(token);
    signet_disconnect(client);
}

static void a_daemon_that_stays_away_is_waited_for_once(void) {
    signet_client *client = new_client();
    stop_daemon(SIGTERM);
    signet_set_deadline(client, 200);
    CHECK_ERROR(client, signet_ping(client), SIGNET_UNAVAILABLE);
    /* From now on no call waits: this one would, past the end of the test. */
    signet_set_deadline(client, 1000000);
    CHECK_ERROR(client, signet_ping(client), SIGNET_UNAVAILABLE);
    CHECK_CONTAINS(signet_message(client), "is signetd running?");
    start_daemon();
    CHECK_ERROR(client, signet_ping(client), SIGNET_OK);
    signet_disconnect(client);
}

static void a_client_may_be_made_before_the_daemon(void) {
    stop_daemon(SIGTERM);
    signet_client *client;
    CHECK(signet_connect(&client, NULL, NULL, 0) == SIGNET_UNAVAILABLE && client);
    CHECK_CONTAINS(signet_message(client), "is signetd running?");
    start_daemon();
    CHECK_ERROR(client, signet_ping(client), SIGNET_OK);
    signet_disconnect(client);
}

static void a_child_gets_a_connection_of_its_own(void) {
    signet_client *client = new_client();
    int ready[2];
    CHECK(pipe(ready) == 0);
    pid_t child = fork();
    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (write(ready[1], "", 1) != 1) _exit(1);
        for (int i = 0; i < 300; i++)
            if (signet_ping(client) != SIGNET_OK) _exit(1);
        signet_disconnect(client);
        _exit(0);
    }
    /* Both at the same time: on one connection they would get each other's answers. */
    char byte;
    CHECK(read(ready[0], &byte, 1) == 1);
    close(ready[0]);
    close(ready[1]);
    for (int i = 0; i < 300; i++) CHECK_ERROR(client, signet_ping(client), SIGNET_OK);
    int status = 1;
    CHECK(waitpid(child, &status, 0) == child && status == 0);
    CHECK_ERROR(client, signet_ping(client), SIGNET_OK);
    signet_disconnect(client);
}

static void every_error_has_words(void) {
    for (int i = 0; i < 100; i++) CHECK(*signet_strerror((signet_error)i));
    CHECK(strcmp(signet_strerror(SIGNET_RATE_LIMITED), "too many requests by this user") == 0);
    CHECK(strcmp(signet_strerror((signet_error)99), "unknown error") == 0);
}

const test daemon_tests[] = {
    {"A token is signed and verified", a_token_is_signed_and_verified},
    {"A token that does not hold is an error with a reason", a_token_that_does_not_hold_is_an_error_with_a_reason},
    {"Refusals have their codes and keep the connection", refusals_have_their_codes_and_keep_the_connection},
    {"Claims are one object on one line, or are not sent", claims_are_one_object_on_one_line},
    {"Names, tokens and audiences are escaped", names_are_escaped},
    {"Wrong arguments send nothing", wrong_arguments_send_nothing},
    {"Long claims pass, and too long ones are told", long_claims_pass_and_too_long_ones_are_told},
    {"A rate is waited for once, within the deadline", a_rate_is_waited_for_once_within_the_deadline},
    {"A restart of the daemon is not seen", a_restart_of_the_daemon_is_not_seen},
    {"A daemon that stays away is waited for once", a_daemon_that_stays_away_is_waited_for_once},
    {"A client may be made before the daemon runs", a_client_may_be_made_before_the_daemon},
    {"A child of fork gets a connection of its own", a_child_gets_a_connection_of_its_own},
    {"Every error has words", every_error_has_words},
    {NULL, NULL},
};
