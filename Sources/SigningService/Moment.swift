/// When a request is answered, by two clocks: tokens and keys go by the wall clock, rates by one that never steps.
package struct Moment: Sendable, Equatable {
    /// Seconds since 1970-01-01 UTC.
    package let unixSeconds: Int64
    /// From an arbitrary start.
    package let monotonicNanoseconds: UInt64

    package init(unixSeconds: Int64, monotonicNanoseconds: UInt64) {
        self.unixSeconds = unixSeconds
        self.monotonicNanoseconds = monotonicNanoseconds
    }
}
