import Foundation
import Synchronization
import Testing

@Suite("Rotation loses nothing")
struct RotationUnderLoadTests {
    private static let rotations = 20
    private static let reloadsPerRotation = 10

    @Test(
        "ROT-4 200 reloads, half of them broken, and 20 rotations under load: no error, no closed connection, every token verifies, and PyJWT knows every key by the published file",
        .enabled(if: JOSEPeer.pyJWT.isReachable, JOSEPeer.pyJWT.advice))
    func everything() throws {
        let daemon = try Self.daemon()
        Thread.detachNewThread { [log = Drain(daemon.log)] in log.run() }
        let verifier = try PublishedVerifier(
            file: daemon.directory.appending(path: "public/jwks.json"), cache: 1, issuer: "https://web.example.com",
            audience: "https://api.example.com")
        let load = RotationLoad(daemon, profile: "web", connections: 8) { verifier.send("token \($0)") }
        let admin = try daemon.connect()
        var generation = 1
        var (revoked, pruned) = (0, 0)
        for rotation in 1...Self.rotations {
            let next = try Self.signet(daemon, ["key", "rotate", "web", "--reload"]).trimmingCharacters(in: .newlines)
            generation += 1
            try Self.wait(admin) { Self.ring($0)["signs"] as? String == next }
            if rotation % 4 == 0 {
                let status = try admin.ask(#"{"op":"status"}"#)
                let previous = Self.keys(status).first { $0["state"] as? String == "previous" }
                let kid = try #require(previous?["kid"] as? String, "\(status)")
                load.expectRevocation(of: kid)
                try verifier.expectRevocation(of: kid)
                _ = try Self.signet(daemon, ["key", "revoke", "--reload", "--", kid])
                generation += 1
                revoked += 1
            }
            for number in 0..<Self.reloadsPerRotation {
                if number % 2 == 0 {
                    try Self.expectRefusal(
                        of: Self.breakages[(rotation + number) % Self.breakages.count], daemon, admin)
                } else if number == 3 {
                    daemon.signal(SIGHUP)
                    generation += 1
                    try Self.wait(admin) { $0["generation"] as? Int == generation }
                } else {
                    let answer = try admin.ask(#"{"op":"reload"}"#)
                    generation += 1
                    #expect(answer["generation"] as? Int == generation, "\(answer)")
                }
            }
            let gone = try Self.signet(daemon, ["key", "prune", "web", "--reload"]).split(separator: "\n").count
            if gone > 0 { generation += 1 }
            pruned += gone
        }
        let counts = load.stop()
        let published = try verifier.finish()
        #expect(counts.faults.isEmpty, "\(counts.faults.count) faults, such as \(counts.faults.prefix(5))")
        #expect(counts.kids.count > Self.rotations)
        #expect(counts.signed > 1_000 && counts.verified > 1_000 && counts.old > 100, "\(counts.old)")
        #expect(published.faults.isEmpty, "\(published.faults)")
        #expect(published.kids.count >= Self.rotations && published.verified > 100)
        #expect(revoked == Self.rotations / 4)
        #expect(pruned >= Self.rotations / 2)
        #expect(daemon.stop() == 0)
    }

    /// Tokens live for seconds, so that keys come and go within the test.
    private static func daemon() throws -> TestDaemon {
        let daemon = try TestDaemon(
            prepared: """
                [server]
                socket = "signet.sock"
                state_directory = "state"

                [keyring.web]
                algorithm = "ES256"
                verifier_cache = "1s"
                publish = "public/jwks.json"

                [profile.web]
                issuer = "https://web.example.com"
                audiences = ["https://api.example.com"]
                max_ttl = "6s"
                ttl = "6s"
                leeway = "0s"

                [[profile.web.allow]]
                operations = ["sign", "verify"]
                users = ["\(NSUserName())"]
                """, isInMemory: true)
        for name in ["state", "public"] {
            try FileManager.default.createDirectory(
                at: daemon.directory.appending(path: name), withIntermediateDirectories: false)
        }
        try daemon.makeKey(in: "web", "ES256", kid: "k0")
        try daemon.start()
        return daemon
    }

    /// A file in the key directory that no reload takes.
    private static let breakages: [(name: String, text: String, mode: Int)] = [
        ("half.jwk", #"{"kty":"EC","crv":"P-256","x":"#, 0o600), ("empty.jwk", "", 0o600),
        ("open.jwk", "{}", 0o644), ("noise.pem", "-----BEGIN PRIVATE KEY-----\nAAAA\n", 0o600),
        ("revoked", "cut", 0o600), ("set.jwks", #"{"keys":[{}]}"#, 0o600),
    ]

    private static func expectRefusal(
        of file: (name: String, text: String, mode: Int), _ daemon: TestDaemon, _ admin: LineClient
    ) throws {
        let path = daemon.directory.appending(path: "keys/web/\(file.name)")
        let former = try? Data(contentsOf: path)
        try Data(file.text.utf8).write(to: path)
        try FileManager.default.setAttributes([.posixPermissions: file.mode], ofItemAtPath: path.path)
        let answer = try admin.ask(#"{"op":"reload"}"#)
        #expect(answer.errorCode == "reload_failed", "\(file.name): \(answer)")
        #expect(answer.errorMessage?.contains(path.path) == true, "\(answer)")
        if let former { try former.write(to: path) } else { try FileManager.default.removeItem(at: path) }
    }

    /// Runs `signet` with the daemon's configuration; what it printed.
    private static func signet(_ daemon: TestDaemon, _ arguments: [String]) throws -> String {
        let program = try Program.run(
            TestDaemon.product("signet"),
            arguments.prefix(2) + ["--config", daemon.configuration.path] + arguments.dropFirst(2),
            environment: ["SIGNET_SOCKET": daemon.socket])
        try #require(program.status == 0, "\(arguments): \(program.errors)")
        return program.output
    }

    private static func wait(_ admin: LineClient, until condition: (Answer) -> Bool) throws {
        // A bound on hanging, not a measure.
        for _ in 0..<6_000 {
            let status = try admin.ask(#"{"op":"status"}"#)
            if condition(status) { return }
            usleep(20_000)
        }
        let last = try admin.ask(#"{"op":"status"}"#)
        try #require(condition(last), "the daemon did not come to that: \(last)")
    }

    private static func ring(_ status: Answer) -> [String: Any] {
        (status["keyrings"] as? [[String: Any]])?.first ?? [:]
    }

    private static func keys(_ status: Answer) -> [[String: Any]] { ring(status)["keys"] as? [[String: Any]] ?? [] }
}

/// Reads a daemon's log on a thread of its own, so that the daemon never waits for a reader.
private final class Drain: @unchecked Sendable {
    // Reason for @unchecked: nobody else touches the reader meanwhile.
    private let log: LogReader
    init(_ log: LogReader) { self.log = log }
    func run() { _ = log.rest() }
}

/// PyJWT as a verifier elsewhere: it knows the published file and nothing else.
private final class PublishedVerifier: Sendable {
    private let process: Process
    private let input: Mutex<FileHandle>
    private let output = Pipe()
    private static let script = TestDaemon.packageRoot.appending(path: "Tests/EndToEndTests/verify_published.py")

    struct Report: Decodable {
        let verified: Int
        let readings: Int
        let kids: [String]
        let faults: [String]
    }

    init(file: URL, cache: Int, issuer: String, audience: String) throws {
        _ = BrokenPipes.areErrors
        let pipe = Pipe()
        process = Process()
        process.executableURL = Program.python
        process.arguments = [Self.script.path, file.path, "\(cache)", issuer, audience]
        process.standardInput = pipe
        process.standardOutput = output
        input = Mutex(pipe.fileHandleForWriting)
        try process.run()
    }

    /// Where it has ended, `finish` says so.
    func send(_ line: String) { input.withLock { try? $0.write(contentsOf: Data("\(line)\n".utf8)) } }

    /// From now on, tokens of that key need not verify; returns when the verifier knows.
    func expectRevocation(of kid: String) throws {
        send("revoked \(kid)")
        var answer = Data()
        while answer.last != 0x0A {
            let more = output.fileHandleForReading.availableData
            try #require(!more.isEmpty, "the verifier has ended")
            answer += more
        }
        #expect(String(decoding: answer, as: UTF8.self) == "revoked \(kid)\n")
    }

    func finish() throws -> Report {
        try input.withLock { try $0.close() }
        let text = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return try JSONDecoder().decode(Report.self, from: text)
    }
}
