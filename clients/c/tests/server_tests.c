/* What the client promises when the server breaks the rules, breaks down, or is somebody else. */
#define _GNU_SOURCE
#include "tests.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define SIGNED "{\"id\":@,\"ok\":true,\"token\":\"a.b.c\",\"kid\":\"k\",\"exp\":12,\"jti\":\"j\"}\n"
#define VALID "{\"id\":@,\"ok\":true,\"valid\":true,\"kid\":\"k\",\"header\":{\"alg\":\"x\"},\"claims\":{\"a\":[1]}}\n"
#define PONG "{\"id\":@,\"ok\":true}\n"
#define COUNT(array) (sizeof array / sizeof *array)

static void sign(int socket) { answer_request(socket, SIGNED); }
static void verify(int socket) { answer_request(socket, VALID); }
static void pong(int socket) { answer_request(socket, PONG); }
static void close_after_request(int socket) { read_request(socket); }
static void close_in_answer(int socket) { answer_request(socket, "{\"id\":@,\"ok\":true,\"tok"); }
static void never_answer(int socket) { while (read_request(socket) >= 0) {} }

/* A client of the server that serves these connections. */
static signet_client *client_of(service *const *services, size_t count) {
    start_server(services, count);
    signet_client *client;
    CHECK_ERROR(client, signet_connect(&client, server_path, NULL, 0), SIGNET_OK);
    return client;
}

static void check_sign(signet_client *client, signet_error expected) {
    char *token;
    CHECK_ERROR(client, signet_sign(client, NULL, NULL, 0, &token), expected);
    CHECK(expected ? token == NULL : strcmp(token, "a.b.c") == 0);
    signet_free(token);
}

static void check_verify(signet_client *client, signet_error expected) {
    char *claims;
    CHECK_ERROR(client, signet_verify(client, NULL, "a.b.c", NULL, &claims), expected);
    CHECK(expected ? claims == NULL : strcmp(claims, "{\"a\":[1]}") == 0);
    signet_free(claims);
}

static void end(signet_client *client, int requests) {
    signet_disconnect(client);
    int read = end_server();
    char said[64];
    snprintf(said, sizeof said, ": %d, not %d", read, requests);
    check(read == requests, "the server reads so many requests", said, __FILE__, __LINE__);
}

static void say_slowly(int socket) {
    long id = read_request(socket);
    char text[256];
    snprintf(
        text, sizeof text, " { \"n\\u0065w\":[{}], \"id\":%ld,\"o\\u006b\":true, \"token\":\"\\u0061.b\\u002Ec\",\"kid\":\"k\"}\r\n", id);
    for (char *at = text; *at; at++) {
        char byte[2] = {*at, 0};
        say(socket, byte);
        usleep(100);
    }
}

static void an_answer_may_come_byte_by_byte(void) {
    service *services[] = {say_slowly};
    signet_client *client = client_of(services, 1);
    check_sign(client, SIGNET_OK);
    CHECK(signet_expiry(client) == 0 && signet_jti(client) == NULL);
    end(client, 1);
}

static const char *const wrong_answers[] = {
    "{\"id\":7777,\"ok\":true,\"valid\":true,\"kid\":\"k\",\"header\":{},\"claims\":{}}\n",
    "{\"id\":\"@\",\"ok\":true,\"valid\":true,\"kid\":\"k\",\"header\":{},\"claims\":{}}\n",
    "{\"id\":7777,\"ok\":false,\"error\":{\"code\":\"overloaded\",\"message\":\"\"}}\n",
    "{\"ok\":true,\"valid\":true,\"kid\":\"k\",\"header\":{},\"claims\":{}}\n",
    "{\"id\":@,\"valid\":true,\"kid\":\"k\",\"header\":{},\"claims\":{}}\n",
    "{\"id\":@,\"ok\":\"true\",\"valid\":true,\"kid\":\"k\",\"header\":{},\"claims\":{}}\n",
    "{\"id\":@,\"ok\":true,\"valid\":\"true\",\"kid\":\"k\",\"header\":{},\"claims\":{}}\n",
    "{\"id\":@,\"ok\":true,\"valid\":1,\"kid\":\"k\",\"header\":{},\"claims\":{}}\n",
    "{\"id\":@,\"ok\":true,\"kid\":\"k\",\"header\":{},\"claims\":{}}\n",
    "{\"id\":@,\"ok\":true,\"valid\":false}\n",
    "{\"id\":@,\"ok\":true,\"valid\":true,\"kid\":\"k\",\"header\":{},\"claims\":[]}\n",
    "{\"id\":@,\"ok\":true,\"valid\":true,\"kid\":\"k\",\"header\":{}}\n",
    "{\"id\":@,\"ok\":true,\"valid\":true,\"kid\":7,\"header\":{},\"claims\":{}}\n",
    "{\"id\":@,\"ok\":true,\"valid\":true,\"kid\":\"a\\u0000b\",\"header\":{},\"claims\":{}}\n",
    "{\"id\":@,\"ok\":true,\"valid\":true,\"header\":{},\"claims\":{}}\n",
    "{\"id\":@,\"ok\":true,\"valid\":false,\"valid\":true,\"kid\":\"k\",\"header\":{},\"claims\":{}}\n",
    "{\"id\":@,\"ok\":true,\"valid\":true,\"v\\u0061lid\":true,\"kid\":\"k\",\"header\":{},\"claims\":{}}\n",
    "{\"id\":@,\"ok\":true,\"valid\":true,\"kid\":\"k\",\"header\":{},\"claims\":{}}x\n",
    "{\"id\":@,\"ok\":true,\"valid\":true,\"kid\":\"k\",\"header\":{},\"claims\":{\"a\":\"\xff\"}}\n",
    "{\"id\":@,\"ok\":true,\"valid\":true,\"kid\":\"k\",\"header\":{},\"claims\":{}}\n\n",
    "{\"id\":@,\"ok\":true,\"valid\":true,\"kid\":\"k\",\"header\":{},\"claims\":{}\n",
    "{\"id\":@,\"ok\":false}\n", "{\"id\":@,\"ok\":false,\"error\":[]}\n",
    "{\"id\":@,\"ok\":false,\"error\":{\"code\":\"internal\"}}\n",
    "{\"id\":@,\"ok\":false,\"error\":{\"code\":7,\"message\":\"\"}}\n",
    "{\"id\":@,\"ok\":false,\"error\":{\"code\":\"internal\\u0000\",\"message\":\"\"}}\n",
    "{\"id\":@,\"ok\":false,\"error\":{\"code\":\"internal\",\"code\":\"internal\",\"message\":\"\"}}\n",
    "\n", "[]\n", "null\n", "HTTP/1.1 200 OK\n",
};

static void say_wrong_answer(int socket) {
    static size_t next;
    answer_request(socket, wrong_answers[next++]);
}

static void what_is_no_answer_ends_the_connection(void) {
    service *services[COUNT(wrong_answers) + 1];
    for (size_t i = 0; i < COUNT(wrong_answers); i++) services[i] = say_wrong_answer;
    services[COUNT(wrong_answers)] = verify;
    signet_client *client = client_of(services, COUNT(services));
    for (size_t i = 0; i < COUNT(wrong_answers); i++) {
        char *claims;
        signet_error error = signet_verify(client, NULL, "a.b.c", NULL, &claims);
        check(error == SIGNET_PROTOCOL_VIOLATION && !claims, "no answer: ", wrong_answers[i], __FILE__, __LINE__);
    }
    check_verify(client, SIGNET_OK);
    CHECK(strcmp(signet_header(client), "{\"alg\":\"x\"}") == 0);
    end(client, COUNT(wrong_answers) + 1);
}

static void say_what_it_read(int socket) {
    read_request(socket);
    /* A second line, if there were one, would be here by now. */
    char more;
    bool is_alone = recv(socket, &more, 1, MSG_DONTWAIT) < 0;
    static const char expected[] = "{\"op\":\"sign\",\"id\":1,\"profile\":\"p\\u000a{\\u0022op\\u0022\",\"claims\":{\"a\":1,\"b\":{}},\"ttl\":60}";
    say(socket, is_alone && strcmp(request_line, expected) == 0
            ? "{\"id\":1,\"ok\":true,\"token\":\"a.b.c\",\"kid\":\"k\"}\n" : "wrong\n");
}

static void a_line_feed_in_claims_or_names_makes_no_second_request(void) {
    service *services[] = {say_what_it_read};
    signet_client *client = client_of(services, 1);
    char *token;
    CHECK_ERROR(client, signet_sign(client, NULL, "{}\n{\"op\":\"reload\"}", 60, &token), SIGNET_INVALID_ARGUMENT);
    signet_disconnect(client);
    end_server();
    client = client_of(services, 1);
    CHECK_ERROR(client, signet_sign(client, "p\n{\"op\"", "{\"a\":1\n,\n\"b\"\r:\t{}\n}", 60, &token), SIGNET_OK);
    signet_free(token);
    end(client, 1);
}

static void a_sign_that_may_have_been_carried_out_is_not_repeated(void) {
    service *services[] = {close_in_answer, close_after_request, sign};
    signet_client *client = client_of(services, 3);
    check_sign(client, SIGNET_CONNECTION_LOST);
    check_sign(client, SIGNET_CONNECTION_LOST);
    check_sign(client, SIGNET_OK);
    end(client, 3);
}

static void verify_and_ping_are_repeated_once(void) {
    service *services[] = {
        close_in_answer, verify, close_after_request, close_in_answer, close_after_request, pong};
    signet_client *client = client_of(services, 6);
    check_verify(client, SIGNET_OK);
    wait_for_close();
    wait_for_close();
    check_verify(client, SIGNET_CONNECTION_LOST);
    CHECK_ERROR(client, signet_ping(client), SIGNET_OK);
    end(client, 6);
}

static void a_connection_that_was_closed_in_silence_is_replaced(void) {
    service *services[] = {sign, sign};
    signet_client *client = client_of(services, 2);
    check_sign(client, SIGNET_OK);
    wait_for_close();
    check_sign(client, SIGNET_OK);
    end(client, 2);
}

static void say_more_than_was_asked(int socket) {
    sign(socket);
    usleep(50000);
    say(socket, "{\"id\":2,\"ok\":true,\"token\":\"forged\",\"kid\":\"k\"}\n");
}

static void a_line_that_nobody_asked_for_is_no_answer(void) {
    service *services[] = {say_more_than_was_asked, sign};
    signet_client *client = client_of(services, 2);
    char *token;
    /* On a busy machine both lines may come at once, which is a violation. */
    signet_error error = signet_sign(client, NULL, NULL, 0, &token);
    CHECK(error == SIGNET_OK || error == SIGNET_PROTOCOL_VIOLATION);
    signet_free(token);
    wait_for_close();
    check_sign(client, SIGNET_OK);
    end(client, 2);
}

static void a_server_that_comes_back_is_waited_for(void) {
    service *services[] = {pong, pong};
    signet_client *client = client_of(services, 1);
    CHECK_ERROR(client, signet_ping(client), SIGNET_OK);
    char path[sizeof ((struct sockaddr_un *)NULL)->sun_path];
    strcpy(path, server_path);
    end_server();
    start_server(services, 1);
    signet_set_deadline(client, 60000);
    pid_t child = fork();
    if (child == 0) {
        usleep(100000);
        _exit(rename(server_path, path));
    }
    CHECK_ERROR(client, signet_ping(client), SIGNET_OK);
    waitpid(child, NULL, 0);
    strcpy(server_path, path);
    end(client, 1);
}

static void after_the_deadline_the_late_answer_is_nobodys(void) {
    service *services[] = {never_answer, sign};
    signet_client *client = client_of(services, 2);
    signet_set_deadline(client, 50);
    check_sign(client, SIGNET_TIMED_OUT);
    signet_set_deadline(client, 0);
    check_sign(client, SIGNET_OK);
    end(client, 2);
}

/* Says an answer of so many bytes, its LF not counted. */
static void say_long_answer(int socket, size_t size) {
    char start[128];
    snprintf(start, sizeof start,
        "{\"id\":%ld,\"ok\":true,\"valid\":true,\"kid\":\"k\",\"header\":{},\"claims\":{\"a\":\"", read_request(socket));
    char *text = malloc(size + 2);
    memset(text, 'x', size);
    memcpy(text, start, strlen(start));
    memcpy(text + size - 3, "\"}}\n", 5);
    say(socket, text);
    free(text);
}
static void say_longest_answer(int socket) { say_long_answer(socket, (size_t)16 << 20); }
static void say_longer_answer(int socket) { say_long_answer(socket, ((size_t)16 << 20) + 1); }
static void say_endless_answer(int socket) {
    static char text[65537];
    read_request(socket);
    memset(text, ' ', sizeof text - 1);
    for (int i = 0; i < 400; i++) say(socket, text);
}

static void answers_of_16_mib_are_read_and_no_longer_ones(void) {
    service *services[] = {say_longest_answer, say_longer_answer, say_endless_answer, verify};
    signet_client *client = client_of(services, 4);
    char *claims;
    signet_set_deadline(client, 60000);
    CHECK_ERROR(client, signet_verify(client, NULL, "a.b.c", NULL, &claims), SIGNET_OK);
    CHECK(strlen(claims) > 16000000);
    signet_free(claims);
    wait_for_close();
    check_verify(client, SIGNET_PROTOCOL_VIOLATION);
    check_verify(client, SIGNET_PROTOCOL_VIOLATION);
    check_verify(client, SIGNET_OK);
    end(client, 4);
}

static void refuse_unread(int socket) {
    say(socket, "{\"ok\":false,\"error\":{\"code\":\"overloaded\",\"message\":\"too many connections\"}}\n");
    never_answer(socket);
}

static void a_refusal_at_the_door_is_repeated_once(void) {
    service *services[] = {refuse_unread, sign, refuse_unread, refuse_unread};
    start_server(services, 4);
    signet_client *client;
    CHECK_ERROR(client, signet_connect(&client, server_path, NULL, 0), SIGNET_OK);
    check_sign(client, SIGNET_OK);
    wait_for_close();
    wait_for_close();
    check_sign(client, SIGNET_OVERLOADED);
    CHECK_CONTAINS(signet_message(client), "too many connections");
    signet_disconnect(client);
    end_server();
}

static void refuse_strangely(int socket) {
    answer_request(socket, "{\"id\":@,\"ok\":false,\"error\":{\"code\":\"new_code\",\"message\":"
                           "\"a\\u001b[2J\\nb\\u009bc\\u202e\xc2\x85\xe2\x81\xa6\\u007fd\xc3\xbc\xe2\x82\xac\","
                           "\"retry_after_ms\":1e3,\"more\":1}}\n");
}

static void refuse_at_length(int socket) {
    char text[2048] = "{\"id\":@,\"ok\":false,\"error\":{\"code\":\"internal\",\"message\":\"";
    for (int i = 0; i < 400; i++) strcat(text, "\xe2\x82\xac");
    answer_request(socket, strcat(text, "\"}}\n"));
}

static void refuse_for_long(int socket) {
    answer_request(socket, "{\"id\":@,\"ok\":false,\"error\":{\"code\":\"rate_limited\",\"message\":\"\","
                           "\"retry_after_ms\":9000000000}}\n");
}

static void an_unknown_code_is_a_refusal_and_its_words_are_harmless(void) {
    service *services[] = {refuse_strangely, refuse_at_length, refuse_for_long};
    signet_client *client = client_of(services, 3);
    check_sign(client, SIGNET_REFUSED);
    CHECK(strcmp(signet_message(client), "a?[2J?b?c????d\xc3\xbc\xe2\x82\xac") == 0);
    CHECK(signet_retry_after_ms(client) == 0);
    wait_for_close();
    check_sign(client, SIGNET_INTERNAL);
    /* 511 bytes are 170 signs of three and one that begins a sign which is cut. */
    const char *message = signet_message(client);
    CHECK(strlen(message) == 511 && strcmp(message + 507, "\xe2\x82\xac?") == 0);
    wait_for_close();
    check_sign(client, SIGNET_RATE_LIMITED);
    CHECK(signet_retry_after_ms(client) == 9000000000);
    end(client, 3);
}

static void to_another_user_nothing_is_sent(void) {
    if (geteuid() != 0) {
        printf("-- skipped: needs root to become another user\n");
        return;
    }
    service *services[] = {never_answer, never_answer, sign};
    uid_t nobody_else[] = {1}, expected[] = {4710, 4711};
    signet_client *client;
    char *token;
    server_uid = 4711;
    start_server(services, 3);
    CHECK(signet_connect(&client, server_path, NULL, 0) == SIGNET_SERVER_NOT_TRUSTED);
    CHECK_CONTAINS(signet_message(client), "4711");
    signet_disconnect(client);
    CHECK(signet_connect(&client, server_path, nobody_else, 1) == SIGNET_SERVER_NOT_TRUSTED);
    signet_disconnect(client);
    CHECK_ERROR(client, signet_connect(&client, server_path, expected, 2), SIGNET_OK);
    CHECK_ERROR(client, signet_sign(client, NULL, NULL, 0, &token), SIGNET_OK);
    signet_free(token);
    end(client, 1);
    /* A process trusts its own user, unless it says whom to trust. */
    service *others[] = {never_answer, never_answer};
    start_server(others, 2);
    server_uid = 0;
    pid_t child = fork();
    if (child == 0) {
        if (setuid(4711) != 0) _exit(1);
        bool is_right = signet_connect(&client, server_path, NULL, 0) == SIGNET_OK;
        signet_disconnect(client);
        is_right &= signet_connect(&client, server_path, nobody_else, 1) == SIGNET_SERVER_NOT_TRUSTED;
        signet_disconnect(client);
        _exit(!is_right);
    }
    int status = 1;
    CHECK(waitpid(child, &status, 0) == child && status == 0);
    end_server();
}

/* Keeps the server from accepting more until the other side says a byte. */
static void keep_busy(int socket) {
    char byte;
    say(socket, "x");
    if (read(socket, &byte, 1) != 1) _exit(1);
}

static int knock(void) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    strcpy(address.sun_path, server_path);
    int caller = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (connect(caller, (struct sockaddr *)&address, sizeof address) == 0) return caller;
    close(caller);
    return -1;
}

static void a_full_backlog_is_waited_for_within_the_deadline(void) {
    service *services[] = {pong, keep_busy, never_answer, pong};
    server_backlog = 0;
    signet_client *client = client_of(services, 4);
    server_backlog = 16;
    CHECK_ERROR(client, signet_ping(client), SIGNET_OK);
    wait_for_close();
    /* One caller is served, one waits, and there is no room for a third. */
    int busy = knock();
    char byte;
    while (recv(busy, &byte, 1, 0) != 1) usleep(1000);
    int waiting = knock();
    CHECK(waiting >= 0 && shutdown(waiting, SHUT_WR) == 0 && knock() < 0);
    signet_set_deadline(client, 50);
    CHECK_ERROR(client, signet_ping(client), SIGNET_TIMED_OUT);
    CHECK_CONTAINS(signet_message(client), "room");
    signet_set_deadline(client, 0);
    pid_t child = fork();
    if (child == 0) {
        usleep(100000);
        say(busy, "x");
        _exit(0);
    }
    CHECK_ERROR(client, signet_ping(client), SIGNET_OK);
    waitpid(child, NULL, 0);
    close(busy);
    close(waiting);
    end(client, 2);
}

const test server_tests[] = {
    {"An answer may come byte by byte, and say more than is known", an_answer_may_come_byte_by_byte},
    {"What is no answer by the protocol ends the connection", what_is_no_answer_ends_the_connection},
    {"A line feed makes no second request", a_line_feed_in_claims_or_names_makes_no_second_request},
    {"A sign that may have been carried out is not repeated", a_sign_that_may_have_been_carried_out_is_not_repeated},
    {"Verify and ping are repeated once", verify_and_ping_are_repeated_once},
    {"A connection that was closed in silence is replaced", a_connection_that_was_closed_in_silence_is_replaced},
    {"A line that nobody asked for is no answer", a_line_that_nobody_asked_for_is_no_answer},
    {"A server that comes back is waited for", a_server_that_comes_back_is_waited_for},
    {"After the deadline the late answer is nobody's", after_the_deadline_the_late_answer_is_nobodys},
    {"Answers of 16 MiB are read, and no longer ones", answers_of_16_mib_are_read_and_no_longer_ones},
    {"A refusal at the door is repeated once", a_refusal_at_the_door_is_repeated_once},
    {"An unknown code is a refusal, and its words are harmless", an_unknown_code_is_a_refusal_and_its_words_are_harmless},
    {"To another user nothing is sent", to_another_user_nothing_is_sent},
    {"A full backlog is waited for within the deadline", a_full_backlog_is_waited_for_within_the_deadline},
    {NULL, NULL},
};
