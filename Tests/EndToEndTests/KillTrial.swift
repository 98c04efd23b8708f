import Foundation
import Synchronization
import Testing

/// A daemon that is killed again and again, and what is known of its tokens and keys from the answers of before.
final class KillTrial {
    let daemon: TestDaemon
    private let ledger = Ledger()
    private var random: SeededGenerator
    private(set) var counts = Counts()
    private let context: Comment
    private var newestKey = 0

    static let profile = "web"
    /// Longest life of a token, in seconds: short, so that keys come to be needed no more within the run.
    private static let longestLife = 20
    private static let connections = 3

    struct Counts {
        var kills = 0
        var commands: [String: Int] = [:]
        var killedCommands = 0
        var signed = 0
        var verified = 0
        var expired = 0
        var revoked = 0
    }

    init(seed: UInt64) throws {
        random = SeededGenerator(seed)
        context = "seed \(seed)"
        let settings = """
            [server]
            socket = "signet.sock"
            state_directory = "state"
            audit = "all"

            [keyring.web]
            algorithm = "ES256"
            publish = "public/jwks.json"

            [profile.web]
            issuer = "https://id.example.com"
            audiences = ["https://api.example.com"]
            leeway = "0s"
            ttl = "10s"
            max_ttl = "\(Self.longestLife)s"

            [[profile.web.allow]]
            operations = ["sign", "verify"]
            users = ["\(NSUserName())"]
            """
        daemon = try TestDaemon(prepared: settings)
        for name in ["state", "public"] {
            try FileManager.default.createDirectory(
                at: daemon.directory.appending(path: name), withIntermediateDirectories: false)
        }
        try daemon.makeKey(in: "web", "ES256", kid: "k0")
    }

    private var keys: URL { daemon.directory.appending(path: "keys/web") }

    /// Starts the daemon, looks at everything that is known, and kills it while it works.
    func round() throws {
        try daemon.start()
        let log = daemon.log.text
        #expect(!log.contains("cannot be understood") && !log.contains("unreadable"), "\(log); \(context)")
        daemon.log.discard()
        try check()
        let load = ledger.load(daemon.socket, connections: Self.connections)
        for _ in 0..<Int.random(in: 1...3, using: &random) { try command() }
        let last = try beginLast()
        daemon.signal(SIGKILL)
        daemon.process.waitUntilExit()
        end(last)
        load.wait()
        counts.kills += 1
        ledger.takeRevocations(try revoked(), context)
        let (signed, verified, faults) = ledger.counts
        (counts.signed, counts.verified) = (signed, verified)
        #expect(faults == [], context)
    }

    /// Kids in the list of the ring's directory.
    private func revoked() throws -> Set<String> {
        guard let text = try? String(contentsOf: keys.appending(path: "revoked"), encoding: .utf8) else { return [] }
        return Set(text.split(separator: "\n").map(String.init))
    }

    // MARK: What must hold after a start

    private func check() throws {
        let client = try daemon.connect()
        let status = try DaemonStatus(by: client)
        #expect(status.faults == [], context)
        let published = try JWKSet(
            JSONSerialization.jsonObject(
                with: Data(contentsOf: daemon.directory.appending(path: "public/jwks.json"))))
        let revoked = try revoked()
        #expect(revoked.isDisjoint(with: published.kids), context)
        let signed = try client.ask(#"{"op":"sign","profile":"\#(Self.profile)"}"#)
        #expect(signed.isOK && !revoked.contains(signed.text("kid")), "\(signed); \(context)")
        #expect(published.kids.contains(signed.text("kid")), context)
        for token in ledger.sample(using: &random) {
            let before = Int(Date().timeIntervalSince1970)
            let answer = try client.ask(
                #"{"op":"verify","profile":"\#(Self.profile)","token":"\#(token.text)"}"#)
            let after = Int(Date().timeIntervalSince1970)
            let what: Comment = "\(token.kid), exp \(token.expires), at \(before): \(answer); \(context)"
            if revoked.contains(token.kid) {
                // Its file may be gone, but the list remembers.
                #expect(answer.reason == "revoked", what)
                counts.revoked += 1
            } else if after < token.expires {
                #expect(answer.isValid == true, what)
            } else if before >= token.expires {
                // When nothing needs the key any more, it may be gone.
                #expect(answer.reason == "expired" || answer.reason == "unknown_key", what)
                counts.expired += 1
            } else {
                #expect(answer.isOK, what)
            }
        }
    }

    // MARK: What an admin does meanwhile

    private func command() throws {
        let (name, arguments) = try choice()
        let program = try Program.run(TestDaemon.product("signet"), arguments, environment: environment)
        counts.commands[name, default: 0] += 1
        #expect(program.status == 0, "\(arguments): \(program.errors); \(context)")
    }

    /// Begins a command, which may be under way when the daemon is killed, and may be killed before it.
    private func beginLast() throws -> Process {
        let (_, arguments) = try choice()
        let process = Process()
        process.executableURL = TestDaemon.product("signet")
        process.arguments = arguments
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        // Any moment will do: this is what the trial is about.
        usleep(UInt32.random(in: 0...120_000, using: &random))
        if Bool.random(using: &random) { end(process) }
        return process
    }

    /// Kills a command that is still at work.
    private func end(_ process: Process) {
        if process.isRunning, kill(process.processIdentifier, SIGKILL) == 0 { counts.killedCommands += 1 }
        process.waitUntilExit()
    }

    private var environment: [String: String] { ["SIGNET_SOCKET": daemon.socket] }

    private func choice() throws -> (String, [String]) {
        let configuration = ["--config", daemon.configuration.path]
        switch Int.random(in: 0..<10, using: &random) {
        case 0...3: return ("rotate", ["key", "rotate", "web", "--reload"] + configuration)
        case 4: return ("rotate ahead", ["key", "rotate", "web", "--lead", "2s", "--reload"] + configuration)
        case 5, 6:
            guard let kid = try revocable() else { break }
            return ("revoke", ["key", "revoke", "--reload"] + configuration + ["--", kid])
        case 7: return ("prune", ["key", "prune", "--reload"] + configuration)
        default: break
        }
        return ("reload", ["reload"])
    }

    /// A key that does not sign, and is not revoked yet.
    private func revocable() throws -> String? {
        let ring = try daemon.status().ring("web")
        return ring.keys.filter { $0.state == "previous" }.map(\.kid).randomElement(using: &random)
    }
}

/// The same numbers for the same seed (splitmix64).
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64
    init(_ seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
