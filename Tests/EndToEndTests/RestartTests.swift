import Foundation
import Testing

@Suite("What must outlive a restart is in the state directory") struct RestartTests {
    private static var now: Int { Int(Date().timeIntervalSince1970) }

    /// A daemon with a state directory, nothing started.
    private func prepared(_ profile: String = "max_ttl = \"1h\"") throws -> TestDaemon {
        let daemon = try TestDaemon(
            prepared: TestDaemon.settings(server: "state_directory = \"state\"", profile: profile))
        try FileManager.default.createDirectory(
            at: daemon.state.deletingLastPathComponent(), withIntermediateDirectories: false,
            attributes: [.posixPermissions: 0o700])
        return daemon
    }

    /// Brings a key that is next, waits until it is current, and has it sign; returns the token's `exp`.
    private func rotate(_ daemon: TestDaemon, to kid: String) throws -> Int {
        try daemon.writeKey(
            named: "\(kid).jwk", kid: kid, TestDaemon.newKey(), more: ",\"iat\":\(Self.now),\"nbf\":\(Self.now + 5)")
        try daemon.reloadAnew()
        try daemon.awaitStatus("the key signs") { try $0.ring().signs == kid }
        return try #require(try daemon.sign(ttl: 600)["exp"] as? Int)
    }

    @Test("ROT-2 after an orderly restart, keys were published and have signed until the same times as before")
    func orderly() throws {
        let daemon = try prepared()
        try daemon.start()
        let lastOfSecond = try rotate(daemon, to: "second")
        _ = try rotate(daemon, to: "third")
        let before = try daemon.status().ring()
        #expect(try before.key("second").state == "previous")
        #expect(try before.key("second").lastExp == lastOfSecond)
        let waiting = ",\"iat\":\(Self.now),\"nbf\":\(Self.now + 3_600)"
        try daemon.writeKey(named: "later.jwk", kid: "later", TestDaemon.newKey(), more: waiting)
        try daemon.reloadAnew()
        #expect(daemon.stop() == 0)
        let state = try StateText(of: daemon)
        #expect(!state.running)
        #expect(try ["second", "third", "later"].map { try state.key($0).hasSigned } == [true, true, false])
        let attributes = try FileManager.default.attributesOfItem(atPath: daemon.state.path)
        #expect(attributes[.posixPermissions] as? Int == 0o600)
        try daemon.start()
        let after = try daemon.status().ring()
        #expect(after.signs == "third")
        for kid in [TestDaemon.kid, "second", "third"] {
            #expect(try after.key(kid).lastExp == before.key(kid).lastExp, "\(kid)")
            #expect(try after.key(kid).published == before.key(kid).published, "\(kid)")
            #expect(try after.key(kid).state == before.key(kid).state, "\(kid)")
        }
        #expect(try after.key("later").lastExp == nil)
        #expect(daemon.log.text.warnings.isEmpty, "\(daemon.log.text)")
    }

    @Test("ROT-2 after kill -9, the key that signed may have signed for as long as a token can live; no other key")
    func crash() throws {
        let daemon = try prepared()
        try daemon.start()
        let lastOfSecond = try rotate(daemon, to: "second")
        _ = try rotate(daemon, to: "third")
        try daemon.reloadAnew()
        // For a moment after a change, a loop may be about to sign with the key before.
        try awaitResult("the change to settle") { try StateText(of: daemon).key("second").maySign ? nil : true }
        let before = try daemon.status().ring()
        daemon.signal(SIGKILL)
        daemon.process.waitUntilExit()
        #expect(try StateText(of: daemon).running)
        let earliest = Self.now
        try daemon.start()
        let latest = Self.now
        let after = try daemon.status().ring()
        #expect(try after.key("second").lastExp == lastOfSecond)
        #expect(try after.key(TestDaemon.kid).lastExp == before.key(TestDaemon.kid).lastExp)
        let bound = try #require(try after.key("third").lastExp)
        #expect(earliest + 3_600...latest + 3_600 ~= bound)
    }

    @Test("ROT-5 a previous key that vanishes is still needed after a restart")
    func neededAfterRestart() throws {
        let daemon = try prepared()
        try daemon.start()
        try daemon.writeKey(named: "second.jwk", kid: "second", TestDaemon.newKey())
        try daemon.reloadAnew()
        #expect(daemon.stop() == 0)
        try daemon.start()
        try FileManager.default.removeItem(at: daemon.keys.appending(path: "first.jwk"))
        #expect(try daemon.reload().errorMessage?.contains("first.jwk") == true)
        #expect(try daemon.reloadAnew(force: true).isOK)
    }

    @Test(
        "Without a state directory the daemon serves and says so, once",
        .enabled(if: !FileManager.default.fileExists(atPath: "/var/lib/signet"), "this host has /var/lib/signet"))
    func none() throws {
        let daemon = try TestDaemon()
        try daemon.reloadAnew()
        try daemon.reloadAnew()
        #expect(try daemon.status().faults.isEmpty)
        #expect(daemon.stop() == 0)
        let parts = daemon.log.rest().components(separatedBy: "set state_directory")
        #expect(parts.count == 2, "\(daemon.log.text)")
    }

    @Test("A state directory that is named and missing is a warning and a fault, and the daemon serves")
    func missing() throws {
        let daemon = try prepared()
        try FileManager.default.removeItem(at: daemon.state.deletingLastPathComponent())
        try daemon.start()
        let words = "\(daemon.directory.path)/state: does not exist; make it"
        #expect(daemon.log.text.contains("warning: \(words)"), "\(daemon.log.text)")
        #expect(try daemon.status().faults.contains { $0.contains(words) })
        #expect(try daemon.sign().isOK)
        #expect(try daemon.reload().isOK)
    }

    @Test(
        "A state file that is no state is kept aside, with a warning, and the daemon serves and begins another",
        arguments: ["", "garbage\u{0}\u{1}", "{\"version\":1", "[]", #"{"version":99,"running":false,"keyrings":{}}"#])
    func garbage(_ text: String) throws {
        let daemon = try prepared()
        try Data(text.utf8).write(to: daemon.state)
        try daemon.setMode(0o600, daemon.state)
        let earliest = Self.now
        try daemon.start()
        let latest = Self.now
        let warning = daemon.log.text.split(separator: "\n").first { $0.contains("warning: \(daemon.state.path): ") }
        #expect(warning?.contains("state.json.unreadable") == true, "\(daemon.log.text)")
        let kept = daemon.state.deletingLastPathComponent().appending(path: "state.json.unreadable")
        #expect(try String(contentsOf: kept, encoding: .utf8) == text)
        #expect(try daemon.sign().text("kid") == TestDaemon.kid)
        // Nothing is known of the key, so it is taken to have signed until now.
        let bound = try #require(try daemon.status().ring().key(TestDaemon.kid).lastExp)
        #expect(earliest + 3_600...latest + 3_600 ~= bound)
        #expect(daemon.stop() == 0)
        #expect(try StateText(of: daemon).key(TestDaemon.kid).hasSigned)
        try daemon.start()
        #expect(daemon.log.text.warnings.isEmpty, "\(daemon.log.text)")
    }

    @Test(
        "ROT-2 a state file that there is no descriptor to lock or read ends the start, and is read at the next",
        .enabled(if: CallFaults.isBuildable, CallFaults.advice),
        arguments: [
            (CallFaults.File.state, "state.json: cannot be read"),
            (.stateLock, "state.lock: cannot be locked"),
        ])
    func exhausted(_ file: CallFaults.File, _ words: String) throws {
        let daemon = try prepared()
        try daemon.start()
        _ = try daemon.sign()
        #expect(daemon.stop() == 0)
        let state = try Data(contentsOf: daemon.state)
        let faults = try CallFaults(in: daemon.directory, rate: 0)
        try faults.withholdDescriptor(for: file)
        let (status, log) = try daemon.refusal(environment: faults.environment)
        #expect(status == 1)
        let path = daemon.state.deletingLastPathComponent().path
        #expect(log.contains("not started: \(path)/\(words): Too many open files in system"), "\(log)")
        #expect(try Data(contentsOf: daemon.state) == state)
        try daemon.start()
        #expect(daemon.log.text.warnings.isEmpty, "\(daemon.log.text)")
        #expect(try daemon.status().ring().key(TestDaemon.kid).lastExp != nil)
    }

    @Test("A second daemon with the same state directory serves without state and says so; the first keeps it")
    func shared() throws {
        let first = try prepared()
        try first.start()
        let path = first.state.deletingLastPathComponent().path
        let second = try TestDaemon(prepared: TestDaemon.settings(server: "state_directory = \"\(path)\""))
        try second.start()
        let words = "\(first.state.path): is kept by another signetd"
        #expect(second.log.text.contains("warning: \(words)"), "\(second.log.text)")
        #expect(try second.status().faults.contains { $0.contains(words) })
        #expect(try second.sign().isOK)
        #expect(try second.reload().isOK)
        #expect(second.stop() == 0)
        #expect(try StateText(of: first).running)
        #expect(try first.status().faults.isEmpty)
        #expect(first.stop() == 0)
        #expect(try !StateText(of: first).running)
    }
}
