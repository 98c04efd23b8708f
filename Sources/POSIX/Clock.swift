internal import Glibc

/// The system's clocks.
package enum SystemClock {
    /// Whole seconds since 1970-01-01 UTC, leap seconds not counted: RFC 7519's NumericDate.
    package static func unixSeconds() -> Int64 { Int64(read(CLOCK_REALTIME).tv_sec) }

    /// Whole seconds of a clock that never steps and counts the time asleep, from an arbitrary start.
    package static func bootSeconds() -> Int64 { Int64(read(CLOCK_BOOTTIME).tv_sec) }

    /// Nanoseconds of a clock that never steps, from an arbitrary start: for deadlines and measures.
    package static func monotonicNanoseconds() -> UInt64 {
        let time = read(CLOCK_MONOTONIC)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }

    /// Waits until the clock of `monotonicNanoseconds()` has come to `deadline`. Not for a thread of Swift's pool.
    package static func sleep(until deadline: UInt64) {
        var time = timespec()
        time.tv_sec = Int(deadline / 1_000_000_000)
        time.tv_nsec = Int(deadline % 1_000_000_000)
        // Reason: clock_nanosleep(2) reads the struct of this frame; it goes on when a signal has interrupted it.
        while unsafe clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, nil) == EINTR {}
    }

    /// The time until `deadline` as poll(2) takes it, rounded up, so that the deadline has passed when the wait ends; `.max`
    /// is without bound.
    static func milliseconds(until deadline: UInt64) -> Int32 {
        if deadline == .max { return -1 }
        let now = monotonicNanoseconds()
        let rest = deadline > now ? deadline - now : 0
        return Int32(min(rest / 1_000_000 + (rest % 1_000_000 == 0 ? 0 : 1), UInt64(Int32.max)))
    }

    private static func read(_ clock: clockid_t) -> timespec {
        var time = timespec()
        // Reason: clock_gettime fills the one struct that it is given.
        unsafe clock_gettime(clock, &time)
        return time
    }
}
