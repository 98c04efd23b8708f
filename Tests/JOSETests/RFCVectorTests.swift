import JOSE
import OpenSSL
import StrictJSON
import Testing

/// The examples of RFC 7515 appendix A, RFC 7520 section 4 and RFC 8037 appendix A.
@Suite struct RFCVectorTests {
    init() throws { try LockedMemory.open() }

    @Test(
        "SIG-1 SIG-2 SIG-3 an RFC's token verifies under its key, and under its public half", arguments: RFCVectors.all)
    func verifies(_ vector: RFCVectors.Vector) throws {
        let material = try vector.key.material(vector.algorithm)
        #expect(try material.verifies(vector.token))
        if vector.algorithm.newKeyPair != nil {
            #expect(try vector.key.publicHalf.material(vector.algorithm).verifies(vector.token))
        }
        // Any change of any character of header or payload, and another end of the signature.
        for position in stride(from: 0, to: vector.signingInput.utf8.count, by: 7) {
            var bytes = Array(vector.token.utf8)
            bytes[position] = bytes[position] == UInt8(ascii: "A") ? UInt8(ascii: "B") : UInt8(ascii: "A")
            #expect(try !material.verifies(String(decoding: bytes, as: UTF8.self)))
        }
        let other = try #require(RFCVectors.all.first { $0.signature != vector.signature })
        #expect(try !material.verifies(vector.signingInput + "." + other.signature))
        #expect(try !material.verifies(vector.signingInput + ".AAAA"))
    }

    @Test(
        "an RFC's token is made again, byte for byte where the algorithm has one signature", arguments: RFCVectors.all)
    func signs(_ vector: RFCVectors.Vector) throws {
        let material = try vector.key.material(vector.algorithm)
        let token = try material.token(vector.signingInput)
        #expect((token == vector.token) == vector.isDeterministic)
        #expect(token.utf8.count == vector.token.utf8.count)
        #expect(try material.verifies(token))
    }

    @Test("ALG-1 an RFC's token does not verify under another algorithm of its key", arguments: RFCVectors.all)
    func otherAlgorithm(_ vector: RFCVectors.Vector) throws {
        let key = vector.key.without("alg")
        var refused = 0
        for algorithm in Algorithm.allCases where algorithm.mechanism != vector.algorithm.mechanism {
            guard let material = try? key.material(algorithm) else { continue }
            refused += 1
            #expect(try !material.verifies(vector.token), "\(algorithm)")
        }
        if vector.algorithm == .rs256 || vector.algorithm == .ps384 { #expect(refused == 5) }
    }

    @Test("THUMB-1 RFC 7638 section 3.1 and RFC 8037 appendix A.3")
    func thumbprints() throws {
        func thumbprint(_ jwk: TestJWK, _ algorithm: Algorithm) throws -> String {
            try #require(try jwk.material(algorithm).publicHalf).thumbprint().text
        }
        let rsa = TestJWK(members: RSAVectors.thumbprint)
        #expect(try thumbprint(rsa, .rs256) == "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs")
        #expect(try thumbprint(RFCVectors.ed25519, .edDSA) == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k")
        #expect(
            try thumbprint(RFCVectors.ed25519.publicHalf, .ed25519) == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k")
    }

    @Test("RFC 8037 appendix A.1 and A.2: the private half makes the public one")
    func edwardsPublicHalf() throws {
        let pair = try #require(try JWK(SecretBytes(copying: Array(RFCVectors.ed25519.json.utf8))).keyPair)
        #expect(
            try pair.rawPublicKey().prefix(4) == [0xD7, 0x5A, 0x98, 0x01]
                && pair.rawPublicKey().suffix(2) == [0x51, 0x1A])
        #expect(try encode(pair.rawPrivateKey().copy) == RFCVectors.ed25519["d"])
    }
}
