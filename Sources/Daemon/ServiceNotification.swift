internal import Logging
internal import POSIX
internal import Systemd

/// What the service manager is told: that the daemon serves, reloads or stops, and its state in words (sd_notify(3)).
///
/// Belongs to the main thread. Without a service manager nothing is sent; one that cannot be reached stops no service.
final class ServiceNotification {
    private let logger: Logger
    /// What was told last.
    private var status = ""
    private var hasFailed = false

    init(logger: Logger) { self.logger = logger }

    /// The daemon serves, for the first time or after a reload, whatever came of it.
    func tellReady(_ status: ServiceStatus) {
        self.status = status.line
        send(["READY=1", "STATUS=\(self.status)"])
    }

    /// A reload begins now; `tellReady` ends it.
    func tellReloading() {
        send(["RELOADING=1", "MONOTONIC_USEC=\(SystemClock.monotonicNanoseconds() / 1_000)"])
    }

    /// The state in words, if it has changed.
    func tell(_ status: ServiceStatus) {
        let line = status.line
        guard line != self.status else { return }
        self.status = line
        send(["STATUS=\(line)"])
    }

    /// The daemon is well: see `Watchdog`.
    func tellWell() { send(["WATCHDOG=1"]) }

    func tellStopping() { send(["STOPPING=1"]) }

    private func send(_ assignments: [String]) {
        do throws(Errno) { try ServiceManager.notify(assignments) } catch {
            if !hasFailed { logger.warning("the service manager at NOTIFY_SOCKET cannot be told: \(error)") }
            hasFailed = true
        }
    }
}
