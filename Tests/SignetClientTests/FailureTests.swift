import Glibc
import POSIX
import SignetClient
import Synchronization
import Testing

@Suite("When things go wrong")
struct FailureTests {
    @Test("No socket, no permission, nobody listening: each is told apart")
    func unavailable() async throws {
        let missing = try SignetClient(socketPath: "/nonexistent/signet.sock")
        await #expect(throws: SignetError.unavailable(socketPath: "/nonexistent/signet.sock", reason: .noSocket)) {
            _ = try await missing.ping()
        }
        let path: String
        do {
            let server = try LineServer { $0.serve() }
            defer { server.stop() }
            path = server.path + "2"
            try leaveStaleSocket(at: path)
            let client = try SignetClient(socketPath: path, timeout: .seconds(600))
            await #expect(throws: SignetError.unavailable(socketPath: path, reason: .connectionRefused)) {
                _ = try await client.ping()
            }
        }
        #expect(throws: SignetError.self) { try SignetClient(socketPath: String(repeating: "p", count: 108)) }
        #expect(throws: Never.self) { try SignetClient(socketPath: String(repeating: "p", count: 107)) }
    }

    @Test("A server of another user gets nothing and is named")
    func forgedServer() async throws {
        let hasSent = Mutex(false)
        let server = try LineServer { connection in
            if connection.readLine() != nil { hasSent.withLock { $0 = true } }
        }
        defer { server.stop() }
        let client = try SignetClient(socketPath: server.path, trustedServers: .users([geteuid() &+ 1]))
        await #expect(throws: SignetError.serverNotTrusted(socketPath: server.path, userID: geteuid())) {
            _ = try await client.sign(["sub": "secret"])
        }
        #expect(hasSent.withLock { $0 } == false)
        let other = try SignetClient(
            socketPath: server.path, timeout: .seconds(600), trustedServers: .users([geteuid()]))
        await #expect(throws: SignetError.connectionLost) { _ = try await other.sign() }
    }

    @Test("A call past its deadline ends, its late answer is dropped, and the connection goes on")
    func deadline() async throws {
        let mayAnswer = Gate()
        let server = try LineServer { connection in
            // Without a connection, a call past its deadline would not be sent.
            if let line = connection.readLine() { connection.answerPing(line) }
            guard let late = connection.readLine() else { return }
            mayAnswer.wait()
            connection.answerPing(late, version: "late")
            while let line = connection.readLine() { connection.answerPing(line, version: "next") }
        }
        defer { server.stop() }
        let client = try SignetClient(socketPath: server.path, timeout: .seconds(600))
        _ = try await client.ping()
        await #expect(throws: SignetError.timedOut) { _ = try await client.ping(timeout: .milliseconds(20)) }
        mayAnswer.open()
        #expect(try await client.ping().version == "next")
        #expect(server.connectionCount == 1)
    }

    @Test("A timeout of zero has passed already")
    func zeroTimeout() async throws {
        let server = try LineServer { connection in while connection.readLine() != nil {} }
        defer { server.stop() }
        let client = try SignetClient(socketPath: server.path, timeout: .seconds(600))
        await #expect(throws: SignetError.timedOut) { _ = try await client.ping(timeout: .zero) }
        await #expect(throws: SignetError.timedOut) { _ = try await client.ping(timeout: .seconds(-1)) }
    }

    @Test("A cancelled call ends at once and leaves the connection sound")
    func cancellation() async throws {
        let arrived = AsyncStream<Void>.makeStream()
        let mayAnswer = Gate()
        let server = try LineServer { connection in
            guard let line = connection.readLine() else { return }
            arrived.continuation.yield()
            mayAnswer.wait()
            connection.answerPing(line, version: "late")
            while let line = connection.readLine() { connection.answerPing(line, version: "next") }
        }
        defer { server.stop() }
        let client = try SignetClient(socketPath: server.path, timeout: .seconds(600))
        let call = Task { try await client.ping() }
        for await _ in arrived.stream { break }
        call.cancel()
        await #expect(throws: SignetError.cancelled) { try await call.value }
        mayAnswer.open()
        #expect(try await client.ping().version == "next")
        #expect(server.connectionCount == 1)
    }

    @Test("A task that was cancelled before sends nothing")
    func cancelledBefore() async throws {
        let server = try LineServer { connection in
            while let line = connection.readLine() { connection.answerPing(line, version: requestID(line)) }
        }
        defer { server.stop() }
        let client = try SignetClient(socketPath: server.path, timeout: .seconds(600))
        let cancelled = Task {
            unsafe withUnsafeCurrentTask { unsafe $0?.cancel() }
            return try await client.ping()
        }
        await #expect(throws: SignetError.cancelled) { try await cancelled.value }
        #expect(try await client.ping().version == "1")
    }

    @Test("A sign whose connection broke after it was sent is not repeated; a ping is, twice")
    func brokenConnection() async throws {
        let lines = Mutex<[String]>([])
        let server = try LineServer { connection in
            if let line = connection.readLine() { lines.withLock { $0.append(line) } }
            connection.close()
        }
        defer { server.stop() }
        let client = try SignetClient(socketPath: server.path, timeout: .seconds(600))
        await #expect(throws: SignetError.connectionLost) { _ = try await client.sign() }
        #expect(lines.withLock { $0.count } == 1)
        await #expect(throws: SignetError.connectionLost) { _ = try await client.ping() }
        #expect(lines.withLock { $0.count } == 4)
    }

    @Test("A daemon that closes in the middle of an answer has not answered")
    func halfAnswer() async throws {
        let server = try LineServer { connection in
            guard let line = connection.readLine() else { return }
            connection.send("{\"id\":\(requestID(line)),\"ok\":true,\"token\":\"half")
            connection.close()
        }
        defer { server.stop() }
        let client = try SignetClient(socketPath: server.path, timeout: .seconds(600))
        await #expect(throws: SignetError.connectionLost) { _ = try await client.sign() }
    }

    @Test("After the daemon has gone and come back, the next call connects anew")
    func reconnect() async throws {
        let server = try LineServer { connection in
            guard let line = connection.readLine() else { return }
            connection.answerPing(line)
            connection.close()
        }
        defer { server.stop() }
        let client = try SignetClient(socketPath: server.path, timeout: .seconds(600))
        for _ in 0..<20 { #expect(try await client.ping().version == "1") }
        #expect(server.connectionCount == 20)
    }

    @Test("Lines behind a refusal without id were not carried out, so that even a sign is sent again")
    func refusedConnection() async throws {
        let number = Mutex(0)
        let server = try LineServer { connection in
            let isFirst = number.withLock { count in
                count += 1
                return count == 1
            }
            guard isFirst else {
                while let line = connection.readLine() {
                    connection.send("{\"id\":\(requestID(line)),\"ok\":true,\"token\":\"t\",\"kid\":\"k\"}\n")
                }
                return
            }
            for _ in 0..<2 { _ = connection.readLine() }
            connection.send(#"{"ok":false,"error":{"code":"overloaded","message":"too many"}}"# + "\n")
            connection.close()
        }
        defer { server.stop() }
        let client = try SignetClient(socketPath: server.path, timeout: .seconds(600))
        async let first = client.sign()
        async let second = client.sign()
        #expect(try await [first, second] == ["t", "t"])
    }

    @Test(
        "Behind a refusal that has no id since its line could not be read, the daemon goes on: a sign there is not sent again",
        arguments: ["malformed_request", "rate_limited"])
    func unreadLine(code: String) async throws {
        let signs = Mutex(0)
        let isFirst = Mutex(true)
        let (arrivals, arrival) = AsyncStream<Void>.makeStream()
        let server = try LineServer { connection in
            let lines = isFirst.withLock { isFirst in
                defer { isFirst = false }
                return isFirst ? 2 : 1
            }
            for _ in 0..<lines {
                guard let line = connection.readLine() else { return }
                if line.contains("\"sign\"") { signs.withLock { $0 += 1 } }
                arrival.yield()
            }
            connection.send(#"{"ok":false,"error":{"code":"\#(code)","message":"nested too deep"}}"# + "\n")
            // It carries out the second line, and dies before its answer is on its way.
            connection.close()
        }
        defer { server.stop() }
        let client = try SignetClient(socketPath: server.path, timeout: .seconds(600), reconnection: .never)
        let first = Task { try await client.explain() }
        // The refusal is of the line that came first.
        for await _ in arrivals { break }
        await #expect(throws: SignetError.connectionLost) { try await client.sign() }
        await #expect(throws: SignetError.self) { try await first.value }
        #expect(signs.withLock { $0 } == 1)
    }

    @Test("A connection whose daemon takes no bytes is given up, and a new one is made")
    func stuckDaemon() async throws {
        let end = Gate()
        let number = Mutex(0)
        let server = try LineServer { connection in
            let isFirst = number.withLock { count in
                count += 1
                return count == 1
            }
            guard isFirst else { return connection.serve() }
            if let line = connection.readLine() { connection.answerPing(line) }
            end.wait()
        }
        defer { server.stop() }
        defer { end.open() }
        let client = try SignetClient(socketPath: server.path, timeout: .milliseconds(50))
        _ = try await client.ping(timeout: .seconds(600))
        let claims: JSON = ["note": JSON(String(repeating: "n", count: 4 << 20))]
        await #expect(throws: SignetError.timedOut) { _ = try await client.sign(claims) }
        // Whether the first connection counts as stuck yet or at the second deadline: a later call is answered.
        while (try? await client.ping()) == nil {}
        #expect(server.connectionCount == 2)
    }
}
