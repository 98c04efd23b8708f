import Foundation
import Testing

@Suite(
    "System calls that come short or are interrupted", .enabled(if: CallFaults.isBuildable, CallFaults.advice))
struct CallFaultTests {
    /// What must have happened to the daemon.
    private static let kindsOfDaemon = [
        "read short", "read EINTR", "write short", "write EINTR", "write EAGAIN", "writev short",
        "writev EINTR", "writev EAGAIN", "accept EINTR", "accept ECONNABORTED", "open EINTR",
        "close EINTR", "fsync EINTR", "fchmod EINTR", "poll EINTR", "epoll_wait EINTR", "passwd EINTR", "group EINTR",
    ]
    private static let connections = 4
    private static let window = 250
    private static let rounds = 6

    /// A daemon with keys of three kinds, a state file, a file of public keys, and fixed claims that ask the system's
    /// database of users.
    private func daemon() throws -> TestDaemon {
        let more = """

            [keyring.web]
            algorithm = "ES256"
            publish = "public/jwks.json"
            [keyring.slow]
            algorithm = "RS256"

            """
        let profiles = ["web", "slow"].map {
            """
            [profile.\($0)]
            keyring = "\($0)"
            issuer = "https://\($0).example.com"
            audiences = ["https://api.example.com"]
            [[profile.\($0).allow]]
            operations = ["sign", "verify"]
            users = ["\(NSUserName())"]

            """
        }
        let settings = TestDaemon.settings(
            server: "state_directory = \"state\"", profile: #"claims = { login = "{user}", team = "{group}" }"#)
        let daemon = try TestDaemon(prepared: settings + more + profiles.joined())
        for name in ["state", "public"] {
            try FileManager.default.createDirectory(
                at: daemon.directory.appending(path: name), withIntermediateDirectories: false)
        }
        try daemon.makeKey(in: "web", "ES256", kid: "w0")
        try daemon.makeRSAKey(ofBits: 2_048, in: "slow")
        return daemon
    }

    @Test("the daemon gives thousands of answers in order and unharmed, reloads, keeps its files, and stops")
    func served() throws {
        let daemon = try daemon()
        let faults = try CallFaults(in: daemon.directory, rate: 4)
        let context: Comment = "seed \(faults.seed)"
        try daemon.start(environment: faults.environment)
        let clients = try (0..<Self.connections).map { _ in try FaultedPipeline(daemon.connect(), window: Self.window) }
        for round in 1...Self.rounds {
            for client in clients { try client.send() }
            for client in clients { try client.receive(context) }
            try daemon.makeKey(in: "web", "ES256", kid: "w\(round)")
            try daemon.reloadAnew()
            #expect(try daemon.status().faults == [], context)
        }
        for _ in 0..<50 { #expect(try daemon.connect().ask(#"{"op":"ping"}"#).isOK, context) }
        let published = try Data(contentsOf: daemon.directory.appending(path: "public/jwks.json"))
        #expect(try JWKSet(JSONSerialization.jsonObject(with: published)).keys.count == Self.rounds + 1, context)
        #expect(daemon.stop() == 0, context)
        #expect(try !StateText(of: daemon).running, context)
        let counts = try faults.counts()
        for kind in Self.kindsOfDaemon { #expect(counts[kind, default: 0] > 0, "\(kind) never happened; \(context)") }
        // Started anew without faults, all of it loads.
        try daemon.start()
        #expect(daemon.log.text.warnings == [], context)
    }

    @Test("key commands do their work: new, rotate, list, revoke, seal, prune")
    func keyCommands() throws {
        let workshop = try Workshop()
        let faults = try CallFaults(in: workshop.url(""), rate: 3)
        let keys = workshop.path("keys")
        let kek = workshop.path("kek.jwk")
        try FileManager.default.createDirectory(
            atPath: keys, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
        func signet(_ arguments: String...) throws -> Program {
            let program = try Program.run(
                TestDaemon.product("signet"), ["key"] + arguments, environment: faults.environment)
            #expect(program.status == 0, "\(arguments), seed \(faults.seed): \(program.errors)")
            return program
        }
        _ = try signet("new-kek", kek)
        // Of each round's keys, the one of that second cannot sign yet and the other is revoked: this one goes on signing.
        _ = try signet("new", "--algorithm", "ES256", "--kid", "first", keys)
        for round in 0..<5 {
            _ = try signet("new", "--algorithm", "ES256", "--kid", "k\(round)", keys)
            _ = try signet("rotate", "--kek", kek, keys)
            _ = try signet("revoke", "--kek", kek, "--keyring", keys, "k\(round)")
            _ = try signet("seal", "--kek", kek, keys)
            let list = try signet("list", "--kek", kek, keys)
            #expect(list.output.contains("k\(round)"))
            _ = try signet("prune", "--kek", kek, keys)
            let names = try FileManager.default.contentsOfDirectory(atPath: keys)
            #expect(names.filter { $0.hasPrefix(".") || $0.hasSuffix(".jwk") } == [])
            #expect(names.contains("revoked") && !names.contains("k\(round).jwe"))
        }
        let counts = try faults.counts()
        for kind in ["read short", "read EINTR", "write short", "write EINTR", "open EINTR", "fsync EINTR"] {
            #expect(counts[kind, default: 0] > 0, "\(kind) never happened; seed \(faults.seed)")
        }
    }

    @Test("the client and the daemon, both harmed, sign and verify")
    func client() throws {
        let daemon = try TestDaemon(prepared: TestDaemon.settings())
        let faults = try CallFaults(in: daemon.directory, rate: 3)
        try daemon.start(environment: faults.environment)
        func signet(_ arguments: [String], input: String = "") throws -> String {
            let program = try Program.signet(
                arguments, socket: daemon.socket, input: input, environment: faults.environment)
            #expect(program.status == 0, "\(arguments), seed \(faults.seed): \(program.errors)")
            return program.output
        }
        for _ in 0..<10 {
            let token = try signet(["sign", "--claim", "sub=ada"]).trimmingCharacters(in: .whitespacesAndNewlines)
            #expect(try signet(["verify", "-"], input: token).contains("ada"), "seed \(faults.seed)")
            #expect(try signet(["ping"]) != "")
            _ = try signet(["reload"])
        }
        let counts = try faults.counts()
        for kind in ["recv short", "recv EINTR", "recv EAGAIN", "send EINTR", "connect EINTR", "poll EINTR"] {
            #expect(counts[kind, default: 0] > 0, "\(kind) never happened; seed \(faults.seed)")
        }
    }
}
