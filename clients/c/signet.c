/* signet.c: the client that signet.h describes. Its rules are those of docs/clients.md. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* struct ucred, explicit_bzero */
#endif
#include "signet.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

/* The longest answer that is accepted, in bytes. */
#define ANSWER_MAX ((size_t)16 << 20)
/* The longest request that any daemon takes, its LF included: the most that `max_request_bytes` may be. */
#define REQUEST_MAX ((size_t)1 << 20)
/* The deepest nesting of JSON that is read. The daemon's own limit, 32, is within. */
#define DEPTH_MAX 64
/* Buffers that have grown beyond this are given back after the call. */
#define BUFFER_KEPT ((size_t)256 << 10)
/* The longest message that is kept, its NUL included. */
#define MESSAGE_MAX 512
/* How long to wait before a daemon that had no room is asked again, unless it says so itself. */
#define OVERLOAD_PAUSE_MS 20
/* Between two looks for a daemon that is being restarted: the first pause, and the longest. */
#define AWAY_PAUSE_MS 20
#define AWAY_PAUSE_MAX_MS 200
/* The user that the packaged daemon runs as. */
#define PACKAGED_USER "signet"

/* ---- Bytes that grow. What was in them is wiped before it is freed. ---- */

typedef struct buffer {
    char *bytes;
    size_t count, capacity;
    bool failed; /* memory ran out: what is in it is not whole */
} buffer;

static void buffer_free(buffer *b) {
    if (b->bytes) explicit_bzero(b->bytes, b->capacity);
    free(b->bytes);
    *b = (buffer){0};
}

static void buffer_clear(buffer *b) {
    if (b->capacity > BUFFER_KEPT) buffer_free(b);
    if (b->bytes) explicit_bzero(b->bytes, b->count);
    b->count = 0;
    b->failed = false;
}

static bool buffer_reserve(buffer *b, size_t more) {
    if (b->failed) return false;
    if (b->capacity - b->count >= more) return true;
    size_t capacity = b->capacity ? b->capacity : 1024;
    while (capacity - b->count < more) {
        if (capacity > SIZE_MAX / 2) return b->failed = true, false;
        capacity *= 2;
    }
    char *bytes = malloc(capacity);
    if (!bytes) return b->failed = true, false;
    if (b->bytes) {
        memcpy(bytes, b->bytes, b->count);
        explicit_bzero(b->bytes, b->capacity);
        free(b->bytes);
    }
    b->bytes = bytes;
    b->capacity = capacity;
    return true;
}

static void append(buffer *b, const char *bytes, size_t count) {
    if (!count || !buffer_reserve(b, count)) return;
    memcpy(b->bytes + b->count, bytes, count);
    b->count += count;
}

static void append_text(buffer *b, const char *text) { append(b, text, strlen(text)); }

/* ---- A strict reader of JSON (RFC 8259) ---- */

/* A value in the text that is read: all of its bytes. */
typedef struct span {
    const char *start;
    size_t count;
} span;

typedef struct reader {
    const char *at, *end;
    buffer *copy; /* gets what is read without white space between tokens; or NULL */
} reader;

/* The number of bytes of the UTF-8 sequence at `at`; 0 if it is none. */
static size_t utf8_count(const char *at, const char *end) {
    const unsigned char *p = (const unsigned char *)at;
    size_t left = (size_t)(end - at);
    if (left == 0) return 0;
    if (p[0] < 0x80) return 1;
    size_t count = p[0] < 0xC2 ? 0 : p[0] < 0xE0 ? 2 : p[0] < 0xF0 ? 3 : p[0] < 0xF5 ? 4 : 0;
    if (count == 0 || left < count) return 0;
    for (size_t i = 1; i < count; i++)
        if ((p[i] & 0xC0) != 0x80) return 0;
    if (p[0] == 0xE0 && p[1] < 0xA0) return 0; /* overlong */
    if (p[0] == 0xED && p[1] > 0x9F) return 0; /* a surrogate */
    if (p[0] == 0xF0 && p[1] < 0x90) return 0; /* overlong */
    if (p[0] == 0xF4 && p[1] > 0x8F) return 0; /* beyond U+10FFFF */
    return count;
}

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

static void skip_space(reader *r) {
    while (r->at < r->end && (*r->at == ' ' || *r->at == '\t' || *r->at == '\n' || *r->at == '\r')) r->at++;
}

/* Takes `count` bytes as they are. */
static void take(reader *r, size_t count) {
    if (r->copy) append(r->copy, r->at, count);
    r->at += count;
}

static bool take_char(reader *r, char c) {
    if (r->at == r->end || *r->at != c) return false;
    take(r, 1);
    return true;
}

static bool take_word(reader *r, const char *word) {
    size_t count = strlen(word);
    if ((size_t)(r->end - r->at) < count || memcmp(r->at, word, count) != 0) return false;
    take(r, count);
    return true;
}

/* The value of the four hexadecimal digits at `at`; -1 if they are none. */
static long hex4(const char *at, const char *end) {
    if (end - at < 4) return -1;
    long value = 0;
    for (int i = 0; i < 4; i++) {
        char c = at[i];
        int digit = is_digit(c) ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
        if (digit < 0) return -1;
        value = value * 16 + digit;
    }
    return value;
}

/* The code point of the escape \uXXXX, or of a pair of them, at `at`, and how long it is; -1 if it is none. */
static long unicode_escape(const char *at, const char *end, size_t *count) {
    long high = hex4(at + 2, end);
    *count = 6;
    if (high < 0xD800 || high > 0xDFFF) return high;
    if (high > 0xDBFF || end - at < 12 || at[6] != '\\' || at[7] != 'u') return -1;
    long low = hex4(at + 8, end);
    if (low < 0xDC00 || low > 0xDFFF) return -1;
    *count = 12;
    return 0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00);
}

static bool read_string(reader *r) {
    if (!take_char(r, '"')) return false;
    const char *start = r->at, *at = start;
    while (at < r->end && *at != '"') {
        size_t count;
        if (*at == '\\') {
            if (r->end - at < 2) return false;
            count = 2;
            if (at[1] == 'u' ? unicode_escape(at, r->end, &count) < 0 : !memchr("\"\\/bfnrt", at[1], 8)) return false;
        } else {
            count = (unsigned char)*at < 0x20 ? 0 : utf8_count(at, r->end);
            if (count == 0) return false;
        }
        at += count;
    }
    take(r, (size_t)(at - start));
    return take_char(r, '"');
}

static bool read_digits(reader *r) {
    const char *at = r->at;
    while (at < r->end && is_digit(*at)) at++;
    if (at == r->at) return false;
    take(r, (size_t)(at - r->at));
    return true;
}

static bool read_number(reader *r) {
    take_char(r, '-');
    if (!take_char(r, '0') && !read_digits(r)) return false;
    if (take_char(r, '.') && !read_digits(r)) return false;
    if (!take_char(r, 'e') && !take_char(r, 'E')) return true;
    if (!take_char(r, '+')) take_char(r, '-');
    return read_digits(r);
}

/* Reads one value and the white space before it. */
static bool read_value(reader *r, int depth) {
    skip_space(r);
    if (r->at == r->end) return false;
    char first = *r->at;
    if (first == '"') return read_string(r);
    if (first == 't') return take_word(r, "true");
    if (first == 'f') return take_word(r, "false");
    if (first == 'n') return take_word(r, "null");
    if (first != '{' && first != '[') return read_number(r);
    if (depth == 0) return false;
    char last = first == '{' ? '}' : ']';
    take(r, 1);
    skip_space(r);
    if (take_char(r, last)) return true;
    for (;;) {
        if (first == '{') {
            skip_space(r);
            if (!read_string(r)) return false;
            skip_space(r);
            if (!take_char(r, ':')) return false;
        }
        if (!read_value(r, depth - 1)) return false;
        skip_space(r);
        if (take_char(r, last)) return true;
        if (!take_char(r, ',')) return false;
    }
}

/* Whether the text is one object and nothing more; `copy` gets it without white space between tokens. */
static bool read_object(span text, buffer *copy) {
    reader r = {text.start, text.start + text.count, copy};
    skip_space(&r);
    if (r.at == r.end || *r.at != '{' || !read_value(&r, DEPTH_MAX)) return false;
    skip_space(&r);
    return r.at == r.end;
}

/* Writes the bytes that a string stands for, which are never more than it has, and a NUL; returns their number. */
static size_t unescape(span string, char *out) {
    const char *at = string.start + 1, *end = string.start + string.count - 1;
    char *to = out;
    while (at < end) {
        if (*at != '\\') {
            *to++ = *at++;
            continue;
        }
        if (at[1] != 'u') {
            static const char names[] = "\"\\/bfnrt", values[] = "\"\\/\b\f\n\r\t";
            *to++ = values[(const char *)memchr(names, at[1], 8) - names];
            at += 2;
            continue;
        }
        size_t count;
        unsigned long c = (unsigned long)unicode_escape(at, end, &count);
        at += count;
        if (c < 0x80) {
            *to++ = (char)c;
            continue;
        }
        if (c < 0x800) {
            *to++ = (char)(0xC0 | c >> 6);
        } else {
            if (c < 0x10000) {
                *to++ = (char)(0xE0 | c >> 12);
            } else {
                *to++ = (char)(0xF0 | c >> 18);
                *to++ = (char)(0x80 | (c >> 12 & 0x3F));
            }
            *to++ = (char)(0x80 | (c >> 6 & 0x3F));
        }
        *to++ = (char)(0x80 | (c & 0x3F));
    }
    *to = 0;
    return (size_t)(to - out);
}

/* A member that is looked for. Missing: `value.start` is NULL. */
typedef struct member {
    const char *name;
    span value;
} member;

/*
 * Finds members of an object that read_object() has accepted; ignores those that nobody looks for. False if one of them
 * stands there twice, names compared after their escapes are resolved, or if memory runs out.
 */
static bool find_members(span object, member *members, size_t count) {
    reader r = {object.start, object.start + object.count, NULL};
    skip_space(&r);
    take(&r, 1);
    skip_space(&r);
    if (take_char(&r, '}')) return true;
    do {
        skip_space(&r);
        span name = {r.at, 0};
        if (!read_string(&r)) return false;
        name.count = (size_t)(r.at - name.start);
        skip_space(&r);
        if (!take_char(&r, ':')) return false;
        skip_space(&r);
        span value = {r.at, 0};
        if (!read_value(&r, DEPTH_MAX)) return false;
        value.count = (size_t)(r.at - value.start);
        char *text = malloc(name.count);
        if (!text) return false;
        size_t length = unescape(name, text);
        bool is_double = false;
        for (size_t i = 0; i < count; i++) {
            if (length != strlen(members[i].name) || memcmp(text, members[i].name, length) != 0) continue;
            is_double = members[i].value.start != NULL;
            members[i].value = value;
        }
        free(text);
        if (is_double) return false;
        skip_space(&r);
    } while (take_char(&r, ','));
    return true;
}

static bool is_word(span value, const char *word) {
    return value.start && value.count == strlen(word) && memcmp(value.start, word, value.count) == 0;
}

static bool begins_with(span value, char c) { return value.start && *value.start == c; }

/* What a string stands for, to be freed; NULL if the value is no string, holds a NUL, or memory runs out. */
static char *copy_string(span value) {
    if (!begins_with(value, '"')) return NULL;
    char *text = malloc(value.count);
    if (text && unescape(value, text) != strlen(text)) {
        free(text);
        text = NULL;
    }
    return text;
}

static char *copy_span(span value) {
    char *text = malloc(value.count + 1);
    if (!text) return NULL;
    memcpy(text, value.start, value.count);
    text[value.count] = 0;
    return text;
}

/* The integer, or `otherwise` if the value is none that fits. */
static int64_t integer(span value, int64_t otherwise) {
    char text[24];
    if (!value.start || value.count >= sizeof text) return otherwise;
    memcpy(text, value.start, value.count);
    text[value.count] = 0;
    char *end = NULL;
    errno = 0;
    intmax_t number = strtoimax(text, &end, 10);
    if (end == text || *end || errno || number < INT64_MIN || number > INT64_MAX) return otherwise;
    return (int64_t)number;
}

/* ---- The client ---- */

struct signet_client {
    char path[sizeof((struct sockaddr_un *)NULL)->sun_path];
    bool has_path; /* false: the path is none that a socket can have */
    uid_t *uids;
    size_t uid_count;
    int64_t timeout; /* milliseconds */

    int socket;  /* -1: none */
    pid_t owner; /* the process that connected it */
    bool was_there; /* the last daemon that was looked for was found, so that its absence may be a restart */
    uint64_t id; /* of the last request */
    buffer request, answer;

    /* What the last call left. */
    char message[MESSAGE_MAX];
    char *reason, *kid, *jti, *header;
    int64_t expiry, retry_after;
};

static int64_t now_ms(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

/* Whether a terminal would obey the UTF-8 sequence or turn around what follows it: C0, DEL, C1, and marks of direction
   and of ends of lines. */
static bool is_control(const char *at, size_t count) {
    const unsigned char *p = (const unsigned char *)at;
    if (count == 1) return p[0] < 0x20 || p[0] == 0x7F;
    if (count == 2) return p[0] == 0xC2 && p[1] < 0xA0;
    if (count != 3 || p[0] != 0xE2) return false;
    if (p[1] == 0x80) return p[2] == 0x8E || p[2] == 0x8F || (p[2] >= 0xA8 && p[2] <= 0xAE);
    return p[1] == 0x81 && p[2] >= 0xA6 && p[2] <= 0xA9;
}

/* Keeps a message, with a question mark for all that a terminal would obey or that is no UTF-8, and returns the error. */
__attribute__((format(printf, 3, 4))) static signet_error fail(
    signet_client *client, signet_error error, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(client->message, sizeof client->message, format, arguments);
    va_end(arguments);
    char *to = client->message;
    const char *end = to + strlen(to);
    for (const char *at = to; at < end;) {
        size_t count = utf8_count(at, end);
        if (count == 0 || is_control(at, count)) {
            *to++ = '?';
            at += count ? count : 1;
        } else {
            memmove(to, at, count);
            to += count;
            at += count;
        }
    }
    *to = 0;
    return error;
}

static signet_error fail_memory(signet_client *client) {
    return fail(client, SIGNET_NO_MEMORY, "out of memory");
}

static void forget(char **text) {
    signet_free(*text);
    *text = NULL;
}

/* Drops what the last call left. */
static void begin(signet_client *client) {
    client->message[0] = 0;
    forget(&client->reason);
    forget(&client->kid);
    forget(&client->jti);
    forget(&client->header);
    client->expiry = client->retry_after = 0;
    buffer_clear(&client->request);
    buffer_clear(&client->answer);
}

static void disconnect(signet_client *client) {
    if (client->socket >= 0) close(client->socket);
    client->socket = -1;
}

/* Waits until the socket is ready for `events`, at most until the deadline; false when that has come. */
static bool wait_for(int socket, short events, int64_t deadline) {
    for (;;) {
        int64_t left = deadline - now_ms();
        struct pollfd entry = {socket, events, 0};
        int count = poll(&entry, 1, left <= 0 ? 0 : left > INT32_MAX ? INT32_MAX : (int)left);
        /* Anything but an interruption is for the next call on the socket to say. */
        if (count > 0 || (count < 0 && errno != EINTR)) return true;
        if (count == 0 && left <= 0) return false;
    }
}

/* Waits `pause` milliseconds and up to half as many more, so that many clients do not come back at once. False, at once,
   if that would pass the deadline. */
static bool sleep_within(int64_t pause, int64_t deadline) {
    struct timespec clock;
    clock_gettime(CLOCK_MONOTONIC, &clock);
    if (pause > deadline - now_ms()) return false;
    int64_t whole = pause + (clock.tv_nsec / 1000 + getpid()) % (pause / 2 + 1);
    int64_t end = now_ms() + whole;
    if (end > deadline) end = deadline;
    for (int64_t left; (left = end - now_ms()) > 0;) poll(NULL, 0, left > INT32_MAX ? INT32_MAX : (int)left);
    return now_ms() < deadline;
}

static int64_t next_away_pause(int64_t pause) {
    if (pause == 0) return AWAY_PAUSE_MS;
    return pause * 2 > AWAY_PAUSE_MAX_MS ? AWAY_PAUSE_MAX_MS : pause * 2;
}

static bool is_trusted(const signet_client *client, uid_t uid) {
    if (uid == 0) return true;
    for (size_t i = 0; i < client->uid_count; i++)
        if (client->uids[i] == uid) return true;
    if (client->uids) return false;
    if (uid == geteuid()) return true;
    char space[4096];
    struct passwd entry, *found = NULL;
    return getpwnam_r(PACKAGED_USER, &entry, space, sizeof space, &found) == 0 && found && found->pw_uid == uid;
}

/* Connects once, waiting until the deadline for room in the daemon's backlog. *is_away: nobody listens just now. */
static signet_error connect_once(signet_client *client, int64_t deadline, bool *is_away) {
    *is_away = false;
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    memcpy(address.sun_path, client->path, sizeof address.sun_path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return fail(client, SIGNET_UNAVAILABLE, "no socket can be made: %s", strerror(errno));
    for (;;) {
        /* A full backlog makes connect(2) wait for SO_SNDTIMEO; then it says EAGAIN. */
        int64_t left = deadline - now_ms();
        if (left < 1) left = 1;
        struct timeval patience = {(time_t)(left / 1000), (suseconds_t)(left % 1000 * 1000)};
        setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
        if (connect(fd, (struct sockaddr *)&address, sizeof address) == 0) break;
        int reason = errno;
        if ((reason == EINTR || reason == EAGAIN) && now_ms() < deadline) continue;
        close(fd);
        switch (reason) {
        case EINTR:
        case EAGAIN: return fail(client, SIGNET_TIMED_OUT, "the daemon had no room for a connection in time");
        case ENOENT:
        case ENOTDIR:
            *is_away = true;
            return fail(client, SIGNET_UNAVAILABLE, "there is no socket at %s: is signetd running?", client->path);
        case ECONNREFUSED:
            *is_away = true;
            return fail(client, SIGNET_UNAVAILABLE, "nobody listens at %s: is signetd running?", client->path);
        case EACCES:
        case EPERM:
            return fail(
                client, SIGNET_UNAVAILABLE, "this user may not connect to %s: is it in the socket's group?", client->path);
        default: return fail(client, SIGNET_UNAVAILABLE, "cannot connect to %s: %s", client->path, strerror(reason));
        }
    }
    struct ucred peer = {0};
    socklen_t length = sizeof peer;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &length) != 0 || !is_trusted(client, peer.uid)) {
        close(fd);
        return fail(
            client, SIGNET_SERVER_NOT_TRUSTED, "the user with uid %lu listens at %s, whom this client does not trust",
            (unsigned long)peer.uid, client->path);
    }
    int flags = fcntl(fd, F_GETFL);
    if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0) {
        int reason = errno;
        close(fd);
        return fail(client, SIGNET_UNAVAILABLE, "cannot use the socket: %s", strerror(reason));
    }
    client->socket = fd;
    client->owner = getpid();
    client->was_there = true;
    return SIGNET_OK;
}

/* Sees to it that there is a connection: the one there is, if it is sound, or a new one. */
static signet_error ensure_connected(signet_client *client, int64_t deadline) {
    if (!client->has_path) {
        return fail(client, SIGNET_INVALID_ARGUMENT, "the socket's path is empty, or longer than a socket can have");
    }
    /* A child of fork(2) would read the answers to its parent. */
    if (client->socket >= 0 && client->owner != getpid()) disconnect(client);
    if (client->socket >= 0) {
        /* Nothing is asked, so all that there could be is the end, or a line on why it ends. */
        char byte;
        if (recv(client->socket, &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 && (errno == EAGAIN || errno == EINTR))
            return SIGNET_OK;
        disconnect(client);
    }
    /* A daemon that was there a moment ago is perhaps being restarted. It is waited for once: when it does not come
       back by the deadline, later calls fail at once, until it has. */
    for (int64_t pause = AWAY_PAUSE_MS;; pause = next_away_pause(pause)) {
        bool is_away;
        signet_error error = connect_once(client, deadline, &is_away);
        if (!is_away || !client->was_there) return error;
        if (sleep_within(pause, deadline)) continue;
        client->was_there = false;
        return error;
    }
}

static bool is_would_block(int error) { return error == EAGAIN || error == EWOULDBLOCK; }

/*
 * Sends the request and reads one line, which is then the whole of `client->answer`, without its LF.
 *
 * *was_sent: the whole request was sent, so that it may have been carried out.
 */
static signet_error exchange_lines(signet_client *client, int64_t deadline, bool *was_sent) {
    buffer *answer = &client->answer;
    size_t offset = 0;
    buffer_clear(answer);
    *was_sent = false;
    while (offset < client->request.count) {
        ssize_t count = send(
            client->socket, client->request.bytes + offset, client->request.count - offset, MSG_NOSIGNAL);
        if (count >= 0) {
            offset += (size_t)count;
        } else if (is_would_block(errno)) {
            if (!wait_for(client->socket, POLLOUT, deadline))
                return fail(client, SIGNET_TIMED_OUT, "the daemon did not take the request in time");
        } else if (errno != EINTR) {
            break; /* The daemon has closed, perhaps behind a line that says why. */
        }
    }
    *was_sent = offset == client->request.count;
    for (;;) {
        if (!buffer_reserve(answer, 4096)) return fail_memory(client);
        size_t room = answer->capacity - answer->count;
        ssize_t count = recv(client->socket, answer->bytes + answer->count, room, 0);
        if (count > 0) {
            char *start = answer->bytes + answer->count;
            answer->count += (size_t)count;
            char *end = memchr(start, '\n', (size_t)count);
            if (end && end + 1 != answer->bytes + answer->count)
                return fail(client, SIGNET_PROTOCOL_VIOLATION, "the daemon sent more than one answer");
            if (answer->count - (end != NULL) > ANSWER_MAX)
                return fail(client, SIGNET_PROTOCOL_VIOLATION, "the answer is longer than 16 MiB");
            if (!end) continue;
            answer->count--;
            return SIGNET_OK;
        }
        if (count < 0 && errno == EINTR) continue;
        if (count < 0 && is_would_block(errno)) {
            if (wait_for(client->socket, POLLIN, deadline)) continue;
            return fail(client, SIGNET_TIMED_OUT, "the daemon did not answer in time; it may have carried out the request");
        }
        return *was_sent ? fail(client, SIGNET_CONNECTION_LOST,
                               "the connection broke before the answer came; the request may have been carried out")
                         : fail(client, SIGNET_CONNECTION_LOST,
                               "the connection broke before the request was sent; it was not carried out");
    }
}

static const struct {
    const char *name;
    signet_error error;
    const char *meaning;
} codes[] = {
    {"malformed_request", SIGNET_MALFORMED_REQUEST, "the request is malformed"},
    {"unknown_op", SIGNET_UNKNOWN_OP, "the daemon does not know the operation"},
    {"not_permitted", SIGNET_NOT_PERMITTED, "the caller may not do that"},
    {"unknown_profile", SIGNET_UNKNOWN_PROFILE, "there is no such profile"},
    {"unknown_keyring", SIGNET_UNKNOWN_KEYRING, "there is no such keyring"},
    {"claims_rejected", SIGNET_CLAIMS_REJECTED, "the caller may not set these claims"},
    {"ttl_too_long", SIGNET_TTL_TOO_LONG, "the token may not live so long"},
    {"rate_limited", SIGNET_RATE_LIMITED, "too many requests by this user"},
    {"too_large", SIGNET_TOO_LARGE, "the request or the token is too long"},
    {"no_signing_key", SIGNET_NO_SIGNING_KEY, "no key may sign now"},
    {"overloaded", SIGNET_OVERLOADED, "the daemon has more work than it takes"},
    {"timeout", SIGNET_TIMEOUT, "the daemon did not get the whole request in time"},
    {"shutting_down", SIGNET_SHUTTING_DOWN, "the daemon is stopping"},
    {"reload_failed", SIGNET_RELOAD_FAILED, "the reload failed, nothing has changed"},
    {"internal", SIGNET_INTERNAL, "the daemon failed; its log says more"},
    {NULL, SIGNET_OK, "no error"},
    {NULL, SIGNET_REFUSED, "the daemon refused"},
    {NULL, SIGNET_INVALID_TOKEN, "the token does not hold"},
    {NULL, SIGNET_UNAVAILABLE, "nobody answers at the daemon's socket"},
    {NULL, SIGNET_SERVER_NOT_TRUSTED, "another user than expected listens at the daemon's socket"},
    {NULL, SIGNET_TIMED_OUT, "no answer came in time"},
    {NULL, SIGNET_CONNECTION_LOST, "the connection to the daemon broke"},
    {NULL, SIGNET_PROTOCOL_VIOLATION, "what came was no answer of a signetd"},
    {NULL, SIGNET_INVALID_ARGUMENT, "an argument is invalid"},
    {NULL, SIGNET_NO_MEMORY, "out of memory"},
};

/* The members of an answer that this client reads. */
enum { ID, OK, ERROR, TOKEN, KID, EXP, JTI, VALID, REASON, MESSAGE, CLAIMS, HEADER, MEMBERS };
typedef struct answer_members {
    member members[MEMBERS];
} answer_members;

static signet_error violation(signet_client *client, const char *what) {
    return fail(client, SIGNET_PROTOCOL_VIOLATION, "the daemon's answer breaks the protocol: %s", what);
}

static signet_error read_refusal(signet_client *client, span object) {
    member members[] = {{"code", {0}}, {"message", {0}}, {"retry_after_ms", {0}}};
    if (!begins_with(object, '{') || !find_members(object, members, 3)) return violation(client, "its \"error\"");
    char *code = copy_string(members[0].value), *message = copy_string(members[1].value);
    signet_error error = SIGNET_REFUSED;
    if (!code || !message) {
        error = violation(client, "an \"error\" has a \"code\" and a \"message\"");
    } else {
        for (size_t i = 0; i < sizeof codes / sizeof *codes && codes[i].name; i++)
            if (strcmp(codes[i].name, code) == 0) error = codes[i].error;
        fail(client, error, "%s", message);
        client->retry_after = integer(members[2].value, 0);
        if (client->retry_after < 0) client->retry_after = 0;
    }
    free(code);
    free(message);
    return error;
}

/* Reads the line in `client->answer`. *has_id: it names the request; a refusal that does not ends the connection. */
static signet_error read_answer(signet_client *client, answer_members *reply, bool *has_id) {
    static const char *const names[MEMBERS] = {
        "id", "ok", "error", "token", "kid", "exp", "jti", "valid", "reason", "message", "claims", "header"};
    for (int i = 0; i < MEMBERS; i++) reply->members[i] = (member){names[i], {0}};
    *has_id = false;
    span line = {client->answer.bytes, client->answer.count};
    if (!read_object(line, NULL)) return violation(client, "it is no JSON object");
    if (!find_members(line, reply->members, MEMBERS)) return violation(client, "a member stands in it twice");
    char id[24];
    snprintf(id, sizeof id, "%" PRIu64, client->id);
    *has_id = reply->members[ID].value.start != NULL;
    if (*has_id && !is_word(reply->members[ID].value, id)) return violation(client, "it is for another request");
    if (is_word(reply->members[OK].value, "false")) return read_refusal(client, reply->members[ERROR].value);
    if (!is_word(reply->members[OK].value, "true")) return violation(client, "it has no \"ok\"");
    return *has_id ? SIGNET_OK : violation(client, "it has no \"id\"");
}

/* Sends the request, again where that is safe, and reads its answer. */
static signet_error exchange(signet_client *client, bool changes_nothing, answer_members *reply) {
    if (client->request.failed) return fail_memory(client);
    if (client->request.count > REQUEST_MAX)
        return fail(client, SIGNET_TOO_LARGE, "the request is longer than any daemon takes, 1 MiB");
    int64_t deadline = now_ms() + client->timeout;
    bool may_ask_again = true;
    for (int64_t away_pause = 0;;) {
        bool was_sent, has_id;
        signet_error error = ensure_connected(client, deadline);
        if (error) return error;
        error = exchange_lines(client, deadline, &was_sent);
        bool is_lost = error == SIGNET_CONNECTION_LOST;
        if (!error) {
            client->retry_after = 0;
            error = read_answer(client, reply, &has_id);
            if (error == SIGNET_OK) return error;
            if (!has_id) disconnect(client);
        }
        /* A stopping daemon closes the connection; after no answer, or none by the protocol, it is of no use. */
        if (error == SIGNET_SHUTTING_DOWN || error >= SIGNET_UNAVAILABLE) disconnect(client);
        if (error == SIGNET_SHUTTING_DOWN || (is_lost && !was_sent)) {
            /* A daemon that stops: what it certainly did not carry out is for the next one. */
            if (away_pause > 0 && !sleep_within(away_pause, deadline)) return error;
            away_pause = next_away_pause(away_pause);
        } else {
            bool is_busy = error == SIGNET_RATE_LIMITED || error == SIGNET_OVERLOADED;
            int64_t pause = client->retry_after ? client->retry_after : OVERLOAD_PAUSE_MS;
            if (!may_ask_again || !(is_busy || error == SIGNET_TIMEOUT || (is_lost && changes_nothing))) return error;
            if (is_busy && !sleep_within(pause, deadline)) return error;
            may_ask_again = false;
        }
        client->message[0] = 0;
    }
}

/* ---- Requests ---- */

/* Begins a request; what follows is appended, then end_request(). */
static void begin_request(signet_client *client, const char *operation) {
    char start[64];
    snprintf(start, sizeof start, "{\"op\":\"%s\",\"id\":%" PRIu64, operation, ++client->id);
    append_text(&client->request, start);
}

static void end_request(signet_client *client) { append_text(&client->request, "}\n"); }

/* Appends a member with a string, or nothing for NULL; false if the text is no UTF-8. */
static bool append_member(buffer *request, const char *name, const char *text) {
    if (!text) return true;
    const char *end = text + strlen(text);
    append_text(request, ",\"");
    append_text(request, name);
    append_text(request, "\":\"");
    while (text < end) {
        size_t count = utf8_count(text, end);
        if (count == 0) return false;
        unsigned char c = (unsigned char)*text;
        if (c < 0x20 || c == '"' || c == '\\' || c == 0x7F) {
            char escape[8];
            snprintf(escape, sizeof escape, "\\u%04x", c);
            append_text(request, escape);
        } else {
            append(request, text, count);
        }
        text += count;
    }
    append_text(request, "\"");
    return true;
}

static signet_error invalid(signet_client *client, const char *what) {
    return fail(client, SIGNET_INVALID_ARGUMENT, "%s", what);
}

/* Ends a call: nothing of a request or an answer stays in memory. */
static signet_error finish(signet_client *client, signet_error error) {
    buffer_clear(&client->request);
    buffer_clear(&client->answer);
    if (error == SIGNET_OK) client->message[0] = 0;
    return error;
}

signet_error signet_sign(signet_client *client, const char *profile, const char *claims, long ttl, char **token) {
    if (token) *token = NULL;
    if (!client) return SIGNET_INVALID_ARGUMENT;
    begin(client);
    if (!token) return invalid(client, "there is no place for the token");
    if (ttl < 0 || ttl > INT32_MAX) return invalid(client, "the ttl is from 1 to 2147483647 seconds, or 0");
    begin_request(client, "sign");
    if (!append_member(&client->request, "profile", profile))
        return finish(client, invalid(client, "the profile's name is no UTF-8"));
    if (claims) {
        append_text(&client->request, ",\"claims\":");
        if (!read_object((span){claims, strlen(claims)}, &client->request))
            return finish(client, invalid(client, "the claims are not one JSON object"));
    }
    if (ttl > 0) {
        char text[32];
        snprintf(text, sizeof text, ",\"ttl\":%ld", ttl);
        append_text(&client->request, text);
    }
    end_request(client);
    answer_members reply;
    signet_error error = exchange(client, false, &reply);
    if (error) return finish(client, error);
    *token = copy_string(reply.members[TOKEN].value);
    client->kid = copy_string(reply.members[KID].value);
    client->jti = copy_string(reply.members[JTI].value);
    client->expiry = integer(reply.members[EXP].value, 0);
    if (*token && client->kid) return finish(client, SIGNET_OK);
    forget(token);
    disconnect(client);
    return finish(client, violation(client, "a \"token\" and a \"kid\" are strings"));
}

signet_error signet_verify(
    signet_client *client, const char *profile, const char *token, const char *audience, char **claims) {
    if (claims) *claims = NULL;
    if (!client) return SIGNET_INVALID_ARGUMENT;
    begin(client);
    if (!token) return invalid(client, "there is no token");
    begin_request(client, "verify");
    if (!append_member(&client->request, "profile", profile) || !append_member(&client->request, "token", token) ||
        !append_member(&client->request, "audience", audience))
        return finish(client, invalid(client, "the profile, the token or the audience is no UTF-8"));
    end_request(client);
    answer_members reply;
    signet_error error = exchange(client, true, &reply);
    if (error) return finish(client, error);
    if (is_word(reply.members[VALID].value, "false")) {
        client->reason = copy_string(reply.members[REASON].value);
        char *message = copy_string(reply.members[MESSAGE].value);
        error = client->reason && message ? fail(client, SIGNET_INVALID_TOKEN, "the token does not hold: %s", message)
                                          : violation(client, "a \"reason\" and a \"message\" are strings");
        free(message);
    } else if (!is_word(reply.members[VALID].value, "true") || !begins_with(reply.members[HEADER].value, '{')) {
        error = violation(client, "it has no \"valid\", or no \"header\"");
    } else if (claims && !begins_with(reply.members[CLAIMS].value, '{')) {
        error = violation(client, "it has no \"claims\": is it a profile of bytes?");
    } else if (!(client->kid = copy_string(reply.members[KID].value))) {
        error = violation(client, "a \"kid\" is a string");
    } else {
        client->header = copy_span(reply.members[HEADER].value);
        if (claims) *claims = copy_span(reply.members[CLAIMS].value);
        if (!client->header || (claims && !*claims)) error = fail_memory(client);
    }
    if (error && claims) forget(claims);
    if (error == SIGNET_PROTOCOL_VIOLATION) disconnect(client);
    return finish(client, error);
}

signet_error signet_ping(signet_client *client) {
    if (!client) return SIGNET_INVALID_ARGUMENT;
    begin(client);
    begin_request(client, "ping");
    end_request(client);
    answer_members reply;
    return finish(client, exchange(client, true, &reply));
}

/* ---- Its life ---- */

signet_error signet_connect(signet_client **client, const char *path, const uid_t *uids, size_t uid_count) {
    if (!client) return SIGNET_INVALID_ARGUMENT;
    signet_client *new = *client = calloc(1, sizeof *new);
    if (!new) return SIGNET_NO_MEMORY;
    new->socket = -1;
    new->timeout = SIGNET_DEFAULT_DEADLINE_MS;
    if (uids) {
        /* One more, so that no users at all are not the same as none given. */
        new->uids = calloc(uid_count + 1, sizeof *uids);
        if (!new->uids) return free(new), *client = NULL, SIGNET_NO_MEMORY;
        memcpy(new->uids, uids, uid_count * sizeof *uids);
        new->uid_count = uid_count;
    }
    if (!path) path = getenv("SIGNET_SOCKET");
    if (!path || !*path) path = SIGNET_DEFAULT_SOCKET;
    new->has_path = strlen(path) < sizeof new->path;
    if (new->has_path) memcpy(new->path, path, strlen(path) + 1);
    return ensure_connected(new, now_ms() + new->timeout);
}

void signet_disconnect(signet_client *client) {
    if (!client) return;
    begin(client);
    disconnect(client);
    buffer_free(&client->request);
    buffer_free(&client->answer);
    free(client->uids);
    free(client);
}

void signet_set_deadline(signet_client *client, int milliseconds) {
    if (client) client->timeout = milliseconds < 1 ? SIGNET_DEFAULT_DEADLINE_MS : milliseconds;
}

void signet_free(char *text) {
    if (text) explicit_bzero(text, strlen(text));
    free(text);
}

const char *signet_strerror(signet_error error) {
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        if (codes[i].error == error) return codes[i].meaning;
    return "unknown error";
}

const char *signet_message(const signet_client *client) { return client ? client->message : "there is no client"; }
const char *signet_reason(const signet_client *client) { return client ? client->reason : NULL; }
const char *signet_kid(const signet_client *client) { return client ? client->kid : NULL; }
const char *signet_jti(const signet_client *client) { return client ? client->jti : NULL; }
const char *signet_header(const signet_client *client) { return client ? client->header : NULL; }
int64_t signet_expiry(const signet_client *client) { return client ? client->expiry : 0; }
int64_t signet_retry_after_ms(const signet_client *client) { return client ? client->retry_after : 0; }
