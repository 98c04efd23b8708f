import JOSE
import OpenSSL
import StrictJSON
import Testing

@Suite struct JWKTests {
    init() throws { try LockedMemory.open() }

    /// 32 bytes, and their encoding.
    private static let secret = (0..<32).map { UInt8($0 * 7) }
    private static let encoded: String = {
        var output: [UInt8] = []
        Base64URL.append(secret.span, to: &output)
        return String(decoding: output, as: UTF8.self)
    }()
    private static let k = "\"k\":\"\(encoded)\""

    /// What of a JWK can be compared.
    private struct Reading: Equatable {
        var kid: ByteString?
        var algorithm: Algorithm?
        var canSign = true
        var times = KeyTimes()
    }

    private func read(_ text: String) throws -> (Reading, key: [UInt8]) {
        let jwk = try JWK(SecretBytes(copying: Array(text.utf8)))
        return (
            Reading(kid: jwk.keyID, algorithm: jwk.algorithm, canSign: jwk.canSign, times: jwk.times),
            try jwk.material(for: .hs256).fingerprint
        )
    }

    /// What tells the key of these octets from all others.
    private func fingerprint(_ octets: [UInt8]) throws -> [UInt8] {
        try KeyMaterial(octets: SecretBytes(copying: octets), .hs256).fingerprint
    }

    /// A key with these members beside `kty` and `k`.
    private func read(members: String) throws -> Reading {
        try read("{\"kty\":\"oct\",\(Self.k),\(members)}").0
    }

    private func problem(_ text: String) throws -> String? {
        do {
            _ = try read(text)
            return nil
        } catch let error as JWKError { return error.problem }
    }

    @Test("a key is read whole: its octets, name, algorithm and times")
    func whole() throws {
        let (reading, key) = try read(
            """
            { "kid" : "2026-a", "kty":"oct",
              "use":"sig","key_ops":["verify","sign"],"alg":"HS256",\(Self.k),
              "iat":1,"nbf":2,"exp":3,"x-note":{"k":"?"}}\n
            """)
        #expect(try key == fingerprint(Self.secret))
        let times = KeyTimes(issuedAt: 1, notBefore: 2, expires: 3)
        #expect(reading == Reading(kid: "2026-a", algorithm: .hs256, canSign: true, times: times))
    }

    @Test("kty and k are all that a key must have")
    func least() throws {
        let (reading, key) = try read("{\(Self.k),\"k\\u0074y\":\"o\\u0063t\"}")
        #expect(reading == Reading())
        #expect(try key == fingerprint(Self.secret))
    }

    @Test("the RFC 7515 appendix A.1 key is read")
    func appendixA1() throws {
        let k = "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"
        let octets: [UInt8] = [
            3, 35, 53, 75, 43, 15, 165, 188, 131, 126, 6, 101, 119, 123, 166, 143, 90, 179, 40, 230, 240, 84, 201, 40,
            169, 15, 132, 178, 210, 80, 46, 191, 211, 251, 90, 146, 210, 6, 71, 239, 150, 138, 180, 195, 119, 98, 61,
            34, 61, 46, 33, 114, 5, 46, 79, 8, 192, 205, 154, 245, 103, 208, 128, 163,
        ]
        #expect(try read("{\"kty\":\"oct\",\"k\":\"\(k)\"}").key == fingerprint(octets))
    }

    @Test(
        "what is missing or wrong is named",
        arguments: [
            ("{}", "has no \"kty\""), ("{\"kty\":\"oct\"}", "has no \"k\""), ("{\"k\":\"AAAA\"}", "has no \"kty\""),
            ("{\"kty\":1,\"k\":\"AAAA\"}", "\"kty\" must be \"oct\", \"RSA\", \"EC\" or \"OKP\""),
            ("[]", "is no valid JSON object"),
            ("", "is no valid JSON object"),
            ("{\"kty\":\"oct\",", "is no valid JSON object"), ("{} {}", "is no valid JSON object (offset 3)"),
            ("{\"kty\":\"oct\",}", "is no valid JSON object (offset 13)"),
            ("{'kty'}", "is no valid JSON object (offset 1)"),
            ("\u{FEFF}{}", "is no valid JSON object (offset 0)"), ("-----BEGIN", "is no valid JSON object (offset 1)"),
            ("{\"kty\":\"oct\",\"k\":\"\"}", "\"k\" must be base64url without padding"),
        ])
    func named(_ text: String, _ expected: String) throws {
        #expect(try problem(text) == expected)
    }

    @Test("JSON-1 a member twice is refused, also when it is spelled with escapes, also in a nested object")
    func duplicates() throws {
        for twice in ["{\(Self.k),\(Self.k)", "{\(Self.k),\"\\u006b\":\"AAAA\"", "{\(Self.k),\"x\":{\"a\":1,\"a\":1}"] {
            #expect(try problem(twice + ",\"kty\":\"oct\"}") == "has a member twice")
        }
    }

    @Test(
        "a kind of key is known by its exact name",
        arguments: ["OCT", "Oct", "oct ", "", "rsa", "RSA ", "ec", "okp", "AKP", "oct\\u0000"])
    func otherKinds(_ kind: String) throws {
        let problem = try #require(try problem("{\"kty\":\"\(kind)\",\(Self.k)}"))
        #expect(problem.hasPrefix("\"kty\" "))
    }

    @Test(
        "the numbers of one kind of key do not make another",
        arguments: [("RSA", "n"), ("EC", "crv"), ("OKP", "crv")])
    func otherNumbers(_ kind: String, _ missing: String) throws {
        #expect(try problem("{\"kty\":\"\(kind)\",\(Self.k)}") == "has no \"\(missing)\"")
    }

    @Test(
        "B64-1 k is canonical base64url",
        arguments: [
            "AAAA=", "AAA=", "AA+A", "AA/A", "A", "AAAAA", "AB", "AAB", "AA AA", "AAAA\\n", "\\u0041AAA", "é", "A\\/AA",
        ])
    func encoding(_ k: String) throws {
        let problem = try #require(try problem("{\"kty\":\"oct\",\"k\":\"\(k)\"}"))
        #expect(problem.hasPrefix("\"k\" must be base64url"))
    }

    @Test("k is a string", arguments: ["1", "null", "[\"AAAA\"]", "{}", "true"])
    func kind(_ k: String) throws {
        #expect(try problem("{\"kty\":\"oct\",\"k\":\(k)}") == "\"k\" must be base64url without padding")
    }

    @Test("KEY-5 use is sig, and key_ops holds sign or verify")
    func use() throws {
        #expect(try read(members: #""use":"sig""#).canSign)
        #expect(try read(members: #""key_ops":["sign"]"#).canSign)
        #expect(try read(members: #""key_ops":["wrapKey","s\u0069gn"]"#).canSign)
        #expect(try !read(members: #""key_ops":["verify"]"#).canSign)
    }

    @Test(
        "KEY-5 a key that is meant for something else is refused",
        arguments: [
            #""use":"enc""#, #""use":"Sig""#, #""use":"""#, #""use":null"#, #""use":["sig"]"#, #""key_ops":[]"#,
            #""key_ops":["encrypt","decrypt"]"#, #""key_ops":"sign""#, #""key_ops":null"#, #""key_ops":["Sign"]"#,
            #""key_ops":[["sign"]]"#, #""key_ops":{"sign":"verify"}"#, #""use":"sig","key_ops":["wrapKey"]"#,
        ])
    func otherUse(_ members: String) throws {
        let problem = try #require(try problem("{\"kty\":\"oct\",\(Self.k),\(members)}"))
        #expect(problem.hasSuffix("this key is meant for something else"))
    }

    @Test(
        "KEY-5 alg is one that there is", arguments: ["A256GCM", "none", "hs256", "", "HS256 ", "ES256K", "ML-DSA-44"])
    func unknownAlgorithm(_ name: String) throws {
        #expect(
            try problem("{\"kty\":\"oct\",\(Self.k),\"alg\":\"\(name)\"}") == "\"alg\" is none of \(Algorithm.names)")
    }

    @Test("KEY-5 alg is one that an oct key fits", arguments: Algorithm.allCases.filter { $0.newKeyPair != nil })
    func otherAlgorithm(_ algorithm: Algorithm) throws {
        #expect(
            try problem("{\"kty\":\"oct\",\(Self.k),\"alg\":\"\(algorithm.name)\"}")
                == "\"alg\" is \(algorithm.name), which is not for keys of this type")
    }

    @Test("KEY-5 alg is read by its bytes", arguments: ["HS256", "HS384", "HS512"])
    func algorithm(_ name: String) throws {
        #expect(try read(members: "\"alg\":\"\(name)\"").algorithm?.name == name)
        #expect(try problem("{\"kty\":\"oct\",\(Self.k),\"alg\":null}") != nil)
    }

    @Test("a kid has 1 to 1,024 bytes, counted unescaped")
    func kidLength() throws {
        let longest = String(repeating: "k", count: 1_023)
        #expect(try read(members: "\"kid\":\"\(longest)\\u006b\"").kid == ByteString(longest + "k"))
        #expect(try read(members: "\"kid\":\"é\\n\"").kid == "é\n")
        for kid in ["\"\(longest)kk\"", "\"\(longest)é\"", "\"\"", "1", "null", "[\"a\"]"] {
            #expect(
                try problem("{\"kty\":\"oct\",\(Self.k),\"kid\":\(kid)}")
                    == "\"kid\" must be a string of 1 to 1024 bytes")
        }
    }

    @Test("times are rounded so that the key is used for less time, not more")
    func rounding() throws {
        let reading = try read(members: #""iat":1.2,"nbf":2.2,"exp":3.8"#)
        #expect(reading.times == KeyTimes(issuedAt: 2, notBefore: 3, expires: 3))
        let latest = try read(members: #""iat":0,"nbf":1e3,"exp":253402300799"#)
        #expect(latest.times == KeyTimes(issuedAt: 0, notBefore: 1_000, expires: 253_402_300_799))
    }

    @Test(
        "a time that is no NumericDate is refused",
        arguments: ["\"1\"", "null", "-1", "true", "1e400", "253402300800", "9223372036854775807", "[1]"],
        ["iat", "nbf", "exp"])
    func otherTimes(_ value: String, _ name: String) throws {
        #expect(
            try problem("{\"kty\":\"oct\",\(Self.k),\"\(name)\":\(value)}")
                == "\"\(name)\" must be a NumericDate: seconds since 1970-01-01 UTC")
    }

    @Test(
        "revoked revokes, whatever it holds",
        arguments: ["{\"revoked_at\":1,\"reason\":\"compromised\"}", "1", "true", "null"])
    func revoked(_ value: String) throws {
        #expect(try read(members: "\"revoked\":\(value)").times.isRevoked)
        #expect(try !read(members: "\"Revoked\":\(value)").times.isRevoked)
    }

    @Test("no error tells a byte of the secret, wherever it stands in the file")
    func errorsAreSilent() throws {
        let secret = "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0"
        for text in [
            "{\"kty\":\"oct\",\"k\":\"\(secret)=\"}", "{\"kty\":\"oct\",\"k\":\"\(secret)\",\"k\":\"\(secret)\"}",
            "{\"kty\":\"\(secret)\",\"k\":\"AAAA\"}", "{\"kty\":\"oct\",\"k\":\"AAAA\",\"alg\":\"\(secret)\"}", secret,
            "{\"kty\":\"oct\",\"k\":\"\(secret)", "{\"kty\":\"oct\",\"k\":\"\(secret)\",\"use\":\"\(secret)\"}",
            "{\"kty\":\"oct\",\"\(secret)\":1,\"\(secret)\":2}", "{\"kty\":\"oct\",\"k\":{\"\(secret)\":1}}",
        ] {
            let problem = try #require(try problem(text))
            #expect(!problem.contains(secret.prefix(8)), "\(text)")
        }
    }
}
