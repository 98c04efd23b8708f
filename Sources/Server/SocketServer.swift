internal import Authorization
package import Logging
package import NIOCore
package import NIOPosix
internal import OpenSSL
package import POSIX
package import SigningService
package import StrictJSON
internal import WireProtocol

/// Finds the system unit of the peer of a connected socket, whose credentials are known. Throws when descriptors or memory
/// have run out, so that it cannot be told.
package typealias UnitLookup = @Sendable (_ socket: Int32, PeerCredentials) throws(Errno) -> ByteString?

/// The server on its sockets: accepts, finds out who is there, and gives each connection to an event loop.
package final class SocketServer: Sendable {
    private let group: MultiThreadedEventLoopGroup
    private let lanes: [ObjectIdentifier: NIOLoopBound<Lane>]
    private let pool: HeavyPool
    private let listeners: [any Channel]

    /// Starts to serve on listening sockets.
    ///
    /// - Parameters:
    ///   - entrances: Not to be held by anybody else: while they are, whoever connects is not refused after a stop.
    ///   - service: What the daemon tells of itself.
    ///   - clock: The time of a turn.
    ///   - unit: Called on the event loops, once for each connection that is served.
    ///   - reload: Carries out the reloads that clients ask for.
    ///   - lookUp: Looks accounts up for requests that wait for them.
    package static func start(
        at entrances: consuming [Entrance], group: MultiThreadedEventLoopGroup, snapshot: Snapshot,
        service: ServiceState, limits: ServerLimits, connections: ConnectionLimits, buffers: BufferLimits,
        maxInFlight: Int, logger: Logger, clock: @escaping @Sendable () -> Moment, unit: @escaping UnitLookup,
        reload: @escaping ReloadDesk, lookUp: @escaping LookupDesk
    ) throws -> SocketServer {
        let pool = try HeavyPool.start(
            threads: ProcessLimits.processors, limit: maxInFlight, snapshot: snapshot, service: service)
        let shared = Lane.Shared(
            limits: limits, buffers: buffers, pool: pool, clock: clock, reload: reload, lookUp: lookUp)
        var lanes: [ObjectIdentifier: NIOLoopBound<Lane>] = [:]
        for loop in group.makeIterator() {
            let (lane, yield) = try loop.submit {
                let worker = try Worker(snapshot, service, leavesHeavyWork: true)
                let lane = Lane(worker: worker, logger: logger, shared, on: loop)
                return (
                    NIOLoopBound(lane, eventLoop: loop), NIOLoopBound(lane.makeYield(), eventLoop: loop)
                )
            }.wait()
            try LoopYield.open(yield)
            lanes[ObjectIdentifier(loop)] = lane
        }
        let listeners = try entrances.map { entrance in
            let listener = try bootstrap(entrance.servesAdmins, group, lanes, connections, unit, logger)
                .withBoundSocket(entrance.descriptor.duplicate().release()).wait()
            // NIO has listened again with a backlog of 128. Then the listener's descriptor is the only one: when it is
            // closed, the kernel refuses who comes, and nobody waits for a daemon that will not accept.
            try UnixSocket.listenAgain(entrance.descriptor, backlog: ListeningSocket.backlog)
            return listener
        }
        return SocketServer(group: group, lanes: lanes, pool: pool, listeners: listeners)
    }

    private init(
        group: MultiThreadedEventLoopGroup, lanes: [ObjectIdentifier: NIOLoopBound<Lane>], pool: HeavyPool,
        listeners: [any Channel]
    ) {
        self.pool = pool
        self.group = group
        self.lanes = lanes
        self.listeners = listeners
    }

    private static func bootstrap(
        _ servesAdmins: Bool, _ group: MultiThreadedEventLoopGroup, _ lanes: [ObjectIdentifier: NIOLoopBound<Lane>],
        _ connections: ConnectionLimits, _ unit: @escaping UnitLookup, _ logger: Logger
    ) -> ServerBootstrap {
        let arrivals = Arrivals()
        return ServerBootstrap(group: group)
            .serverChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(AcceptPause(arrivals, logger))
                }
            }
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    // Who is turned away has arrived when it has its refusal.
                    var hasArrived = true
                    defer { if hasArrived { arrivals.remove() } }
                    guard let lane = lanes[ObjectIdentifier(channel.eventLoop)]?.value else { return }
                    try configure(channel)
                    hasArrived = try welcome(channel, servesAdmins, lane, connections, arrivals, unit)
                }
            }
    }

    /// That a peer may end its sending, how much is read at once, and how much is kept unsent. Not as options of the
    /// bootstrap, where one that fails would keep the initializer from being called, and the arrival waiting.
    private static func configure(_ channel: any Channel) throws {
        guard let options = channel.syncOptions else { throw Errno.unsupported }
        try options.setOption(.allowRemoteHalfClosure, value: true)
        try options.setOption(.maxMessagesPerRead, value: 1)
        try options.setOption(
            .recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: ServerLimits.bytesPerRead))
        let (low, high) = ServerLimits.unreadAnswers
        try options.setOption(.writeBufferWaterMark, value: .init(low: low, high: high))
    }

    /// Asks the kernel who connected, and serves it where the limits allow; else it is turned away.
    ///
    /// - Returns: Whether it is served.
    private static func welcome(
        _ channel: any Channel, _ servesAdmins: Bool, _ lane: Lane, _ connections: ConnectionLimits,
        _ arrivals: Arrivals, _ unit: UnitLookup
    ) throws -> Bool {
        let pipeline = channel.pipeline.syncOperations
        let credentials = try pipeline.withUnsafeTransportIfAvailable(of: NIOBSDSocket.Handle.self) {
            try PeerCredentials(ofSocket: $0)
        }
        guard let peer = credentials else { throw Errno.unsupported }
        func identity(unit: ByteString?) -> Identity {
            Identity(
                uid: peer.uid, gid: peer.gid, supplementaryGroups: peer.groups, unit: unit, mayAdminister: servesAdmins)
        }
        func turnAway(_ reason: String, at limit: ServiceLimit?) throws -> Bool {
            let refusal = Refusal(.overloaded, reason)
            if let limit { lane.worker.count(limit) }
            lane.worker.count(refusal)
            lane.refusals.note(refusal, from: identity(unit: nil), pid: peer.pid)
            try pipeline.addHandler(Farewell(lane, refusal, arrivals))
            return false
        }
        if let limit = connections.admit(peer.uid, isAdmin: lane.worker.isAdmin(identity(unit: nil))) {
            return switch limit {
            case .tooMany: try turnAway("too many connections (max_connections)", at: .connections)
            case .tooManyOfUser:
                try turnAway(
                    "too many connections of one user (max_connections_per_user)", at: .connectionsPerUser)
            }
        }
        do {
            let unit = try pipeline.withUnsafeTransportIfAvailable(of: NIOBSDSocket.Handle.self) {
                try unit($0, peer)
            }
            let connection = Connection(lane, identity: identity(unit: unit ?? nil), pid: peer.pid) {
                connections.leave(peer.uid)
            }
            try pipeline.addHandler(connection)
            return true
        } catch {
            connections.leave(peer.uid)
            // Without its unit a caller would be refused what it may have, for as long as it is connected.
            guard error is Errno else { throw error }
            return try turnAway("too few file descriptors to find out who asks", at: nil)
        }
    }

    /// Serves by another snapshot from now on, in steps that every loop takes before the next one: verify with old and new
    /// keys, sign with the new, drop the removed. So no loop meets a token that it cannot verify yet, and when this
    /// returns, what was decided by the old snapshot is done, and neither a loop nor the pool holds it any more.
    package func serve(_ new: Snapshot, insteadOf old: Snapshot) {
        let both = new.including(old)
        askLanes { $0.worker.verify(with: both) }
        askLanes { $0.worker.sign(with: new) }
        askLanes { $0.worker.verify(with: new) }
        pool.serve(by: new)
    }

    /// Has every loop, and every thread of the pool, sign and verify something ahead of what waits there.
    package func test() -> SelfTestRound {
        let round = SelfTestRound(threads: lanes.count + pool.threads)
        for lane in lanes.values {
            lane.eventLoop.execute { round.note(lane.value.worker) }
        }
        pool.test(round)
        return round
    }

    /// Stops: no new connections; lines that were here are answered, later ones get `shutting_down`; returns when every
    /// connection has ended, or at the deadline.
    ///
    /// - Parameters:
    ///   - notice: How long silent connections stay open, so that a line on its way gets its answer.
    ///   - timeout: When whoever has not read its answers is cut.
    package func stop(notice: TimeAmount, timeout: TimeAmount) {
        for listener in listeners { try? listener.close().wait() }
        let deadline = NIODeadline.now() + timeout
        askLanes { $0.beginStopping() }
        waitUntilEmpty(until: min(deadline, .now() + notice))
        askLanes { $0.closeWhenSent() }
        waitUntilEmpty(until: deadline)
        pool.close()
        askLanes { $0.refusals.close() }
    }

    private func waitUntilEmpty(until deadline: NIODeadline) {
        let loop = group.next()
        while NIODeadline.now() < deadline {
            if askLanes({ $0.connections.isEmpty }).allSatisfy({ $0 }) { return }
            try? loop.scheduleTask(in: .milliseconds(5)) {}.futureResult.wait()
        }
    }

    /// Runs `body` for every lane, on its loop, one after another.
    @discardableResult
    private func askLanes<Answer: Sendable>(_ body: @escaping @Sendable (Lane) -> Answer) -> [Answer] {
        lanes.values.compactMap { lane in try? lane.eventLoop.submit { body(lane.value) }.wait() }
    }
}
