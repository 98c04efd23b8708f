internal import Synchronization

/// What all loops share over any number of snapshots: the users' buckets, and what the daemon as a whole tells of itself
/// by `status`.
package final class ServiceState: Sendable {
    package let pid: Int32
    /// Seconds since the daemon began, by a clock that does not step.
    let uptime: @Sendable () -> Int64
    let buckets = BucketTable()
    /// nil: no line of a signature could be kept, so with `audit = "all"` nothing is signed.
    let auditLog: (any AuditLog)?
    /// nil: each token is verified anew.
    let verifyCache: VerifyCache?
    private let shared = Mutex(Shared())

    private struct Shared {
        var lastReload: LastReload?
        var faults: [String] = []
        var counters: [ServiceCounters] = []
    }

    /// How the last reload ended.
    package struct LastReload: Sendable, Equatable {
        /// Seconds since 1970-01-01 UTC.
        package let time: Int64
        /// nil: it succeeded.
        package let error: String?

        package init(time: Int64, error: String?) {
            self.time = time
            self.error = error
        }
    }

    package init(
        pid: Int32, auditLog: (any AuditLog)? = nil, verifyCache: VerifyCache? = nil,
        uptime: @escaping @Sendable () -> Int64
    ) {
        self.pid = pid
        self.verifyCache = verifyCache
        self.auditLog = auditLog
        self.uptime = uptime
    }

    package var lastReload: LastReload? { shared.withLock { $0.lastReload } }

    package func note(_ reload: LastReload) { shared.withLock { $0.lastReload = reload } }

    /// What goes wrong just now and does not stop the service: a ring that is broken, a file that cannot be written, a log
    /// that nobody reads.
    package var faults: [String] { shared.withLock { $0.faults } + (auditLog?.faults ?? []) }

    /// Replaces all faults but the log's.
    package func note(faults: [String]) { shared.withLock { $0.faults = faults } }

    /// Counters for one more loop.
    func addCounters() -> ServiceCounters {
        let counters = ServiceCounters()
        shared.withLock { $0.counters.append(counters) }
        return counters
    }

    /// The sum over all loops.
    func sum(_ count: (ServiceCounters) -> Int64) -> Int64 {
        shared.withLock { $0.counters }.reduce(0) { $0 + count($1) }
    }
}
