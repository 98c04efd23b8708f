import Foundation
import Testing

@Suite("SIGHUP and the op reload") struct ReloadTests {
    /// How a reload is asked for.
    enum Way: CaseIterable { case operation, signal }

    private func other() -> Data { Data((0..<64).map { _ in UInt8.random(in: 0...255) }) }

    private func askToReload(_ daemon: TestDaemon, _ way: Way) throws -> Answer? {
        if way == .operation { return try daemon.reload() }
        daemon.signal(SIGHUP)
        return nil
    }

    @Test("ROT-3 what a reload did is in the answer, in status and in the log", arguments: Way.allCases)
    func success(_ way: Way) throws {
        let daemon = try TestDaemon()
        #expect(try daemon.status().lastReload == nil)
        try daemon.writeKey(named: "second.jwk", kid: "second", other())
        let answer = try askToReload(daemon, way)
        #expect(
            daemon.log.wait(
                for: #"reloaded: generation 2, 1 added, keyring "default" signs with "second""#))
        let status = try daemon.awaitStatus("the reload is told") { $0.lastReload != nil }
        #expect(status.generation == 2)
        #expect(status.lastReload?.ok == true)
        #expect(status.lastReload?.error == nil)
        #expect(status.time - (status.lastReload?.time ?? 0) >= 0)
        #expect(try daemon.sign().text("kid") == "second")
        if let answer {
            #expect(answer["generation"] as? Int == 2)
            let key = [["keyring": "default", "kid": "second"]]
            #expect(answer["added"] as? [[String: String]] == key)
            #expect(answer["promoted"] as? [[String: String]] == key)
            #expect((answer["removed"] as? [Any])?.isEmpty == true)
            #expect((answer["warnings"] as? [Any])?.isEmpty == true, "\(answer)")
        }
    }

    @Test(
        "ROT-3 a reload that fails changes nothing, and names the file in the answer, in status and in the log",
        arguments: Way.allCases)
    func failure(_ way: Way) throws {
        let daemon = try TestDaemon()
        let token = try daemon.sign().text("token")
        try daemon.writeKey(named: "second.jwk", kid: "second", daemon.key.prefix(63))
        let answer = try askToReload(daemon, way)
        #expect(daemon.log.wait(for: "the reload failed and changed nothing: generation 1 is served on"))
        let words = "second.jwk: is too short: 63 bytes where HS512 needs 64"
        #expect(daemon.log.text.contains("error: \(daemon.keys.path)/\(words)"))
        let status = try daemon.awaitStatus("the reload is told") { $0.lastReload != nil }
        #expect(status.generation == 1)
        #expect(status.lastReload?.ok == false)
        #expect(status.lastReload?.error?.contains(words) == true)
        #expect(try daemon.verify(token).isValid == true)
        #expect(try daemon.sign().text("kid") == TestDaemon.kid)
        if let answer {
            #expect(answer.errorCode == "reload_failed")
            #expect(answer.errorMessage?.contains(words) == true)
        }
        try daemon.writeKey(named: "second.jwk", kid: "second", other())
        try daemon.reloadAnew()
        let mended = try daemon.status()
        #expect(mended.generation == 2)
        #expect(mended.lastReload?.ok == true)
    }

    @Test("A reload changes what is allowed; connections that are open ask by the new policy")
    func policy() throws {
        let daemon = try TestDaemon()
        let client = try daemon.connect()
        let token = try client.ask(#"{"op":"sign"}"#).text("token")
        let verify = #"{"op":"verify","token":"\#(token)"}"#
        #expect(try client.ask(verify).isValid == true)
        let settings = TestDaemon.settings()
        try daemon.configure(settings.replacingOccurrences(of: #"["sign", "verify"]"#, with: #"["verify"]"#))
        try daemon.reloadAnew()
        #expect(try client.ask(#"{"op":"sign"}"#).errorCode == "not_permitted")
        #expect(try client.ask(verify).isValid == true)
        try daemon.configure(settings.replacingOccurrences(of: #"["sign", "verify"]"#, with: #"["sign"]"#))
        try daemon.reloadAnew()
        #expect(try client.ask(#"{"op":"sign"}"#).isOK)
        #expect(try client.ask(verify).errorCode == "not_permitted")
        try daemon.configure(settings.replacingOccurrences(of: "auth.example.com", with: "new.example.com"))
        try daemon.reloadAnew()
        #expect(try client.ask(verify).reason == "wrong_issuer")
    }

    @Test("A reload brings keyrings and profiles and takes them away; what is unchanged stays")
    func rings() throws {
        let daemon = try TestDaemon()
        let client = try daemon.connect()
        let token = try client.ask(#"{"op":"sign"}"#).text("token")
        let before = try DaemonStatus(by: client)
        let more = """

            [keyring.web]
            algorithm = "ES256"
            [profile.web]
            issuer = "https://web.example.com"
            audiences = ["https://api.example.com"]
            [[profile.web.allow]]
            operations = ["sign", "verify"]
            users = ["\(NSUserName())"]
            """
        try daemon.makeKey(in: "web", "ES256", kid: "w1")
        try daemon.configure(TestDaemon.settings() + more)
        let answer = try daemon.reloadAnew()
        #expect(answer["added"] as? [[String: String]] == [["keyring": "web", "kid": "w1"]])
        let other = try client.ask(#"{"op":"sign","profile":"web"}"#)
        #expect(other.text("kid") == "w1")
        #expect(try client.ask(#"{"op":"verify","token":"\#(token)"}"#).isValid == true)
        let after = try DaemonStatus(by: client)
        #expect(after.pid == before.pid)
        #expect(try after.ring().key(TestDaemon.kid).lastExp == before.ring().key(TestDaemon.kid).lastExp)
        #expect(try after.ring().key(TestDaemon.kid).published == before.ring().key(TestDaemon.kid).published)

        try daemon.configure(TestDaemon.settings())
        let gone = try daemon.reloadAnew(force: true)
        #expect(gone["removed"] as? [[String: String]] == [["keyring": "web", "kid": "w1"]])
        #expect(try client.ask(#"{"op":"sign","profile":"web"}"#).errorCode == "unknown_profile")
        #expect(try client.ask(#"{"op":"verify","token":"\#(token)"}"#).isValid == true)
    }

    @Test("A file that comes to profiles.d is served after a reload; a broken one fails it and is named")
    func profilesFolder() throws {
        let daemon = try TestDaemon()
        let folder = daemon.directory.appending(path: "profiles.d")
        try FileManager.default.createDirectory(
            at: folder, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o755])
        let file = folder.appending(path: "web.toml")
        let text = """
            [profile.web]
            issuer = "https://web.example.com"
            audiences = ["https://api.example.com"]
            [[profile.web.allow]]
            operations = ["sign"]
            users = ["*"]

            """
        try Data(text.utf8).write(to: file)
        try daemon.reloadAnew()
        #expect(try daemon.sign("web").isOK)
        try Data((text + "isuer = 1\n").utf8).write(to: file)
        let refused = try daemon.reload()
        #expect(refused.errorCode == "reload_failed")
        #expect(refused.errorMessage?.contains("web.toml:7:1: unknown key \"isuer\"") == true, "\(refused)")
        #expect(try daemon.sign("web").isOK)
        try Data(text.utf8).write(to: file)
        #expect(try daemon.reloadAnew()["generation"] as? Int == 3)
    }

    @Test("Settings of [server] that take a restart are a warning in the answer; admin takes effect")
    func serverSettings() throws {
        let daemon = try TestDaemon()
        try daemon.configure(TestDaemon.settings(server: #"admin = { users = ["root", "daemon"] }"#))
        let admin = try daemon.reloadAnew()
        #expect((admin["warnings"] as? [String])?.isEmpty == true, "\(admin)")
        for setting in [
            "max_connections = 5", #"idle_timeout = "1m""#, #"stop_timeout = "5s""#, #"locked_memory = "5M""#,
        ] {
            try daemon.configure(TestDaemon.settings(server: setting))
            let answer = try daemon.reloadAnew()
            let warnings = answer["warnings"] as? [String] ?? []
            #expect(warnings.contains { $0.contains("[server]") && $0.contains("restart") }, "\(setting): \(answer)")
        }
    }

    @Test(
        "A caller who is no admin is refused a reload, and an admin of the new configuration is not",
        .enabled(if: geteuid() == 0, "needs root to become another user"))
    func admins() throws {
        let daemon = try TestDaemon(TestDaemon.settings(users: ["*"]))
        let lines = [#"{"op":"reload","id":1}"#, #"{"op":"reload","force":true}"#, #"{"op":"status"}"#]
        let answers = try OtherUser.ask(daemon, as: "daemon", lines)
        try #require(answers.count == 3)
        #expect(answers[..<2].allSatisfy { $0.errorCode == "not_permitted" })
        #expect(answers[2].isOK)
        #expect(answers[2]["last_reload"] == nil)
        #expect(try daemon.status().generation == 1)
        try daemon.configure(TestDaemon.settings(users: ["*"], server: #"admin = { users = ["daemon"] }"#))
        try daemon.reloadAnew()
        let allowed = try OtherUser.ask(daemon, as: "daemon", lines)
        #expect(allowed.map { $0["generation"] as? Int } == [3, 4, 4])
        // Root is the daemon's own user here, who is always an admin.
        #expect(try daemon.reload().isOK)
    }
}
