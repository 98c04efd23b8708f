internal import POSIX
internal import Synchronization
internal import WireProtocol

/// A client of the token-signing daemon for code without `async`: what ``SignetClient`` does, on the thread that calls.
///
///     let signet = try BlockingSignetClient()
///     let token = try signet.sign(["sub": "user-1"], profile: "web", ttl: .seconds(900))
///     let caller = try signet.verify(bearer, profile: "web")
///
/// Any number of threads share one client. Each call waits on its own thread, over a connection of its own that is kept for
/// later calls: so it starts no thread, and fits command-line tools, plug-ins and servers with a thread for each request.
/// Never call it from a Swift task: the task's thread would be lost to all others meanwhile.
///
/// Requests are sent again, and a daemon is waited for, as by ``SignetClient``. Errors, deadlines and the check of who
/// listens are the same.
public final class BlockingSignetClient: Sendable {
    /// Connections that are kept while nobody needs them.
    private static let keptConnections = 16

    private let endpoint: Endpoint
    private let timeout: Duration
    private let idle = Mutex<[BlockingConnection]>([])

    /// Where the daemon listens.
    public var socketPath: String { endpoint.socketPath }

    /// Makes a client; nothing is connected before the first call.
    ///
    /// - Parameters:
    ///   - socketPath: nil: the environment's `SIGNET_SOCKET`, else `/run/signet/signet.sock`.
    ///   - timeout: How long a call may take in all, unless it says otherwise.
    ///   - trustedServers: The users that the daemon may run as.
    ///   - reconnection: Whether calls wait for a daemon that is not there.
    /// - Throws: `unavailable` for a path that no socket can have.
    public init(
        socketPath: String? = nil, timeout: Duration = .seconds(5), trustedServers: TrustedServers = .standard,
        reconnection: Reconnection = .onceConnected
    ) throws(SignetError) {
        endpoint = try Endpoint(
            socketPath: socketPath ?? SignetClient.standardSocketPath, trustedServers: trustedServers,
            reconnection: reconnection)
        self.timeout = timeout
    }

    /// Sends a request, again where that is safe, and reads its answer.
    func perform<Result: Sendable>(_ exchange: Exchange<Result>, _ timeout: Duration?) throws(SignetError) -> Result {
        let deadline = (timeout ?? self.timeout).deadline
        var repetition = Repetition(exchange.request.operation, deadline: deadline, endpoint.reconnection)
        while true {
            let connection = try openConnection(deadline)
            let outcome = connection.call(exchange.request, deadline: deadline)
            switch try exchange.step(after: outcome, &repetition) {
            case .done(let result):
                keep(connection)
                return result
            case .violation(let error): throw error
            case .again(let pause, let endsConnection):
                if !endsConnection { keep(connection) }
                if pause > 0 { SystemClock.sleep(until: SystemClock.monotonicNanoseconds() + pause) }
            }
        }
    }

    /// A connection that is kept and that the daemon has not closed, or a new one.
    private func openConnection(_ deadline: UInt64) throws(SignetError) -> BlockingConnection {
        while let connection = idle.withLock({ $0.popLast() }) {
            if connection.isQuiet { return connection }
        }
        var backoff = Backoff()
        var lastFailure = SignetError.timedOut
        while true {
            let now = SystemClock.monotonicNanoseconds()
            guard now < deadline else { throw lastFailure }
            do throws(Endpoint.FailedAttempt) {
                return BlockingConnection(try endpoint.connect(within: deadline - now))
            } catch {
                switch error {
                case .lasting(let failure): throw failure
                case .busy: lastFailure = .timedOut
                case .absent(let failure):
                    lastFailure = failure
                    SystemClock.sleep(until: min(SystemClock.monotonicNanoseconds() + backoff.next(), deadline))
                }
            }
        }
    }

    private func keep(_ connection: BlockingConnection) {
        idle.withLock { if $0.count < Self.keptConnections { $0.append(connection) } }
    }
}
