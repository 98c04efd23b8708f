import Glibc
import POSIX
import SignetClient
import Synchronization
import Testing

@Suite("Without async")
struct BlockingClientTests {
    private func client(
        _ server: LineServer, timeout: Duration = .seconds(600), _ reconnection: Reconnection = .onceConnected
    ) throws -> BlockingSignetClient {
        try BlockingSignetClient(socketPath: server.path, timeout: timeout, reconnection: reconnection)
    }

    @Test("Calls of one thread go over one connection, and bring what the async client brings")
    func calls() throws {
        let server = try LineServer { connection in
            while let line = connection.readLine() {
                let body =
                    if line.contains("\"sign\"") {
                        #""token":"t","kid":"k","exp":9,"jti":"j""#
                    } else if line.contains("\"bad\"") {
                        #""valid":false,"reason":"expired","message":"an hour ago""#
                    } else if line.contains("\"verify\"") {
                        #""valid":true,"kid":"k","header":{},"claims":{"sub":"s","n":1.0}"#
                    } else if line.contains("\"explain\"") {
                        #""header":{},"claims":{"sub":"s"},"rule":{}"#
                    } else if line.contains("\"jwks\"") {
                        #""jwks":{"keys":[]},"generation":1,"refresh_hint":60"#
                    } else if line.contains("\"reload\"") {
                        #""generation":2,"added":[],"removed":[],"promoted":[],"warnings":["w"]"#
                    } else {
                        #""version":"1","protocol":1"#
                    }
                connection.send("{\"id\":\(requestID(line)),\"ok\":true,\(body)}\n")
            }
        }
        defer { server.stop() }
        let client = try client(server)
        #expect(client.socketPath == server.path)
        #expect(try client.sign(["sub": "s"]) == "t")
        #expect(try client.sign(["sub": 1.5, "n": nil]) == "t")
        #expect(try client.signedToken([1: "one"]).expiry == 9)
        #expect(try client.verify("good").claims.text == #"{"sub":"s","n":1.0}"#)
        #expect(try client.verify("good", as: [String: JSON].self)["sub"]?.string == "s")
        #expect(throws: SignetError.unexpectedClaims(message: "n is no String")) {
            try client.verify("good", as: [String: String].self)["sub"]
        }
        #expect(throws: SignetError.invalidToken(reason: .expired, message: "an hour ago")) { try client.verify("bad") }
        #expect(try client.explain().claims["sub"]?.string == "s")
        #expect(try client.jwks().refreshHint == .seconds(60))
        #expect(try client.reload().warnings == ["w"])
        #expect(try client.status()["version"]?.string == "1")
        #expect(try client.ping().protocolVersion == 1)
        #expect(server.connectionCount == 1)
    }

    @Test("Threads do not wait for each other: each has a connection while it waits")
    func threads() throws {
        let arrived = Mutex(0)
        let all = Gate()
        let server = try LineServer { connection in
            guard let line = connection.readLine() else { return }
            // Nobody is answered before everybody has asked.
            let isLast = arrived.withLock { count in
                count += 1
                return count == 8
            }
            if isLast { for _ in 0..<8 { all.open() } }
            all.wait()
            connection.answerPing(line)
            connection.serve()
        }
        defer { server.stop() }
        let client = try client(server)
        let answers = Mutex<[String]>([])
        let threads = Threads()
        for _ in 0..<8 {
            try threads.start {
                let version = (try? client.ping().version) ?? "none"
                answers.withLock { $0.append(version) }
            }
        }
        threads.join()
        #expect(answers.withLock { $0 } == Array(repeating: "1", count: 8))
        // Kept connections serve later calls.
        for _ in 0..<20 { _ = try client.ping() }
        #expect(server.connectionCount == 8)
    }

    @Test("A deadline ends the wait, and the late answer is nobody's")
    func deadline() throws {
        let mayAnswer = Gate()
        let number = Mutex(0)
        let server = try LineServer { connection in
            let isFirst = number.withLock { number in
                number += 1
                return number == 1
            }
            // Without a connection, a call past its deadline would not be sent.
            if isFirst, let line = connection.readLine() { connection.answerPing(line) }
            guard let line = connection.readLine() else { return }
            if isFirst { mayAnswer.wait() }
            connection.answerPing(line, version: isFirst ? "late" : "next")
        }
        defer { server.stop() }
        let client = try client(server)
        _ = try client.ping()
        #expect(throws: SignetError.timedOut) { try client.ping(timeout: .milliseconds(20)) }
        #expect(throws: SignetError.timedOut) { try client.ping(timeout: .zero) }
        mayAnswer.open()
        #expect(try client.ping().version == "next")
    }

    @Test("A daemon that takes no bytes is given up at the deadline")
    func stuck() throws {
        let end = Gate()
        let server = try LineServer { _ in end.wait() }
        defer { server.stop() }
        defer { end.open() }
        let client = try client(server, timeout: .milliseconds(50))
        let claims: JSON = ["note": JSON(String(repeating: "n", count: 4 << 20))]
        #expect(throws: SignetError.timedOut) { try client.sign(claims) }
    }

    @Test("A sign that may have been carried out is not repeated; a ping is, twice")
    func brokenConnection() throws {
        let lines = Mutex<[String]>([])
        let server = try LineServer { connection in
            if let line = connection.readLine() { lines.withLock { $0.append(line) } }
            connection.close()
        }
        defer { server.stop() }
        let client = try client(server)
        #expect(throws: SignetError.connectionLost) { try client.sign() }
        #expect(lines.withLock { $0.count } == 1)
        #expect(throws: SignetError.connectionLost) { try client.ping() }
        #expect(lines.withLock { $0.count } == 4)
    }

    @Test("A connection that the daemon closed between two calls costs nothing, not even for sign")
    func closedBetween() throws {
        let closed = Gate()
        let server = try LineServer { connection in
            guard let line = connection.readLine() else { return }
            connection.send("{\"id\":\(requestID(line)),\"ok\":true,\"token\":\"t\",\"kid\":\"k\"}\n")
            connection.close()
            closed.open()
        }
        defer { server.stop() }
        let client = try client(server)
        for _ in 0..<10 {
            #expect(try client.sign() == "t")
            closed.wait()
        }
        #expect(server.connectionCount == 10)
    }

    @Test("It waits for a daemon that comes back, and says why it waited in vain")
    func reconnection() throws {
        let path = LineServer.newPath()
        let closed = Gate()
        let gone = try LineServer(at: path) { connection in
            if let line = connection.readLine() { connection.answerPing(line) }
            connection.close()
            closed.open()
        }
        let patient = try client(gone)
        let impatient = try client(gone, .never)
        for client in [patient, impatient] {
            _ = try client.ping()
            closed.wait()
        }
        gone.stop()
        let error = SignetError.unavailable(socketPath: path, reason: .noSocket)
        #expect(throws: error) { try impatient.ping() }
        #expect(throws: error) { try patient.ping(timeout: .seconds(1)) }
        let answer = Mutex("")
        let threads = Threads()
        try threads.start {
            let version = (try? patient.ping().version) ?? "none"
            answer.withLock { $0 = version }
        }
        let server = try LineServer(at: path) { $0.serve() }
        defer { server.stop() }
        threads.join()
        #expect(answer.withLock { $0 } == "1")
    }

    @Test("Another user's server gets nothing; an endless answer is refused")
    func refusedServers() throws {
        let server = try LineServer { connection in
            if connection.readLine() != nil { connection.send(String(repeating: " ", count: 17 << 20)) }
        }
        defer { server.stop() }
        let wary = try BlockingSignetClient(socketPath: server.path, trustedServers: .users([geteuid() &+ 1]))
        #expect(throws: SignetError.serverNotTrusted(socketPath: server.path, userID: geteuid())) { try wary.sign() }
        let client = try client(server)
        #expect(throws: SignetError.protocolViolation(message: "an answer is longer than 16777216 bytes")) {
            try client.sign()
        }
    }

    /// Threads that can be waited for.
    private final class Threads {
        private let done = Gate()
        private var count = 0

        func start(_ body: @escaping @Sendable () -> Void) throws {
            count += 1
            _ = try POSIX.Thread { [done] in
                body()
                done.open()
            }
        }

        func join() { for _ in 0..<count { done.wait() } }
    }
}
