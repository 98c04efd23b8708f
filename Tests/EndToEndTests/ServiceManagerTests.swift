import Foundation
import POSIX
import Testing

@Suite("What the service manager is told")
struct ServiceManagerTests {
    private let sound = "1 keyring, 1 key, 1 profile; generation"

    /// A daemon that is not started, and the socket that is to be its NOTIFY_SOCKET.
    private func prepared(_ settings: String = TestDaemon.settings()) throws -> (TestDaemon, NotifySocket) {
        let daemon = try TestDaemon(prepared: settings)
        return (daemon, try NotifySocket(daemon.directory.appending(path: "notify").path))
    }

    private func launch(_ daemon: TestDaemon, _ manager: NotifySocket) throws {
        try daemon.launch(environment: ["NOTIFY_SOCKET": manager.address])
    }

    /// The next message says that a reload has begun, and when.
    private func expectReloading(_ manager: NotifySocket, since began: UInt64) throws {
        let message = try manager.next()
        try #require(message.count == 2 && message[0] == "RELOADING=1", "\(message)")
        let stamp = try #require(message[1].wholeMatch(of: /MONOTONIC_USEC=([0-9]+)/)?.1)
        let time = try #require(UInt64(stamp))
        #expect(began <= time && time <= microseconds())
    }

    /// Of the clock that MONOTONIC_USEC is read from.
    private func microseconds() -> UInt64 { SystemClock.monotonicNanoseconds() / 1_000 }

    /// Adds a keyring to the configuration whose directory is missing; returns the directory.
    private func breakConfiguration(_ daemon: TestDaemon, directory: String) throws -> String {
        let more = "\n[keyring.more]\nalgorithm = \"HS512\"\ndirectory = \"\(directory)\"\n"
        try Data((TestDaemon.settings() + more).utf8).write(to: daemon.configuration)
        return daemon.directory.appending(path: directory).path
    }

    @Test("READY comes first, once the socket answers; STOPPING comes last", arguments: [true, false])
    func readyAndStopping(isFile: Bool) throws {
        let daemon = try TestDaemon(prepared: TestDaemon.settings())
        let path = daemon.directory.appending(path: "notify").path
        let manager = try NotifySocket(isFile ? path : "@\(daemon.directory.lastPathComponent)")
        try launch(daemon, manager)
        #expect(try manager.status() == "\(sound) 1")
        // Nothing is waited for.
        #expect(try daemon.connect().ask("{\"op\":\"sign\"}").isOK)
        #expect(daemon.log.wait(for: "listening on"))
        #expect(daemon.stop() == 0)
        #expect(try manager.next() == ["STOPPING=1"])
        #expect(try manager.waiting() == nil)
    }

    @Test("A daemon that cannot start is never ready")
    func notStarted() throws {
        let (daemon, manager) = try prepared("[server]\nnonsense = 1\n")
        try launch(daemon, manager)
        daemon.process.waitUntilExit()
        #expect(daemon.process.terminationStatus == 1)
        #expect(try manager.waiting() == nil)
    }

    @Test("SIGHUP is told as RELOADING with its time, then READY with the new state")
    func reloadBySignal() throws {
        let (daemon, manager) = try prepared()
        try launch(daemon, manager)
        #expect(try manager.status() == "\(sound) 1")
        try daemon.writeKey(named: "second.jwk", kid: "second", Data(repeating: 7, count: 64))
        let began = microseconds()
        daemon.signal(SIGHUP)
        try expectReloading(manager, since: began)
        #expect(try manager.status() == "1 keyring, 2 keys, 1 profile; generation 2")
    }

    @Test("ROT-3 STATUS names the file that a reload failed by, until one succeeds")
    func failedReload() throws {
        let (daemon, manager) = try prepared()
        try launch(daemon, manager)
        _ = try manager.status()
        try daemon.writeKey(named: "broken.jwk", kid: "broken", Data(repeating: 7, count: 64), mode: 0o644)
        let broken = daemon.keys.appending(path: "broken.jwk").path
        for _ in 0..<2 {
            let began = microseconds()
            daemon.signal(SIGHUP)
            try expectReloading(manager, since: began)
            let status = try manager.status()
            #expect(status.hasPrefix("\(sound) 1; last reload failed: \(broken): "), "\(status)")
        }
        try FileManager.default.removeItem(atPath: broken)
        daemon.signal(SIGHUP)
        _ = try manager.next()
        #expect(try manager.status() == "\(sound) 2")
    }

    @Test("Whoever asks for a reload has the answer after the service manager has it")
    func reloadByRequest() throws {
        let (daemon, manager) = try prepared()
        try launch(daemon, manager)
        _ = try manager.status()
        let directory = try breakConfiguration(daemon, directory: "nowhere")
        #expect(try daemon.reload().errorCode == "reload_failed")
        let messages = [try manager.waiting(), try manager.waiting()]
        #expect(messages[0]?.first == "RELOADING=1")
        let status = try #require(messages[1]?.last)
        #expect(messages[1]?.first == "READY=1")
        #expect(status.hasPrefix("STATUS=\(sound) 1; last reload failed: \(directory): "), "\(status)")
    }

    @Test("STATUS says what was left out at the start, until a reload succeeds; no name in it gives orders")
    func degraded() throws {
        let (daemon, manager) = try prepared()
        let folder = daemon.directory.appending(path: "profiles.d")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
        let files = ["a\nMAINPID=1\u{85}\u{1B}[2J.toml", "b.toml"].map { folder.appending(path: $0) }
        for file in files { try Data("nonsense".utf8).write(to: file) }
        try launch(daemon, manager)
        let status = try manager.status()
        #expect(status.hasPrefix("\(sound) 1; degraded: \(folder.path)/a?MAINPID=1??[2J.toml:1:"), "\(status)")
        #expect(status.hasSuffix(" (and 1 more)"), "\(status)")
        for file in files { try FileManager.default.removeItem(at: file) }
        daemon.signal(SIGHUP)
        _ = try manager.next()
        #expect(try manager.status() == "\(sound) 2")
    }

    @Test("STATUS is told anew when time changes it: a file that can be written after all")
    func faultOfTime() throws {
        let ring = "\n[keyring.web]\nalgorithm = \"ES256\"\npublish = \"public/jwks.json\"\n"
        let (daemon, manager) = try prepared(TestDaemon.settings() + ring)
        try daemon.makeKey(in: "web", "ES256", kid: "w")
        try launch(daemon, manager)
        let sound = "2 keyrings, 2 keys, 1 profile; generation"
        let file = daemon.directory.appending(path: "public/jwks.json")
        let fault = try manager.status()
        #expect(fault.hasPrefix("\(sound) 1; degraded: \(file.path): cannot be published: "), "\(fault)")
        try FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(), withIntermediateDirectories: false)
        #expect(try manager.status([]) == "\(sound) 1")
    }

    @Test("A long problem is cut, between characters, far below the longest message of systemd")
    func longProblem() throws {
        let (daemon, manager) = try prepared()
        try launch(daemon, manager)
        _ = try manager.status()
        for padding in ["", "x"] {
            let name = padding + String(repeating: "ä", count: 100)
            let directory = try breakConfiguration(daemon, directory: "\(name)/\(name)/\(name)/\(name)")
            daemon.signal(SIGHUP)
            _ = try manager.next()
            let status = try manager.status()
            let cut = "\(sound) 1; last reload failed: "
            #expect(status.utf8.count >= cut.utf8.count + 499 && status.utf8.count <= cut.utf8.count + 503)
            #expect((cut + directory).hasPrefix(status.dropLast()) && status.hasSuffix("…"), "\(status)")
        }
    }

    @Test("Without NOTIFY_SOCKET nobody is told, and nothing else changes")
    func noManager() throws {
        let (daemon, manager) = try prepared()
        try daemon.start()
        #expect(try daemon.reload().isOK)
        #expect(daemon.stop() == 0)
        #expect(try manager.waiting() == nil)
        #expect(daemon.log.rest().warnings.isEmpty)
    }

    @Test("A service manager that cannot be reached stops nothing; the log says so once")
    func unreachable() throws {
        let daemon = try TestDaemon(prepared: TestDaemon.settings())
        try daemon.start(environment: ["NOTIFY_SOCKET": daemon.directory.appending(path: "nobody").path])
        #expect(try daemon.reload().isOK)
        #expect(daemon.stop() == 0)
        #expect(
            daemon.log.rest().warnings == [
                "signetd: warning: the service manager at NOTIFY_SOCKET cannot be told: No such file or directory"
            ])
    }

    @Test("The daemon alone needs libsystemd: the command line and the client do without")
    func linkage() throws {
        let name = Data("libsystemd.so".utf8)
        #expect(try Data(contentsOf: TestDaemon.product("signetd")).range(of: name) != nil)
        #expect(try Data(contentsOf: TestDaemon.product("signet")).range(of: name) == nil)
    }
}
