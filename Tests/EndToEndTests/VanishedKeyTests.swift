import Foundation
import Testing

@Suite("Keys that vanish by a slip of the hand") struct VanishedKeyTests {
    /// A daemon that has signed with `first`, and has the older key `zero` beside it.
    private func daemon(_ settings: String = TestDaemon.settings()) throws -> (TestDaemon, LineClient, token: String) {
        let daemon = try TestDaemon(prepared: settings)
        try daemon.writeKey(named: "first.jwk", kid: TestDaemon.kid, daemon.key, more: #","nbf":2"#)
        try daemon.writeKey(named: "zero.jwk", kid: "zero", TestDaemon.newKey(), more: #","nbf":1"#)
        try daemon.start()
        let client = try daemon.connect()
        return (daemon, client, try client.ask(#"{"op":"sign"}"#).text("token"))
    }

    private func remove(_ name: String, _ daemon: TestDaemon) throws {
        try FileManager.default.removeItem(at: daemon.keys.appending(path: name))
    }

    private func writeFirst(_ daemon: TestDaemon, more: String = #","nbf":2"#) throws {
        try daemon.writeKey(named: "first.jwk", kid: TestDaemon.kid, daemon.key, more: more)
    }

    /// That a reload is refused with these words, and changes nothing.
    private func expectRefused(
        _ words: String, _ daemon: TestDaemon, _ client: LineClient, _ token: String, generation: Int = 1,
        kid: String = TestDaemon.kid
    ) throws {
        let answer = try daemon.reload()
        #expect(answer.errorCode == "reload_failed", "\(answer)")
        #expect(answer.errorMessage?.contains(words) == true, "\(answer)")
        #expect(answer.errorMessage?.contains("--force") == true, "\(answer)")
        #expect(daemon.log.wait(for: words))
        try daemon.expectUnchanged(since: token, words, generation: generation, kid: kid, by: client)
    }

    @Test("ROT-5 a ring that changes its algorithm under a key whose tokens live: refused")
    func changedAlgorithm() throws {
        let folder = try Workshop()
        let settings = TestDaemon.settings().replacingOccurrences(of: "HS512", with: "RS256")
        let daemon = try TestDaemon(prepared: settings)
        try remove("first.jwk", daemon)
        let pem = try folder.makeKey(["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"])
        let file = daemon.keys.appending(path: "key.pem")
        try FileManager.default.copyItem(at: URL(filePath: pem), to: file)
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: file.path)
        try daemon.start()
        let token = try daemon.sign().text("token")
        try daemon.configure(settings.replacingOccurrences(of: "RS256", with: "PS256"))
        let refused = try daemon.reload()
        #expect(refused.errorMessage?.contains("would be for PS256 instead of RS256") == true, "\(refused)")
        #expect(try daemon.verify(token).isValid == true)
    }

    @Test("ROT-5 the current key: refused; accepted when it is back, revoked, or by force", arguments: [0, 1, 2])
    func current(_ way: Int) throws {
        let (daemon, client, token) = try daemon()
        try remove("first.jwk", daemon)
        try expectRefused("first.jwk", daemon, client, token)
        let verify = #"{"op":"verify","token":"\#(token)"}"#
        switch way {
        case 0:
            try writeFirst(daemon)
            try daemon.reloadAnew()
            #expect(try client.ask(verify).isValid == true)
        case 1:
            try Data("first\n".utf8).write(to: daemon.keys.appending(path: "revoked"))
            try daemon.reloadAnew()
            #expect(try client.ask(verify).reason == "revoked")
            #expect(try client.ask(#"{"op":"sign"}"#).text("kid") == "zero")
        default:
            let forced = try daemon.reloadAnew(force: true)
            #expect((forced["warnings"] as? [String])?.contains { $0.contains("first.jwk") } == true, "\(forced)")
            #expect(try client.ask(verify).reason == "unknown_key")
            #expect(try client.ask(#"{"op":"sign"}"#).text("kid") == "zero")
        }
    }

    @Test("ROT-5 the current key replaced by another under its kid: refused; accepted by force")
    func replaced() throws {
        let (daemon, client, token) = try daemon()
        try daemon.writeKey(named: "first.jwk", kid: TestDaemon.kid, TestDaemon.newKey(), more: #","nbf":2"#)
        try expectRefused("first.jwk", daemon, client, token)
        try daemon.reloadAnew(force: true)
        #expect(try client.ask(#"{"op":"verify","token":"\#(token)"}"#).reason == "bad_signature")
        #expect(try client.ask(#"{"op":"sign"}"#).text("kid") == TestDaemon.kid)
    }

    @Test("ROT-5 a previous key while its tokens live: refused; and accepted when they have expired")
    func previous() throws {
        let settings = TestDaemon.settings(profile: "leeway = \"0s\"\nttl = \"2s\"\nmax_ttl = \"15s\"")
        let (daemon, client, _) = try daemon(settings)
        try daemon.writeKey(named: "second.jwk", kid: "second", TestDaemon.newKey(), more: #","nbf":3"#)
        let old = try client.ask(#"{"op":"sign","ttl":15}"#).text("token")
        try daemon.reloadAnew()
        let file = daemon.keys.appending(path: "first.jwk")
        let aside = daemon.directory.appending(path: "aside")
        try FileManager.default.moveItem(at: file, to: aside)
        #expect(try DaemonStatus(by: client).state(of: TestDaemon.kid) == "previous")
        try expectRefused("first.jwk", daemon, client, old, generation: 2, kid: "second")
        try daemon.awaitStatus("the key's last token expires") { try $0.state(of: TestDaemon.kid) == "gone" }
        let answer = try daemon.reloadAnew()
        #expect(answer["removed"] as? [[String: String]] == [["keyring": "default", "kid": TestDaemon.kid]])
        #expect(try client.ask(#"{"op":"verify","token":"\#(old)"}"#).reason == "unknown_key")
    }

    @Test("ROT-5 a key that has signed nothing and is next may go")
    func next() throws {
        let (daemon, client, token) = try daemon()
        let later = Int(Date().timeIntervalSince1970) + 3_600
        try daemon.writeKey(named: "later.jwk", kid: "later", TestDaemon.newKey(), more: ",\"nbf\":\(later)")
        try daemon.reloadAnew()
        #expect(try DaemonStatus(by: client).state(of: "later") == "next")
        try remove("later.jwk", daemon)
        try daemon.reloadAnew()
        #expect(try client.ask(#"{"op":"verify","token":"\#(token)"}"#).isValid == true)
    }

    @Test("ROT-5 a whole keyring that signs: refused; accepted by force")
    func ring() throws {
        let more = """

            [keyring.web]
            algorithm = "HS256"
            [profile.web]
            issuer = "https://web.example.com"
            audiences = ["x"]
            [[profile.web.allow]]
            operations = ["sign"]
            users = ["\(NSUserName())"]
            """
        let daemon = try TestDaemon(prepared: TestDaemon.settings() + more)
        try daemon.makeKey(in: "web", "HS256", kid: "w1")
        try daemon.start()
        let client = try daemon.connect()
        let token = try client.ask(#"{"op":"sign"}"#).text("token")
        try daemon.configure(TestDaemon.settings())
        try expectRefused("keys/web/w1.jwk", daemon, client, token)
        #expect(try daemon.sign("web").text("kid") == "w1")
        #expect(try daemon.reloadAnew(force: true)["generation"] as? Int == 2)
        #expect(try client.ask(#"{"op":"sign","profile":"web"}"#).errorCode == "unknown_profile")
    }

    @Test("ROT-5 an emptied configuration: refused")
    func emptied() throws {
        let (daemon, client, token) = try daemon()
        try daemon.configure("")
        try expectRefused("first.jwk", daemon, client, token)
        try daemon.configure(TestDaemon.settings())
        try daemon.reloadAnew()
    }

    /// Why no key of a ring may sign.
    enum Unfit: CaseIterable { case revoked, expired, later }

    @Test(
        "A ring that would be left without a key that may sign: refused; accepted by force", arguments: Unfit.allCases)
    func noSigner(_ why: Unfit) throws {
        let daemon = try TestDaemon()
        let client = try daemon.connect()
        let token = try client.ask(#"{"op":"sign"}"#).text("token")
        switch why {
        case .revoked: try writeFirst(daemon, more: #","revoked":{"revoked_at":1}"#)
        case .expired: try writeFirst(daemon, more: #","exp":1"#)
        case .later:
            try Data("first\n".utf8).write(to: daemon.keys.appending(path: "revoked"))
            try daemon.writeKey(named: "later.jwk", kid: "later", TestDaemon.newKey(), more: #","nbf":9000000000"#)
        }
        let words = #"keyring "default" would have no key that may sign now"#
        try expectRefused(words, daemon, client, token)
        #expect(try daemon.reload().errorMessage?.contains(daemon.keys.path) == true)
        let forced = try daemon.reloadAnew(force: true)
        #expect((forced["warnings"] as? [String])?.contains { $0.contains(words) } == true, "\(forced)")
        let refused = try client.ask(#"{"op":"sign"}"#)
        #expect(refused.errorCode == "no_signing_key", "\(refused)")
        #expect(try DaemonStatus(by: client).ring().signs == nil)
        try daemon.writeKey(named: "new.jwk", kid: "new", TestDaemon.newKey())
        try daemon.reloadAnew()
        #expect(try client.ask(#"{"op":"sign"}"#).text("kid") == "new")
    }
}
