import JOSE
import Keys
import OpenSSL
import StrictJSON
import Testing

/// Which key of a ring signs and which verify, at a clock that is passed in.
@Suite struct KeyringTests {
    private static let now: Int64 = 1_800_000_000

    init() throws { try LockedMemory.open() }

    private func key(
        _ kid: ByteString, iat: Int64? = nil, nbf: Int64? = nil, exp: Int64? = nil, revoked: Bool = false,
        canSign: Bool = true
    ) throws -> Key {
        Key(
            kid: kid, material: try KeyMaterial(octets: SecretBytes(count: 32), .hs256), canSign: canSign,
            times: KeyTimes(issuedAt: iat, notBefore: nbf, expires: exp, isRevoked: revoked), file: "\(kid.text).jwk")
    }

    private func ring(_ keys: [Key]) -> Keyring { Keyring(name: "default", algorithm: .hs256, keys: keys) }

    /// The kid of the key that signs.
    private func signer(_ keys: [Key], at now: Int64 = now) -> ByteString? {
        // The order that the keys come in decides nothing.
        let choices = [keys, keys.reversed()].map { keys in
            let ring = ring(keys)
            return ring.signingKey(at: now).map { ring.keys[$0].kid }
        }
        #expect(choices[0] == choices[1])
        return choices[0]
    }

    /// What a token's kid, as JSON has it, leads to.
    private func match(_ ring: Keyring, _ kid: String, at now: Int64 = now, leeway: Int64 = 0) throws -> Keyring.Match {
        let bytes = Array("\"\(kid)\"".utf8)
        var index = JSONIndex()
        try index.read(bytes.span, maximumDepth: 1)
        return ring.verificationKey(try #require(index.root.text), in: bytes.span, at: now, leeway: leeway)
    }

    @Test("ROT-1 of the usable keys the one with the latest nbf signs")
    func latest() throws {
        let keys = try [key("a", nbf: 100), key("b", nbf: 300), key("c", nbf: 200)]
        #expect(signer(keys) == "b")
        #expect(signer(keys, at: 250) == "c")
        #expect(signer(keys, at: 199) == "a")
        #expect(signer(keys, at: 100) == "a")
    }

    @Test("ROT-1 a key whose nbf lies ahead does not sign, not even when it is the only one")
    func notYet() throws {
        #expect(signer(try [key("a", nbf: Self.now + 1)]) == nil)
        #expect(signer(try [key("a", nbf: Self.now)]) == "a")
        #expect(signer(try [key("a", nbf: 1), key("b", nbf: Self.now + 1)]) == "a")
        #expect(signer(try [key("a", iat: Self.now + 1)]) == nil)
    }

    @Test("a missing nbf is iat, else 0")
    func missingTimes() throws {
        #expect(try key("a", iat: 5).notBefore == 5)
        #expect(try key("a", iat: 5, nbf: 3).notBefore == 3)
        #expect(try key("a").notBefore == 0)
        #expect(signer(try [key("a", nbf: 10), key("b", iat: 20), key("c")]) == "b")
    }

    @Test("equal nbf: the later iat signs, then the greater kid by bytes")
    func ties() throws {
        #expect(signer(try [key("b", iat: 1, nbf: 9), key("a", iat: 2, nbf: 9)]) == "a")
        #expect(signer(try [key("a", nbf: 9), key("b", nbf: 9)]) == "b")
        #expect(signer(try [key("a", nbf: 9), key("B", nbf: 9)]) == "a")
        #expect(signer(try [key("a", nbf: 9), key("aa", nbf: 9)]) == "aa")
        #expect(signer(try [key("caf\u{E9}", nbf: 9), key("cafe\u{301}", nbf: 9)]) == "caf\u{E9}")
        #expect(signer(try [key("b", nbf: 9), key("a", iat: 1, nbf: 9)]) == "a")
    }

    @Test("a key signs until its exp")
    func expiry() throws {
        #expect(signer(try [key("a", exp: Self.now + 1)]) == "a")
        #expect(signer(try [key("a", exp: Self.now)]) == nil)
        #expect(signer(try [key("a", nbf: 1), key("b", nbf: 2, exp: Self.now)]) == "a")
    }

    @Test("a revoked key, and one that may only verify, do not sign")
    func cannotSign() throws {
        #expect(signer(try [key("a", nbf: 1), key("b", nbf: 2, revoked: true)]) == "a")
        #expect(signer(try [key("a", nbf: 1), key("b", nbf: 2, canSign: false)]) == "a")
        #expect(signer(try [key("a", revoked: true)]) == nil)
        #expect(signer(try [key("a", canSign: false)]) == nil)
        #expect(signer([]) == nil)
    }

    // Verification.

    @Test("HDR-4 next, current and previous keys verify, found by kid, escaped or not")
    func found() throws {
        let ring = ring(try [key("next", nbf: Self.now + 99), key("now", nbf: 2), key("old", nbf: 1, canSign: false)])
        for kid in ["next", "now", "old", #"n\u006fw"#] {
            guard case .key(let position) = try match(ring, kid) else {
                Issue.record("\(kid) was not found")
                continue
            }
            #expect(ring.keys[position].kid == (kid.hasPrefix(#"n\"#) ? "now" : ByteString(kid)))
        }
    }

    @Test(
        "HDR-4 any other kid is unknown",
        arguments: [
            "", "k2", "K", "k ", #"k\u0000"#, "../k", "'", #"\""#, "*", "%", "\u{212A}", "k\u{301}", "k.jwk", "0",
        ])
    func unknown(_ kid: String) throws {
        #expect(try match(ring([key("k")]), kid) == .unknown)
        #expect(try match(ring([]), kid) == .unknown)
    }

    @Test("HDR-4 a revoked key verifies nothing, and is told apart from an unknown one")
    func revoked() throws {
        let ring = ring(try [key("a", revoked: true), key("b", exp: 1, revoked: true)])
        #expect(try match(ring, "a") == .revoked)
        #expect(try match(ring, "b") == .revoked)
        #expect(try match(ring, "c") == .unknown)
    }

    @Test("a key verifies until its exp and the leeway are over")
    func expiredKey() throws {
        let ring = ring(try [key("a", exp: Self.now)])
        #expect(try match(ring, "a", at: Self.now - 1) == .key(0))
        #expect(try match(ring, "a", at: Self.now) == .unknown)
        #expect(try match(ring, "a", at: Self.now + 29, leeway: 30) == .key(0))
        #expect(try match(ring, "a", at: Self.now + 30, leeway: 30) == .unknown)
    }

    @Test("HDR-4 a token without kid is verified by the only key that verifies")
    func only() throws {
        let ring = ring(try [key("a", nbf: 3, revoked: true), key("b", nbf: 2), key("c", nbf: 1, exp: Self.now)])
        #expect(ring.onlyVerificationKey(at: Self.now, leeway: 0) == .key(1))
    }

    @Test("HDR-4 a token without kid is refused where several keys verify, or none")
    func notOnly() throws {
        let several = ring(try [key("a", nbf: 3), key("b", nbf: 2), key("c", nbf: 1, exp: Self.now)])
        #expect(several.onlyVerificationKey(at: Self.now, leeway: 0) == .unknown)
        let next = ring(try [key("a"), key("b", nbf: Self.now + 99)])
        #expect(next.onlyVerificationKey(at: Self.now, leeway: 0) == .unknown)
        let late = ring(try [key("a", nbf: 2), key("b", nbf: 1, exp: Self.now)])
        #expect(late.onlyVerificationKey(at: Self.now, leeway: 0) == .key(0))
        #expect(late.onlyVerificationKey(at: Self.now, leeway: 30) == .unknown)
        #expect(ring([]).onlyVerificationKey(at: Self.now, leeway: 0) == .unknown)
        #expect(ring(try [key("a", revoked: true)]).onlyVerificationKey(at: Self.now, leeway: 0) == .unknown)
    }
}
