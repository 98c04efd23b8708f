import Foundation
import Testing

@Suite("Public keys as files") struct PublishedFileTests {
    @Test("JWKS-1 the file holds public members only, and everyone may read it and nobody else write")
    func contents() throws {
        let ring = PublishedRing()
        let daemon = try ring.daemon()
        for name in ["jwks.json", "openid-configuration"] {
            let attributes = try FileManager.default.attributesOfItem(atPath: ring.file(daemon, name).path)
            #expect(attributes[.posixPermissions] as? Int == 0o644, "\(name)")
        }
        let keys = try ring.published(daemon).keys
        #expect(keys.count == 1)
        #expect(Set(keys[0].keys) == ["kty", "use", "alg", "kid", "crv", "x", "y"])
        #expect(keys[0]["kid"] == "w1")
        let answer = try daemon.connect().ask(#"{"op":"jwks","keyring":"web"}"#)
        #expect(try JWKSet(answer["jwks"]).keys == keys)
    }

    @Test(
        "The OpenID document names the issuer as tokens do, and where the keys are",
        arguments: ["https://id.example.com", "https://id.example.com/", "http://id.example.com/a/b"])
    func discovery(_ issuer: String) throws {
        let ring = PublishedRing(issuer: issuer)
        let daemon = try ring.daemon()
        let data = try Data(contentsOf: ring.file(daemon, "openid-configuration"))
        let document = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        #expect(document["issuer"] as? String == issuer)
        let base = issuer.hasSuffix("/") ? String(issuer.dropLast()) : issuer
        #expect(document["jwks_uri"] as? String == "\(base)/.well-known/jwks.json")
        #expect(document["id_token_signing_alg_values_supported"] as? [String] == ["ES256"])
        let token = try daemon.sign("web").text("token")
        #expect(try daemon.verify(token, "web").claims["iss"] as? String == issuer)
    }

    @Test("JWKS-1 a revoked key leaves the file at the reload; one that is back is there again")
    func revoked() throws {
        let ring = PublishedRing()
        let daemon = try ring.daemon()
        try ring.makeKey("w2", in: daemon)
        try daemon.reloadAnew()
        #expect(try ring.published(daemon).kids == ["w1", "w2"])
        let list = ring.directory(of: daemon).appending(path: "revoked")
        try Data("w1\n".utf8).write(to: list)
        try daemon.reloadAnew()
        #expect(try ring.published(daemon).kids == ["w2"])
        // A list that is lost brings nothing back by itself.
        try FileManager.default.removeItem(at: list)
        let refused = try daemon.reload()
        #expect(refused.errorMessage?.contains("would verify again") == true, "\(refused)")
        #expect(try ring.published(daemon).kids == ["w2"])
        try daemon.reloadAnew(force: true)
        #expect(try ring.published(daemon).kids == ["w1", "w2"])
    }

    @Test("A reader who reads all the time finds a whole JWK Set each time, whatever is reloaded meanwhile")
    func atomic() throws {
        let ring = PublishedRing()
        let daemon = try ring.daemon()
        try ring.makeKey("w2", in: daemon)
        let (file, process) = (ring.file(daemon, "jwks.json"), Process())
        let (input, output) = (Pipe(), Pipe())
        let script = """
            import json, os, select, sys
            seen = {}
            while not select.select([0], [], [], 0)[0]:
                kids = tuple(sorted(key["kid"] for key in json.load(open(sys.argv[1]))["keys"]))
                if kids not in seen: os.write(1, b"new\\n")
                seen[kids] = seen.get(kids, 0) + 1
            print(len(seen), sum(seen.values()))
            """
        process.executableURL = Program.python
        process.arguments = ["-c", script, file.path]
        process.standardInput = input
        process.standardOutput = output
        try process.run()
        try #require(output.fileHandleForReading.availableData == Data("new\n".utf8))
        let list = ring.directory(of: daemon).appending(path: "revoked")
        for number in 0..<100 {
            try Data((number % 2 == 0 ? "w1\n" : "").utf8).write(to: list, options: .atomic)
            try daemon.reloadAnew(force: true)
        }
        try input.fileHandleForWriting.close()
        let rest = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
        #expect(rest.contains("new\n"), "the reader saw a change")
        #expect(try ring.published(daemon).kids == ["w1", "w2"])
        // Nothing is left beside them.
        let names = try FileManager.default.contentsOfDirectory(atPath: file.deletingLastPathComponent().path)
        #expect(Set(names) == ["jwks.json", "openid-configuration"])
    }

    @Test("A file that somebody changed or removed is there again after a reload")
    func mended() throws {
        let ring = PublishedRing()
        let daemon = try ring.daemon()
        let before = try Data(contentsOf: ring.file(daemon, "jwks.json"))
        try FileManager.default.removeItem(at: ring.file(daemon, "openid-configuration"))
        try Data("{\"keys\":[]}".utf8).write(to: ring.file(daemon, "jwks.json"))
        try daemon.reloadAnew()
        #expect(try Data(contentsOf: ring.file(daemon, "jwks.json")) == before)
        #expect(FileManager.default.fileExists(atPath: ring.file(daemon, "openid-configuration").path))
    }

    @Test("JWKS-1 a ring that is broken at the start leaves what was published of it as it is")
    func brokenAtStart() throws {
        let ring = PublishedRing()
        let daemon = try ring.daemon()
        #expect(daemon.stop() == 0)
        // The first ring of the test daemon has none of its files in this configuration; another keeps it alive.
        try daemon.configure(
            ring.settings
                + "\n[keyring.default]\nalgorithm = \"HS512\"\n[profile.default]\nissuer = \"i\"\naudiences = [\"a\"]\n"
        )
        try Data("{".utf8).write(to: ring.directory(of: daemon).appending(path: "half.jwk"))
        try daemon.start()
        #expect(daemon.log.text.contains("half.jwk"))
        #expect(try ring.published(daemon).kids == ["w1"])
        try FileManager.default.removeItem(at: ring.directory(of: daemon).appending(path: "half.jwk"))
        try daemon.reloadAnew()
        #expect(try ring.published(daemon).kids == ["w1"])
    }

    @Test("a FIFO in the place of the file stops nothing; it is replaced, and so is a file with another mode")
    func fifo() throws {
        let ring = PublishedRing()
        let daemon = try ring.daemon()
        let file = ring.file(daemon, "jwks.json")
        try FileManager.default.removeItem(at: file)
        try #require(try Program.run("mkfifo", [file.path]).status == 0)
        try daemon.reloadAnew()
        #expect(try ring.published(daemon).kids == ["w1"])
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: file.path)
        try daemon.reloadAnew()
        let attributes = try FileManager.default.attributesOfItem(atPath: file.path)
        #expect(attributes[.posixPermissions] as? Int == 0o644)
    }

    @Test(
        "a daemon that is not root publishes into a directory of somebody else that it may write in",
        .enabled(if: getuid() == 0, "needs root, to start the daemon as another user"))
    func foreignDirectory() throws {
        let ring = PublishedRing()
        let daemon = try TestDaemon(prepared: ring.settings.replacingOccurrences(of: NSUserName(), with: "*"))
        let directory = daemon.directory.appending(path: "public")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: false)
        try FileManager.default.setAttributes([.posixPermissions: 0o777], ofItemAtPath: directory.path)
        try ring.makeKey("w1", in: daemon)
        let owner = OtherUser.stranger
        for path in [daemon.directory, daemon.directory.appending(path: "keys")] {
            try #require(try Program.run("chown", [owner, path.path]).status == 0)
        }
        try #require(try Program.run("chown", ["-R", owner, ring.directory(of: daemon).path]).status == 0)
        try #require(try Program.run("chown", [owner, daemon.configuration.path]).status == 0)
        try daemon.start(wrapper: ["setpriv", "--reuid=\(owner)", "--regid=\(owner)", "--clear-groups"])
        #expect(try ring.published(daemon).kids == ["w1"])
        let attributes = try FileManager.default.attributesOfItem(atPath: ring.file(daemon, "jwks.json").path)
        #expect(attributes[.ownerAccountID] as? Int == Int(owner))
    }

    @Test("a reload that fails for one file of public keys leaves none that was not there before")
    func withdrawn() throws {
        let ring = PublishedRing()
        let daemon = try ring.daemon()
        try daemon.makeKey(in: "api", "ES256", kid: "a1")
        try FileManager.default.createDirectory(
            at: daemon.directory.appending(path: "other"), withIntermediateDirectories: false)
        let moved = ring.settings.replacingOccurrences(of: "public/jwks.json", with: "other/jwks.json")
        try daemon.configure(
            moved + "\n[keyring.api]\nalgorithm = \"ES256\"\npublish = \"missing/jwks.json\"\n")
        let refused = try daemon.reload()
        #expect(refused.errorMessage?.contains("missing/jwks.json") == true, "\(refused)")
        let left = try FileManager.default.contentsOfDirectory(atPath: daemon.directory.appending(path: "other").path)
        #expect(left == [])
        #expect(try ring.published(daemon).kids == ["w1"])
    }
}
