internal import POSIX
internal import Synchronization

/// Where the daemon is, who it may be, and which failures to connect pass; shared by all connections of a client.
final class Endpoint: Sendable {
    let socketPath: String
    let trustedServers: TrustedServers
    let reconnection: Reconnection
    /// Whether the client has been connected.
    private let wasReached = Atomic(false)

    /// Why an attempt to connect failed.
    enum FailedAttempt: Error {
        /// Another attempt would fail too, or nobody may wait for one.
        case lasting(SignetError)
        /// The daemon is not there, and may come.
        case absent(SignetError)
        /// The backlog was full for the whole attempt.
        case busy
    }

    /// - Throws: `unavailable` for a path that no socket can have.
    init(socketPath: String, trustedServers: TrustedServers, reconnection: Reconnection) throws(SignetError) {
        guard 1...UnixSocket.longestPath ~= socketPath.utf8.count, !socketPath.utf8.contains(0) else {
            throw SignetError(.nameTooLong, connectingTo: socketPath)
        }
        self.socketPath = socketPath
        self.trustedServers = trustedServers
        self.reconnection = reconnection
    }

    /// How long one attempt waits for room in the daemon's backlog, in nanoseconds: between two, deadlines are looked at.
    private static let longestAttempt: UInt64 = 100_000_000
    private static let shortestAttempt: UInt64 = 1_000_000

    /// Connects and checks who listens; waits for room in the backlog for a tenth of a second and no longer than `left`
    /// nanoseconds.
    func connect(within left: UInt64) throws(FailedAttempt) -> Descriptor {
        let timeout = min(max(left, Self.shortestAttempt), Self.longestAttempt)
        let socket = try explaining { () throws(Errno) in
            try UnixSocket.connect(to: socketPath, timeout: timeout)
        }
        let userID = try explaining { () throws(Errno) in try PeerCredentials(ofSocket: socket.raw).uid }
        guard trustedServers.include(userID) else {
            throw .lasting(.serverNotTrusted(socketPath: socketPath, userID: userID))
        }
        wasReached.store(true, ordering: .relaxed)
        return socket
    }

    private func explaining<Result: ~Copyable>(_ call: () throws(Errno) -> Result) throws(FailedAttempt) -> Result {
        do throws(Errno) { return try call() } catch {
            if error == .wouldBlock { throw .busy }
            let failure = SignetError(error, connectingTo: socketPath)
            throw mayPass(error) ? .absent(failure) : .lasting(failure)
        }
    }

    private func mayPass(_ error: Errno) -> Bool {
        let wasReached = wasReached.load(ordering: .relaxed)
        switch error {
        case .noEntry, .connectionRefused: break
        // A daemon that begins binds its socket first, then lets the group in.
        case .accessDenied: if !wasReached { return false }
        default: return false
        }
        return switch reconnection {
        case .never: false
        case .onceConnected: wasReached
        case .always: true
        }
    }
}
