import SignetConfiguration
import StrictJSON
import Testing

/// `publish` and `verifier_cache`: the public keys of a ring, and how long others may keep them.
@Suite struct PublicationTests {
    /// A ring of key pairs with `lines` added.
    private func ring(_ name: String, _ lines: String = "", algorithm: String = "ES256") -> String {
        "[keyring.\(name)]\nalgorithm = \"\(algorithm)\"\n\(lines)\n"
    }

    private func profile(_ name: String, issuer: String = "https://auth.example.com") -> String {
        "[profile.\(name)]\nissuer = \"\(issuer)\"\naudiences = [\"a\"]\n"
    }

    private func settings(_ lines: String) throws -> KeyringSettings {
        try #require(try decode(ring("a", lines)).settings.keyrings.first)
    }

    @Test("a ring publishes nothing and no key waits, unless it says so")
    func defaults() throws {
        let ring = try settings("")
        #expect(ring.publish == nil)
        #expect(ring.verifierCache == 0)
    }

    @Test(
        "ROT-1 verifiers may cache keys for up to a week",
        arguments: [("0s", 0), ("1s", 1), ("5m", 300), ("7d", 604_800), ("604800s", 604_800)] as [(String, Int64)])
    func verifierCache(_ text: String, _ seconds: Int64) throws {
        #expect(try settings("verifier_cache = \"\(text)\"").verifierCache == seconds)
    }

    @Test("ROT-1 and no longer", arguments: ["\"8d\"", "\"604801s\"", "\"\"", "\"5\"", "300", "\"-1s\""])
    func refusedVerifierCache(_ value: String) {
        let found = problems(ring("a", "verifier_cache = \(value)"))
        #expect(found.count == 1)
        #expect(found.first?.hasPrefix("3:18: 'verifier_cache' in [keyring.a] must be ") == true)
    }

    @Test("an HMAC ring may have a verifier_cache: its verifiers may ask the daemon")
    func verifierCacheOfHMAC() {
        #expect(problems(ring("a", "verifier_cache = \"1h\"", algorithm: "HS256")) == [])
    }

    @Test("the published file is below the directory of the file that names it, or absolute")
    func path() throws {
        #expect(try settings("publish = \"public/jwks.json\"").publish == "/etc/signet/public/jwks.json")
        #expect(try settings("publish = \"/srv/jwks.json\"").publish == "/srv/jwks.json")
    }

    @Test(
        "publish names a file, and not the OpenID document's",
        arguments: [
            "", "public/", "public/.", "..", "/", "openid-configuration", "/srv/openid-configuration", "a\\nb",
        ])
    func refusedPaths(_ path: String) {
        let found = problems(ring("a", "publish = \"\(path)\""))
        #expect(found.count == 1)
        #expect(found.first?.hasPrefix("3:11: 'publish' in [keyring.a] must ") == true)
    }

    @Test("JWKS-1 every ring of key pairs can publish", arguments: ["RS256", "PS512", "ES384", "EdDSA", "Ed448"])
    func keyPairs(_ algorithm: String) {
        #expect(problems(ring("a", "publish = \"p/jwks.json\"", algorithm: algorithm)) == [])
    }

    @Test("JWKS-1 an HMAC ring cannot: it has no public keys", arguments: ["HS256", "HS384", "HS512"])
    func refusedHMAC(_ algorithm: String) {
        #expect(
            problems(ring("a", "publish = \"p/jwks.json\"", algorithm: algorithm)) == [
                "3:11: 'publish' in [keyring.a] cannot be: the keys of this ring are HMAC keys, which are secret and "
                    + "have no public half"
            ])
    }

    @Test("two rings publish in two files")
    func twoFiles() {
        #expect(problems(ring("a", "publish = \"p/a.json\"") + ring("b", "publish = \"p/b.json\"")) == [])
    }

    @Test(
        "two rings cannot publish in one file",
        arguments: ["p/a.json", "./p//a.json", "/etc/signet/p/a.json", "p/x/../a.json"])
    func oneFile(_ path: String) {
        #expect(
            problems(ring("a", "publish = \"p/a.json\"") + ring("b", "publish = \"\(path)\"")).map { $0.prefix(70) }
                == [
                    "4:1: [keyring.b] and [keyring.a] publish their keys in the same file, "
                ])
    }

    @Test("rings with issuers that are URLs publish into a directory each")
    func twoDirectories() {
        let two = ring("a", "publish = \"a/jwks.json\"") + ring("b", "publish = \"b/jwks.json\"")
        #expect(problems(two + profile("a") + profile("b")) == [])
    }

    @Test("into one directory they cannot, since the OpenID document of both would be one file")
    func oneDirectory() {
        let one = ring("a", "publish = \"p/a.json\"") + ring("b", "publish = \"./p/b.json\"")
        let found = problems(one + profile("a") + profile("b", issuer: "http://b"))
        #expect(found.count == 1)
        #expect(found.first?.contains("[keyring.b] and [keyring.a] publish into one directory") == true)
        #expect(found.first?.contains("the one file \"openid-configuration\" there") == true)
    }

    @Test(
        "unless the issuer of one is no URL", arguments: ["auth", "HTTPS://auth", "https:/auth", "urn:x:https://", " "])
    func otherIssuers(_ issuer: String) {
        let one = ring("a", "publish = \"p/a.json\"") + ring("b", "publish = \"p/b.json\"")
        #expect(problems(one + profile("a") + profile("b", issuer: issuer)) == [])
    }

    @Test(
        "keys are not published among private ones",
        arguments: [
            "keys/a/jwks.json", "keys/b/jwks.json", "keys/b", "keys/x/../b/p/jwks.json", "/etc/signet/keys/b/j",
        ])
    func amongKeys(_ path: String) {
        let found = problems(ring("a", "publish = \"\(path)\"") + ring("b"))
        #expect(found.count == 1)
        #expect(found.first?.contains("[keyring.a] publishes its keys in") == true)
        #expect(found.first?.contains("inside the key directory of [keyring.") == true)
    }

    @Test("beside them they may be", arguments: ["keys/jwks.json", "keys/bb/jwks.json", "keys/b.json", "b/jwks.json"])
    func besideKeys(_ path: String) {
        #expect(problems(ring("a", "publish = \"\(path)\"") + ring("b")) == [])
    }
}
