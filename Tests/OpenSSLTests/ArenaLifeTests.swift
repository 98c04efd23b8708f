import CLibCrypto
import Glibc
import OpenSSL
import Synchronization
import Testing

/// The arena from its first moment to its last byte, each time in a process of its own.
@Suite(.enabled(if: LockedMemory.isThere, "a sanitizer watches the heap instead"))
struct ArenaLifeTests {
    @Test("a block that is freed twice ends the process")
    func doubleFree() async {
        await #expect(processExitsWith: .signal(SIGABRT)) {
            try SecretMemory.open()
            let block = try unsafe #require(arena_allocate(100))
            unsafe arena_free(block)
            unsafe arena_free(block)
        }
    }

    @Test("freeing what is no block ends the process")
    func foreignFree() async {
        await #expect(processExitsWith: .signal(SIGABRT)) {
            try SecretMemory.open()
            let block = try unsafe #require(arena_allocate(100))
            unsafe arena_free(block + 32)
        }
    }

    @Test("OpenSSL, once it has memory of its own, is not taken over: not at the first attempt, nor at the second")
    func openSSLInUse() async {
        await #expect(processExitsWith: .success) {
            unsafe CRYPTO_free(CRYPTO_malloc(1, nil, 0), nil, 0)
            #expect(throws: SecretMemoryError.openSSLInUse) { try SecretMemory.open() }
            #expect(throws: SecretMemoryError.self) { try SecretMemory.open() }
        }
    }

    @Test(
        "a lock that the system refuses is an error, and stays one", .enabled(if: geteuid() != 0, "root may lock all"))
    func notLocked() async {
        await #expect(processExitsWith: .success) {
            var limit = rlimit(rlim_cur: 4_096, rlim_max: 4_096)
            unsafe setrlimit(__rlimit_resource_t(8), &limit)  // RLIMIT_MEMLOCK
            let size = SecretMemory.initialSize
            #expect(throws: SecretMemoryError.notLocked(bytes: size, errno: ENOMEM)) { try SecretMemory.open() }
            #expect(throws: SecretMemoryError.self) { try SecretMemory.open() }
        }
    }

    @Test("the arena can be opened by two threads at once")
    func openedAtOnce() async {
        // Ten processes, since the two do not meet in each of them.
        for _ in 0..<10 {
            await #expect(processExitsWith: .success) {
                let arrived = Atomic(0)
                try onNewThreads(2) {
                    arrived.add(1, ordering: .relaxed)
                    while arrived.load(ordering: .relaxed) < 2 {}
                    // A refusal on either of them ends the process with a signal.
                    guard (try? SecretMemory.open()) != nil, (try? SecretBytes(count: 1)) != nil else { abort() }
                }
                #expect(SecretMemory.isLocked)
                #expect(SecretMemory.usage.size == SecretMemory.initialSize)
            }
        }
    }

    @Test("a full arena is an error for secrets and for OpenSSL, and goes on after it is extended")
    func exhaustion() async {
        await #expect(processExitsWith: .success) {
            try SecretMemory.open()
            let key = try HMACKey(SecretBytes(count: 32), digest: "SHA512")
            #expect(throws: SecretMemoryError.exhausted) { try exhaust() }
            #expect(throws: OpenSSLError.self) { try key.makeContext() }
            #expect(SecretMemory.usage.size == SecretMemory.initialSize)
            try SecretMemory.extend(to: 2 << 20)
            #expect(SecretMemory.usage.size == 2 << 20)
            var tag = HMACTag()
            try key.makeContext().authenticate([1].span, into: &tag)
            try SecretMemory.extend(to: 4_096)
            #expect(SecretMemory.usage.size == 2 << 20)
        }
    }

    @Test("what a thread has freed is there for others when it has ended")
    func threadsEnd() async {
        await #expect(processExitsWith: .success) {
            try SecretMemory.open()
            let key = try HMACKey(SecretBytes(count: 64), digest: "SHA512")
            try onNewThreads { work(key) }
            let used = SecretMemory.usage.used
            // One after another, so that each needs no more than the first did.
            for _ in 0..<500 { try onNewThreads { work(key) } }
            #expect(SecretMemory.usage.used == used)
        }
    }
}

/// Takes blocks of every size down to the least until there are none, and never gives them back.
private func exhaust() throws(SecretMemoryError) {
    for shift in (4..<17).reversed() {
        while let block = unsafe arena_allocate(1 << shift - 16) { unsafe memset(block, 0, 1) }
    }
    _ = try SecretBytes(count: 1)
}

/// What a thread of the daemon does with the arena: contexts, tags, secrets of many sizes.
private func work(_ key: HMACKey) {
    var tag = HMACTag()
    for count in 0..<100 {
        guard let context = try? key.makeContext(), let secret = try? SecretBytes(count: count * 7),
            (try? secret.withSpan { try context.authenticate($0, into: &tag) }) != nil
        else { abort() }
    }
}
