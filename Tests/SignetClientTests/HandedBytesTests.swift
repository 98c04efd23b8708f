import Glibc
import POSIX
import Synchronization
import Testing
import WireProtocol

@testable import SignetClient

@Suite("What counts as sent")
struct HandedBytesTests {
    /// Sends, then waits until the connection has ended: as a thread would that the scheduler passes over.
    private static func slowSend(_ connection: SharedConnection) -> Connection.SendCall {
        { (bytes, range, socket) throws(Errno) in
            let count = try UnixSocket.sendWithoutWaiting(bytes, range, to: socket)
            while let connection = connection.value, connection.isOpen { sched_yield() }
            return count
        }
    }

    @Test("A line that the daemon has read was sent, although its sender has not noted it yet")
    func readBeforeNoted() async throws {
        let server = try LineServer { connection in
            guard let ping = connection.readLine() else { return }
            connection.answerPing(ping)
            _ = connection.readLine()
            connection.close()
        }
        defer { server.stop() }
        let shared = SharedConnection()
        let connection = try Connection(
            to: try Self.endpoint(server), patience: .max, sendBytes: Self.slowSend(shared))
        // The ping is sent by the connection's thread, the sign by its caller.
        guard case .answered = await connection.call(.ping, deadline: .max - 1) else {
            Issue.record("the ping was not answered")
            return
        }
        shared.value = connection
        // Else they would keep one another.
        defer { shared.value = nil }
        let sign = RequestLine.sign(profile: nil, claims: nil, ttl: nil)
        guard case .broken(let mayBeExecuted) = await connection.call(sign, deadline: .max - 1) else {
            Issue.record("the connection did not break")
            return
        }
        #expect(mayBeExecuted)
    }

    @Test("What the kernel had no room for does not count")
    func noRoom() async throws {
        let isBlocked = Mutex(false)
        let server = try LineServer { connection in
            guard let ping = connection.readLine() else { return }
            connection.answerPing(ping)
            while connection.readLine() != nil {}
        }
        defer { server.stop() }
        let connection = try Connection(to: try Self.endpoint(server), patience: .max) {
            (bytes, range, socket) throws(Errno) in
            if isBlocked.withLock({ $0 }) { throw .wouldBlock }
            return try UnixSocket.sendWithoutWaiting(bytes, range, to: socket)
        }
        _ = await connection.call(.ping, deadline: .max - 1)
        isBlocked.withLock { $0 = true }
        async let outcome = connection.call(.sign(profile: nil, claims: nil, ttl: nil), deadline: .max - 1)
        var isCountedOut: Bool?
        while isCountedOut == nil {
            await Task.yield()
            isCountedOut = connection.state.withLock { state in
                let left = state.blocked.bytes.count - state.blocked.offset
                return left == 0 ? nil : state.handedBytes + UInt64(left) == state.gatheredBytes
            }
        }
        #expect(isCountedOut == true)
        connection.close()
        _ = await outcome
    }

    private static func endpoint(_ server: LineServer) throws -> Endpoint {
        try Endpoint(socketPath: server.path, trustedServers: .standard, reconnection: .never)
    }

    private final class SharedConnection: Sendable {
        private let connection = Mutex<Connection?>(nil)
        var value: Connection? {
            get { connection.withLock { $0 } }
            set { connection.withLock { $0 = newValue } }
        }
    }
}
