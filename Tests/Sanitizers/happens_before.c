/* Tells the thread sanitizer about locks of libraries that are not built with it. Linked into the programs of the
 * sanitized build alone (see run); the product has nothing of this.
 *
 * Each function stands before the library's function of that name and calls it, with the two words that the sanitizer
 * needs: what came before a release of an address comes before an acquire of it. Nothing is hidden: two accesses that
 * no lock orders are reported as ever. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

void __tsan_acquire(void *address);
void __tsan_release(void *address);

static void *next(const char *name) {
    void *function = dlsym(RTLD_NEXT, name);
    if (!function) abort();
    return function;
}

/* Synchronization.Mutex: where nobody waits, its atomics are inlined and so instrumented. What takes and gives a lock
 * that is fought for stands in libswiftSynchronization: a method takes its own value's address in a register. */
#define SWIFT __attribute__((swiftcall))
#define OWN __attribute__((swift_context)) void *mutex
#define LOCK "$s15Synchronization12_MutexHandleV9_lockSlowyys6UInt32VF"
#define TRY_LOCK "$s15Synchronization12_MutexHandleV12_tryLockSlowSbyF"
#define UNLOCK "$s15Synchronization12_MutexHandleV11_unlockSlowyyF"

SWIFT void lock_slow(uint32_t thread, OWN) __asm__(LOCK);
SWIFT void lock_slow(uint32_t thread, OWN) {
    SWIFT void (*real)(uint32_t, OWN) = next(LOCK);
    real(thread, mutex);
    __tsan_acquire(mutex);
}

SWIFT bool try_lock_slow(OWN) __asm__(TRY_LOCK);
SWIFT bool try_lock_slow(OWN) {
    SWIFT bool (*real)(OWN) = next(TRY_LOCK);
    bool is_locked = real(mutex);
    if (is_locked) __tsan_acquire(mutex);
    return is_locked;
}

SWIFT void unlock_slow(OWN) __asm__(UNLOCK);
SWIFT void unlock_slow(OWN) {
    SWIFT void (*real)(OWN) = next(UNLOCK);
    __tsan_release(mutex);
    real(mutex);
}

/* Dispatch: who is woken comes after who woke. */
intptr_t dispatch_semaphore_signal(void *semaphore) {
    intptr_t (*real)(void *) = next("dispatch_semaphore_signal");
    __tsan_release(semaphore);
    return real(semaphore);
}

intptr_t dispatch_semaphore_wait(void *semaphore, uint64_t deadline) {
    intptr_t (*real)(void *, uint64_t) = next("dispatch_semaphore_wait");
    intptr_t status = real(semaphore, deadline);
    if (status == 0) __tsan_acquire(semaphore);
    return status;
}
