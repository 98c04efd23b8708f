import Foundation
import JOSE
import OpenSSL
import StrictJSON
import Testing

/// What makes a JWK no key: numbers out of range, halves of two keys, members that are missing.
@Suite struct KeyPairJWKTests {
    private let rsa: KeyKind

    init() throws {
        try LockedMemory.open()
        rsa = try #require(KeyKind.all.first)
    }

    @Test("KEY-2 a modulus of 2047 bits is refused, of 2048 taken")
    func modulus() throws {
        let short = try TestJWK.generate(.rsa(bits: 2_047), .rs256)
        for jwk in [short, short.publicHalf] {
            for algorithm in rsa.algorithms {
                #expect(jwk.refusal(algorithm) as? KeyMaterial.Misfit == .modulus(bits: 2_047))
            }
        }
        // A zero in front does not lengthen it.
        let padded = try short.publicHalf.with("n", encode([0] + decode(short["n"])))
        #expect(padded.refusal(.rs256) as? KeyMaterial.Misfit == .modulus(bits: 2_047))
        #expect(rsa.sample.refusal(.rs256) == nil)
        #expect(try KeyPair.generate(.rsa(bits: 2_048)).kind == .rsa(bits: 2_048))
    }

    @Test("KEY-2 a modulus beyond 16,384 bits is refused before anything is computed with it")
    func hugeModulus() throws {
        let huge = rsa.sample.publicHalf.with("n", encode([UInt8](repeating: 0xFF, count: 2_049)))
        #expect(huge.refusal(.rs256) as? KeyMaterial.Misfit == .modulus(bits: 16_392))
        let largest = rsa.sample.publicHalf.with("n", encode([UInt8](repeating: 0xFF, count: 40_000)))
        #expect(largest.refusal(.ps512) as? KeyMaterial.Misfit == .modulus(bits: 320_000))
    }

    @Test(
        "KEY-2 an odd public exponent from 3 to 64 bits is taken",
        arguments: [[3], [5], [1, 0, 1], [0x80, 0, 0, 0, 0, 0, 0, 1]])
    func exponent(_ exponent: [UInt8]) {
        #expect(rsa.sample.publicHalf.with("e", encode(exponent)).refusal(.rs256) == nil)
    }

    @Test(
        "KEY-2 a public exponent that is even, 1, 0, or beyond 64 bits is refused",
        arguments: [
            [1], [2], [4], [1, 0, 0], [0], [0, 1], [0, 0, 0, 2], [1, 0, 0, 0, 0, 0, 0, 0, 1],
            [UInt8](repeating: 0xFF, count: 256),
        ])
    func otherExponent(_ exponent: [UInt8]) {
        #expect(rsa.sample.publicHalf.with("e", encode(exponent)).refusal(.rs256) != nil)
        #expect(rsa.sample.with("e", encode(exponent)).refusal(.rs256) != nil)
    }

    @Test("KEY-2 a modulus that is even, prime or zero is refused")
    func otherModulus() throws {
        let n = try decode(rsa.sample["n"])
        let even = Array(n.dropLast()) + [(n.last ?? 0) ^ 1]
        #expect(
            rsa.sample.publicHalf.with("n", encode(even)).refusal(.rs256) as? KeyMaterial.Misfit == .invalidPublicHalf)
        #expect(rsa.sample.publicHalf.with("n", "AA").refusal(.rs256) != nil)
        #expect(rsa.sample.publicHalf.with("n", encode([UInt8](repeating: 0xFF, count: 256))).refusal(.rs256) != nil)
    }

    @Test("KEY-2 a key of more than two primes is refused")
    func manyPrimes() throws {
        for value in ["[]", "[{\"r\":\"AQAB\",\"d\":\"AQAB\",\"t\":\"AQAB\"}]", "null", "\"\""] {
            let text = rsa.sample.json.dropLast() + ",\"oth\":\(value)}"
            #expect(throws: JWKError.invalidMember("oth", "is not supported: RSA keys have two primes")) {
                _ = try JWK(SecretBytes(copying: Array(text.utf8)))
            }
        }
    }

    @Test("KEY-2 the numbers of the CRT are all there or all absent, and never without d")
    func crt() throws {
        let names = ["p", "q", "dp", "dq", "qi"]
        for name in names {
            #expect(throws: JWKError.self) { try rsa.sample.without(name).material(.rs256) }
            let alone = try rsa.sample.publicHalf.with("d", rsa.sample["d"]).with(name, rsa.sample[name])
            #expect(alone.refusal(.rs256) as? JWKError != nil)
        }
        #expect(rsa.sample.without("d").refusal(.rs256) as? JWKError == .missingMember("d"))
        let withoutPrimes = rsa.sample.without("p", "q", "dp", "dq", "qi")
        for algorithm in rsa.algorithms {
            let material = try withoutPrimes.material(algorithm)
            #expect(try rsa.sample.publicHalf.material(algorithm).verifies(material.token("a.b")))
        }
    }

    @Test("a missing number is named, an empty one or one in another alphabet too", arguments: KeyKind.all)
    func missing(_ kind: KeyKind) throws {
        for name in kind.sample.publicHalf.members.keys where name != "kty" && name != "crv" {
            #expect(kind.sample.without(name).refusal(kind.algorithm) as? JWKError == .missingMember(name))
        }
        for name in kind.sample.members.keys where name != "kty" && name != "crv" {
            let other = try String(repeating: "+", count: kind.sample[name].count)
            for value in ["", "=", "AAAA=", "a", other, other.replacingOccurrences(of: "+", with: "=")] {
                let problem = (kind.sample.with(name, value).refusal(kind.algorithm) as? JWKError)?.problem
                #expect(problem == "\"\(name)\" must be base64url without padding")
            }
        }
    }

    @Test(
        "KEY-3 each number of a curve has the curve's length, with its leading zeros",
        arguments: KeyKind.all.dropFirst())
    func lengths(_ kind: KeyKind) throws {
        for name in ["x", "y", "d"] where kind.sample.members[name] != nil {
            let bytes = try decode(kind.sample[name])
            for other in [Array(bytes.dropFirst()), [0] + bytes, bytes + [0]] {
                let problem = (kind.sample.with(name, encode(other)).refusal(kind.algorithm) as? JWKError)?.problem
                #expect(problem == "\"\(name)\" is \(other.count) bytes long where the curve has \(bytes.count)")
            }
        }
    }

    @Test("KEY-3 a point off the curve is refused", arguments: KeyKind.all.dropFirst().prefix(3))
    func offCurve(_ kind: KeyKind) throws {
        let (x, y) = try (kind.sample["x"], kind.sample["y"])
        let zero = try encode([UInt8](repeating: 0, count: decode(x).count))
        for jwk in [kind.sample, kind.sample.publicHalf] {
            for (otherX, otherY) in try [(y, x), (x, x), (zero, zero), (x, kind.other["y"])] {
                #expect(jwk.with("x", otherX).with("y", otherY).refusal(kind.algorithm) as? JWKError == .notAKey)
            }
        }
    }

    @Test("KEY-3 a curve belongs to its type, and is known by its exact name")
    func curves() throws {
        for kind in KeyKind.all.dropFirst() {
            #expect(kind.sample.without("crv").refusal(kind.algorithm) as? JWKError == .missingMember("crv"))
            let kty = try kind.sample["kty"] == "EC" ? "OKP" : "EC"
            let problem = (kind.sample.with("kty", kty).refusal(kind.algorithm) as? JWKError)?.problem
            #expect(try problem == "\"crv\" \"\(kind.sample["crv"])\" is no curve for \"\(kty)\"")
            for other in ["", "P-224", "secp256k1", "p-256", "P-256 ", "X25519", "X448", "ed25519", "Ed25519\\u0000"] {
                let problem = (kind.sample.with("crv", other).refusal(kind.algorithm) as? JWKError)?.problem
                #expect(problem?.hasPrefix("\"crv\" is none of P-256") == true)
            }
        }
    }

    @Test("KEY-4 the private half of one key does not go with the public half of another", arguments: KeyKind.all)
    func halves(_ kind: KeyKind) throws {
        let publicNames = ["n", "e", "x", "y"].filter { kind.sample.members[$0] != nil }
        let mixed = try kind.sample.with(publicNames, of: kind.other)
        for algorithm in kind.algorithms {
            #expect(mixed.refusal(algorithm) as? KeyMaterial.Misfit == .halvesDiffer)
            #expect(kind.sample.refusal(algorithm) == nil)
        }
    }

    @Test("KEY-4 no private number of RSA may be another's: d, p, q, dp, dq, qi")
    func rsaNumbers() throws {
        for names in [["d"], ["p"], ["q"], ["dp"], ["dq"], ["qi"], ["p", "q", "dp", "dq", "qi"], ["p", "dp"]] {
            let mixed = try rsa.sample.with(names, of: rsa.other)
            #expect(mixed.refusal(.rs256) as? KeyMaterial.Misfit == .halvesDiffer, "\(names)")
        }
        let exchanged = try rsa.sample.with("p", rsa.sample["q"]).with("q", rsa.sample["p"])
        #expect(exchanged.refusal(.ps256) as? KeyMaterial.Misfit == .halvesDiffer)
        let withoutPrimes = try rsa.sample.without("p", "q", "dp", "dq", "qi").with("d", rsa.other["d"])
        #expect(withoutPrimes.refusal(.rs256) as? KeyMaterial.Misfit == .halvesDiffer)
        for name in ["d", "p", "q", "dp", "dq", "qi"] {
            #expect(rsa.sample.with(name, "AA").refusal(.rs256) != nil, "\(name) = 0")
            #expect(rsa.sample.with(name, "AQ").refusal(.rs256) != nil, "\(name) = 1")
        }
    }

    @Test("KEY-4 a private number of EC lies from 1 to n − 1", arguments: KeyKind.all.dropFirst().prefix(3))
    func ecRange(_ kind: KeyKind) throws {
        let length = try decode(kind.sample["d"]).count
        for d in [[UInt8](repeating: 0, count: length), [UInt8](repeating: 0xFF, count: length)] {
            #expect(kind.sample.with("d", encode(d)).refusal(kind.algorithm) != nil)
        }
        guard kind.kind == .ec(.p521) else { return }
        // d + n fits 66 bytes, and makes the same signatures.
        let order = try decode(
            "Af__________________________________________-lGGh4O_L5Zrf8wBSPcJpdA7tcm4iZxHrrtvtx6ROGQJ")
        var carry = 0
        let sum = try zip(decode(kind.sample["d"]), order).reversed().map { left, right -> UInt8 in
            carry += Int(left) + Int(right)
            defer { carry >>= 8 }
            return UInt8(truncatingIfNeeded: carry)
        }
        #expect(kind.sample.with("d", encode(sum.reversed())).refusal(.es512) != nil)
    }

    @Test("KEY-5 a key pair that is meant for something else is refused", arguments: KeyKind.all)
    func use(_ kind: KeyKind) throws {
        #expect(kind.sample.with("use", "sig").refusal(kind.algorithm) == nil)
        #expect(kind.sample.with("use", "enc").refusal(kind.algorithm) as? JWKError != nil)
        #expect(kind.sample.with("key_ops", "sign").refusal(kind.algorithm) as? JWKError != nil)
        for (operations, canSign) in [("[\"sign\"]", true), ("[\"verify\"]", false), ("[\"verify\",\"sign\"]", true)] {
            let text = kind.sample.json.dropLast() + ",\"key_ops\":\(operations)}"
            #expect(try JWK(SecretBytes(copying: Array(text.utf8))).canSign == canSign)
        }
    }
}
