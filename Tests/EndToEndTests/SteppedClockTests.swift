import Foundation
import Testing

@Suite("A clock that is set back", .enabled(if: FakeClock.isThere, FakeClock.advice)) struct SteppedClockTests {
    private static let hour = 3_600
    private static let sign = #"{"op":"sign","ttl":60}"#

    /// A daemon with a clock of its own and a state directory, whose key `first` is old; nothing started.
    private func prepared() throws -> (TestDaemon, FakeClock) {
        let daemon = try TestDaemon(prepared: TestDaemon.settings(server: "state_directory = \"state\""))
        try FileManager.default.createDirectory(
            at: daemon.state.deletingLastPathComponent(), withIntermediateDirectories: false)
        return (daemon, try FakeClock(of: daemon))
    }

    /// Brings a key whose time has just come; it signs.
    private func bringKey(_ daemon: TestDaemon, _ client: LineClient) throws {
        let more = ",\"nbf\":\(Int(Date().timeIntervalSince1970))"
        try daemon.writeKey(named: "second.jwk", kid: "second", TestDaemon.newKey(), more: more)
        try daemon.reloadAnew()
        #expect(try client.ask(Self.sign).text("kid") == "second")
    }

    @Test("ROT-1 by an hour: the key that has signed signs on, a warning says so, and no request fails")
    func running() throws {
        let (daemon, clock) = try prepared()
        try daemon.start(environment: clock.environment)
        let clients = try (0..<4).map { _ in try daemon.connect() }
        try bringKey(daemon, clients[0])
        let before = try daemon.status()
        try clock.set(-Self.hour)
        var isTold = false
        try awaitResult("the clock is set, and the daemon says so") {
            for client in clients {
                let answer = try client.ask(Self.sign)
                #expect(answer.text("kid") == "second", "\(answer)")
                let verify = #"{"op":"verify","token":"\#(answer.text("token"))"}"#
                #expect(try client.ask(verify).isValid == true)
            }
            if isTold { return true }
            isTold = try daemon.status().time < before.time - Self.hour / 2
            return nil
        }
        #expect(daemon.log.wait(for: "warning: the system's clock was set back by 3"))
        let after = try daemon.status()
        #expect(try after.state(of: "second") == "current")
        #expect(try after.state(of: TestDaemon.kid) == "previous")
        #expect(try daemon.reload().isOK)
        #expect(try clients[3].ask(Self.sign).text("kid") == "second")
    }

    /// How the daemon ended before.
    enum End: CaseIterable { case orderly, crash }

    @Test("ROT-1 over a restart: the key that has signed signs on", arguments: End.allCases)
    func restart(_ end: End) throws {
        let (daemon, clock) = try prepared()
        try daemon.start(environment: clock.environment)
        try bringKey(daemon, daemon.connect())
        daemon.signal(end == .orderly ? SIGTERM : SIGKILL)
        daemon.process.waitUntilExit()
        clock.forget(daemon.process)
        try clock.set(-Self.hour)
        try daemon.start(environment: clock.environment)
        #expect(try daemon.sign().text("kid") == "second")
        #expect(try daemon.status().state(of: "second") == "current")
    }

    @Test("A key that waits for its nbf waits on, and one that is set forward comes to sign")
    func waiting() throws {
        let (daemon, clock) = try prepared()
        try daemon.start(environment: clock.environment)
        let client = try daemon.connect()
        let more = ",\"nbf\":\(Int(Date().timeIntervalSince1970) + Self.hour)"
        try daemon.writeKey(named: "second.jwk", kid: "second", TestDaemon.newKey(), more: more)
        try daemon.reloadAnew()
        #expect(try client.ask(Self.sign).text("kid") == TestDaemon.kid)
        try clock.set(2 * Self.hour)
        #expect(try client.ask(Self.sign).text("kid") == "second")
        #expect(daemon.log.wait(for: "warning: the system's clock was set forward by"))
        try clock.set(0)
        // It has signed: it is never next again.
        #expect(try client.ask(Self.sign).text("kid") == "second")
    }

    @Test("Rates do not follow it: the time to wait is a second's at most, whatever the clock does")
    func rates() throws {
        let daemon = try TestDaemon(prepared: TestDaemon.settings(allow: "rate = 1"))
        let clock = try FakeClock(of: daemon)
        try daemon.start(environment: clock.environment)
        let client = try daemon.connect()
        for offset in [0, -Self.hour, Self.hour, 0] {
            try clock.set(offset)
            let refused = try awaitResult("the rate is reached") {
                let answer = try client.ask(Self.sign)
                return answer.isOK ? nil : answer
            }
            #expect(refused.errorCode == "rate_limited")
            #expect(1...1_000 ~= (refused.retryAfter ?? 0), "\(refused)")
        }
    }
}
