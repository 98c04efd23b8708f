#ifndef LINE_SERVER_H
#define LINE_SERVER_H

#include <stddef.h>

/// A line server in C that parses nothing: epoll, some threads, one answer for each LF, one write for each read.

/// The longest answer, in bytes.
enum { LONGEST_ANSWER = 1 << 17 };

/// What a thread answers with; NULL when that could not be made.
void *answerer_new(void);

/// Appends an answer, with its LF; returns its length.
size_t answer(void *answerer, char *output);

/// Serves until the process is ended. Returns only on failure.
int serve(const char *socket_path, int threads);

#endif
