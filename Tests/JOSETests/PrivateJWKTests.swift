import Foundation
import JOSE
import OpenSSL
import StrictJSON
import Testing

/// Keys written with their secrets, and read again.
@Suite struct PrivateJWKTests {
    init() throws { try LockedMemory.open() }

    private func members(_ file: borrowing SecretBytes) throws -> [String: Any] {
        try #require(try JSONSerialization.jsonObject(with: Data(file.copy)) as? [String: Any])
    }

    private func pair(_ jwk: TestJWK) throws -> KeyPair {
        try #require(try JWK(SecretBytes(copying: Array(jwk.json.utf8))).keyPair)
    }

    @Test("a key pair comes back as it was written, with every number", arguments: KeyKind.all)
    func roundTrip(_ kind: KeyKind) throws {
        for algorithm in kind.algorithms {
            let file = try PrivateJWK.write(pair(kind.sample), algorithm, kid: "a\"b", issuedAt: 1_800_000_000)
            var written = try members(file)
            #expect(written.removeValue(forKey: "iat") as? Int == 1_800_000_000)
            let expected = kind.sample.with("use", "sig").with("alg", algorithm.name).with("kid", "a\"b")
            #expect(written as? [String: String] == expected.members)
            let jwk = try JWK(file)
            #expect(jwk.keyID == "a\"b")
            #expect(jwk.algorithm == algorithm)
            #expect(jwk.times == KeyTimes(issuedAt: 1_800_000_000))
            let material = try jwk.material(for: algorithm)
            #expect(material.canSign)
            #expect(try material.fingerprint == kind.sample.material(algorithm).fingerprint)
            #expect(try kind.sample.publicHalf.material(algorithm).verifies(material.token("a.b")))
            #expect(file.copy.last == UInt8(ascii: "\n"))
        }
    }

    @Test("an RSA key without its primes is written without them, and signs")
    func withoutPrimes() throws {
        let rsa = try #require(KeyKind.all.first)
        let bare = rsa.sample.without("p", "q", "dp", "dq", "qi")
        let file = try PrivateJWK.write(pair(bare), .ps256, kid: "k", issuedAt: nil)
        #expect(try Set(members(file).keys) == ["kty", "n", "e", "d", "use", "alg", "kid"])
        let material = try JWK(file).material(for: .ps256)
        #expect(try material.fingerprint == rsa.sample.material(.rs256).fingerprint)
        #expect(try rsa.sample.material(.ps256).verifies(material.token("a.b")))
    }

    @Test("a public half is written as such", arguments: KeyKind.all)
    func publicHalf(_ kind: KeyKind) throws {
        let file = try PrivateJWK.write(pair(kind.sample.publicHalf), kind.algorithm, kid: "k", issuedAt: nil)
        #expect(try Set(members(file).keys) == Set(kind.sample.publicHalf.members.keys).union(["use", "alg", "kid"]))
        #expect(try !JWK(file).material(for: kind.algorithm).canSign)
    }

    @Test("octets come back as they were written", arguments: [0, 1, 32, 64, 65, 1_000])
    func octets(_ count: Int) throws {
        let octets = (0..<count).map { UInt8(truncatingIfNeeded: $0 * 7) }
        let file = try PrivateJWK.write(octets: SecretBytes(copying: octets), .hs256, kid: "k", issuedAt: nil)
        let k = try #require(members(file)["k"] as? String)
        #expect(try decode(k) == octets)
        #expect(try Set(members(file).keys) == ["kty", "use", "alg", "kid", "k"])
        guard count >= 32 else { return }
        let expected = try KeyMaterial(octets: SecretBytes(copying: octets), .hs256).fingerprint
        #expect(try JWK(file).material(for: .hs256).fingerprint == expected)
    }

    @Test("a number that begins with zeros keeps its length on a curve")
    func leadingZeros() throws {
        // d = 1: the public half is the curve's base point (SEC 2 section 2.4.2).
        let one = TestJWK(members: [
            "kty": "EC", "crv": "P-256", "d": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE",
            "x": "axfR8uEsQkf4vOblY6RA8ncDfYEt6zOg9KE5RdiYwpY", "y": "T-NC4v4af5uO5-tKfA-eFivOM1drMV7Oy7ZAaDe_UfU",
        ])
        let file = try PrivateJWK.write(pair(one), .es256, kid: "k", issuedAt: nil)
        #expect(try members(file)["d"] as? String == one["d"])
        #expect(try JWK(file).material(for: .es256).canSign)
    }

    @Test("a secret that is too large for a file is an error, not a crash")
    func tooLarge() throws {
        #expect(throws: SecretMemoryError.exhausted) {
            _ = try PrivateJWK.write(octets: SecretBytes(count: 30_000), .hs256, kid: "k", issuedAt: nil)
        }
    }

    // In a process of its own, since the arena's mark is the whole process's.
    @Test("the arena stays as it is over 500 keys of each kind, read, written and let go")
    func noLeak() async {
        await #expect(processExitsWith: .success) {
            try LockedMemory.open()
            guard SecretMemory.isLocked else { return }
            let files = KeyKind.all.map { ($0.sample, $0.algorithm) }
            func round() throws {
                for (jwk, algorithm) in files {
                    let file = try SecretBytes(copying: Array(jwk.json.utf8))
                    let pair = try #require(try JWK(file).keyPair)
                    _ = try PrivateJWK.write(pair, algorithm, kid: "k", issuedAt: nil).count
                    // What fails leaves nothing either.
                    #expect(jwk.with("x", "AAAA").with("n", "AAAA").with("e", "AQ").refusal(algorithm) != nil)
                }
            }
            for _ in 0..<20 { try round() }
            let used = SecretMemory.usage.used
            for _ in 0..<500 { try round() }
            #expect(SecretMemory.usage.used - used < 3_000)
        }
    }
}
