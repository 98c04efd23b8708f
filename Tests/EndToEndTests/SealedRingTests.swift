import Foundation
import Testing

@Suite("A daemon with sealed keys") struct SealedRingTests {
    private let folder: Workshop

    init() throws { folder = try Workshop() }

    /// A daemon whose one key is sealed under `kek.jwk` beside its configuration; not started.
    private func sealedDaemon(kek: String = #"["file:kek.jwk"]"#) throws -> TestDaemon {
        let daemon = try TestDaemon(prepared: TestDaemon.settings(server: "kek = \(kek)"))
        try run("key", "new-kek", "--kid", "kek-1", daemon.directory.appending(path: "kek.jwk").path)
        try run("key", "seal", "--kek", daemon.directory.appending(path: "kek.jwk").path, daemon.keys.path)
        return daemon
    }

    @discardableResult
    private func run(_ arguments: String...) throws -> Program {
        let program = try folder.signet(arguments)
        try #require(program.status == 0, "\(program.errors)")
        return program
    }

    private func token(_ daemon: TestDaemon) throws -> String {
        try daemon.connect().ask(#"{"op":"sign","claims":{"sub":"ada"}}"#).text("token")
    }

    @Test("a sealed ring signs and verifies, and nothing in its directory can be read")
    func signs() throws {
        let daemon = try sealedDaemon()
        let names = try FileManager.default.contentsOfDirectory(atPath: daemon.keys.path)
        #expect(names == ["first.jwe"])
        let text = try String(contentsOf: daemon.keys.appending(path: "first.jwe"), encoding: .utf8)
        #expect(!text.contains(daemon.key.base64URL.prefix(12)))
        #expect(text.split(separator: ".", omittingEmptySubsequences: false).count == 5)
        try daemon.start()
        let token = try token(daemon)
        #expect(try daemon.connect().ask(#"{"op":"verify","token":"\#(token)"}"#).isValid == true)
        // The same key as ever: PyJWT verifies with the plain one.
        let program = try Program.run(
            Program.python,
            [
                "-c",
                "import base64, jwt, sys; token, key = sys.stdin.read().split()\n"
                    + "print(jwt.decode(token, base64.urlsafe_b64decode(key + '=='), algorithms=['HS512'], "
                    + "audience='https://api.example.com')['sub'])",
            ], input: "\(token) \(daemon.key.base64URL)")
        #expect(program.output == "ada\n", "\(program.errors)")
    }

    @Test(
        "ROT-3 a reload with a sealed key that does not open, or a KEK that is gone, changes nothing and names the file"
    )
    func reloads() throws {
        let daemon = try sealedDaemon()
        try daemon.start()
        let token = try token(daemon)
        let kek = daemon.directory.appending(path: "kek.jwk")
        let (sealed, key) = (try Data(contentsOf: daemon.keys.appending(path: "first.jwe")), try Data(contentsOf: kek))
        func refused(_ file: String) throws {
            let answer = try daemon.reload()
            #expect(answer.errorCode == "reload_failed", "\(answer)")
            #expect(answer.errorMessage?.contains(file) == true, "\(answer)")
            #expect(try daemon.status().generation == 1)
            #expect(try daemon.verify(token).isValid == true)
        }
        try sealed.dropLast(2).write(to: daemon.keys.appending(path: "first.jwe"))
        try refused("first.jwe")
        try sealed.write(to: daemon.keys.appending(path: "first.jwe"))
        try run("key", "new-kek", "--kid", "kek-1", daemon.directory.appending(path: "wrong.jwk").path)
        try Data(contentsOf: daemon.directory.appending(path: "wrong.jwk")).write(to: kek)
        try refused("first.jwe")
        try FileManager.default.removeItem(at: kek)
        try refused("kek.jwk")
        try key.write(to: kek)
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: kek.path)
        #expect(try daemon.reload().isOK)
    }

    @Test("SEAL-5 without its credential a command says what is missing, and a sealed key can be revoked all the same")
    func revokedWithoutCredential() throws {
        let daemon = try sealedDaemon(kek: #"["credential:signet-kek"]"#)
        let configuration = daemon.configuration.path
        let list = try folder.signet(["key", "list", "default", "--config", configuration])
        #expect(list.status == 2)
        #expect(
            list.errors.contains("there is no $CREDENTIALS_DIRECTORY") && list.errors.contains("--kek"),
            "\(list.errors)")
        let revoked = try folder.signet(["key", "revoke", TestDaemon.kid, "--force", "--config", configuration])
        #expect(revoked.status == 0, "\(revoked.errors)")
        let text = try String(contentsOf: daemon.keys.appending(path: "revoked"), encoding: .utf8)
        #expect(text == "\(TestDaemon.kid)\n")
    }

    @Test("SEAL-5 a credential is a file in $CREDENTIALS_DIRECTORY; without it, the message says where to load it")
    func credential() throws {
        let daemon = try sealedDaemon(kek: #"["credential:signet-kek"]"#)
        let (status, log) = try daemon.refusal()
        #expect(status == 1)
        #expect(log.contains("credential:signet-kek: there is no $CREDENTIALS_DIRECTORY"))
        #expect(log.contains("LoadCredential"))
        let credentials = folder.path("credentials")
        try FileManager.default.createDirectory(
            atPath: credentials, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o500])
        try FileManager.default.moveItem(
            atPath: daemon.directory.appending(path: "kek.jwk").path, toPath: credentials + "/signet-kek")
        try FileManager.default.setAttributes([.posixPermissions: 0o400], ofItemAtPath: credentials + "/signet-kek")
        try daemon.start(environment: ["CREDENTIALS_DIRECTORY": credentials])
        #expect(try !token(daemon).isEmpty)
    }

    @Test("SEAL-5 a wrong KEK disables its ring alone, at the start, and says so; --strict and --check refuse")
    func wrongKEK() throws {
        let settings =
            TestDaemon.settings(server: #"kek = ["file:kek.jwk"]"#) + """

                [keyring.plain]
                algorithm = "ES256"
                [profile.plain]
                issuer = "https://plain.example.com"
                audiences = ["https://api.example.com"]
                [[profile.plain.allow]]
                operations = ["sign"]
                users = ["\(NSUserName())"]
                """
        let daemon = try TestDaemon(prepared: settings)
        try daemon.makeKey(in: "plain", "ES256", kid: "p")
        let kek = daemon.directory.appending(path: "kek.jwk")
        try run("key", "new-kek", "--kid", "kek-1", kek.path)
        try run("key", "seal", "--kek", kek.path, daemon.keys.path)
        try FileManager.default.removeItem(at: kek)
        try run("key", "new-kek", "--kid", "kek-1", kek.path)
        try daemon.start()
        #expect(daemon.log.text.contains("first.jwe: does not open with the KEK \"kek-1\" of"))
        #expect(daemon.log.text.contains("restore the file"))
        let client = try daemon.connect()
        #expect(try client.ask(#"{"op":"sign"}"#).errorCode == "no_signing_key")
        #expect(try client.ask(#"{"op":"sign","profile":"plain"}"#).text("kid") == "p")
        #expect(daemon.stop() == 0)
        #expect(try daemon.refusal(arguments: ["--strict"]).status == 1)
        #expect(try daemon.refusal(arguments: ["--check"]).status == 1)
        // A KEK that is not there at all.
        try FileManager.default.removeItem(at: kek)
        let check = try daemon.refusal(arguments: ["--check"])
        #expect(check.status == 1)
        #expect(check.log.contains("kek.jwk: does not exist; make a KEK with `signet key new-kek`"))
        #expect(check.log.contains("first.jwe: is sealed under the KEK \"kek-1\""))
    }

    @Test("SEAL-5 a sealed ring without `kek` does not load; a broken KEK that no ring needs hinders none")
    func noKEK() throws {
        let daemon = try sealedDaemon(kek: "[]")
        let (status, log) = try daemon.refusal()
        #expect(status == 1)
        #expect(
            log.contains(
                "first.jwe: is sealed under the KEK \"kek-1\", and no KEK is named; name it: `kek` in [server]"))
        let plain = try TestDaemon(prepared: TestDaemon.settings(server: #"kek = ["file:none.jwk"]"#))
        try plain.start()
        #expect(plain.log.text.contains("none.jwk: does not exist"))
        #expect(try !token(plain).isEmpty)
        #expect(plain.stop() == 0)
        #expect(try plain.refusal(arguments: ["--check"]).status == 1)
    }

    @Test("SEAL-4 a sealed key in another ring's directory does not load")
    func otherRing() throws {
        let daemon = try sealedDaemon()
        let settings = TestDaemon.settings(server: #"kek = ["file:kek.jwk"]"#, keyring: "directory = \"keys/web\"")
            .replacing("[keyring.default]", with: "[keyring.web]")
            .replacing("issuer =", with: "keyring = \"web\"\nissuer =")
        try Data(settings.utf8).write(to: daemon.configuration)
        try FileManager.default.moveItem(
            at: daemon.keys, to: daemon.keys.deletingLastPathComponent().appending(path: "web"))
        let (status, log) = try daemon.refusal()
        #expect(status == 1)
        #expect(log.contains("is sealed for the keyring \"default\", not for \"web\""))
    }

    @Test("the KEK is changed step by step, and the ring serves at each")
    func changeOfKEK() throws {
        let daemon = try sealedDaemon()
        let (old, new) = (daemon.directory.appending(path: "kek.jwk").path, daemon.directory.path + "/new.jwk")
        let serves = { (kek: String) in
            try Data(TestDaemon.settings(server: "kek = \(kek)").utf8).write(to: daemon.configuration)
            try daemon.start()
            #expect(try !token(daemon).isEmpty)
            #expect(daemon.stop() == 0)
        }
        try run("key", "new-kek", "--kid", "kek-2", new)
        try serves(#"["file:new.jwk", "file:kek.jwk"]"#)
        let resealed = try run("key", "reseal", "--kek", new, "--kek", old, daemon.keys.path)
        #expect(resealed.output == "first\n")
        try FileManager.default.removeItem(atPath: old)
        try serves(#"["file:new.jwk"]"#)
        #expect(try run("key", "list", "--kek", new, daemon.keys.path).output.contains("  current  "))
        let refused = try folder.refusal(["key", "reseal", "--kek", old, daemon.keys.path])
        #expect(refused.contains("kek.jwk: does not exist"))
    }

    @Test("a key that is made sealed was never plain, and opens to what it was")
    func newSealed() throws {
        let daemon = try sealedDaemon()
        let kek = daemon.directory.appending(path: "kek.jwk").path
        let arguments = ["key", "new", "--seal", "--kek", kek, "--ring", "web", "--kid", "k", folder.path("")]
        let made = try folder.signet(arguments)
        #expect(made.status == 0, "\(made.errors)")
        #expect(made.output == "k\n")
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path("")) == ["k.jwe"])
        #expect(try folder.refusal(["key", "unseal", "--kek", kek, folder.path("")]).contains("keyring \"web\""))
        try run("key", "unseal", "--kek", kek, "--ring", "web", folder.path(""))
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path("")) == ["k.jwk"])
        for misuse in [
            ["key", "new", "--seal", folder.path("")], ["key", "new", "--kek", kek, folder.path("")],
            ["key", "seal", folder.path("")], ["key", "unseal", folder.path("")], ["key", "reseal", folder.path("")],
            ["key", "seal", "--kek", kek, "--ring", "", folder.path("")],
            ["key", "new-kek", kek],
        ] {
            #expect(try folder.signet(misuse).status == 2, "\(misuse)")
        }
    }

    @Test(
        "the ring's name is the directory's own, whatever way leads there",
        arguments: ["web", "web/", "./web", "web/."])
    func ringName(_ path: String) throws {
        let (kek, ring) = (folder.path("kek"), folder.path("web"))
        try FileManager.default.createDirectory(
            atPath: ring, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
        try run("key", "new-kek", kek)
        try run("key", "new", "--seal", "--kek", kek, folder.path(path))
        try run("key", "unseal", "--kek", kek, "--ring", "web", ring)
    }
}
