import JOSE
import OpenSSL
import StrictJSON
import Testing

/// Keys bound to algorithms.
@Suite struct KeyMaterialTests {
    init() throws { try LockedMemory.open() }

    @Test("there is a key of every kind to test with")
    func kinds() {
        #expect(KeyKind.all.count == 6)
    }

    @Test(
        "KEY-1 octets are as long as the hash, or longer",
        arguments: [(Algorithm.hs256, 32), (.hs384, 48), (.hs512, 64)])
    func octets(_ algorithm: Algorithm, _ length: Int) throws {
        #expect(try KeyMaterial(octets: SecretBytes(count: length), algorithm).canSign)
        #expect(try KeyMaterial(octets: SecretBytes(count: length + 1), algorithm).canSign)
        for count in [0, 1, length - 1] {
            #expect(throws: KeyMaterial.Misfit.tooShort(bytes: count, needs: length)) {
                try KeyMaterial(octets: SecretBytes(count: count), algorithm)
            }
        }
    }

    @Test("KEY-3 KEY-5 a key pair goes with its own algorithms and no other", arguments: KeyKind.all)
    func matrix(_ kind: KeyKind) throws {
        for algorithm in Algorithm.allCases {
            for jwk in [kind.sample, kind.sample.publicHalf] {
                let refusal = jwk.refusal(algorithm)
                if kind.algorithms.contains(algorithm) {
                    #expect(refusal == nil, "\(algorithm)")
                    #expect(jwk.with("alg", algorithm.name).refusal(algorithm) == nil)
                } else {
                    #expect(refusal as? KeyMaterial.Misfit == .wrongType, "\(algorithm)")
                    let named = jwk.with("alg", algorithm.name).refusal(kind.algorithm) as? JWKError
                    #expect(named?.problem == "\"alg\" is \(algorithm.name), which is not for keys of this type")
                }
            }
        }
        #expect(throws: KeyMaterial.Misfit.wrongType) {
            try KeyMaterial(octets: SecretBytes(count: 64), kind.algorithm)
        }
    }

    @Test(
        "a key signs and verifies under each of its algorithms, with signatures of one length", arguments: KeyKind.all)
    func signs(_ kind: KeyKind) throws {
        for algorithm in kind.algorithms {
            let material = try kind.sample.material(algorithm)
            let half = try kind.sample.publicHalf.material(algorithm)
            #expect(material.canSign && !half.canSign)
            let token = try material.token("aGVhZGVy.cGF5bG9hZA")
            #expect(try material.verifies(token))
            #expect(try half.verifies(token))
            #expect(try !half.verifies("b" + token))
            #expect(try !kind.other.material(algorithm).verifies(token))
            #expect(throws: OpenSSLError.self) { try half.token("aGVhZGVy.cGF5bG9hZA") }
            let signature = try decode(String(try #require(token.split(separator: ".").last)))
            #expect(try material.makeContext().signatureLength == signature.count)
            #expect(try half.makeContext().signatureLength == signature.count)
            #expect(material.algorithm == algorithm)
        }
    }

    @Test("what is signed begins where the caller says, and stands before its signature unchanged")
    func appended() throws {
        let material = try #require(KeyKind.all.last).sample.material(.ed448)
        var output = Array("earlier line\na.b".utf8)
        try material.makeContext().appendSignature(to: &output, from: 13)
        let text = String(decoding: output, as: UTF8.self)
        #expect(text.hasPrefix("earlier line\na.b."))
        #expect(try material.verifies(String(text.dropFirst(13))))
        #expect(try !material.verifies(text))
    }

    @Test("a key has one fingerprint, whatever its algorithm and whichever half; another key has another")
    func fingerprints() throws {
        var seen: Set<[UInt8]> = []
        for kind in KeyKind.all {
            let fingerprint = try kind.sample.material(kind.algorithm).fingerprint
            for algorithm in kind.algorithms {
                #expect(try kind.sample.material(algorithm).fingerprint == fingerprint)
                #expect(try kind.sample.publicHalf.material(algorithm).fingerprint == fingerprint)
            }
            seen.insert(fingerprint)
            seen.insert(try kind.other.material(kind.algorithm).fingerprint)
        }
        #expect(seen.count == 12)
    }

    @Test("octets have one fingerprint whatever the algorithm, other octets have another, and it is none of them")
    func octetFingerprints() throws {
        func fingerprint(_ byte: UInt8, _ algorithm: Algorithm = .hs256, count: Int = 64) throws -> [UInt8] {
            try KeyMaterial(octets: SecretBytes(copying: Array(repeating: byte, count: count)), algorithm).fingerprint
        }
        #expect(try fingerprint(1) == fingerprint(1))
        #expect(try fingerprint(1, .hs512) == fingerprint(1))
        #expect(try fingerprint(1, .hs384) == fingerprint(1))
        #expect(try fingerprint(2) != fingerprint(1))
        #expect(try fingerprint(1, count: 63) != fingerprint(1))
        #expect(try !fingerprint(1).contains(1) || fingerprint(1) != Array(repeating: 1, count: 32))
        #expect(try fingerprint(1).count == 32)
    }
}
