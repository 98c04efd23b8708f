import Foundation
import JOSE
import Keys
import OpenSSL
import StrictJSON
import Testing

@Suite("Keys that people bring along") struct KeyImportTests {
    private let folder: KeyFolder
    private static let now: Int64 = 1_800_000_000

    init() throws { folder = try KeyFolder() }

    /// RFC 7517 appendix A.2's EC key; its kid is "1".
    private static let ec = """
        {"kty":"EC","crv":"P-256","x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",\
        "y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM","d":"870MB6gfuTJ4HtUnUvYMyJpr5eUZNP4Bk43bVdj3eAE"MORE}
        """

    /// A file outside of the key directory.
    private func source(_ contents: String, mode: Int = 0o600) throws -> String {
        let path = folder.parent + "/source-\(UUID().uuidString)"
        try Data(contents.utf8).write(to: URL(filePath: path))
        try folder.setMode(mode, path)
        return path
    }

    private func ec(_ more: String = "") throws -> String {
        try source(Self.ec.replacingOccurrences(of: "MORE", with: more))
    }

    private func write(
        _ file: String, _ algorithm: Algorithm? = nil, kid: ByteString? = nil
    ) throws(KeyError) -> KeyImport.Outcome {
        try KeyImport(file: file).write(to: .directory(folder.path), algorithm, kid: kid, now: Self.now)
    }

    private func refusal(_ body: () throws(KeyError) -> Void) -> KeyError? {
        do throws(KeyError) {
            try body()
            return nil
        } catch { return error }
    }

    @Test("an imported JWK loads, with its own kid, its curve's algorithm and this moment as iat")
    func jwk() throws {
        let outcome = try write(try ec(#","kid":"1""#))
        #expect(outcome.kid == "1")
        #expect(outcome.algorithm == .es256)
        #expect(outcome.canSign)
        #expect(outcome.file == folder.file("1.jwk"))
        #expect(outcome.warnings.isEmpty)
        let key = try #require(try folder.load(.es256).0.keys.first)
        #expect(key.canSign)
        #expect(key.times == KeyTimes(issuedAt: Self.now))
    }

    @Test("THUMB-1 without a kid, the thumbprint is the kid; a kid that is asked for wins over the file's")
    func kid() throws {
        let thumbprint = try KeyImport(file: try ec()).thumbprint()
        #expect(try write(try ec()).kid == thumbprint)
        #expect(try write(try ec(#","kid":"1""#), kid: "mine").kid == "mine")
        #expect(try KeyImport(file: ec(#","kid":"1","use":"sig""#)).thumbprint() == thumbprint)
    }

    @Test("what restricts a JWK stays: nbf, exp, iat, and key_ops without sign")
    func restrictions() throws {
        _ = try write(
            try ec(#","kid":"1","iat":1700000000,"nbf":1700000100,"exp":1900000000,"key_ops":["verify"]"#))
        let key = try #require(try folder.load(.es256).0.keys.first)
        #expect(key.times == KeyTimes(issuedAt: 1_700_000_000, notBefore: 1_700_000_100, expires: 1_900_000_000))
        #expect(!key.canSign)
    }

    @Test("octets keep every byte, and whether they may sign", arguments: ["", #""key_ops":["verify"],"#])
    func octets(_ more: String) throws {
        let file = try source(KeyFolder.jwk(kid: "o", byte: 7, count: 64, more: more))
        #expect(try write(file, .hs512).canSign == more.isEmpty)
        try folder.writeKey("twin.jwk", kid: "o", byte: 7, count: 64)
        // Another key under the same kid would be refused.
        #expect(try folder.load().warnings.count == 1)
    }

    @Test("a key that may be for several algorithms needs one; one that is for none of it is refused")
    func algorithm() throws {
        let octets = { try source(KeyFolder.jwk(kid: "o", count: $0)) }
        let ambiguous = try octets(64)
        let first = try #require(refusal { () throws(KeyError) in _ = try write(ambiguous) })
        #expect(first.problem == "does not say which of HS256, HS384, HS512 it is for")
        #expect(first.fix.contains("--algorithm"))
        // 32 bytes are enough for HS256 alone.
        #expect(try write(try octets(32), kid: "short").algorithm == .hs256)
        let tooShort = try octets(31)
        let second = try #require(refusal { () throws(KeyError) in _ = try write(tooShort) })
        #expect(second.problem == "is too short: 31 bytes where HS256 needs 32")
        let pair = try ec()
        let third = try #require(refusal { () throws(KeyError) in _ = try write(pair, .rs256) })
        #expect(third.problem == "is a key for ES256, not for RS256")
        let named = try ec(#","alg":"ES256""#)
        #expect(refusal { () throws(KeyError) in _ = try write(named, .es384) } != nil)
        #expect(try folder.names == ["short.jwk"])
    }

    @Test("a revoked key, octets without a kid and a kid that is no file name are refused")
    func refused() throws {
        let revoked = try ec(#","revoked":{"revoked_at":1}"#)
        #expect(refusal { () throws(KeyError) in _ = try write(revoked) }?.problem == "is a revoked key")
        let nameless = try source(#"{"kty":"oct","alg":"HS256","k":"\#(String(repeating: "A", count: 43))"}"#)
        #expect(refusal { () throws(KeyError) in _ = try write(nameless) }?.fix == "choose one with --kid")
        let strange = try ec(#","kid":"../x""#)
        let third = try #require(refusal { () throws(KeyError) in _ = try write(strange) })
        #expect(third.problem.contains("cannot name a file"))
        #expect(try folder.names.isEmpty)
    }

    @Test(
        "KEY-3 KEY-4 a key that breaks the rules is refused before anything is written",
        arguments: [("4Etl6S", "4Etl6T"), ("870MB6", "871MB6")])
    func brokenKey(_ original: String, _ changed: String) throws {
        let file = try source(
            Self.ec.replacingOccurrences(of: "MORE", with: "").replacingOccurrences(of: original, with: changed))
        #expect(refusal { () throws(KeyError) in _ = try write(file) }?.file == file)
        #expect(try folder.names.isEmpty)
    }

    @Test(
        "a file that holds no key says what it is",
        arguments: [
            ("", "is empty"), ("{}", "has no \"kty\""), ("no key", "holds no key in PEM"),
            ("0\u{1}x", "is DER, not text"), (#"{"keys":[]}"#, "is a JWK Set of 0 keys where one is wanted"),
            (String(repeating: " ", count: 65_537), "is larger than 65536 bytes"),
        ])
    func noKey(_ contents: String, _ problem: String) throws {
        let file = try source(contents)
        let error = refusal { () throws(KeyError) in _ = try write(file) }
        #expect(error?.problem == problem)
        #expect(error?.file == file)
        #expect(error?.fix.isEmpty == false)
    }

    @Test("a JWK Set of one key is that key")
    func keySet() throws {
        let file = try source(#"{"keys":[\#(Self.ec.replacingOccurrences(of: "MORE", with: ""))]}"#)
        #expect(try KeyImport(file: file).thumbprint() == KeyImport(file: try ec()).thumbprint())
        #expect(try write(file, kid: "set").canSign)
        #expect(try folder.load(.es256).0.keys.first?.canSign == true)
    }

    @Test("JWKS-1 the public half holds nothing private; octets have none, and no thumbprint")
    func publicHalf() throws {
        let json = try KeyImport(file: try ec()).publicJWK(nil, kid: "p")
        let members = try #require(try JSONSerialization.jsonObject(with: Data(json)) as? [String: Any])
        #expect(Set(members.keys) == ["kty", "crv", "x", "y", "use", "alg", "kid"])
        #expect(members["kid"] as? String == "p")
        let octets = KeyImport(file: try source(KeyFolder.jwk(kid: "o")))
        #expect(refusal { () throws(KeyError) in _ = try octets.publicJWK(.hs512, kid: nil) } != nil)
        #expect(refusal { () throws(KeyError) in _ = try octets.thumbprint() } != nil)
    }

    @Test("a secret that everyone could read is a warning; a public key is none")
    func openFile() throws {
        let secret = try source(Self.ec.replacingOccurrences(of: "MORE", with: ""), mode: 0o644)
        #expect(try write(secret).warnings.first?.hasPrefix("\(secret) can be read by everyone") == true)
        let half = try KeyImport(file: secret).publicJWK(nil, kid: "p")
        let open = try source(String(decoding: half, as: UTF8.self), mode: 0o644)
        #expect(try write(open).warnings.isEmpty)
    }

    @Test("a listing shows every key, and what is wrong with each file that holds none")
    func listing() throws {
        _ = try write(try ec(#","kid":"1","exp":1900000000"#))
        try folder.writeKey("old.jwk", kid: "old", more: #""exp":1700000000,"#)
        try folder.writeKey("gone.jwk", kid: "gone", more: #""revoked":true,"#)
        try folder.writeKey("next.jwk", kid: "next", byte: 2, more: #""nbf":1850000000,"#)
        try folder.write("set.jwks", #"{"keys":[\#(KeyFolder.jwk(kid: "s1")),\#(KeyFolder.jwk(kid: "s2"))]}"#)
        try folder.writeKey("twin.jwk", kid: "next", byte: 3)
        try folder.write("broken.jwk", "{")
        try folder.write(".hidden.jwk", "{")
        try folder.setMode(0o644, try folder.writeKey("open.jwk", kid: "open"))
        let listing = try KeyListing(folder.place())
        #expect(listing.keys.map(\.kid.text) == ["1", "gone", "next", "old", "s1", "s2"])
        #expect(listing.keys.map(\.type) == ["P-256", "oct", "oct", "oct", "oct", "oct"])
        let lives = listing.lives(of: "default", .none, at: Self.now)
        let states = listing.keys.map { lives.state($0.kid)?.rawValue ?? "none" }
        // No ring has keys of two types; here the P-256 key has the latest nbf of those that may sign.
        #expect(states == ["current", "revoked", "next", "gone", "previous", "previous"])
        #expect(listing.keys[0].algorithm == .es256 && listing.keys[1].algorithm == nil)
        #expect(listing.errors.map(\.file) == ["broken.jwk", "open.jwk", "twin.jwk"].map { folder.file($0) })
        #expect(listing.errors[2].problem.contains("that of another key"))
    }
}
