internal import CLinux
internal import Glibc

/// Wakes a thread that waits on a socket (`UnixSocket.wait`), from any other thread.
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

    /// Forgets the signals so far.
    func clear() {
        var count: UInt64 = 0
        // Reason: read(2) fills the one integer of this frame; it fails only when there was no signal.
        unsafe _ = Glibc.read(event.raw, &count, MemoryLayout<UInt64>.size)
    }
}
