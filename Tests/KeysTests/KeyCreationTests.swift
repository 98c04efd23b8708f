import Foundation
import JOSE
import Keys
import OpenSSL
import POSIX
import StrictJSON
import Testing

@Suite struct KeyCreationTests {
    private let folder: KeyFolder

    init() throws { folder = try KeyFolder() }

    private func attributes(_ path: String) throws -> (mode: Int?, owner: Int?, group: Int?) {
        let attributes = try FileManager.default.attributesOfItem(atPath: path)
        return (
            attributes[.posixPermissions] as? Int, attributes[.ownerAccountID] as? Int,
            attributes[.groupOwnerAccountID] as? Int
        )
    }

    private func create(
        _ algorithm: Algorithm = .hs512, kid: ByteString? = nil, now: Int64 = 1_800_000_000
    ) throws(KeyError) -> (kid: ByteString, file: String) {
        try KeyCreation(directory: folder.path).createKey(algorithm, kid: kid, now: now)
    }

    @Test("KEY-1 a new key of every algorithm is admitted and signs", arguments: Algorithm.allCases)
    func loadsBack(_ algorithm: Algorithm) throws {
        let made = try create(algorithm, kid: "2026-a")
        #expect(made.kid == "2026-a")
        #expect(made.file == folder.file("2026-a.jwk"))
        let (ring, warnings) = try folder.load(algorithm)
        #expect(warnings.isEmpty)
        let key = try #require(ring.keys.first)
        #expect(ring.keys.count == 1)
        #expect(key.kid == "2026-a")
        #expect(key.file == made.file)
        #expect(key.canSign)
        #expect(key.times == KeyTimes(issuedAt: 1_800_000_000))
        #expect(try key.verifies(key.sign("a.b"), "a.b"))
        #expect(try !key.verifies(key.sign("a.b"), "a.c"))
    }

    @Test(
        "THUMB-1 a new key pair's kid is its thumbprint, which a new reader finds again",
        arguments: Algorithm.allCases.filter { $0.newKeyPair != nil })
    func thumbprint(_ algorithm: Algorithm) throws {
        let made = try create(algorithm)
        #expect(made.kid.bytes.count == 43)
        #expect(made.file == folder.file(made.kid.text + ".jwk"))
        let key = try #require(try folder.load(algorithm).0.keys.first)
        #expect(key.kid == made.kid)
        #expect(try key.material.publicHalf?.thumbprint() == made.kid)
        let data = try Data(contentsOf: URL(filePath: made.file))
        let jwk = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        #expect(jwk["alg"] as? String == algorithm.name)
        #expect(jwk["kid"] as? String == made.kid.text)
        #expect(jwk["d"] is String)
        #expect(try create(algorithm).kid != made.kid)
    }

    @Test(
        "KEY-1 a new HMAC key's file is a JWK as RFC 7517 has it, as long as its algorithm's hash",
        arguments: [(Algorithm.hs256, 32), (.hs384, 48), (.hs512, 64)])
    func contents(_ algorithm: Algorithm, _ length: Int) throws {
        let made = try create(algorithm, kid: "k")
        let data = try Data(contentsOf: URL(filePath: made.file))
        let jwk = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        #expect(Set(jwk.keys) == ["kty", "use", "alg", "kid", "iat", "k"])
        #expect(jwk["kty"] as? String == "oct")
        #expect(jwk["use"] as? String == "sig")
        #expect(jwk["alg"] as? String == algorithm.name)
        #expect(jwk["kid"] as? String == "k")
        #expect(jwk["iat"] as? Int == 1_800_000_000)
        let k = try #require(jwk["k"] as? String)
        #expect(Base64URL.decode(Array(k.utf8).span)?.count == length)
        #expect(data.last == UInt8(ascii: "\n"))
    }

    @Test("a new key is its owner's alone, and nothing else is left in the directory")
    func mode() throws {
        let made = try create()
        #expect(try attributes(made.file).mode == 0o600)
        #expect(try folder.names == [made.kid.text + ".jwk"])
    }

    @Test("the mode is exact whatever the directory's own bits are", arguments: [0o700, 0o755, 0o2755])
    func modeOfDirectory(_ mode: Int) throws {
        try folder.setMode(mode, folder.path)
        #expect(try attributes(try create().file).mode == 0o600)
    }

    @Test("without a kid, each key has a random one of 64 bits, and other octets")
    func randomKid() throws {
        var kids: Set<ByteString> = []
        for _ in 0..<20 {
            let kid = try create().kid
            #expect(kid.bytes.count == 16)
            #expect(kid.bytes.allSatisfy { "0123456789abcdef".utf8.contains($0) })
            kids.insert(kid)
        }
        #expect(kids.count == 20)
        let ring = try folder.load().0
        #expect(Set(ring.keys.map(\.kid)) == kids)
        for (index, key) in ring.keys.enumerated() {
            for other in ring.keys[..<index] { #expect(key.material.fingerprint != other.material.fingerprint) }
        }
    }

    @Test(
        "a kid that can name a file is taken",
        arguments: ["a", "2026-08.web_1", "-", "_", "A.jwk", String(repeating: "k", count: 200)])
    func givenKid(_ kid: String) throws {
        #expect(try create(kid: ByteString(kid)).kid == ByteString(kid))
        #expect(try folder.kids() == [ByteString(kid)])
    }

    @Test(
        "a kid that cannot name a file is refused, and nothing is written",
        arguments: [
            "", ".", "..", ".hidden", "a/b", "../a", "/etc/passwd", "a b", "a\u{0}", "a\n", "é", "a\"", "a\\", "~",
            "a:b",
            String(repeating: "k", count: 201),
        ])
    func refusedKid(_ kid: String) throws {
        do throws(KeyError) {
            _ = try create(kid: ByteString(kid))
            Issue.record("a key was made")
        } catch {
            #expect(error.file == folder.path)
            #expect(error.problem == "cannot name a file after the kid \(ByteString(kid).quoted)")
            #expect(error.fix.hasPrefix("use letters, digits"))
        }
        #expect(try folder.names.isEmpty)
        #expect(!FileManager.default.fileExists(atPath: folder.parent + "/a.jwk"))
    }

    @Test("an existing key is never overwritten, and the attempt leaves nothing behind")
    func existing() throws {
        let made = try create(kid: "k")
        let before = try Data(contentsOf: URL(filePath: made.file))
        #expect(throws: KeyError(made.file, "exists already", fix: "choose another kid, or remove it first")) {
            try create(kid: "k", now: 1_900_000_000)
        }
        #expect(try Data(contentsOf: URL(filePath: made.file)) == before)
        #expect(try folder.names == ["k.jwk"])
    }

    @Test("a link in the new key's place is not followed")
    func link() throws {
        let target = folder.parent + "/target"
        try FileManager.default.createSymbolicLink(atPath: folder.file("k.jwk"), withDestinationPath: target)
        #expect(throws: KeyError(folder.file("k.jwk"), "exists already", fix: "choose another kid, or remove it first"))
        {
            try create(kid: "k")
        }
        #expect(!FileManager.default.fileExists(atPath: target))
        #expect(try folder.names == ["k.jwk"])
    }

    @Test("what a crash left behind is in nobody's way")
    func afterCrash() throws {
        for name in [".k.jwk.new", ".new", ".k.jwk"] { try folder.write(name, "half a k") }
        #expect(try folder.kids().isEmpty)
        _ = try create(kid: "k")
        #expect(try folder.kids() == ["k"])
        #expect(try folder.names == [".k.jwk", ".k.jwk.new", ".new", "k.jwk"])
    }

    @Test("a missing directory is an error that names the file")
    func noDirectory() throws {
        try FileManager.default.removeItem(atPath: folder.path)
        do throws(KeyError) {
            _ = try create(kid: "k")
            Issue.record("a key was made")
        } catch {
            #expect(error.file == folder.path)
            #expect(error.problem == "does not exist")
            #expect(error.fix == "make it: mkdir -m 0700 \(folder.path)")
        }
    }

    @Test(
        "a key that root makes goes to the directory's owner", .enabled(if: Tester.isRoot, "only root gives files away")
    )
    func owner() throws {
        #expect(try attributes(try create(kid: "roots").file).owner == 0)
        try folder.setOwner(4_711, group: 4_712, folder.path)
        let made = try attributes(try create(kid: "theirs").file)
        #expect(made.mode == 0o600)
        #expect(made.owner == 4_711)
        #expect(made.group == 4_712)
        #expect(folder.refusal(user: 4_711) == nil)
    }
}
