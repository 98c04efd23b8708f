import Foundation
import JOSE
import Keys
import StrictJSON
import Testing

/// What a directory of keys holds: all of it is admitted, or nothing.
@Suite struct KeyDirectoryTests {
    private let folder: KeyFolder

    init() throws { folder = try KeyFolder() }

    @Test("every *.jwk is a key; other names and hidden files are ignored")
    func names() throws {
        try folder.writeKey("a.jwk", kid: "a", byte: 1)
        try folder.writeKey("2026 é.jwk", kid: "b", byte: 2)
        for ignored in [
            "a.jwk~", "a.JWK", "jwk", ".jwk", ".a.jwk", ".a.jwk.new", "a.json", "a.jwk.bak", "README", "a.jwk\u{301}",
        ] {
            try folder.write(ignored, "not a key")
        }
        try FileManager.default.createDirectory(atPath: folder.file("old"), withIntermediateDirectories: false)
        let (ring, warnings) = try folder.load()
        #expect(Set(ring.keys.map(\.kid)) == ["a", "b"])
        #expect(warnings.isEmpty)
        #expect(ring.name == "default")
        #expect(ring.algorithm == .hs512)
    }

    @Test("an empty directory is a ring without keys")
    func empty() throws {
        #expect(try folder.kids().isEmpty)
    }

    @Test("a key keeps what its file says")
    func members() throws {
        let path = try folder.writeKey(
            "k.jwk", kid: "k", more: #""key_ops":["verify"],"iat":1,"nbf":2,"exp":3,"alg":"HS512","use":"sig","#)
        let key = try #require(try folder.load().0.keys.first)
        #expect(key.file == path)
        #expect(!key.canSign)
        #expect(key.times == KeyTimes(issuedAt: 1, notBefore: 2, expires: 3))
        #expect(key.algorithm == .hs512)
    }

    @Test(
        "KEY-1 a key as long as the hash is admitted",
        arguments: [(Algorithm.hs256, 32), (.hs384, 48), (.hs512, 64), (.hs256, 33), (.hs512, 200)])
    func longEnough(_ algorithm: Algorithm, _ count: Int) throws {
        try folder.writeKey("k.jwk", kid: "k", count: count)
        #expect(try folder.kids(algorithm) == ["k"])
    }

    @Test(
        "KEY-1 a key shorter than the hash is refused",
        arguments: [(Algorithm.hs256, 31), (.hs384, 47), (.hs512, 63), (.hs256, 1), (.hs512, 32)])
    func tooShort(_ algorithm: Algorithm, _ count: Int) throws {
        let file = try folder.writeKey("k.jwk", kid: "k", count: count)
        let error = try #require(folder.refusal(algorithm))
        #expect(error.file == file)
        let needs = [Algorithm.hs256: 32, .hs384: 48, .hs512: 64][algorithm]
        #expect(
            try error.problem == "is too short: \(count) bytes where \(algorithm.name) needs \(#require(needs))")
        #expect(error.fix.contains("signet key new"))
    }

    @Test("ALG-1 a key of another algorithm than the ring's is refused")
    func otherAlgorithm() throws {
        let file = try folder.writeKey("k.jwk", kid: "k", more: #""alg":"HS256","#)
        #expect(try folder.kids(.hs256) == ["k"])
        let error = try #require(folder.refusal(.hs512))
        #expect(error.file == file)
        #expect(error.problem == "is a key for HS256 in a ring for HS512")
        #expect(folder.refusal(.es256)?.problem == "is a key for HS256 in a ring for ES256")
    }

    @Test("a key without kid is refused")
    func noKid() throws {
        let jwk = KeyFolder.jwk(kid: "k").replacingOccurrences(of: "\"kid\":\"k\",", with: "")
        let file = try folder.write("k.jwk", jwk)
        let error = try #require(folder.refusal())
        #expect(error.file == file)
        #expect(error.problem == "has no \"kid\"")
        #expect(error.fix.contains("add a \"kid\""))
    }

    @Test(
        "a file that holds no key is refused, and named with what is wrong",
        arguments: [
            ("{", "is no valid JSON object"), ("\u{0}\u{0}", "is no valid JSON object (offset 0)"),
            (#"{"kty":"oct","kty":"oct"}"#, "has a member twice"), (#"{"kty":"oct","kid":"k"}"#, "has no \"k\""),
            (#"{"kty":"oct","kid":"k","k":"AA="}"#, "\"k\" must be base64url without padding"),
        ])
    func noKey(_ contents: String, _ problem: String) throws {
        try folder.writeKey("a.jwk", kid: "a")
        let file = try folder.write("b.jwk", contents)
        let error = try #require(folder.refusal())
        #expect(error.file == file)
        #expect(error.problem == problem)
        #expect(error.fix.contains("signet key new"))
        #expect(error.description == "\(file): \(problem); \(error.fix)")
    }

    @Test("KEY-5 a key for encryption is refused")
    func encryptionKey() throws {
        try folder.writeKey("k.jwk", kid: "k", more: #""use":"enc","#)
        #expect(folder.refusal()?.problem == "\"use\" must be \"sig\": this key is meant for something else")
    }

    @Test("an empty file and one beyond 64 KiB are refused; one of 64 KiB is read")
    func size() throws {
        let empty = try folder.write("e.jwk", "")
        #expect(folder.refusal()?.file == empty)
        #expect(folder.refusal()?.problem == "is empty")
        try FileManager.default.removeItem(atPath: empty)

        let jwk = KeyFolder.jwk(kid: "k")
        let largest = jwk + String(repeating: " ", count: 65_536 - jwk.utf8.count)
        let file = try folder.write("k.jwk", largest)
        #expect(try folder.kids() == ["k"])
        try folder.write("k.jwk", largest + " ")
        #expect(folder.refusal()?.file == file)
        #expect(folder.refusal()?.problem == "is larger than 65536 bytes")
    }

    // Two files, one kid.

    @Test("two files with one kid and the same key are one key, with a warning")
    func twins() throws {
        let first = try folder.writeKey("a.jwk", kid: "k")
        let second = try folder.writeKey("b.jwk", kid: "k")
        let (ring, warnings) = try folder.load()
        #expect(ring.keys.map(\.file) == [first])
        #expect(warnings == ["\(second) holds the same key as \(first)"])
    }

    @Test(
        "two files with one kid and the same key: revoked in one is revoked",
        arguments: [("a.jwk", "b.jwk"), ("b.jwk", "a.jwk")])
    func revokedTwin(_ good: String, _ revoked: String) throws {
        try folder.writeKey(good, kid: "k")
        try folder.writeKey(revoked, kid: "k", more: #""revoked":{"revoked_at":1},"#)
        let (ring, warnings) = try folder.load()
        #expect(ring.keys.map(\.times.isRevoked) == [true])
        #expect(warnings.count == 1)
    }

    @Test("two files with one kid and different keys are refused")
    func rivals() throws {
        let first = try folder.writeKey("a.jwk", kid: "k", byte: 1)
        let second = try folder.writeKey("b.jwk", kid: "k", byte: 2)
        let error = try #require(folder.refusal())
        #expect(error.file == second)
        #expect(error.problem == "its kid \"k\" is that of another key, in \(first)")
        #expect(error.fix == "remove one of the two")
    }

    @Test("UNI-1 two kids that Swift's String calls equal are two keys")
    func kidsByBytes() throws {
        try folder.writeKey("a.jwk", kid: "caf\u{E9}", byte: 1)
        try folder.writeKey("b.jwk", kid: "cafe\u{301}", byte: 2)
        #expect(Set(try folder.kids()) == ["caf\u{E9}", "cafe\u{301}"])
    }

    @Test("a missing directory, and a file in its place, are refused")
    func noDirectory() throws {
        let missing = KeyDirectory(path: folder.file("none"), user: 0)
        #expect(
            throws: KeyError(folder.file("none"), "does not exist", fix: "make it, then a key with `signet key new`")
        ) {
            try missing.load(ring: "default", algorithm: .hs256, keks: .none)
        }
        let file = try folder.write("file", "x")
        #expect(throws: KeyError(file, "is no directory", fix: "name the directory that holds the keys")) {
            try KeyDirectory(path: file, user: 0).load(ring: "default", algorithm: .hs256, keks: .none)
        }
    }

    @Test("no error of a directory tells a byte of its keys")
    func silence() throws {
        try folder.writeKey("a.jwk", kid: "k", byte: 0x61)
        for (name, contents) in [
            ("b.jwk", KeyFolder.jwk(kid: "k", byte: 0x62)), ("c.jwk", KeyFolder.jwk(kid: "c", byte: 0x62) + "x"),
            ("d.jwk", KeyFolder.jwk(kid: "d", byte: 0x62, count: 20)),
        ] {
            let file = try folder.write(name, contents)
            let text = try #require(folder.refusal()).description
            #expect(!text.contains("YmJi"), "\(text)")
            #expect(!text.contains("YWFh"), "\(text)")
            try FileManager.default.removeItem(atPath: file)
        }
    }
}
