internal import Logging
internal import NIOCore
package import SigningService

/// Where a loop hands in a reload; the answer line comes on any thread, once.
package typealias ReloadDesk = @Sendable (DeferredReload, _ answer: @escaping @Sendable ([UInt8]) -> Void) -> Void

/// Where a loop hands in the look-up of an account; that it is done comes on any thread, once.
package typealias LookupDesk = @Sendable (AccountLookup, _ whenDone: @escaping @Sendable () -> Void) -> Void

/// One event loop's part of the server: its half of the service, its connections, its memory for answers.
final class Lane {
    /// What all loops share.
    struct Shared: Sendable {
        let limits: ServerLimits
        let buffers: BufferLimits
        let pool: HeavyPool
        /// The time of a turn.
        let clock: @Sendable () -> Moment
        /// Has a reload carried out, and its answer line given to the closure, on any thread.
        let reload: ReloadDesk
        /// Has an account looked up.
        let lookUp: LookupDesk
    }

    let worker: Worker
    let shared: Shared
    private(set) lazy var refusals = makeRefusalLog()
    /// Answers of the turn that is running: all connections have this memory in turn.
    var answers: [UInt8] = []
    /// How many bytes of `answers` may go out: those behind wait for an answer that is made elsewhere.
    var sendable = 0
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

    /// Work done since the loop last looked at its sockets, or a while ago.
    private var spent = TimeAmount.zero
    /// Connections that wait for their turn, whoever waits longest first.
    private var postponed = CircularBuffer<Connection>()
    private var yield: LoopYield?

    /// Memory for answers that one turn has grown beyond this is given back, in bytes.
    static let keptAnswers = 1 << 20

    init(worker: Worker, logger: Logger, _ shared: Shared, on loop: any EventLoop) {
        self.worker = worker
        self.shared = shared
        self.loop = loop
        self.logger = logger
    }

    func add(_ connection: Connection) {
        connections[ObjectIdentifier(connection)] = connection
        ensureSweep()
    }

    /// To be called where a connection begins to write answers. What another had left would go to this one's peer, a token to
    /// somebody whom it was not made for: rather than that, the daemon ends.
    func requireNothingLeft() { precondition(answers.isEmpty, "answers were left for another connection") }

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
            logger, scope: { [worker] in worker.audit }, time: { [shared] in shared.clock().unixSeconds },
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

// How the loop's time is shared out.
extension Lane {
    /// Makes the pipe by which the loop lets its sockets in, to be opened.
    func makeYield() -> LoopYield {
        let yield = LoopYield { [weak self] in self?.goOn() }
        self.yield = yield
        return yield
    }

    /// Whether a turn may begin before the loop has looked at its sockets again.
    var hasTimeLeft: Bool { spent < ServerLimits.loopShare }

    func spend(_ duration: TimeAmount) { spent = spent + duration }

    /// Lets a connection go on when others have had their turn.
    func postpone(_ connection: Connection) {
        postponed.append(connection)
        yield?.ask()
    }

    /// Turns for those who wait, as long as there is time; the loop has looked at its sockets.
    private func goOn() {
        spent = .zero
        var turns = postponed.count
        while turns > 0, hasTimeLeft, let connection = postponed.popFirst() {
            turns -= 1
            connection.takeTurn()
        }
        if !postponed.isEmpty { yield?.ask() }
    }
}
