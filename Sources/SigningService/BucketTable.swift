internal import StrictJSON
internal import Synchronization

/// The buckets of all users, one for each entry that limits them, shared by all event loops: no number of connections or
/// loops gives a user more than one.
///
/// A loop looks here when it meets another user, not for each request (`Worker.charge`). Buckets stay over reloads:
/// one is found again by the profile's name, the entry's number and the rate.
///
/// Memory is bounded by who was active in the last second: a bucket that is full, which it is after a second of silence at
/// the latest, is like a new one and is dropped when the table has doubled.
final class BucketTable: Sendable {
    /// Whose bucket it is.
    struct Key: Hashable {
        /// nil: asked by nobody whom the kernel named, which no connection is.
        let user: UInt32?
        let profile: ByteString
        let entry: Int
        /// Requests per second.
        let rate: Int64
    }

    private struct Shared {
        var buckets: [Key: TokenBucket] = [:]
        /// How many buckets there may be before full ones are looked for.
        var threshold = BucketTable.smallest
    }

    private let shared = Mutex(Shared())

    /// Fewer buckets than these are not worth a look.
    private static let smallest = 64

    /// How many buckets there are.
    var count: Int { shared.withLock { $0.buckets.count } }

    /// The one bucket of that key, made full where there is none.
    ///
    /// - Parameter now: Nanoseconds on the clock that buckets go by.
    func bucket(_ key: Key, at now: UInt64) -> TokenBucket {
        shared.withLock { shared in
            if let bucket = shared.buckets[key] { return bucket }
            if shared.buckets.count >= shared.threshold {
                shared.buckets = shared.buckets.filter { !$0.value.retire(at: now) }
                shared.threshold = max(Self.smallest, 2 * shared.buckets.count)
            }
            let bucket = TokenBucket(rate: key.rate)
            shared.buckets[key] = bucket
            return bucket
        }
    }
}
