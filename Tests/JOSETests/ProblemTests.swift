import JOSE
import OpenSSL
import StrictJSON
import Testing

@Suite("What is wrong with a file, in words") struct ProblemTests {
    init() throws { try LockedMemory.open() }

    @Test(
        "a sealed key names the segment or the member, and what there must be",
        arguments: [
            (JWEError.jsonSerialization, "is a JWE in JSON serialization, not in the compact one"),
            (.segments(3), "is no JWE in compact serialization: 3 segments where there must be 5"),
            (.notBase64URL(.tag), "its authentication tag is no base64url without padding"),
            (.encryptedKey, #"holds an encrypted key, which "alg" "dir" does not have"#),
            (
                .wrongLength(.initializationVector, bytes: 11, needs: 12),
                "its initialization vector has 11 bytes where there must be 12"
            ),
            (.invalidHeader("a reason"), "has a protected header that is no valid JSON object: a reason"),
            (.missingMember("kid"), #"has no "kid" in its protected header"#),
            (.invalidMember("alg", "must be \"dir\""), #""alg" in its protected header must be "dir""#),
        ])
    func sealedKey(_ error: JWEError, _ problem: String) { #expect(error.problem == problem) }

    @Test("a KEK that is JSON but no object is none", arguments: ["[]", #""k""#, "1", "null"])
    func noObject(_ text: String) throws {
        let file = try SecretBytes(copying: Array(text.utf8))
        let error = #expect(throws: JWKError.self) { _ = try EncryptionJWK(file) }
        #expect(error?.problem == "is no valid JSON object")
    }

    @Test("a private JWK that outgrows its room is refused, wherever it does", arguments: [32_700, 40_000])
    func room(_ count: Int) throws {
        let kid = ByteString([UInt8](repeating: UInt8(ascii: "k"), count: count))
        let octets = try SecretBytes(count: 512)
        #expect(throws: SecretMemoryError.exhausted) {
            _ = try PrivateJWK.write(octets: octets, .hs512, kid: kid, issuedAt: nil)
        }
    }

    @Test("B64-1 a count of characters that no bytes have decodes to nothing", arguments: ["A", "AAAAA", "AAAAAAAAA"])
    func oddCount(_ text: String) {
        var bytes = [UInt8](repeating: 7, count: 16)
        var output = bytes.mutableSpan
        let isDecoded = Base64URL.decode(Array(text.utf8).span, into: &output)
        #expect(!isDecoded)
        #expect(bytes == [UInt8](repeating: 7, count: 16))
    }

    @Test(
        "a key to measure with is one of its algorithm, with signatures of that length",
        arguments: Algorithm.allCases.map { ($0, nil) } + [(.edDSA, 114), (.rs256, 384)])
    func generated(_ algorithm: Algorithm, _ length: Int?) throws {
        let sample = try KeyMaterial.generate(algorithm, signatureLength: length ?? 256)
        #expect(sample.algorithm == algorithm && sample.canSign)
        if let length { #expect(try sample.makeContext().signatureLength == length) }
        let token = try sample.token("aGVhZGVy.cGF5bG9hZA")
        #expect(try sample.verifies(token))
    }
}
