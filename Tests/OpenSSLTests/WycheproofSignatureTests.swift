import Foundation
import OpenSSL
import Testing

/// C2SP's Wycheproof vectors for signatures, under keys made of the vectors' own numbers.
@Suite(.enabled(if: Wycheproof.isThere, "there is no \(Wycheproof.folder.path)"))
struct WycheproofSignatureTests {
    init() throws { try LockedMemory.open() }

    struct Case: Sendable, CustomTestStringConvertible {
        let file: String
        let scheme: SignatureScheme
        let valid: Int
        let invalid: Int
        var testDescription: String { file }
    }

    static let cases: [Case] = [
        Case(
            file: "ecdsa_secp256r1_sha256_p1363", scheme: .ecdsa(digest: "SHA256", coordinateLength: 32), valid: 173,
            invalid: 89),
        Case(
            file: "ecdsa_secp384r1_sha384_p1363", scheme: .ecdsa(digest: "SHA384", coordinateLength: 48), valid: 193,
            invalid: 87),
        Case(
            file: "ecdsa_secp521r1_sha512_p1363", scheme: .ecdsa(digest: "SHA512", coordinateLength: 66), valid: 231,
            invalid: 87),
        Case(file: "ed25519", scheme: .edDSA, valid: 88, invalid: 63),
        Case(file: "ed448", scheme: .edDSA, valid: 17, invalid: 70),
        Case(file: "rsa_signature_2048_sha256", scheme: .rsaPKCS1(digest: "SHA256"), valid: 9, invalid: 249),
        Case(file: "rsa_signature_2048_sha384", scheme: .rsaPKCS1(digest: "SHA384"), valid: 7, invalid: 250),
        Case(file: "rsa_signature_2048_sha512", scheme: .rsaPKCS1(digest: "SHA512"), valid: 8, invalid: 250),
        Case(file: "rsa_pss_2048_sha256_mgf1_32", scheme: .rsaPSS(digest: "SHA256"), valid: 63, invalid: 45),
        Case(file: "rsa_pss_2048_sha384_mgf1_48", scheme: .rsaPSS(digest: "SHA384"), valid: 95, invalid: 46),
        Case(file: "rsa_pss_4096_sha512_mgf1_64", scheme: .rsaPSS(digest: "SHA512"), valid: 132, invalid: 47),
    ]

    @Test("SIG-1 Wycheproof signatures: every valid one verifies, no other does", arguments: cases)
    func vectors(_ example: Case) throws {
        let data = try Data(contentsOf: Wycheproof.folder.appending(path: example.file + "_test.json"))
        let vectors = try JSONDecoder().decode(Vectors.self, from: data)
        var counts: [String: Int] = [:]
        for group in vectors.testGroups {
            let pair = try group.publicKey.pair()
            // The same key as a person would have it in a file.
            let pem = try KeyPair.read(pem: Array(group.publicKeyPem.utf8))
            #expect(pem.kind == pair.kind)
            #expect(!pem.hasPrivateHalf && !pair.hasPrivateHalf)
            let contexts = try [SignatureContext(pair, example.scheme), SignatureContext(pem, example.scheme)]
            for test in group.tests {
                let (message, signature) = (Wycheproof.bytes(test.msg), Wycheproof.bytes(test.sig))
                for context in contexts {
                    // "acceptable" is a DigestInfo without NULL (RFC 8017 section 9.2 wants it): refused.
                    #expect(
                        try context.verifies(signature, message) == (test.result == "valid"),
                        "test \(test.tcId): \(test.comment)")
                }
                counts[test.result, default: 0] += 1
            }
        }
        #expect(counts["valid"] == example.valid)
        #expect(counts["invalid"] == example.invalid)
        #expect(counts["acceptable"] == (example.file.hasPrefix("rsa_signature") ? 1 : nil))
    }

    private struct Vectors: Decodable { let testGroups: [Group] }
    private struct Group: Decodable {
        let publicKey: PublicKey
        let publicKeyPem: String
        let tests: [Vector]
    }
    private struct Vector: Decodable {
        let tcId: Int
        let comment, msg, sig, result: String
    }
    private struct PublicKey: Decodable {
        let curve, uncompressed, modulus, publicExponent, pk: String?

        func pair() throws -> KeyPair {
            if let modulus, let publicExponent {
                return try .rsa([
                    (.modulus, Wycheproof.bytes(modulus)), (.publicExponent, Wycheproof.bytes(publicExponent)),
                ])
            }
            let curves = ["secp256r1": KeyPair.Curve.p256, "secp384r1": .p384, "secp521r1": .p521]
            if let uncompressed, let curve = curves[curve ?? ""] {
                return try .ec(curve, point: Wycheproof.bytes(uncompressed))
            }
            return try .raw(curve == "edwards448" ? .ed448 : .ed25519, publicKey: Wycheproof.bytes(#require(pk)))
        }
    }
}
