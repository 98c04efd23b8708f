internal import CLinux
internal import Glibc

/// The signals that a daemon takes, one at a time, on the thread that waits for them. No handler ever runs.
package enum TerminalSignal: Sendable {
    /// SIGTERM or SIGINT.
    case stop
    /// SIGHUP.
    case reload

    /// Blocks the signals for this thread and all that it starts, so that one which comes before anybody waits is kept,
    /// not fatal; and ignores SIGPIPE. Called before the first thread is started.
    package static func block() { clinux_signals_block() }
}

/// Waits for the signals that `TerminalSignal.block` holds back, for a `WakeUp`, and for time to pass (signalfd(2)).
package struct SignalQueue: ~Copyable, Sendable {
    private let descriptor: Descriptor

    package init() throws(Errno) { descriptor = Descriptor(owning: try Errno.check(clinux_signals_open())) }

    /// Waits at most `timeout` milliseconds for a signal or until `wakeUp` is signalled.
    ///
    /// - Returns: A signal that has come, a stop before a reload; nil when there is none. Several at once are one.
    package func next(or wakeUp: borrowing WakeUp, timeout: Int32) throws(Errno) -> TerminalSignal? {
        var entries: InlineArray<2, pollfd> = [
            pollfd(fd: descriptor.raw, events: Int16(POLLIN), revents: 0),
            pollfd(fd: wakeUp.event.raw, events: Int16(POLLIN), revents: 0),
        ]
        var span = entries.mutableSpan
        // Reason: poll(2) reads and writes the two entries of this frame.
        let count = unsafe span.withUnsafeMutableBufferPointer { unsafe poll($0.baseAddress, 2, timeout) }
        if count < 0, errno != EINTR { throw .last }
        if count > 0, entries[1].revents != 0 { wakeUp.clear() }
        // All that have come: a stop waits for no reload.
        var found: TerminalSignal?
        while true {
            switch try Errno.check(clinux_signals_next(descriptor.raw)) {
            case 0: return found
            case SIGHUP: found = .reload
            default: return .stop
            }
        }
    }
}
