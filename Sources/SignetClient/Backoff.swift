/// Pauses that grow between attempts: 5 ms, then twice as long each time up to 500 ms, less a random part.
struct Backoff {
    /// In nanoseconds.
    private static let shortest: UInt64 = 5_000_000
    private static let longest: UInt64 = 500_000_000

    private var bound = shortest

    /// The next pause in nanoseconds: between half of its bound and the whole, so that clients that lost their daemon at
    /// one moment do not come back at one moment.
    mutating func next() -> UInt64 {
        defer { bound = min(bound * 2, Self.longest) }
        return UInt64.random(in: bound / 2...bound)
    }
}
