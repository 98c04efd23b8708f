/// Counts latencies in buckets whose width grows with the value: within 1/32 of it, in a few kilobytes.
struct LatencyHistogram: Sendable {
    private static let subBuckets: UInt64 = 32
    private var counts = [UInt64](repeating: 0, count: 64 * 32)
    private(set) var total: UInt64 = 0
    /// Nanoseconds.
    private(set) var largest: UInt64 = 0

    /// Counts `count` latencies of this many nanoseconds.
    mutating func record(_ nanoseconds: UInt64, count: UInt64 = 1) {
        counts[Self.bucket(nanoseconds)] += count
        total += count
        largest = max(largest, nanoseconds)
    }

    mutating func merge(_ other: LatencyHistogram) {
        for bucket in counts.indices { counts[bucket] += other.counts[bucket] }
        total += other.total
        largest = max(largest, other.largest)
    }

    /// Nanoseconds that this share of all latencies, from 0 to 1, does not exceed; 0 without any.
    func percentile(_ share: Double) -> UInt64 {
        let wanted = UInt64((Double(total) * share).rounded(.up))
        var seen: UInt64 = 0
        for (bucket, count) in counts.enumerated() {
            seen += count
            if seen >= wanted, seen > 0 { return min(Self.upperBound(bucket), largest) }
        }
        return largest
    }

    /// Values below 64 have a bucket each; above, 32 buckets share each power of two.
    private static func bucket(_ value: UInt64) -> Int {
        if value < 2 * subBuckets { return Int(value) }
        let shift = UInt64(58 - value.leadingZeroBitCount)
        return Int(shift * subBuckets + value >> shift)
    }

    private static func upperBound(_ bucket: Int) -> UInt64 {
        let bucket = UInt64(bucket)
        if bucket < 2 * subBuckets { return bucket }
        let shift = bucket / subBuckets - 1
        return (bucket - shift * subBuckets + 1) << shift - 1
    }
}
