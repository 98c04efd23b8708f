import SignetClient
import Synchronization
import Testing

@Suite("One client, many tasks")
struct PipeliningTests {
    @Test("WIRE-1 64 tasks over one connection each get the answer to their own request")
    func manyTasks() async throws {
        let server = try LineServer { connection in
            while let line = connection.readLine() {
                let subject = line.split(separator: "\"sub\":\"")[1].prefix { $0 != "\"" }
                connection.send(
                    "{\"id\":\(requestID(line)),\"ok\":true,\"token\":\"t-\(subject)\",\"kid\":\"k\",\"exp\":9,\"jti\":\"j\"}\n"
                )
            }
        }
        defer { server.stop() }
        let client = try SignetClient(socketPath: server.path, timeout: .seconds(600))
        try await withThrowingTaskGroup(of: Void.self) { group in
            for task in 0..<64 {
                group.addTask {
                    for call in 0..<50 {
                        let token = try await client.sign(["sub": "\(task)-\(call)"])
                        #expect(token == "t-\(task)-\(call)")
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(server.connectionCount == 1)
    }

    @Test("Requests in flight together are answered in order, however the answers are cut")
    func cutAnswers() async throws {
        let server = try LineServer { connection in
            var lines: [String] = []
            while lines.count < 8, let line = connection.readLine() { lines.append(line) }
            let answers = lines.map { "{\"id\":\(requestID($0)),\"ok\":true,\"version\":\"v\",\"protocol\":1}\n" }
            for character in answers.joined() { connection.send(String(character)) }
            connection.serve()
        }
        defer { server.stop() }
        let client = try SignetClient(socketPath: server.path, timeout: .seconds(600))
        try await withThrowingTaskGroup(of: String.self) { group in
            for _ in 0..<8 { group.addTask { try await client.ping().version } }
            for try await version in group { #expect(version == "v") }
        }
    }

    @Test("An answer of a megabyte arrives whole")
    func longAnswer() async throws {
        let note = String(repeating: "x", count: 1 << 20)
        let server = try LineServer { connection in
            while let line = connection.readLine() { connection.answerPing(line, version: note) }
        }
        defer { server.stop() }
        let client = try SignetClient(socketPath: server.path, timeout: .seconds(600))
        #expect(try await client.ping().version == note)
        #expect(try await client.ping().version == note)
    }

    @Test("An answer longer than 16 MiB is refused and the next call connects anew")
    func endlessAnswer() async throws {
        let server = try LineServer { connection in
            guard let line = connection.readLine() else { return }
            if line.contains("\"sign\"") {
                connection.send(String(repeating: " ", count: 17 << 20))
            } else {
                connection.answerPing(line)
            }
        }
        defer { server.stop() }
        let client = try SignetClient(socketPath: server.path, timeout: .seconds(600))
        await #expect(throws: SignetError.protocolViolation(message: "an answer is longer than 16777216 bytes")) {
            _ = try await client.sign()
        }
        #expect(try await client.ping().version == "1")
    }

    @Test("Requests larger than the socket's buffer go out while the daemon reads slowly")
    func blockedSending() async throws {
        let mayRead = Gate()
        let server = try LineServer { connection in
            mayRead.wait()
            while let line = connection.readLine() {
                connection.send(
                    "{\"id\":\(requestID(line)),\"ok\":true,\"token\":\"\(line.utf8.count)\",\"kid\":\"k\"}\n")
            }
        }
        defer { server.stop() }
        let client = try SignetClient(socketPath: server.path, timeout: .seconds(600))
        let claims: JSON = ["note": JSON(String(repeating: "n", count: 100_000))]
        try await withThrowingTaskGroup(of: String.self) { group in
            for _ in 0..<40 { group.addTask { try await client.sign(claims) } }
            mayRead.open()
            for try await token in group { #expect((Int(token) ?? 0) > 100_000) }
        }
    }

    @Test("A client that goes away ends its connection")
    func clientGone() async throws {
        let closed = AsyncStream<Void>.makeStream()
        let server = try LineServer { connection in
            connection.serve()
            closed.continuation.yield()
        }
        defer { server.stop() }
        var client: SignetClient? = try SignetClient(socketPath: server.path, timeout: .seconds(600))
        _ = try await client?.ping()
        client = nil
        for await _ in closed.stream { break }
    }
}
