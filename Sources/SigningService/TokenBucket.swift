internal import Synchronization

/// The requests that a rate leaves to one user: as many at once as the rate allows in a second, then one whenever a
/// request's share of the second has passed.
///
/// All there is to know is one number, the time at which the bucket will be full again (the generic cell rate algorithm,
/// ITU-T I.371): a request moves it on by its share, and one that would move it past the bucket's depth is refused. So
/// event loops share a bucket by one compare-and-exchange, without a lock.
final class TokenBucket: Sendable {
    /// Nanoseconds that a request takes out. Rounded up: never more than the rate, and at most 0.1 % less.
    private let share: UInt64
    /// Nanoseconds that a full bucket holds: exactly `rate` requests.
    private let depth: UInt64
    /// When it will be full, on the clock of whoever asks; in the past, it is full. `retired` for good after `retire`.
    private let fullAt = Atomic<UInt64>(0)

    /// Marks a bucket that is no longer the user's one.
    private static let retired = UInt64.max
    private static let second: UInt64 = 1_000_000_000

    /// What a bucket says to a request.
    enum Answer: Equatable {
        case passes
        /// Nanoseconds until one request would pass.
        case refused(wait: UInt64)
        /// The bucket was dropped while it was full: ask for the user's new one.
        case retired
    }

    /// - Parameter rate: Requests per second, from 1 to 1,000,000.
    init(rate: Int64) {
        let rate = UInt64(max(rate, 1))
        share = max((Self.second + rate - 1) / rate, 1)
        depth = share * rate
    }

    /// Takes one request out.
    ///
    /// - Parameter now: Nanoseconds on a clock that never steps. Loops may ask a little out of order: an older time finds
    ///   the bucket emptier by the difference.
    func take(at now: UInt64) -> Answer {
        var seen = fullAt.load(ordering: .relaxed)
        while true {
            if seen == Self.retired { return .retired }
            let next = max(seen, now) + share
            if next - now > depth { return .refused(wait: next - now - depth) }
            // Relaxed: the number is all that is shared.
            let (exchanged, original) = fullAt.weakCompareExchange(expected: seen, desired: next, ordering: .relaxed)
            if exchanged { return .passes }
            seen = original
        }
    }

    /// Takes the bucket out of service if it is full, so that a new one in its place changes nothing for the user.
    ///
    /// - Returns: Whether it was full.
    func retire(at now: UInt64) -> Bool {
        let seen = fullAt.load(ordering: .relaxed)
        guard seen <= now else { return false }
        return fullAt.compareExchange(expected: seen, desired: Self.retired, ordering: .relaxed).exchanged
    }
}
