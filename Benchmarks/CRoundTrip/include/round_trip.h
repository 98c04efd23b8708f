#ifndef ROUND_TRIP_H
#define ROUND_TRIP_H

#include <stdint.h>

/// Sends the line, with its LF, and reads one answer line, so many times over one connection, with plain blocking calls.
/// Returns the nanoseconds of all; -1 when anything failed.
int64_t round_trips(const char *socket_path, const char *line, int count);

#endif
