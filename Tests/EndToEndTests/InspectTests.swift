import Foundation
import Testing

@Suite("signet inspect, as a JWT debugger") struct InspectTests {
    private let folder: Workshop

    init() throws { folder = try Workshop() }

    /// RFC 7515 appendix A.3: a token by ES256, and the public half of its key.
    private static let token = """
        eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0\
        cnVlfQ.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q
        """
    private static let key = """
        {"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",\
        "y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"MORE}
        """
    /// RFC 7515 appendix A.1: a token by HS256, and its key.
    private static let hmacToken = """
        eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxl\
        LmNvbS9pc19yb290Ijp0cnVlfQ.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk
        """
    private static let hmacKey = """
        {"kty":"oct","k":"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"}
        """

    private func file(_ name: String, _ text: String) throws -> String {
        try Data(text.utf8).write(to: folder.url(name))
        return folder.path(name)
    }

    private func key(_ more: String = "") -> String { Self.key.replacingOccurrences(of: "MORE", with: more) }

    private func inspect(_ token: String, _ arguments: [String] = []) throws -> Program {
        try folder.signet(["inspect"] + arguments, input: token)
    }

    @Test("RFC 7515 A.3 verifies with its public key, as JWK, as PEM and in a set")
    func signedByKey() throws {
        let jwk = try file("key.jwk", key())
        let one = try inspect(Self.token, ["--key", jwk])
        #expect(one.status == 0, "\(one.errors)")
        #expect(one.errors.contains("signature valid: ES256"))
        #expect(one.errors.contains("times, issuer and audience are not checked"))
        #expect(!one.errors.contains("not verified"))
        #expect(one.output.contains("\"http://example.com/is_root\": true"))
        let set = try file("set.jwks", #"{"keys":[{"kty":"RSA","use":"enc"},\#(key())]}"#)
        #expect(try inspect(Self.token, ["--jwks", set]).status == 0)
    }

    @Test("RFC 7515 A.1 verifies with its HMAC key, which nothing shows")
    func hmac() throws {
        let path = try file("hmac.jwk", Self.hmacKey)
        let inspected = try inspect(Self.hmacToken, ["--key", path])
        #expect(inspected.status == 0, "\(inspected.errors)")
        #expect(!(inspected.output + inspected.errors).contains("AyM1SysPpbyD"))
    }

    @Test("a wrong key, a changed token and another algorithm's key end with status 1, and say why")
    func notSigned() throws {
        let jwk = try file("key.jwk", key())
        let wrong = try folder.makeKey(["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"])
        let byWrongKey = try inspect(Self.token, ["--key", wrong])
        #expect(byWrongKey.status == 1)
        #expect(byWrongKey.errors.contains("signature not valid: not made by the key"))
        let changed = Self.token.replacingOccurrences(of: ".eyJpc3MiOiJqb2Ui", with: ".eyJpc3MiOiJqb2Uj")
        #expect(try inspect(changed, ["--key", jwk]).status == 1)
        let rsa = try folder.makeKey(["-algorithm", "RSA"], "rsa.pem")
        let byRSA = try inspect(Self.token, ["--key", rsa])
        #expect(byRSA.status == 1)
        #expect(byRSA.errors.contains("ALG-1"))
    }

    @Test("ALG-1 the text of a public key is no HMAC key for a token that says HS256")
    func confusion() throws {
        let jwk = try file("key.jwk", key())
        let inspected = try inspect(Self.hmacToken, ["--key", jwk])
        #expect(inspected.status == 1)
        #expect(inspected.errors.contains("ALG-1: the header says \"HS256\", the key is for ES256"))
        // A key that names its algorithm has that one alone.
        let hs512 = Self.hmacKey.replacingOccurrences(of: #""k""#, with: #""alg":"HS512","k""#)
        let named = try file("named.jwk", hs512)
        #expect(try inspect(Self.hmacToken, ["--key", named]).status == 1)
    }

    @Test("HDR-4 the key of a set is the one that kid names; without kid, the only one")
    func keySet() throws {
        let (one, two) = (key(#","kid":"one""#), key(#","kid":"two","revoked":true"#))
        let both = try file("both.jwks", #"{"keys":[\#(one),\#(two)]}"#)
        let ambiguous = try inspect(Self.token, ["--jwks", both])
        #expect(ambiguous.status == 1)
        #expect(ambiguous.errors.contains("HDR-4: the token names no kid, and the set has several keys"))
        let daemon = try TestDaemon()
        let token = try folder.signet(["sign"], to: daemon).output
        let unknown = try inspect(token, ["--jwks", both])
        #expect(unknown.status == 1)
        #expect(unknown.errors.contains("the set has no key with the kid \"first\""))
        let revoked = try file("revoked.jwks", #"{"keys":[\#(two)]}"#)
        #expect(try inspect(Self.token, ["--jwks", revoked]).errors.contains("is revoked"))
    }

    @Test("a key that cannot be read is no verdict: status 2")
    func unreadable() throws {
        #expect(try inspect(Self.token, ["--key", folder.path("none")]).status == 2)
        #expect(try inspect(Self.token, ["--jwks", try file("key.jwk", key())]).status == 2)
        #expect(try inspect(Self.token, ["--jwks", "a", "--key", "b"]).status == 2)
        #expect(try inspect(Self.token, ["--key", "-"]).status == 2)
    }

    @Test("RFC 7515 A.4-like: a payload that is no claims has a signature all the same")
    func bytesPayload() throws {
        let pem = try folder.makeKey(["-algorithm", "RSA"])
        let input = "eyJhbGciOiJSUzI1NiJ9." + Data("Payload".utf8).base64URL
        try Data(input.utf8).write(to: folder.url("input"))
        try folder.openssl(
            "dgst", "-sha256", "-sign", pem, "-out", folder.path("signature"), folder.path("input"))
        let token = try input + "." + Data(contentsOf: folder.url("signature")).base64URL
        let verified = try inspect(token, ["--key", pem])
        #expect(verified.status == 0, "\(verified.errors)")
        #expect(verified.errors.contains("these are no claims: JSON-2"))
        #expect(try inspect(token).status == 1)
    }

    @Test(
        "the rule that a malformed token breaks is named",
        arguments: [
            (#"{"alg":"none"}"#, "ALG-2"), (#"{"alg":"nOnE"}"#, "ALG-2"), (#"{"typ":"JWT"}"#, "ALG-1"),
            (#"{"alg":"es256"}"#, "ALG-1"), (#"{"alg":"ES256","alg":"ES256"}"#, "JSON-1"),
            (#"{"alg":"ES256",}"#, "JSON-2"),
            (#"{"alg":"ES256","crit":[]}"#, "HDR-2"), (#"{"alg":"ES256","b64":false}"#, "HDR-2"),
            (#"{"alg":"ES256","kid":1}"#, "HDR-4"), (#"{"alg":"ES256","typ":1}"#, "HDR-6"), (#"[]"#, "JSON-2"),
        ])
    func rules(_ header: String, _ rule: String) throws {
        let inspected = try inspect("\(Data(header.utf8).base64URL).eyJleHAiOjF9.AAAA")
        #expect(inspected.status == 1)
        #expect(inspected.errors.contains("malformed token: \(rule): "), "\(inspected.errors)")
    }

    @Test(
        "so is the rule that its form or its claims break",
        arguments: [
            ("a.b", "ALG-2"), ("a.b.c.d.e", "HDR-5"), ("a", "HDR-5"), (#"{"payload":""}"#, "HDR-5"),
            ("eyJhbGciOiJFUzI1NiJ9.eyJleHAiOjF9.", "ALG-2"), ("eyJhbGciOiJFUzI1NiJ9.eyJleHAiOjF9.A", "B64-1"),
            ("eyJhbGciOiJFUzI1NiJ9=.eyJleHAiOjF9.AAAA", "B64-1"), ("eyJhbGciOiJFUzI1NiJ9.e30.AAAA", "CLM-1"),
            ("eyJhbGciOiJFUzI1NiJ9.eyJleHAiOiIxIn0.AAAA", "CLM-1"),
        ])
    func forms(_ token: String, _ rule: String) throws {
        let inspected = try inspect(token)
        #expect(inspected.status == 1)
        #expect(inspected.errors.contains("malformed token: \(rule): "), "\(inspected.errors)")
    }

    @Test("colours are for terminals, and NO_COLOR turns them off")
    func colours() throws {
        let jwk = try file("key.jwk", key())
        let arguments = ["inspect", "--key", jwk, Self.token]
        #expect(!(try folder.signet(arguments).output).contains("\u{1B}"))
        let coloured = try folder.onTerminal(arguments)
        #expect(coloured.contains("\u{1B}[34m\"iss\"\u{1B}[0m: \u{1B}[32m\"joe\"\u{1B}[0m"))
        let plain = try folder.onTerminal(arguments, environment: ["NO_COLOR": "1"])
        #expect(!plain.contains("\u{1B}"))
        #expect(plain.contains("\"iss\": \"joe\""))
        #expect(!(try folder.onTerminal(arguments, environment: ["TERM": "dumb"])).contains("\u{1B}"))
    }
}
