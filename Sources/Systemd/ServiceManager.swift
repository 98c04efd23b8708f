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
}
