internal import Glibc

/// The signals that a daemon takes, one at a time, on the thread that waits for them. No handler ever runs.
package enum TerminalSignal: Sendable {
    /// SIGTERM or SIGINT.
    case stop
    /// SIGHUP.
    case reload

    /// Blocks the signals for this thread and all that it starts, so that one which comes before anybody waits is kept,
    /// not fatal; and ignores SIGPIPE. Called before the first thread is started.
    package static func block() {
        var set = all
        // Reason: the set is of this frame.
        unsafe pthread_sigmask(SIG_BLOCK, &set, nil)
        signal(SIGPIPE, SIG_IGN)
    }

    /// Waits for the next one.
    package static func next() -> TerminalSignal {
        var set = all
        var number: Int32 = 0
        // Reason: both are of this frame.
        repeat {} while unsafe sigwait(&set, &number) != 0
        return number == SIGHUP ? .reload : .stop
    }

    private static var all: sigset_t {
        var set = sigset_t()
        unsafe sigemptyset(&set)
        for number in [SIGTERM, SIGINT, SIGHUP] { unsafe sigaddset(&set, number) }
        return set
    }
}
