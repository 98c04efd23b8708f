import Dispatch
@testable import SigningService
import StrictJSON
import Synchronization
import Testing

/// Nanoseconds.
let second: UInt64 = 1_000_000_000

@Suite struct TokenBucketTests {
    private static let rates: [Int64] = [1, 2, 3, 7, 999, 1_000, 2_000, 33_333, 999_999, 1_000_000]

    /// How many requests pass at one moment.
    private func burst(_ bucket: TokenBucket, at now: UInt64) -> Int64 {
        var passed: Int64 = 0
        while bucket.take(at: now) == .passes { passed += 1 }
        return passed
    }

    @Test("As many requests as the rate pass at once, and the next is refused", arguments: rates, [0, 5 * second])
    func burst(_ rate: Int64, _ now: UInt64) {
        let bucket = TokenBucket(rate: rate)
        #expect(burst(bucket, at: now) == rate)
        #expect(burst(bucket, at: now) == 0)
    }

    @Test("Who waits as long as the refusal says passes once, and a nanosecond less does not do", arguments: rates)
    func wait(_ rate: Int64) {
        let bucket = TokenBucket(rate: rate)
        var now: UInt64 = 77
        _ = burst(bucket, at: now)
        for _ in 0..<50 {
            guard case .refused(let wait) = bucket.take(at: now) else {
                Issue.record("passed")
                return
            }
            #expect(wait > 0 && wait <= second / UInt64(rate) + 1)
            #expect(bucket.take(at: now + wait - 1) != .passes)
            now += wait
            #expect(bucket.take(at: now) == .passes)
        }
    }

    @Test("Over a minute of greed the burst and the rate pass, and at most 0.1 % less", arguments: [1, 3, 999, 2_000])
    func refill(_ rate: Int64) {
        let bucket = TokenBucket(rate: rate)
        let passed = (0...600).reduce(Int64(0)) { sum, tenth in sum + burst(bucket, at: UInt64(tenth) * second / 10) }
        #expect(passed <= 61 * rate)
        #expect(passed >= 61 * rate - rate * 61 / 1_000 - 1)
    }

    @Test("A silence of a year or of centuries leaves one burst, no more", arguments: [365 * 86_400, 18_000_000_000])
    func silence(_ seconds: UInt64) {
        for rate in Self.rates {
            let bucket = TokenBucket(rate: rate)
            #expect(burst(bucket, at: 0) == rate)
            #expect(burst(bucket, at: seconds * second) == rate)
        }
    }

    @Test("While time stands still or is asked out of order, nothing comes back")
    func stillness() {
        let bucket = TokenBucket(rate: 10)
        #expect(burst(bucket, at: 5 * second) == 10)
        for now in [5 * second, 5 * second - 1, 4 * second, 0] { #expect(burst(bucket, at: now) == 0) }
        #expect(burst(bucket, at: 5 * second + second / 10) == 1)
    }

    @Test("A rate divides between threads, and no thread adds to it", arguments: [1_000, 100_000])
    func threads(_ rate: Int64) {
        let bucket = TokenBucket(rate: rate)
        let passed = Mutex(Int64(0))
        DispatchQueue.concurrentPerform(iterations: 2) { _ in
            let own = burst(bucket, at: second)
            passed.withLock { $0 += own }
        }
        #expect(passed.withLock { $0 } == rate)
    }

    @Test("A bucket is dropped when it is full and not before, and then serves no more")
    func retirement() {
        let bucket = TokenBucket(rate: 2)
        #expect(bucket.take(at: second) == .passes)
        #expect(!bucket.retire(at: second))
        #expect(!bucket.retire(at: second + second / 2 - 1))
        #expect(bucket.take(at: second) == .passes)
        #expect(bucket.retire(at: 2 * second))
        #expect(!bucket.retire(at: 3 * second))
        #expect(bucket.take(at: 9 * second) == .retired)
    }

    // The table.

    private func key(
        _ user: UInt32, _ profile: ByteString = "p", _ entry: Int = 1, _ rate: Int64 = 1
    ) -> BucketTable.Key {
        BucketTable.Key(user: user, profile: profile, entry: entry, rate: rate)
    }

    @Test("A bucket belongs to one user, profile, entry and rate")
    func keys() {
        let table = BucketTable()
        let keys = [key(1), key(2), key(1, "q"), key(1, "p", 2), key(1, "p", 1, 2), key(1, "\u{212A}"), key(1, "K")]
        let buckets = keys.map { table.bucket($0, at: 0) }
        #expect(Set(buckets.map(ObjectIdentifier.init)).count == keys.count)
        for (key, bucket) in zip(keys, buckets) { #expect(table.bucket(key, at: second) === bucket) }
    }

    @Test("Buckets of users who have gone silent are dropped; those of active ones stay, however many")
    func memory() {
        let table = BucketTable()
        let active = table.bucket(key(0), at: 0)
        for user in 1...100_000 {
            let now = UInt64(user) * second / 100
            _ = active.take(at: now)
            _ = table.bucket(key(UInt32(user)), at: now).take(at: now)
        }
        #expect(table.count < 500)
        #expect(table.bucket(key(0), at: 1_000 * second) === active)
        for user in 200_000..<201_000 {
            _ = table.bucket(key(UInt32(user)), at: 2_000 * second).take(at: 2_000 * second)
        }
        #expect(table.count >= 1_000)
    }
}
