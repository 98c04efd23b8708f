#ifndef CALLGRIND_WINDOW_H
#define CALLGRIND_WINDOW_H

/// What `valgrind --tool=callgrind` has counted since the last of these two is forgotten.
void callgrind_window_open(void);

/// Writes what it has counted since then to a file of its own, with this name in it.
void callgrind_window_close(const char *name);

#endif
