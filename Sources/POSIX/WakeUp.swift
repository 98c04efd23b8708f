internal import CLinux
internal import Glibc

/// Wakes a thread that waits for it (`wait`), or on a socket (`UnixSocket.wait`), from any other thread.
package struct WakeUp: ~Copyable, Sendable {
    let event: Descriptor

    package init() throws(Errno) {
        event = Descriptor(owning: try Errno.check(clinux_event_open()))
    }

    /// Wakes the thread now, or when it waits next. Many calls before that wake it once.
    package func signal() {
        var one: UInt64 = 1
        // Reason: write(2) reads the one integer of this frame. It fails only when the counter is full: then it is set.
        unsafe _ = Glibc.write(event.raw, &one, MemoryLayout<UInt64>.size)
    }

    /// For `wait`: as long as it takes.
    package static let withoutBound: Int32 = -1

    /// Waits for a signal, at most so many milliseconds, and forgets it. May return early without one.
    package func wait(milliseconds: Int32) {
        var entry = pollfd(fd: event.raw, events: Int16(POLLIN), revents: 0)
        // Reason: poll(2) reads and writes the one entry of this frame.
        if unsafe poll(&entry, 1, milliseconds) > 0 { clear() }
    }

    /// As `wait`, until `deadline` on the clock of `SystemClock.monotonicNanoseconds()`; `.max` waits without bound.
    package func wait(until deadline: UInt64) { wait(milliseconds: SystemClock.milliseconds(until: deadline)) }

    /// Forgets the signals so far.
    func clear() {
        var count: UInt64 = 0
        // Reason: read(2) fills the one integer of this frame; it fails only when there was no signal.
        unsafe _ = Glibc.read(event.raw, &count, MemoryLayout<UInt64>.size)
    }
}
