import JOSE
import Keys
import OpenSSL
import POSIX
import StrictJSON
import Testing

/// What tools say and do with the keys of a directory, sealed and plain ones.
@Suite struct LivesOfToolsTests {
    private static let now: Int64 = 1_800_000_000

    @Test("a listing tells until when a key verifies, what it signed last, and that one without a secret never signs")
    func lives() throws {
        let folder = try KeyFolder()
        try folder.writeKey("a.jwk", kid: "a", more: "\"exp\":\(Self.now + 60),")
        try folder.writeKey("v.jwk", kid: "v", byte: 2, more: #""key_ops":["verify"],"#)
        var history = KeyHistory()
        let ring = try folder.load().0.with(["a": KeyRecord(latestExpiry: Self.now + 9)], verifierCache: 0)
        history.adopt([(ring, 900)], at: Self.now)
        let knowledge = RingKnowledge(
            verifierCache: 0, leeway: 30, longestLife: 900, publishesItself: false, history: history)
        let lives = try KeyListing(folder.place()).lives(of: "default", knowledge, at: Self.now)
        #expect(lives.verifiesUntil("a") == Self.now + 90)
        #expect(lives.latestExpiry("a") == Self.now + 9)
        #expect(lives.signsFrom("a") == 0)
        #expect(lives.signsFrom("v") == nil && lives.latestExpiry("v") == nil && lives.verifiesUntil("v") == nil)
    }

    @Test("ROT-1 rotate follows a sealed key with a sealed one, and a plain one with what was asked for")
    func rotation() throws {
        let keks = try KEKFolder()
        let kek = try keks.makeKEK()
        try keks.keys.writeKey("old.jwk", kid: "old", more: #""alg":"HS512","#)
        let place = keks.keys.place(keks: [kek])
        let rotation = KeyRotation(place, .none)
        let asked = try rotation.rotate(nil, lead: 0, isSealed: true, now: Self.now)
        #expect(asked.file.hasSuffix(".jwe"))
        _ = try KeySealing(place).seal()
        let followed = try rotation.rotate(nil, lead: 60, isSealed: nil, now: Self.now)
        #expect(followed.file.hasSuffix(".jwe"))
        let plain = try rotation.rotate(nil, lead: 120, isSealed: false, now: Self.now)
        #expect(plain.file.hasSuffix(".jwk"))
    }

    @Test("rotate in a directory without keys makes a plain one that signs at once, if it is told for what")
    func rotationOfNothing() throws {
        let folder = try KeyFolder()
        let rotation = KeyRotation(folder.place(), .none)
        #expect(throws: KeyError.self) { try rotation.rotate(nil, lead: 0, isSealed: nil, now: Self.now) }
        let made = try rotation.rotate(.hs512, lead: 0, isSealed: nil, now: Self.now)
        #expect(made.notBefore == Self.now && made.file.hasSuffix(".jwk"))
        #expect(try folder.kids() == [made.kid])
    }

    private func check(_ jwk: String) throws -> TokenCheck.Verdict {
        let folder = try KeyFolder()
        try folder.writeKey("signer.jwk", kid: "signer")
        var header: [UInt8] = []
        Base64URL.append(Array(#"{"alg":"HS512"}"#.utf8).span, to: &header)
        let input = String(decoding: header, as: UTF8.self) + ".e30"
        let signature = try #require(try folder.load().0.keys.first).sign(input)
        return try TokenCheck(keyFile: folder.write("key.jwk", jwk)).verify(
            Array("\(input).".utf8) + signature, maximumDepth: 32)
    }

    @Test("a token checked by a revoked key is revoked; by octets without a kid, the kid is said to be none")
    func tokenCheck() throws {
        #expect(try check(KeyFolder.jwk(kid: "a", more: #""revoked":true,"#)) == .revoked(kid: "a"))
        let nameless = KeyFolder.jwk(kid: "a").replacing(#""kid":"a","#, with: "")
        #expect(try check(nameless) == .valid(.hs512, kid: "none"))
    }
}
