import Foundation
import Testing

@Suite("A daemon that cannot start says why, and what to do")
struct StartTests {
    @Test("A missing key directory")
    func missingKeys() throws {
        let daemon = try TestDaemon(prepared: TestDaemon.settings(keyring: "directory = \"elsewhere\""))
        let (status, log) = try daemon.refusal()
        #expect(status == 1)
        #expect(log.contains("elsewhere: does not exist; make it"))
    }

    @Test("KEY-1 a key that is too short")
    func shortKey() throws {
        let daemon = try TestDaemon(prepared: TestDaemon.settings())
        try daemon.writeKey(named: "second.jwk", kid: "second", daemon.key.prefix(63))
        let (status, log) = try daemon.refusal()
        #expect(status == 1)
        #expect(log.contains("second.jwk: is too short: 63 bytes where HS512 needs 64"))
        try daemon.writeKey(named: "second.jwk", kid: "second", Data(daemon.key.reversed()))
        try daemon.start()
    }

    @Test("A key that everyone can read")
    func readableKey() throws {
        let daemon = try TestDaemon(prepared: TestDaemon.settings())
        try daemon.writeKey(named: "second.jwk", kid: "second", daemon.key, mode: 0o644)
        let (status, log) = try daemon.refusal()
        #expect(status == 1)
        #expect(log.contains("second.jwk: everyone can read the key file; chmod 0600"))
    }

    @Test("An unknown setting, with its line and what was meant")
    func unknownSetting() throws {
        let daemon = try TestDaemon(prepared: TestDaemon.settings(profile: "isuer = \"x\""))
        let (status, log) = try daemon.refusal()
        #expect(status == 1)
        #expect(log.contains("signetd.toml:13:1:"))
        #expect(log.contains("issuer"))
    }

    @Test("A missing configuration")
    func missingConfiguration() throws {
        let daemon = try TestDaemon(prepared: "")
        try FileManager.default.removeItem(at: daemon.configuration)
        let (status, log) = try daemon.refusal()
        #expect(status == 1)
        #expect(log.contains("No such file or directory; name another file with --config"))
    }

    @Test("A socket path that is too long")
    func longSocketPath() throws {
        let name = String(repeating: "s", count: 120)
        let settings = TestDaemon.settings().replacingOccurrences(of: "signet.sock", with: name)
        let (status, log) = try TestDaemon(prepared: settings).refusal()
        #expect(status == 1)
        #expect(log.contains("a socket's path has at most 107"))
    }

    @Test("A missing socket directory")
    func missingSocketDirectory() throws {
        let settings = TestDaemon.settings().replacingOccurrences(of: "signet.sock", with: "run/signet.sock")
        let (status, log) = try TestDaemon(prepared: settings).refusal()
        #expect(status == 1)
        #expect(log.contains("does not exist: make it first"))
    }

    @Test("A second daemon on the same socket is refused, and the first serves on")
    func secondDaemon() throws {
        let first = try TestDaemon()
        let second = try TestDaemon(
            prepared: TestDaemon.settings().replacingOccurrences(of: "\"signet.sock\"", with: "\"\(first.socket)\""))
        let (status, log) = try second.refusal()
        #expect(status == 1)
        #expect(log.contains("another signetd serves this path"))
        #expect(try first.connect().ask("{\"op\":\"ping\"}").isOK)
    }

    @Test("A file that is no socket is never removed")
    func foreignFile() throws {
        let daemon = try TestDaemon(prepared: TestDaemon.settings())
        try Data("precious".utf8).write(to: URL(filePath: daemon.socket))
        let (status, log) = try daemon.refusal()
        #expect(status == 1)
        #expect(log.contains("no socket"))
        #expect(try String(contentsOfFile: daemon.socket, encoding: .utf8) == "precious")
    }

    @Test("After kill -9 the stale socket is replaced")
    func staleSocket() throws {
        let daemon = try TestDaemon()
        daemon.signal(SIGKILL)
        daemon.process.waitUntilExit()
        #expect(FileManager.default.fileExists(atPath: daemon.socket))
        try daemon.start()
        #expect(try daemon.connect().ask("{\"op\":\"ping\"}").isOK)
    }

    @Test("--check finds nothing wrong, and what is wrong, without serving")
    func check() throws {
        let daemon = try TestDaemon(prepared: TestDaemon.settings())
        #expect(try daemon.refusal(arguments: ["--check"]).status == 0)
        try daemon.writeKey(named: "second.jwk", kid: "second", daemon.key, mode: 0o644)
        let (status, log) = try daemon.refusal(arguments: ["--check"])
        #expect(status == 1)
        #expect(log.contains("second.jwk"))
        #expect(!FileManager.default.fileExists(atPath: daemon.socket))
    }

    @Test("A broken ring disables only itself; with --strict it ends the start")
    func brokenRing() throws {
        let more = "\n[keyring.other]\nalgorithm = \"HS256\"\ndirectory = \"keys/missing\"\n"
        let daemon = try TestDaemon(prepared: TestDaemon.settings() + more)
        let (status, log) = try daemon.refusal(arguments: ["--strict"])
        #expect(status == 1)
        #expect(log.contains("keys/missing"))
        try daemon.start()
        #expect(try daemon.connect().ask("{\"op\":\"sign\"}").isOK)
    }

    @Test("A limit on locked memory that is too low ends the start and names the setting")
    func lockedMemory() throws {
        let daemon = try TestDaemon(prepared: TestDaemon.settings())
        let script = "ulimit -l 256 && exec setpriv --bounding-set=-ipc_lock \"$@\""
        let program = try Program.run(
            "bash",
            ["-c", script, "bash", TestDaemon.product("signetd").path, "--config", daemon.configuration.path])
        #expect(program.status == 1)
        #expect(program.errors.contains("LimitMEMLOCK="))
    }

    @Test("Arguments that are wrong end with status 2")
    func arguments() throws {
        let program = try Program.run(TestDaemon.product("signetd"), ["--conf", "x"])
        #expect(program.status == 2)
        #expect(program.errors.contains("'--conf'"))
        #expect(try Program.run(TestDaemon.product("signetd"), ["--help"]).output.contains("--check"))
    }
}
