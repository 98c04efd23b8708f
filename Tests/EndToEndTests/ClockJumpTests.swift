import Foundation
import Testing

@Suite("A clock that jumps by a day while the daemon serves", .enabled(if: FakeClock.isThere, FakeClock.advice))
struct ClockJumpTests {
    private static let day = 86_400
    private static let jumps = [day, 0, -day, 0, day, -day, 0]

    /// A daemon with a clock of its own, nothing started. Ring `web` has a verify cache to use, `default` a limited rate.
    private func prepared(_ keyring: String = "", allow: String = "") throws -> (TestDaemon, FakeClock) {
        let more = """

            [keyring.web]
            algorithm = "ES256"
            [profile.web]
            issuer = "https://web.example.com"
            audiences = ["https://api.example.com"]
            leeway = "30s"
            [[profile.web.allow]]
            operations = ["sign", "verify"]
            users = ["\(NSUserName())"]
            """
        let server = "state_directory = \"state\"\nrequest_timeout = \"60s\""
        let daemon = try TestDaemon(
            prepared: TestDaemon.settings(server: server, keyring: keyring, allow: allow) + more)
        try FileManager.default.createDirectory(
            at: daemon.state.deletingLastPathComponent(), withIntermediateDirectories: false)
        try daemon.makeKey(in: "web", "ES256", kid: "w1")
        return (daemon, try FakeClock(of: daemon))
    }

    /// What a token's verification says at an offset of the clock, when it was signed at another.
    private static func verdict(signedAt offset: Int, lookedAtFrom now: Int) -> String {
        now > offset ? "expired" : now < offset ? "not_yet_valid" : "valid"
    }

    @Test("CLM-1 CLM-2 tokens are signed and judged by the wall clock, remembered signatures too; connections stay")
    func tokens() throws {
        let (daemon, clock) = try prepared()
        try daemon.start(environment: clock.environment)
        let client = try daemon.connect()
        var signed: [(offset: Int, token: String)] = []
        for offset in [0] + Self.jumps {
            try clock.set(offset)
            // Half of a line before, half behind the jump: its time to come in is no matter of the wall clock.
            let ping = try daemon.connect()
            try ping.send(#"{"op":"#)
            let now = Int(Date().timeIntervalSince1970)
            let answer = try client.ask(#"{"op":"sign","profile":"web","ttl":900}"#)
            let expires = try #require(answer["exp"] as? Int)
            #expect(now + offset + 900...now + offset + 960 ~= expires, "\(offset)")
            signed.append((offset, answer.text("token")))
            for (other, token) in signed {
                // Twice: the second time, the signature is known.
                for _ in 0..<2 {
                    let line = #"{"op":"verify","profile":"web","token":"\#(token)"}"#
                    let verified = try client.ask(line)
                    let verdict = verified.isValid == true ? "valid" : verified.reason
                    #expect(verdict == Self.verdict(signedAt: other, lookedAtFrom: offset), "\(other) at \(offset)")
                }
            }
            try clock.set(-offset)
            try ping.send(#""ping"}"# + "\n")
            #expect(Answer(try #require(try ping.readLine())).isOK)
        }
        let status = try client.ask(#"{"op":"status"}"#)
        let cache = try #require((status["counters"] as? [String: Any])?["verify_cache"] as? [String: Any])
        #expect(try #require(cache["hits"] as? Int) >= signed.count, "the cache was in use")
        #expect(try #require(status["uptime"] as? Int) < Self.day / 2)
    }

    @Test("a limited rate neither fills up by a jump ahead nor is closed for a day by a jump back")
    func rates() throws {
        let (daemon, clock) = try prepared(allow: "rate = 1")
        try daemon.start(environment: clock.environment)
        let client = try daemon.connect()
        let start = ContinuousClock.now
        var granted = 0
        for jump in 0..<60 {
            try clock.set(jump % 2 == 0 ? Self.day : -Self.day)
            for _ in 0..<2 { if try client.ask(#"{"op":"sign"}"#).isOK { granted += 1 } }
        }
        // An upper bound, by a clock that does not jump: the first, one for each second, one for where they begin.
        #expect(granted <= 2 + Int((ContinuousClock.now - start).components.seconds))
        try clock.set(-Self.day)
        try awaitResult("the next second's request is served") { try client.ask(#"{"op":"sign"}"#).isOK ? true : nil }
    }

    @Test("ROT-1 a lead passes by a jump ahead, and a key that has signed signs on after a jump of two days back")
    func leads() throws {
        let (daemon, clock) = try prepared("verifier_cache = \"1h\"")
        try daemon.start(environment: clock.environment)
        let client = try daemon.connect()
        let sign = #"{"op":"sign","ttl":60}"#
        #expect(try client.ask(sign).text("kid") == TestDaemon.kid)
        // One waits for its nbf, the other for verifiers to learn of it.
        let now = Int(Date().timeIntervalSince1970)
        try daemon.writeKey(
            named: "second.jwk", kid: "second", TestDaemon.newKey(), more: ",\"iat\":\(now),\"nbf\":\(now)")
        try daemon.writeKey(
            named: "third.jwk", kid: "third", TestDaemon.newKey(), more: ",\"iat\":\(now),\"nbf\":\(now + 7_200)")
        try daemon.reloadAnew()
        #expect(try client.ask(sign).text("kid") == TestDaemon.kid)
        try clock.set(-Self.day)
        #expect(try client.ask(sign).text("kid") == TestDaemon.kid)
        try clock.set(3_700)
        #expect(try client.ask(sign).text("kid") == "second")
        try clock.set(Self.day)
        #expect(try client.ask(sign).text("kid") == "third")
        for offset in Self.jumps {
            try clock.set(offset)
            let answer = try client.ask(sign)
            #expect(answer.text("kid") == "third", "\(offset)")
            #expect(try client.ask(#"{"op":"verify","token":"\#(answer.text("token"))"}"#).isValid == true, "\(offset)")
            try daemon.reloadAnew()
        }
        #expect(daemon.stop() == 0)
        clock.forget(daemon.process)
        try daemon.start(environment: clock.environment)
        #expect(try daemon.sign().text("kid") == "third")
    }
}
