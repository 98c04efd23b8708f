internal import CLibCrypto
internal import Glibc

/// The arena of locked memory under all of OpenSSL and under `SecretBytes`. See arena.h for what it promises.
package enum SecretMemory {
    /// What the arena has before the configuration is read, in bytes: OpenSSL's own start uses less than half of it.
    package static let initialSize = 1 << 20
    /// The most that the arena can grow to, in bytes.
    package static let largestSize = 256 << 20

    /// Opens the arena. The first statement of a process that holds secrets; later calls only extend.
    package static func open() throws(SecretMemoryError) {
        try check(arena_open(initialSize), size: initialSize)
    }

    /// Raises the arena to `size` bytes. It never shrinks.
    package static func extend(to size: Int) throws(SecretMemoryError) {
        try check(arena_extend(size), size: size)
    }

    /// Whether secrets stand in locked memory: false before `open`, and under sanitizers, which must see the heap.
    package static var isLocked: Bool { arena_is_locked() }

    /// Bytes that are open, and bytes that were in use at the busiest moment.
    package static var usage: (size: Int, used: Int) {
        let usage = arena_measure()
        return (usage.size, usage.used)
    }

    /// What `body` comes to; where this thread asked for memory meanwhile and got none, `lack` is thrown instead.
    ///
    /// Then OpenSSL's answers count for nothing, whatever they say: it gives a lack of memory out as what failed for it (a
    /// signature that does not fit, a wrong passphrase, no key), or passes over what it could not look at.
    package static func requiringEnough<Result: ~Copyable, Failure: Error>(
        orThrow lack: @autoclosure () -> Failure, _ body: () throws(Failure) -> Result
    ) throws(Failure) -> Result {
        let refusals = arena_refusals()
        do throws(Failure) {
            let result = try body()
            guard arena_refusals() == refusals else { throw lack() }
            return result
        } catch {
            throw arena_refusals() == refusals ? error : lack()
        }
    }

    private static func check(_ status: arena_status, size: Int) throws(SecretMemoryError) {
        let code = errno
        switch status {
        case ARENA_OPEN: return
        case ARENA_NOT_LOCKED: throw .notLocked(bytes: size, errno: code)
        case ARENA_OPENSSL_IN_USE: throw .openSSLInUse
        default: throw .notMapped(bytes: size, errno: code)
        }
    }
}

/// Why there is no locked memory. Each ends the start: no secret is ever held in memory that could be swapped out.
package enum SecretMemoryError: Error, Equatable, Sendable, CustomStringConvertible {
    case notMapped(bytes: Int, errno: Int32)
    case notLocked(bytes: Int, errno: Int32)
    /// OpenSSL had allocated memory before the arena was opened.
    case openSSLInUse
    /// The arena is full.
    case exhausted

    package var description: String {
        switch self {
        case .notMapped(let bytes, let code):
            "cannot map \(bytes) bytes for secrets (errno \(code))"
        case .notLocked(let bytes, let code):
            """
            cannot lock \(bytes) bytes of memory for secrets (errno \(code)): raise the limit on locked memory \
            (LimitMEMLOCK= in a unit, `ulimit -l` in a shell)
            """
        case .openSSLInUse:
            "OpenSSL has allocated memory before the locked arena was opened"
        case .exhausted:
            "the locked memory for secrets is full"
        }
    }
}
