internal import Logging
internal import NIOCore
package import SigningService

/// Where a loop hands in a reload; the answer line comes on any thread, once.
package typealias ReloadDesk = @Sendable (DeferredReload, _ answer: @escaping @Sendable ([UInt8]) -> Void) -> Void

/// One event loop's part of the server: its half of the service, its connections, its memory for answers.
final class Lane {
    let worker: Worker
    /// Has a reload carried out, and its answer line given to the closure, on any thread.
    let reload: ReloadDesk
    let limits: ServerLimits
    private(set) lazy var refusals = makeRefusalLog()
    let clock: @Sendable () -> Moment
    /// Answers of the turn that is running.
    var answers: [UInt8] = []
    /// Used again for each write that the kernel takes at once.
    var outgoing = ByteBuffer()
    /// Whether the daemon is stopping: lines that arrive now are refused.
    private(set) var isStopping = false
    /// Whether silent connections are to end.
    private(set) var isClosing = false
    private(set) var connections: [ObjectIdentifier: Connection] = [:]
    /// Refused connections that linger.
    var farewells = 0
    let loop: any EventLoop
    private let logger: Logger
    private var isSweeping = false

    /// Memory for answers that one turn has grown beyond this is given back, in bytes.
    static let keptAnswers = 1 << 20

    init(
        worker: Worker, limits: ServerLimits, logger: Logger, clock: @escaping @Sendable () -> Moment,
        reload: @escaping ReloadDesk, on loop: any EventLoop
    ) {
        self.worker = worker
        self.reload = reload
        self.limits = limits
        self.clock = clock
        self.loop = loop
        self.logger = logger
    }

    func add(_ connection: Connection) {
        connections[ObjectIdentifier(connection)] = connection
        ensureSweep()
    }

    func remove(_ connection: Connection) { connections[ObjectIdentifier(connection)] = nil }

    /// From now on, lines that arrive are answered with `shutting_down`; what has arrived is answered as ever.
    func beginStopping() {
        isStopping = true
        for connection in connections.values { connection.beginStopping() }
    }

    /// Closes what has nothing left to send; the rest follows when its answers have been read.
    func closeWhenSent() {
        isClosing = true
        for connection in connections.values { connection.closeWhenSent() }
    }

    private func makeRefusalLog() -> RefusalLog {
        RefusalLog(
            logger, scope: { [worker] in worker.audit }, time: { [clock] in clock().unixSeconds },
            onDebt: { [weak self] in self?.ensureSweep() })
    }

    private func ensureSweep() {
        guard !isSweeping else { return }
        isSweeping = true
        scheduleSweep()
    }

    private func scheduleSweep() {
        loop.assumeIsolated().scheduleTask(in: ServerLimits.sweepInterval) { [weak self] in
            guard let self else { return }
            sweep()
        }
    }

    private func sweep() {
        let now = NIODeadline.now()
        for connection in connections.values { connection.enforceDeadlines(at: now) }
        refusals.settle(at: now)
        isSweeping = !connections.isEmpty || refusals.owes
        if isSweeping { scheduleSweep() }
    }
}
