internal import CSystemd
package import POSIX

/// The service manager that started this process and waits for its word: systemd, or whoever set NOTIFY_SOCKET.
package enum ServiceManager {
    /// Sends `assignments` as one message; without NOTIFY_SOCKET in the environment does nothing (sd_notify(3)).
    ///
    /// NOTIFY_SOCKET stays as it is, for later messages.
    ///
    /// - Parameter assignments: `NAME=value` each. A line feed in a value would begin another: have none.
    package static func notify(_ assignments: [String]) throws(Errno) {
        // Reason: sd_notify(3) reads one string that ends with a NUL and lives for the call.
        let result = unsafe sd_notify(0, assignments.joined(separator: "\n"))
        if result < 0 { throw Errno(-result) }
    }

    /// How often at least the service manager wants to hear that this process is well (WatchdogSec=), in microseconds; nil
    /// when it does not ask, or asks another process (sd_watchdog_enabled(3)).
    package static func watchdogInterval() throws(Errno) -> UInt64? {
        var microseconds: UInt64 = 0
        // Reason: libsystemd fills the one integer of this frame.
        let result = unsafe sd_watchdog_enabled(0, &microseconds)
        if result < 0 { throw Errno(-result) }
        return result > 0 ? microseconds : nil
    }
}
