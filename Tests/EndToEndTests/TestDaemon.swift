import Foundation
import POSIX
import Testing

/// A real `signetd` in a directory of its own, as an operator would set one up.
final class TestDaemon {
    let directory: URL
    let configuration: URL
    var socket: String { directory.appending(path: "signet.sock").path }
    var keys: URL { directory.appending(path: "keys/default") }
    private(set) var log: LogReader
    private(set) var process: Process

    /// The key of the ring `default`: 64 bytes that no other test has.
    let key: Data
    static let kid = "first"

    /// The products that were built beside the running tests.
    static let products: URL = {
        let own = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
        return URL(filePath: own).deletingLastPathComponent()
    }()
    static func product(_ name: String) -> URL { products.appending(path: name) }

    static let packageRoot = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    /// Starts a daemon and returns when it listens.
    convenience init(_ settings: String = TestDaemon.settings()) throws {
        try self.init(prepared: settings)
        try start()
    }

    /// Prepares a directory with a configuration and one key; starts nothing.
    ///
    /// - Parameter isInMemory: On a file system that waits for no disk, where there is one.
    init(prepared settings: String, isInMemory: Bool = false) throws {
        let memory = "/dev/shm"
        let base =
            isInMemory && FileManager.default.isWritableFile(atPath: memory)
            ? URL(filePath: memory) : FileManager.default.temporaryDirectory
        directory = base.appending(path: "signet-\(UUID().uuidString.prefix(8))")
        configuration = directory.appending(path: "signetd.toml")
        key = Data((0..<64).map { _ in UInt8.random(in: 0...255) })
        log = LogReader()
        process = Process()
        // Others may pass to the socket; what decides about them is the policy.
        try makeDirectory(directory, 0o755)
        try makeDirectory(directory.appending(path: "keys"), 0o755)
        try makeDirectory(keys, 0o700)
        try writeKey(named: "first.jwk", kid: Self.kid, key)
        try Data(settings.utf8).write(to: configuration)
        try setMode(0o644, configuration)
    }

    deinit {
        if process.isRunning {
            signal(SIGTERM)
            // A test that failed may have left it stopped.
            signal(SIGCONT)
            // One that does not end fails its test, and does not keep the others waiting.
            if (try? process.awaitEnd()) == nil, process.isRunning { signal(SIGKILL) }
            process.waitUntilExit()
        }
        try? FileManager.default.removeItem(at: directory)
    }

    /// A configuration with one ring and one profile that `users` may use.
    static func settings(
        users: [String] = [NSUserName()], server: String = "", keyring: String = "", profile: String = "",
        allow: String = ""
    ) -> String {
        let list = users.map { "\"\($0)\"" }.joined(separator: ", ")
        return """
            [server]
            socket = "signet.sock"
            socket_mode = "0666"
            \(server)

            [keyring.default]
            algorithm = "HS512"
            \(keyring)

            [profile.default]
            issuer = "https://auth.example.com"
            audiences = ["https://api.example.com", "https://admin.example.com"]
            \(profile)

            [[profile.default.allow]]
            operations = ["sign", "verify"]
            users = [\(list)]
            \(allow)
            """
    }

    func writeKey(named name: String, kid: String, _ key: Data, mode: Int = 0o600, more: String = "") throws {
        let file = keys.appending(path: name)
        let text = #"{"kty":"oct","alg":"HS512","kid":"\#(kid)","k":"\#(key.base64URL)"\#(more)}"#
        try Data(text.utf8).write(to: file)
        try setMode(mode, file)
    }

    /// Makes a ring's directory with one key, by `signet key new`.
    func makeKey(in ring: String, _ algorithm: String, kid: String) throws {
        let ringDirectory = directory.appending(path: "keys/\(ring)")
        try makeDirectory(ringDirectory, 0o700)
        let made = try Program.run(
            Self.product("signet"), ["key", "new", "--algorithm", algorithm, "--kid", kid, ringDirectory.path])
        try #require(made.status == 0, "\(made.errors)")
    }

    /// Makes a ring's directory with one RSA key, by OpenSSL.
    func makeRSAKey(ofBits bits: Int, in ring: String) throws {
        let ringDirectory = directory.appending(path: "keys/\(ring)")
        try makeDirectory(ringDirectory, 0o700)
        let file = ringDirectory.appending(path: "rsa.pem")
        let made = try Program.run(
            "openssl", ["genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:\(bits)", "-out", file.path])
        try #require(made.status == 0, "\(made.errors)")
        try setMode(0o600, file)
    }

    /// Makes a directory unless it is there. Its mode is said outright: tests that listen in this process change its umask
    /// for a moment.
    private func makeDirectory(_ path: URL, _ mode: Int) throws {
        try? FileManager.default.createDirectory(at: path, withIntermediateDirectories: false)
        try setMode(mode, path)
    }

    func setMode(_ mode: Int, _ file: URL) throws {
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: file.path)
    }

    /// Starts the daemon and waits for its word that it listens.
    func start(
        arguments: [String] = [], environment: [String: String] = [:], wrapper: [String] = []
    ) throws {
        try launch(arguments: arguments, environment: environment, wrapper: wrapper)
        try #require(log.wait(for: "listening on"), "signetd did not start: \(log.text)")
    }

    /// Starts the daemon and does not wait.
    ///
    /// - Parameter wrapper: A program, found on PATH, and its arguments, that ends by executing the daemon.
    func launch(
        arguments: [String] = [], environment: [String: String] = [:], wrapper: [String] = []
    ) throws {
        process = Process()
        log = LogReader()
        let signetd = Self.product("signetd")
        let options = ["--config", configuration.path] + arguments
        process.executableURL = wrapper.isEmpty ? signetd : URL(filePath: "/usr/bin/env")
        process.arguments = wrapper.isEmpty ? options : wrapper + [signetd.path] + options
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        process.standardError = log.pipe
        process.standardOutput = FileHandle.nullDevice
        try process.run()
    }

    /// Starts a daemon that is to end by itself; returns what it said when it has. One that listens fails the test.
    func refusal(
        arguments: [String] = [], environment: [String: String] = [:]
    ) throws -> (status: Int32, log: String) {
        try launch(arguments: arguments, environment: environment)
        let hasStarted = log.wait(for: "listening on")
        if hasStarted { signal(SIGTERM) }
        let text = log.rest()
        process.waitUntilExit()
        try #require(!hasStarted, "signetd started: \(text)")
        return (process.terminationStatus, text)
    }

    func signal(_ number: Int32) { kill(process.processIdentifier, number) }

    /// Sends SIGTERM; returns the exit status.
    func stop() -> Int32 {
        signal(SIGTERM)
        process.waitUntilExit()
        return process.terminationStatus
    }

    func connect() throws -> LineClient { try LineClient(socket) }
}

extension Data {
    var base64URL: String {
        base64EncodedString().replacingOccurrences(of: "+", with: "-").replacingOccurrences(of: "/", with: "_")
            .replacingOccurrences(of: "=", with: "")
    }
}
