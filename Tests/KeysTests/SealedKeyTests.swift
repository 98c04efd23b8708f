import Foundation
import JOSE
import Keys
import OpenSSL
import POSIX
import StrictJSON
import Testing

@Suite("Sealed keys in a keyring's directory") struct SealedKeyTests {
    private let folder: KEKFolder
    private var keys: KeyFolder { folder.keys }

    init() throws { folder = try KEKFolder() }

    @Test("a sealed key of every algorithm loads and signs", arguments: Algorithm.allCases)
    func loads(_ algorithm: Algorithm) throws {
        let kek = try folder.makeKEK()
        let place = keys.place(keks: [kek])
        let made = try KeyCreation(sealing: place).createKey(algorithm, kid: "k", now: 1_800_000_000)
        #expect(made.file == keys.file("k.jwe"))
        #expect(try keys.names == ["k.jwe"])
        let (ring, warnings) = try keys.load(algorithm, keks: [kek])
        #expect(warnings.isEmpty)
        let key = try #require(ring.keys.first)
        #expect(key.kid == "k" && key.canSign && key.file == made.file)
        #expect(key.times == KeyTimes(issuedAt: 1_800_000_000))
        #expect(try key.verifies(key.sign("a.b"), "a.b"))
        let listing = try KeyListing(place)
        #expect(listing.keys.map(\.kid) == ["k"])
        #expect(listing.errors.isEmpty)
    }

    @Test("the key is not readable in its file, which its owner alone can read")
    func unreadable() throws {
        let file = try folder.sealKey("k", under: folder.makeKEK())
        let text = try String(contentsOfFile: file, encoding: .utf8)
        #expect(!text.contains("AQEBAQEBAQEB") && !text.contains("\n"))
        #expect(try FileManager.default.attributesOfItem(atPath: file)[.posixPermissions] as? Int == 0o600)
    }

    @Test("SEAL-4 a key that was sealed for another keyring is refused")
    func otherRing() throws {
        let kek = try folder.makeKEK()
        let file = try folder.sealKey("k", under: kek, ring: "web")
        #expect(keys.refusal(ring: "web", keks: [kek]) == nil)
        for ring in ["default", "Web", "web ", "we"] as [ByteString] {
            let error = try #require(keys.refusal(ring: ring, keks: [kek]))
            #expect(error.file == file)
            #expect(error.problem == "is sealed for the keyring \"web\", not for \(ring.quoted)")
            #expect(error.fix == "move it to the directory of its own ring")
        }
    }

    @Test("SEAL-4 a key that says that it is for this keyring, and was sealed for another, does not open")
    func forgedRing() throws {
        let kek = try folder.makeKEK()
        let file = try folder.sealKey("k", under: kek, ring: "web")
        var parts = try String(contentsOfFile: file, encoding: .utf8).split(
            separator: ".", omittingEmptySubsequences: false
        ).map(String.init)
        let header = Base64URL.decode(Array(parts[0].utf8).span)
        let forged = String(decoding: try #require(header), as: UTF8.self).replacing("\"web\"", with: "\"default\"")
        var text: [UInt8] = []
        Base64URL.append(Array(forged.utf8).span, to: &text)
        parts[0] = String(decoding: text, as: UTF8.self)
        try keys.write("k.jwe", parts.joined(separator: "."))
        #expect(keys.refusal(keks: [kek])?.problem.hasPrefix("does not open with the KEK \"kek\"") == true)
    }

    @Test("SEAL-5 the KEK is found by its kid: in any place of the list, and none other is tried")
    func kekByKid() throws {
        let (old, new) = (try folder.makeKEK("old"), try folder.makeKEK("new"))
        let file = try folder.sealKey("k", under: old)
        #expect(keys.refusal(keks: [old]) == nil)
        #expect(keys.refusal(keks: [new, old]) == nil)
        let error = try #require(keys.refusal(keks: [new]))
        #expect(error.file == file)
        #expect(error.problem == "is sealed under the KEK \"old\", which is none of those named: \"new\"")
        #expect(error.fix == "name it too, behind the first")
    }

    @Test("SEAL-5 without a KEK, a ring with a sealed key is refused, and one without is not")
    func noKEK() throws {
        let file = try folder.sealKey("k", under: folder.makeKEK())
        let error = try #require(keys.refusal())
        #expect(error.file == file)
        #expect(error.problem == "is sealed under the KEK \"kek\", and no KEK is named")
        #expect(error.fix == "name it: `kek` in [server], or --kek")
        try FileManager.default.removeItem(atPath: file)
        #expect(keys.refusal() == nil)
    }

    @Test("SEAL-5 another key under the KEK's name does not open")
    func wrongKEK() throws {
        let kek = try folder.makeKEK()
        let file = try folder.sealKey("k", under: kek)
        try FileManager.default.removeItem(atPath: kek)
        try folder.makeKEK()
        let error = try #require(keys.refusal(keks: [kek]))
        #expect(error.file == file)
        #expect(
            error.problem
                == "does not open with the KEK \"kek\" of \(kek): that is another key, or the file was changed")
        #expect(error.fix.contains("restore the file"))
    }

    @Test("SEAL-5 a KEK that cannot be read breaks the rings that need it, and tells why")
    func brokenKEK() throws {
        let (good, bad) = (try folder.makeKEK("good"), try folder.makeKEK("bad"))
        try folder.sealKey("k", under: bad)
        try keys.setMode(0o644, bad)
        let keks = KeyEncryptionKeys.read([good, bad], user: ThisProcess.userID)
        #expect(keks.failures.map(\.problem) == ["everyone can read the KEK file"])
        let error = try #require(keys.refusal(keks: [good, bad]))
        #expect(error.problem == "is sealed under the KEK \"bad\"")
        #expect(error.fix.contains("\(bad): everyone can read the KEK file; chmod 0600"))
        try FileManager.default.removeItem(atPath: keys.file("k.jwe"))
        try folder.sealKey("k", under: good)
        #expect(keys.refusal(keks: [good, bad]) == nil)
    }

    @Test("SEAL-1 a cut, empty or foreign file is refused, and one bad file refuses all")
    func broken() throws {
        let kek = try folder.makeKEK()
        try folder.sealKey("a", under: kek)
        let file = try folder.sealKey("b", byte: 2, under: kek)
        let text = try String(contentsOfFile: file, encoding: .utf8)
        for (contents, problem) in [
            (String(text.prefix(100)), "is no JWE in compact serialization: 1 segments where there must be 5"),
            (String(text.dropLast(10)), "its authentication tag has 9 bytes where there must be 16"),
            ("", "is empty"), (KeyFolder.jwk(kid: "k"), "is a JWE in JSON serialization, not in the compact one"),
        ] {
            try keys.write("b.jwe", contents)
            let error = try #require(keys.refusal(keks: [kek]))
            #expect(error.file == file)
            #expect(error.problem == problem)
        }
        try keys.write("b.jwe", text + "\n")
        #expect(keys.refusal(keks: [kek]) == nil)
        try keys.setMode(0o644, file)
        #expect(keys.refusal(keks: [kek])?.problem == "everyone can read the key file")
    }

    @Test("what was sealed keeps all rules of keys: a short one is refused, a revoked one is revoked")
    func rules() throws {
        let kek = try folder.makeKEK()
        try keys.writeKey("k.jwk", kid: "k", count: 48, more: #""alg":"HS384","revoked":{"revoked_at":1},"#)
        _ = try KeySealing(keys.place(keks: [kek])).seal()
        #expect(try keys.load(.hs384, keks: [kek]).0.keys.map(\.times.isRevoked) == [true])
        let error = try #require(keys.refusal(.hs512, keks: [kek]))
        #expect(error.problem == "is a key for HS384 in a ring for HS512")
        #expect(error.file == keys.file("k.jwe"))
    }

    @Test("a list without the KEK names the sealed keys as errors, and shows the others")
    func list() throws {
        let kek = try folder.makeKEK()
        try folder.sealKey("a", under: kek)
        try keys.writeKey("b.jwk", kid: "b", byte: 2)
        let listing = try KeyListing(keys.place())
        #expect(listing.keys.map(\.kid) == ["b"])
        #expect(listing.errors.map(\.file) == [keys.file("a.jwe")])
        let missing = try KeyListing(keys.place(keks: [kek, folder.path("none")]))
        #expect(missing.keys.map(\.kid) == ["a", "b"])
        #expect(missing.errors.map(\.problem) == ["does not exist"])
    }
}
