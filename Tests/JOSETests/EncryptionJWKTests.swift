import JOSE
import OpenSSL
import StrictJSON
import Testing

@Suite("JWKs that encrypt keys") struct EncryptionJWKTests {
    /// 32 bytes.
    private static let k = String(repeating: "A", count: 42) + "E"
    private static let jwk = #"{"kty":"oct","alg":"A256GCM","kid":"kek-1","k":"\#(k)"}"#

    init() throws { try LockedMemory.open() }

    private func read(_ text: String) throws -> (kid: ByteString, key: [UInt8]) {
        let jwk = try EncryptionJWK(SecretBytes(copying: Array(text.utf8)))
        return (jwk.keyID, jwk.key.copy)
    }

    private func refusal(_ text: String) throws -> JWKError? {
        let file = try SecretBytes(copying: Array(text.utf8))
        do throws(JWKError) {
            _ = try EncryptionJWK(file)
            return nil
        } catch { return error }
    }

    @Test("SEAL-3 a JWK for A256GCM with a kid is read, whatever else it holds")
    func accepted() throws {
        let expected = [UInt8](repeating: 0, count: 31) + [1]
        for text in [
            Self.jwk, Self.jwk + "\n", Self.jwk.replacing("{", with: #"{"use":"enc","x":[1],"#),
            Self.jwk.replacing("{", with: #"{"key_ops":["decrypt","encrypt"],"#),
        ] {
            let (kid, key) = try read(text)
            #expect(kid == "kek-1")
            #expect(key == expected)
        }
    }

    @Test("what is written is read again")
    func written() throws {
        let key = (0..<32).map { UInt8($0 * 8) }
        let text = try EncryptionJWK.write(SecretBytes(copying: key), kid: "a\"b").copy
        let (kid, read) = try read(String(decoding: text, as: UTF8.self))
        #expect(kid == "a\"b")
        #expect(read == key)
        #expect(text.last == UInt8(ascii: "\n"))
    }

    @Test(
        "SEAL-3 any other JWK is refused, and told why",
        arguments: [
            (#""kty":"oct""#, #""kty":"RSA""#, #""kty" must be "oct""#),
            (#""kty":"oct","#, "", #""kty" must be "oct""#),
            (#""A256GCM""#, #""HS256""#, #""alg" must be "A256GCM": this key is meant for something else"#),
            (#""A256GCM""#, #""A256KW""#, #""alg" must be "A256GCM": this key is meant for something else"#),
            (#""alg":"A256GCM","#, "", #""alg" must be "A256GCM": this key is meant for something else"#),
            (#""kid":"kek-1","#, "", #"has no "kid""#), (#""kid":"kek-1""#, #""kid":1"#, #"has no "kid""#),
            (#""kid":"kek-1""#, #""kid":"""#, #""kid" must be a string of 1 to 1024 bytes"#),
            (#","k":"\#(k)""#, "", #"has no "k""#), (k, "", #""k" is 0 bytes long where A256GCM takes 32"#),
            (k, String(repeating: "A", count: 42), #""k" is 31 bytes long where A256GCM takes 32"#),
            (k, String(repeating: "A", count: 44), #""k" is 33 bytes long where A256GCM takes 32"#),
            (k, String(repeating: "A", count: 22), #""k" is 16 bytes long where A256GCM takes 32"#),
            (k, String(repeating: "A", count: 42) + "B", #""k" must be base64url without padding"#),
            (k, String(repeating: "A", count: 42) + "+", #""k" must be base64url without padding"#),
            (k, #"\u0041"# + String(repeating: "A", count: 41) + "E", #""k" must be base64url without padding"#),
            (k, k + "==", #""k" must be base64url without padding"#),
            ("{", #"{"use":"sig","#, #""use" must be "enc": this key is meant for something else"#),
            (
                "{", #"{"key_ops":["sign"],"#,
                #""key_ops" must hold "encrypt" and "decrypt": this key is meant for something else"#
            ),
            (
                "{", #"{"key_ops":["encrypt"],"#,
                #""key_ops" must hold "encrypt" and "decrypt": this key is meant for something else"#
            ),
            ("{", #"{"kid":"other","#, "has a member twice"), ("{", "[", "is no valid JSON object (offset 6)"),
        ])
    func refused(_ original: String, _ changed: String, _ problem: String) throws {
        let text = Self.jwk.replacing(original, with: changed)
        #expect(text != Self.jwk)
        #expect(try refusal(text)?.problem == problem)
    }
}
