import Foundation
import POSIX
import Testing

@Suite("Fixed claims that speak of the caller")
struct TemplateTests {
    /// Profiles beside `default`, which has no template: `who` for everyone.
    private static func settings(_ claims: String, server: String = "") -> String {
        TestDaemon.settings(
            users: ["*"], server: server,
            profile: """
                [profile.who]
                issuer = "https://who.example.com"
                audiences = ["https://api.example.com"]
                claims = { \(claims) }
                [[profile.who.allow]]
                operations = ["sign", "verify"]
                users = ["*"]
                """
        )
    }

    private static let sign = #"{"op":"sign","profile":"who"}"#
    private static let explain = #"{"op":"explain","profile":"who"}"#

    @Test("sign and explain write the names of the caller and of the host")
    func values() throws {
        let daemon = try TestDaemon(
            Self.settings(#"svc = "{user}", ids = ["{uid}", "{group}:{gid}"], host = "on {{{hostname}}}""#))
        let client = try daemon.connect()
        let explained = try client.ask(Self.explain)
        let group = try Program.run("id", ["-gn"]).output.trimmingCharacters(in: .newlines)
        let host = try #require(ThisProcess.hostName)
        #expect(explained.claims["svc"] as? String == NSUserName())
        #expect(explained.claims["ids"] as? [String] == ["\(geteuid())", "\(group):\(getegid())"])
        #expect(explained.claims["host"] as? String == "on {\(host)}")
        let token = try client.ask(Self.sign).text("token")
        let verified = try client.ask(#"{"op":"verify","profile":"who","token":"\#(token)"}"#)
        #expect(verified.isValid == true)
        #expect(verified.claims["svc"] as? String == NSUserName())
        #expect(verified.claims["ids"] as? [String] == ["\(geteuid())", "\(group):\(getegid())"])
    }

    @Test(
        "A user without a name is claims_rejected, which names the claim; profiles without templates serve it",
        .enabled(if: geteuid() == 0, "needs root to become another user"))
    func nameless() throws {
        let daemon = try TestDaemon(Self.settings(#"svc = "{user}""#))
        let answers = try OtherUser.ask(
            daemon, as: OtherUser.stranger, [Self.sign, #"{"op":"sign"}"#, Self.explain])
        try #require(answers.count == 3)
        #expect(answers.map(\.errorCode) == ["claims_rejected", nil, "claims_rejected"])
        let message = #"the fixed claim "svc" needs {user}, but the system has no name for the caller's uid"#
        #expect(answers[0].errorMessage == message && answers[2].errorMessage == message)
        let daemonsUser = try OtherUser.ask(daemon, as: "daemon", [Self.explain])
        #expect(daemonsUser.first?.claims["svc"] as? String == "daemon")
    }

    @Test("explain with \"as\" looks the user up; one that does not exist has no ids")
    func named() throws {
        let daemon = try TestDaemon(Self.settings(#"a = "{user}", b = "{uid}", c = "{gid}", d = "{group}""#))
        func explain(_ user: String) throws -> Answer {
            try daemon.connect().ask(#"{"op":"explain","profile":"who","as":{"user":"\#(user)"}}"#)
        }
        let claims = try explain("root").claims
        #expect(["a", "b", "c", "d"].map { claims[$0] as? String } == ["root", "0", "0", "root"])
        for user in ["no-such-user", "root\\u0000x"] { #expect(try explain(user).errorCode == "claims_rejected") }
    }

    @Test(
        "A look-up that waits holds up its own connection alone, and answers come in order",
        .enabled(if: PreloadedLibrary.isBuildable, PreloadedLibrary.advice))
    func slowDatabase() throws {
        let (daemon, gate) = try gatedDaemon()
        let waiting = try daemon.connect()
        let plain = #"{"op":"sign","id":2}"#
        try waiting.send(
            [#"{"op":"sign","profile":"who","id":1}"#, plain, #"{"op":"explain","profile":"who","id":3}"#, ""]
                .joined(separator: "\n"))
        waiting.endSending()
        let held = try gate.hold()
        // Two on each loop: those of the waiting connection's loop, too.
        for client in try (0..<2 * ProcessLimits.processors).map({ _ in try daemon.connect() }) {
            let answer = try client.ask(plain)
            #expect(answer.isOK)
        }
        try held.write(contentsOf: Data(UserDatabaseGate.Passage.truly.rawValue.utf8))
        try held.close()
        let answers = try waiting.readToEnd()
        #expect(answers.map { $0["id"] as? Int } == [1, 2, 3])
        let areOK = answers.allSatisfy { $0.isOK }
        #expect(areOK)
        #expect(answers.last?.claims["svc"] as? String == NSUserName())
    }

    @Test(
        "A reload forgets the names: they are looked up again",
        .enabled(if: PreloadedLibrary.isBuildable, PreloadedLibrary.advice))
    func reload() throws {
        let (daemon, gate) = try gatedDaemon()
        let client = try daemon.connect()
        for _ in 0..<2 {
            try client.send(Self.sign + "\n")
            try gate.letPass()
            let first = Answer(try client.readLine() ?? "")
            let second = try client.ask(Self.sign)
            #expect(first.isOK && second.isOK)
            let reloaded = try client.ask(#"{"op":"reload"}"#)
            #expect(reloaded.isOK)
        }
    }

    @Test(
        "A database that cannot be asked is internal, and its reason is in the log",
        .enabled(if: PreloadedLibrary.isBuildable, PreloadedLibrary.advice))
    func brokenDatabase() throws {
        let (daemon, gate) = try gatedDaemon()
        let client = try daemon.connect()
        try client.send(Self.sign + "\n")
        try gate.letPass(.failing)
        let answer = Answer(try client.readLine() ?? "")
        #expect(answer.errorCode == "internal")
        #expect(daemon.log.wait(for: "a caller cannot be looked up"))
        #expect(try client.ask(#"{"op":"sign"}"#).isOK)
    }

    @Test(
        "A look-up that never ends does not keep the daemon from stopping",
        .enabled(if: PreloadedLibrary.isBuildable, PreloadedLibrary.advice))
    func stop() throws {
        let (daemon, gate) = try gatedDaemon(server: "stop_timeout = \"1s\"")
        let client = try daemon.connect()
        try client.send(Self.sign + "\n")
        let held = try gate.hold()
        let status = daemon.stop()
        try held.close()
        let answer = try client.readLine()
        #expect(status == 0 && answer == nil)
    }

    private func gatedDaemon(server: String = "") throws -> (TestDaemon, UserDatabaseGate) {
        let daemon = try TestDaemon(prepared: Self.settings(#"svc = "{user}""#, server: server))
        let gate = try UserDatabaseGate(of: daemon)
        try daemon.start(environment: gate.environment)
        return (daemon, gate)
    }
}
