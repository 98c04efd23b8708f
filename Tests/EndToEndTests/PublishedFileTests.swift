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
        try FileManager.default.removeItem(at: list)
        try daemon.reloadAnew()
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
            try daemon.reloadAnew()
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
}
