#define _GNU_SOURCE
#include "arena.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define UNDER_SANITIZER 1
#endif
#endif

/* Blocks are powers of two from 32 bytes to 1 MiB, header included. */
enum { SMALLEST_SHIFT = 5, CLASSES = 16, KEPT_PER_THREAD = 32 };

typedef struct {
    uint32_t class;
    uint32_t length;  /* what the caller asked for at most since the block was taken: what must be wiped */
    uint64_t magic;   /* a double or foreign free ends the process instead of corrupting secrets */
} header;
_Static_assert(sizeof(header) == 16, "blocks keep malloc's alignment of 16");

static const uint64_t LIVE = 0x7369676e65742121;
static const uint64_t FREE = 0x6672656564000000;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static unsigned char *base, *next, *end;
static bool is_openssls;
static header *shared_lists[CLASSES];

/* A thread takes from and gives to its own lists without the lock: with one lock, a MAC on two loops cost up to
 * 0.4 µs more. Lists of a thread that ends go back to the shared ones. */
static _Thread_local struct {
    header *head;
    unsigned count;
} own_lists[CLASSES];
static _Thread_local bool is_registered;
static _Thread_local uint64_t refusals;
static pthread_key_t thread_end;

static header **link_of(header *block) { return (header **)(block + 1); }
static size_t size_of(unsigned class) { return (size_t)1 << (SMALLEST_SHIFT + class); }

static unsigned class_for(size_t size) {
    unsigned class = 0;
    while (class < CLASSES && size_of(class) - sizeof(header) < size) class++;
    return class;
}

static void give_back_lists(void *unused) {
    (void)unused;
    pthread_mutex_lock(&lock);
    for (unsigned class = 0; class < CLASSES; class++) {
        header *block;
        while ((block = own_lists[class].head)) {
            own_lists[class].head = *link_of(block);
            *link_of(block) = shared_lists[class];
            shared_lists[class] = block;
        }
        own_lists[class].count = 0;
    }
    pthread_mutex_unlock(&lock);
    is_registered = false;
}

static header *take_shared(unsigned class) {
    pthread_mutex_lock(&lock);
    header *block = shared_lists[class];
    if (block) {
        shared_lists[class] = *link_of(block);
    } else if (next && size_of(class) <= (size_t)(end - next)) {
        block = (header *)next;
        next += size_of(class);
    }
    pthread_mutex_unlock(&lock);
    return block;
}

static void *take(size_t size) {
    unsigned class = class_for(size);
    header *block = class == CLASSES ? NULL : own_lists[class].head;
    if (block) {
        own_lists[class].head = *link_of(block);
        own_lists[class].count--;
    } else if (class == CLASSES || !(block = take_shared(class))) {
        refusals++;
        return NULL;
    }
    *block = (header){.class = class, .length = (uint32_t)size, .magic = LIVE};
    return block + 1;
}

static header *header_of(void *memory) {
    header *block = (header *)memory - 1;
    if (block->magic != LIVE) abort();
    return block;
}

static void give(void *memory) {
    header *block = header_of(memory);
    unsigned class = block->class;
    explicit_bzero(memory, block->length);
    block->magic = FREE;
    if (own_lists[class].count < KEPT_PER_THREAD) {
        if (!is_registered) is_registered = pthread_setspecific(thread_end, &own_lists) == 0;
        *link_of(block) = own_lists[class].head;
        own_lists[class].head = block;
        own_lists[class].count++;
        return;
    }
    pthread_mutex_lock(&lock);
    *link_of(block) = shared_lists[class];
    shared_lists[class] = block;
    pthread_mutex_unlock(&lock);
}

static void *openssl_malloc(size_t size, const char *file, int line) {
    (void)file, (void)line;
    return size ? take(size) : NULL;
}

static void openssl_free(void *memory, const char *file, int line) {
    (void)file, (void)line;
    if (memory) give(memory);
}

static void *openssl_realloc(void *memory, size_t size, const char *file, int line) {
    if (!memory) return openssl_malloc(size, file, line);
    if (!size) {
        give(memory);
        return NULL;
    }
    header *block = header_of(memory);
    if (size <= size_of(block->class) - sizeof(header)) {
        if (size < block->length) explicit_bzero((unsigned char *)memory + size, block->length - size);
        block->length = (uint32_t)size;
        return memory;
    }
    void *moved = take(size);
    if (!moved) return NULL;
    memcpy(moved, memory, block->length);
    give(memory);
    return moved;
}

/* Makes the reserved pages up to `base + size` usable and locked. The lock comes on fault, so what is never used
 * costs no memory, but counts against RLIMIT_MEMLOCK at once: a start that succeeds cannot fail later. */
static arena_status open_up_to(size_t size) {
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size = (size + page - 1) / page * page;
    if (size > ARENA_RESERVED) size = ARENA_RESERVED;
    if (base + size <= end) return ARENA_OPEN;
    size_t more = (size_t)(base + size - end);
    if (mlock2(end, more, MLOCK_ONFAULT)) return ARENA_NOT_LOCKED;
    if (madvise(end, more, MADV_DONTDUMP) || madvise(end, more, MADV_WIPEONFORK)) return ARENA_NOT_UNDUMPED;
    if (mprotect(end, more, PROT_READ | PROT_WRITE)) return ARENA_NOT_MAPPED;
    end += more;
    return ARENA_OPEN;
}

arena_status arena_extend(size_t size) {
#ifdef UNDER_SANITIZER
    (void)size;
    return ARENA_OPEN;
#else
    pthread_mutex_lock(&lock);
    arena_status status = base ? open_up_to(size) : ARENA_NOT_MAPPED;
    pthread_mutex_unlock(&lock);
    return status;
#endif
}

static arena_status open_first(size_t size) {
    if (base) return ARENA_NOT_LOCKED; /* an earlier call has failed; it is not tried again */
    size_t guard = (size_t)sysconf(_SC_PAGESIZE);
    /* Reserved without access: what is not opened is the guard behind, one page more the guard before. */
    unsigned char *region = mmap(NULL, ARENA_RESERVED + 2 * guard, PROT_NONE,
                                 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (region == MAP_FAILED) return ARENA_NOT_MAPPED;
    if ((errno = pthread_key_create(&thread_end, give_back_lists))) return ARENA_NOT_MAPPED;
    base = next = end = region + guard;
    arena_status status = open_up_to(size);
    if (status != ARENA_OPEN) return status;
    is_openssls = CRYPTO_set_mem_functions(openssl_malloc, openssl_realloc, openssl_free);
    return is_openssls ? ARENA_OPEN : ARENA_OPENSSL_IN_USE;
}

arena_status arena_open(size_t size) {
#ifdef UNDER_SANITIZER
    (void)size;
    return ARENA_OPEN;
#else
    /* Under the lock, for several threads may be the first: the tests of several modules in one process. */
    pthread_mutex_lock(&lock);
    arena_status status = is_openssls ? open_up_to(size) : open_first(size);
    pthread_mutex_unlock(&lock);
    return status;
#endif
}

void *arena_allocate(size_t size) {
#ifdef UNDER_SANITIZER
    if (class_for(size) == CLASSES) return NULL; /* the same limit as the arena's */
    header *block = malloc(sizeof(header) + size);
    if (!block) return NULL;
    *block = (header){.length = (uint32_t)size, .magic = LIVE};
    return block + 1;
#else
    return take(size ? size : 1);
#endif
}

void arena_free(void *memory) {
    if (!memory) return;
#ifdef UNDER_SANITIZER
    header *block = header_of(memory);
    explicit_bzero(memory, block->length);
    free(block);
#else
    give(memory);
#endif
}

uint64_t arena_refusals(void) { return refusals; }

arena_usage arena_measure(void) {
    pthread_mutex_lock(&lock);
    arena_usage usage = {.size = (size_t)(end - base), .used = (size_t)(next - base)};
    pthread_mutex_unlock(&lock);
    return usage;
}

bool arena_is_locked(void) { return end > base; }
