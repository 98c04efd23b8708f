import JOSE
import OpenSSL
import StrictJSON
import Testing

@Suite("The compact form of sealed keys") struct CompactJWETests {
    private static let key = [UInt8](repeating: 7, count: 32)
    private static let jwk = #"{"kty":"oct","kid":"k","k":"AAAA"}"#
    private static let sound: String = #"{"alg":"dir","enc":"A256GCM","cty":"jwk+json","kid":"kek-1","keyring":"web"}"#

    init() throws { try LockedMemory.open() }

    private static func text(_ bytes: [UInt8]) -> String {
        var output: [UInt8] = []
        Base64URL.append(bytes.span, to: &output)
        return String(decoding: output, as: UTF8.self)
    }

    /// The segments of a JWE with this header, rightly sealed whatever the header says.
    private static func segments(_ header: String = Self.sound) throws -> [String] {
        let protected = text(Array(header.utf8))
        let sealed = try AES256GCM.seal(
            SecretBytes(copying: Array(jwk.utf8)), key: SecretBytes(copying: key),
            authenticating: Array(protected.utf8).span)
        return [protected, "", text(sealed.nonce), text(sealed.ciphertext), text(sealed.tag)]
    }

    private func open(_ text: String, key: [UInt8] = Self.key) throws -> String? {
        let secret = try CompactJWE(Array(text.utf8).span).open(with: SecretBytes(copying: key))
        guard let secret else { return nil }
        return String(decoding: secret.copy, as: UTF8.self)
    }

    private func refusal(_ text: String) -> JWEError? {
        do throws(JWEError) {
            _ = try CompactJWE(Array(text.utf8).span)
            return nil
        } catch { return error }
    }

    @Test("SEAL-1 what is sealed is a JWE by RFC 7516, and opens again")
    func roundTrip() throws {
        let sealed = try CompactJWE.seal(
            SecretBytes(copying: Array(Self.jwk.utf8)), with: SecretBytes(copying: Self.key), keyID: "kek-1",
            keyring: "web")
        let text = String(decoding: sealed, as: UTF8.self)
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        #expect(parts.count == 5)
        #expect(parts[0] == Self.text(Array(Self.sound.utf8)))
        #expect(parts[1].isEmpty)
        #expect(parts[2].utf8.count == 16 && parts[4].utf8.count == 22)
        #expect(!text.contains("\n"))
        #expect(try open(text) == Self.jwk)
        let jwe = try CompactJWE(sealed.span)
        #expect(jwe.keyID == "kek-1")
        #expect(jwe.keyring == "web")
        #expect(try open(text, key: [UInt8](repeating: 8, count: 32)) == nil)
    }

    @Test("names that JSON must escape come back as they were", arguments: ["a\"b", "é\\", "\u{1}"])
    func escapes(_ name: String) throws {
        let sealed = try CompactJWE.seal(
            SecretBytes(copying: [1]), with: SecretBytes(copying: Self.key), keyID: ByteString(name),
            keyring: ByteString(name))
        let jwe = try CompactJWE(sealed.span)
        #expect(jwe.keyID == ByteString(name))
        #expect(jwe.keyring == ByteString(name))
    }

    @Test("one line end behind the segments is passed over, more is not", arguments: ["\n", "\r\n"])
    func lineEnd(_ end: String) throws {
        let text = try Self.segments().joined(separator: ".")
        #expect(try open(text + end) == Self.jwk)
        #expect(refusal(text + end + end) == .notBase64URL(.tag))
        #expect(refusal(end + text) == .notBase64URL(.header))
        #expect(refusal(text + " ") == .notBase64URL(.tag))
        #expect(refusal(text + "\r") == .notBase64URL(.tag))
    }

    @Test("SEAL-1 exactly five segments, in the compact form")
    func segmentCount() throws {
        let parts = try Self.segments()
        for count in [1, 2, 3, 4] {
            #expect(refusal(parts.prefix(count).joined(separator: ".")) == .segments(count))
        }
        #expect(refusal(parts.joined(separator: ".") + ".") == .segments(6))
        #expect(refusal("") == .segments(1))
        #expect(refusal("....") != nil)
        #expect(refusal(#"{"protected":"\#(parts[0])","iv":"","ciphertext":"","tag":""}"#) == .jsonSerialization)
    }

    @Test("SEAL-1 with \"dir\" there is no encrypted key", arguments: ["AA", "AAAA", "=", " "])
    func encryptedKey(_ text: String) throws {
        var parts = try Self.segments()
        parts[1] = text
        #expect(refusal(parts.joined(separator: ".")) == .encryptedKey)
    }

    @Test("B64-1 SEAL-1 each segment is canonical base64url", arguments: [0, 2, 3, 4])
    func base64(_ segment: Int) throws {
        let names: [JWEError.Segment] = [.header, .header, .initializationVector, .ciphertext, .tag]
        for change in ["=", "==", "+", "/", " ", "\u{0}", "\nA"] {
            var parts = try Self.segments()
            parts[segment] += change
            #expect(refusal(parts.joined(separator: ".")) == .notBase64URL(names[segment]), "\(change)")
        }
        // Unused bits that are not zero: "…A" and "…B" would be one tag.
        var parts = try Self.segments()
        parts[4] = String(parts[4].dropLast()) + "B"
        #expect(refusal(parts.joined(separator: ".")) == .notBase64URL(.tag))
    }

    @Test("SEAL-1 the initialization vector has 12 bytes and the tag 16", arguments: [0, 1, 11, 13, 15, 17, 32])
    func lengths(_ count: Int) throws {
        var parts = try Self.segments()
        parts[2] = Self.text([UInt8](repeating: 1, count: count))
        #expect(
            refusal(parts.joined(separator: "."))
                == .wrongLength(.initializationVector, bytes: count, needs: 12))
        parts = try Self.segments()
        parts[4] = Self.text([UInt8](repeating: 1, count: count))
        #expect(refusal(parts.joined(separator: ".")) == .wrongLength(.tag, bytes: count, needs: 16))
    }

    @Test("SEAL-1 a byte changed in any segment, and it does not open")
    func flips() throws {
        let text = try Self.segments().joined(separator: ".")
        let bytes = Array(text.utf8)
        var opened = 0
        for position in bytes.indices where bytes[position] != UInt8(ascii: ".") {
            var changed = bytes
            changed[position] = changed[position] == UInt8(ascii: "A") ? UInt8(ascii: "E") : UInt8(ascii: "A")
            let result = try? open(String(decoding: changed, as: UTF8.self))
            if result != nil { opened += 1 }
        }
        #expect(opened == 0)
        #expect(try open(text) == Self.jwk)
    }

    @Test(
        "SEAL-2 a header that says anything else is refused, and told",
        arguments: [
            (
                #""alg":"dir""#, #""alg":"A256KW""#,
                #""alg" in its protected header is "A256KW" where only "dir" will do"#
            ),
            (
                #""alg":"dir""#, #""alg":"RSA-OAEP""#,
                #""alg" in its protected header is "RSA-OAEP" where only "dir" will do"#
            ),
            (#""alg":"dir""#, #""alg":"DIR""#, #""alg" in its protected header is "DIR" where only "dir" will do"#),
            (#""alg":"dir","#, "", #"has no "alg" in its protected header"#),
            (#""alg":"dir""#, #""alg":1"#, #""alg" in its protected header must be a string of 1 to 1024 bytes"#),
            (#""A256GCM""#, #""A128GCM""#, #""enc" in its protected header is "A128GCM" where only "A256GCM" will do"#),
            (
                #""A256GCM""#, #""A256CBC-HS512""#,
                #""enc" in its protected header is "A256CBC-HS512" where only "A256GCM" will do"#
            ),
            (#""enc":"A256GCM","#, "", #"has no "enc" in its protected header"#),
            (
                #""jwk+json""#, #""jwk-set+json""#,
                #""cty" in its protected header is "jwk-set+json" where only "jwk+json" will do"#
            ),
            (#""jwk+json""#, #""JWT""#, #""cty" in its protected header is "JWT" where only "jwk+json" will do"#),
            (#""cty":"jwk+json","#, "", #"has no "cty" in its protected header"#),
            (#""kid":"kek-1","#, "", #"has no "kid" in its protected header"#),
            (#""kid":"kek-1""#, #""kid":null"#, #""kid" in its protected header must be a string of 1 to 1024 bytes"#),
            (#""kid":"kek-1""#, #""kid":"""#, #""kid" in its protected header must be a string of 1 to 1024 bytes"#),
            (#","keyring":"web""#, "", #"has no "keyring" in its protected header"#),
            (
                #""keyring":"web""#, #""keyring":["web"]"#,
                #""keyring" in its protected header must be a string of 1 to 1024 bytes"#
            ),
            (#""web"}"#, #""web","crit":[]}"#, #""crit" in its protected header is not supported"#),
            (#""web"}"#, #""web","crit":["exp"],"exp":1}"#, #""crit" in its protected header is not supported"#),
            (#""web"}"#, #""web","crit":null}"#, #""crit" in its protected header is not supported"#),
            (#""web"}"#, #""web","zip":"DEF"}"#, #""zip" in its protected header is not supported"#),
            (#""web"}"#, #""web","\u007aip":""}"#, #""zip" in its protected header is not supported"#),
        ])
    func header(_ original: String, _ changed: String, _ problem: String) throws {
        let header = Self.sound.replacing(original, with: changed)
        #expect(header != Self.sound)
        #expect(refusal(try Self.segments(header).joined(separator: "."))?.problem == problem)
    }

    @Test(
        "JSON-1 JSON-2 SEAL-2 a header that is no strict JSON object is refused",
        arguments: [
            ("", "ends inside a value"), ("[]", "is no object"), ("{", "ends inside a value"),
            (sound + "x", "unexpected bytes after the value at offset \(sound.utf8.count)"),
            (sound.replacing("{", with: #"{"alg":"dir","#), #"duplicate member "alg""#),
            (sound.replacing("{", with: #"{"\u006beyring":"other","#), #"duplicate member "keyring""#),
            (sound.replacing("}", with: ",}"), "unexpected byte at offset \(sound.utf8.count)"),
            ("\u{FEFF}" + sound, "unexpected byte at offset 0"),
        ])
    func strictHeader(_ header: String, _ problem: String) throws {
        #expect(refusal(try Self.segments(header).joined(separator: ".")) == .invalidHeader(problem))
    }

    @Test(
        "members that say nothing here are passed over, escapes and white space are JSON",
        arguments: [
            sound.replacing("{", with: #"{"typ":"JOSE","jwk":{"kty":"oct"},"epk":1,"#),
            sound.replacing(#""dir""#, with: #""\u0064ir""#), sound.replacing(",", with: " ,\n "),
        ])
    func otherMembers(_ header: String) throws {
        #expect(try open(Self.segments(header).joined(separator: ".")) == Self.jwk)
    }
}
