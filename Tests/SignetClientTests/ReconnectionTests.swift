import Glibc
import POSIX
import Synchronization
import Testing
import WireProtocol

@testable import SignetClient

@Suite("When the daemon is away for a while")
struct ReconnectionTests {
    /// A client of a path at which a server was, and is no more.
    private func leftClient(_ reconnection: Reconnection, at path: String) async throws -> SignetClient {
        let server = try LineServer(at: path) { connection in
            if let line = connection.readLine() { connection.answerPing(line) }
            connection.close()
        }
        let client = try SignetClient(socketPath: path, timeout: .seconds(600), reconnection: reconnection)
        _ = try await client.ping()
        server.stop()
        // The client knows of the end when its thread has read it.
        while client.connection.withLock({ $0 })?.isOpen == true { await Task.yield() }
        return client
    }

    @Test(
        "A client that was connected waits for the daemon to come back",
        arguments: [Reconnection.onceConnected, .always])
    func comesBack(reconnection: Reconnection) async throws {
        let path = LineServer.newPath()
        let client = try await leftClient(reconnection, at: path)
        await #expect(throws: SignetError.unavailable(socketPath: path, reason: .noSocket)) {
            _ = try await client.ping(timeout: .milliseconds(20))
        }
        async let answer = client.ping()
        let server = try LineServer(at: path) { $0.serve() }
        defer { server.stop() }
        #expect(try await answer.version == "1")
    }

    @Test("A vain wait ends with the reason of the last attempt: a socket file where nobody listens any more")
    func refused() async throws {
        let path = LineServer.newPath()
        let client = try await leftClient(.onceConnected, at: path)
        let server = try LineServer(at: path) { $0.serve() }
        defer { server.stop() }
        try UnixSocket.remove(path)
        try leaveStaleSocket(at: path)
        await #expect(throws: SignetError.unavailable(socketPath: path, reason: .connectionRefused)) {
            _ = try await client.ping(timeout: .milliseconds(20))
        }
    }

    @Test("Told never to wait, a client says at once that the daemon is away")
    func never() async throws {
        let path = LineServer.newPath()
        let client = try await leftClient(.never, at: path)
        await #expect(throws: SignetError.unavailable(socketPath: path, reason: .noSocket)) {
            _ = try await client.ping()
        }
    }

    @Test("Told always to wait, a client does so for a daemon that was never there")
    func always() async throws {
        let path = LineServer.newPath()
        let client = try SignetClient(socketPath: path, timeout: .seconds(600), reconnection: .always)
        await #expect(throws: SignetError.unavailable(socketPath: path, reason: .noSocket)) {
            _ = try await client.ping(timeout: .milliseconds(20))
        }
        async let answer = client.ping()
        let server = try LineServer(at: path) { $0.serve() }
        defer { server.stop() }
        #expect(try await answer.version == "1")
    }

    @Test("A call that ended while it waited for the daemon is never sent")
    func endedBefore() async throws {
        let path = LineServer.newPath()
        let client = try SignetClient(socketPath: path, timeout: .seconds(600), reconnection: .always)
        async let answer = client.ping()
        await #expect(throws: SignetError.unavailable(socketPath: path, reason: .noSocket)) {
            _ = try await client.sign(timeout: .milliseconds(20))
        }
        let cancelled = Task { try await client.sign() }
        cancelled.cancel()
        await #expect(throws: SignetError.cancelled) { try await cancelled.value }
        let lines = Mutex<[String]>([])
        let server = try LineServer(at: path) { connection in
            while let line = connection.readLine() {
                lines.withLock { $0.append(line) }
                connection.answerPing(line)
            }
        }
        defer { server.stop() }
        _ = try await answer
        #expect(lines.withLock { $0.filter { $0.contains("\"sign\"") } } == [])
        #expect(lines.withLock { $0.count } == 1)
    }

    @Test("Closing a connection ends what waits for the daemon, at once")
    func close() async throws {
        let endpoint = try Endpoint(
            socketPath: LineServer.newPath(), trustedServers: .standard, reconnection: .always)
        let connection = try Connection(to: endpoint, patience: .max)
        async let outcome = connection.call(.ping, deadline: .max - 1)
        while connection.state.withLock({ $0.calls.isEmpty }) { await Task.yield() }
        connection.close()
        guard case .broken(mayBeExecuted: false) = await outcome else {
            Issue.record("the call ended otherwise")
            return
        }
    }

    @Test("A daemon that is stopping is asked again until its successor answers, also for a token")
    func stopping() async throws {
        let number = Mutex(0)
        let server = try LineServer { connection in
            let isSuccessor = number.withLock { number in
                number += 1
                return number > 4
            }
            guard let line = connection.readLine() else { return }
            if isSuccessor {
                connection.send("{\"id\":\(requestID(line)),\"ok\":true,\"token\":\"t\",\"kid\":\"k\"}\n")
            } else {
                connection.sendStopping(line)
            }
        }
        defer { server.stop() }
        let client = try SignetClient(socketPath: server.path, timeout: .seconds(600))
        #expect(try await client.sign() == "t")
        #expect(server.connectionCount == 5)
    }

    @Test("A daemon that goes on stopping is given up at the deadline, with its own word")
    func stoppingForEver() async throws {
        let server = try LineServer { connection in
            if let line = connection.readLine() { connection.sendStopping(line) }
        }
        defer { server.stop() }
        let client = try SignetClient(socketPath: server.path, timeout: .milliseconds(50))
        let error = await #expect(throws: SignetError.self) { try await client.sign() }
        #expect([.shuttingDown(message: "stopping"), .timedOut].contains(error))
    }

    @Test("Lines behind the word that the daemon is stopping were not carried out: even a sign is sent again")
    func behindStopping() async throws {
        let number = Mutex(0)
        let server = try LineServer { connection in
            let isFirst = number.withLock { number in
                number += 1
                return number == 1
            }
            guard isFirst else {
                while let line = connection.readLine() {
                    connection.send("{\"id\":\(requestID(line)),\"ok\":true,\"token\":\"t\",\"kid\":\"k\"}\n")
                }
                return
            }
            let lines = (0..<3).compactMap { _ in connection.readLine() }
            connection.sendStopping(lines[0])
            connection.close()
        }
        defer { server.stop() }
        let client = try SignetClient(socketPath: server.path, timeout: .seconds(600))
        async let first = client.sign()
        async let second = client.sign()
        async let third = client.sign()
        #expect(try await [first, second, third] == ["t", "t", "t"])
    }
}

extension ServerConnection {
    /// Answers a line as a daemon does that was told to stop.
    fileprivate func sendStopping(_ line: String) {
        let error = #"{"code":"shutting_down","message":"stopping"}"#
        send("{\"id\":\(requestID(line)),\"ok\":false,\"error\":\(error)}\n")
    }
}
