internal import Synchronization

/// What must outlive a key's file and the process: when verifiers could first see it, and what it has signed.
///
/// One for each key of a daemon's life. All snapshots that hold the key share it, so that no reload forgets anything,
/// and loops note signatures in it without a lock.
package final class KeyRecord: Sendable {
    private let publishedAt: Atomic<Int64>
    private let expiry: Atomic<Int64>
    private let signed: Atomic<Bool>

    /// Stands for a time that is not known.
    private static let unknown = Int64.min
    /// The expiry of what never expires: a payload of bytes.
    package static let never = Int64.max

    /// - Parameters:
    ///   - published: Seconds since 1970-01-01 UTC; nil: not yet.
    ///   - latestExpiry: The last `exp` that it signed, or a time that is certainly not before it; nil: it signed nothing.
    package init(published: Int64? = nil, latestExpiry: Int64? = nil, hasSigned: Bool = false) {
        publishedAt = Atomic(published ?? Self.unknown)
        expiry = Atomic(latestExpiry ?? Self.unknown)
        signed = Atomic(hasSigned)
    }

    /// When verifiers could first get it; nil: not yet.
    package var published: Int64? { Self.known(publishedAt.load(ordering: .relaxed)) }
    /// The last `exp` that it signed, or a bound on it; `never` for what does not expire; nil: it signed nothing.
    package var latestExpiry: Int64? { Self.known(expiry.load(ordering: .relaxed)) }
    /// Whether it signed anything that is known of. Such a key never goes back to *next* (rule ROT-1).
    package var hasSigned: Bool { signed.load(ordering: .relaxed) }

    private static func known(_ time: Int64) -> Int64? { time == unknown ? nil : time }

    /// Notes a signature: of a token with this `exp`, or `never`.
    ///
    /// Tokens of one second mostly have one `exp`, so this is two loads for nearly all of them.
    package func noteSignature(expires: Int64) {
        if !signed.load(ordering: .relaxed) { signed.store(true, ordering: .relaxed) }
        noteExpiry(expires)
    }

    /// Notes that it may have signed something that expires then.
    package func noteExpiry(_ time: Int64) {
        if expiry.load(ordering: .relaxed) < time { expiry.max(time, ordering: .relaxed) }
    }

    /// Notes when verifiers could get it; the first time counts.
    package func notePublication(at time: Int64) {
        _ = publishedAt.compareExchange(expected: Self.unknown, desired: time, ordering: .relaxed)
    }
}
