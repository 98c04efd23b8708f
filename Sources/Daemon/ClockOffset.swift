/// Finds out when the system's clock is set: its distance from a clock that never steps changes.
struct ClockOffset {
    /// Seconds since 1970-01-01 UTC.
    private let wall: () -> Int64
    /// Seconds from an arbitrary start.
    private let monotonic: () -> Int64
    private var offset: Int64

    /// Less is the drift that a clock is disciplined for, and the error of whole seconds.
    private static let tolerance: Int64 = 5

    init(wall: @escaping () -> Int64, monotonic: @escaping () -> Int64) {
        self.wall = wall
        self.monotonic = monotonic
        offset = wall() - monotonic()
    }

    /// By how many seconds the clock was set since the last look; nil: it was not.
    mutating func step() -> Int64? {
        let current = wall() - monotonic()
        let step = current - offset
        guard abs(step) >= Self.tolerance else { return nil }
        offset = current
        return step
    }
}
