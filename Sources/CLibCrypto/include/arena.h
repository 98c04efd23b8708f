/* One region of locked memory for every secret of the process.
 *
 * OpenSSL 3.0 keeps private bytes in the plain heap almost everywhere, secure heap or not, so all of its
 * allocations are sent here (CRYPTO_set_mem_functions). The region is locked (mlock2), left out of core dumps
 * (MADV_DONTDUMP) and of children (MADV_WIPEONFORK), stands between unmapped guard pages, and each block is wiped
 * when it is freed, moved or shortened. */
#ifndef CLIBCRYPTO_ARENA_H
#define CLIBCRYPTO_ARENA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum {
    ARENA_OPEN = 0,
    ARENA_NOT_MAPPED,      /* the address space could not be reserved; errno says why */
    ARENA_NOT_LOCKED,      /* mlock2 failed; errno says why, RLIMIT_MEMLOCK is the usual reason */
    ARENA_NOT_UNDUMPED,    /* madvise failed; errno says why */
    ARENA_OPENSSL_IN_USE,  /* OpenSSL allocated before us, so its memory is out of our hands */
} arena_status;

/* Opens the arena with `size` bytes and hands it to OpenSSL. The first thing that a process does; a second call
 * only extends. Under the address and thread sanitizers, which must see every allocation, the heap is used. */
arena_status arena_open(size_t size);

/* Raises the arena to `size` bytes, at most ARENA_RESERVED. It never shrinks. */
arena_status arena_extend(size_t size);
#define ARENA_RESERVED ((size_t)256 << 20)

/* NULL when the arena is full. The bytes are not initialised. */
void *arena_allocate(size_t size);
/* Wipes and returns the block; NULL is fine. */
void arena_free(void *block);

typedef struct {
    size_t size;  /* bytes that are open and locked */
    size_t used;  /* bytes ever handed out: the high-water mark */
} arena_usage;
arena_usage arena_measure(void);

/* How often this thread asked the arena for memory and got none. OpenSSL tells a lack of memory from a signature that
 * does not fit in some places only. */
uint64_t arena_refusals(void);

/* Whether secrets stand in locked memory: false before arena_open, and under sanitizers. */
bool arena_is_locked(void);

#endif
