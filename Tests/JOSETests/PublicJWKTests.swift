import Foundation
import JOSE
import OpenSSL
import StrictJSON
import Testing

/// What verifiers get of a key, and its name.
@Suite struct PublicJWKTests {
    init() throws { try LockedMemory.open() }

    private static let privateNames: Set<String> = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"]

    private func text(_ material: KeyMaterial, kid: ByteString = "k") throws -> String {
        var output: [UInt8] = []
        try #require(material.publicHalf).append(kid: kid, material.algorithm, to: &output)
        return String(decoding: output, as: UTF8.self)
    }

    @Test("JWKS-1 a published key has its public members alone, with kty, use, alg and kid", arguments: KeyKind.all)
    func members(_ kind: KeyKind) throws {
        let withoutPrimes = kind.sample.without("p", "q", "dp", "dq", "qi")
        for jwk in [kind.sample, kind.sample.publicHalf, kind.other, withoutPrimes] {
            for algorithm in kind.algorithms {
                let published = try text(jwk.material(algorithm))
                let object = try JSONSerialization.jsonObject(with: Data(published.utf8)) as? [String: String]
                let members = try #require(object)
                var expected = jwk.publicHalf.members
                expected["use"] = "sig"
                expected["alg"] = algorithm.name
                expected["kid"] = "k"
                #expect(members == expected)
                #expect(Self.privateNames.isDisjoint(with: members.keys))
                for name in Self.privateNames {
                    if let secret = jwk.members[name] { #expect(!published.contains(secret), "\(name)") }
                }
            }
        }
    }

    @Test("JWKS-1 octets have no public half")
    func octets() throws {
        for algorithm in [Algorithm.hs256, .hs384, .hs512] {
            #expect(try KeyMaterial(octets: SecretBytes(count: 64), algorithm).publicHalf == nil)
        }
    }

    @Test("THUMB-1 the members stand in lexicographic order, without white space", arguments: KeyKind.all)
    func order(_ kind: KeyKind) throws {
        let published = try text(kind.sample.material(kind.algorithm))
        let required = kind.sample.publicHalf.members
        let expected = required.keys.sorted().map { "\"\($0)\":\"\(required[$0] ?? "")\"" }.joined(separator: ",")
        #expect(published == "{\(expected),\"use\":\"sig\",\"alg\":\"\(kind.algorithm.name)\",\"kid\":\"k\"}")
    }

    @Test("a kid is escaped as JSON wants it")
    func kid() throws {
        let material = try #require(KeyKind.all.last).sample.material(.ed448)
        #expect(try text(material, kid: "a\"\\\n\u{1}é").hasSuffix(#""kid":"a\"\\\n\u0001é"}"#))
    }

    @Test("a published key reads back as the same key, which only verifies", arguments: KeyKind.all)
    func readsBack(_ kind: KeyKind) throws {
        for algorithm in kind.algorithms {
            let material = try kind.sample.material(algorithm)
            let jwk = try JWK(SecretBytes(copying: Array(text(material, kid: "2026").utf8)))
            #expect(jwk.keyID == "2026")
            #expect(jwk.algorithm == algorithm)
            let half = try jwk.material(for: algorithm)
            #expect(half.fingerprint == material.fingerprint)
            #expect(!half.canSign)
            #expect(try half.verifies(material.token("a.b")))
        }
    }

    @Test("THUMB-1 extra members, the private half and the algorithm change no thumbprint", arguments: KeyKind.all)
    func extraMembers(_ kind: KeyKind) throws {
        func thumbprint(_ jwk: TestJWK, _ algorithm: Algorithm) throws -> ByteString {
            try #require(try jwk.material(algorithm).publicHalf).thumbprint()
        }
        let expected = try thumbprint(kind.sample, kind.algorithm)
        #expect(expected.bytes.count == 43)
        for algorithm in kind.algorithms {
            let more = kind.sample.with("alg", algorithm.name).with("kid", "other").with("use", "sig").with(
                "x-note", "?")
            for jwk in [kind.sample, kind.sample.publicHalf, more] {
                #expect(try thumbprint(jwk, algorithm) == expected)
            }
        }
        #expect(try thumbprint(kind.other, kind.algorithm) != expected)
        if case .rsa = kind.kind {
            // RFC 7518 section 2: as few octets as the number needs.
            let padded = try kind.sample.publicHalf.with("n", encode([0, 0] + decode(kind.sample["n"])))
            #expect(try thumbprint(padded.with("e", "AAEAAQ"), .rs256) == expected)
        }
    }
}
