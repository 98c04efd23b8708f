import Foundation
import Testing

@Suite("Tokens are standard: PyJWT, given the same key, agrees")
struct OtherImplementationTests {
    @Test("A token that signetd signed verifies with PyJWT")
    func verifiedByPyJWT() throws {
        let daemon = try TestDaemon()
        let token = try daemon.connect().ask(#"{"op":"sign","claims":{"sub":"ada","given_name":"Ada"}}"#).text("token")
        let claims = try python(
            """
            claims = jwt.decode(token, key, algorithms=["HS512"], issuer="https://auth.example.com",
                audience="https://api.example.com", options={"require": ["exp", "iat", "nbf", "jti", "sub"]})
            print(claims["sub"], jwt.get_unverified_header(token)["kid"])
            """, daemon.key, token)
        #expect(claims.output == "ada \(TestDaemon.kid)\n", "\(claims.errors)")
    }

    @Test("A token that PyJWT signed verifies in signetd")
    func signedByPyJWT() throws {
        let daemon = try TestDaemon()
        let program = try python(
            """
            now = int(time.time())
            print(jwt.encode({"iss": "https://auth.example.com", "aud": ["other", "https://api.example.com"],
                "exp": now + 60, "iat": now, "sub": "grace"}, key, algorithm="HS512", headers={"kid": "first"}))
            """, daemon.key)
        let token = program.output.trimmingCharacters(in: .newlines)
        let verified = try daemon.connect().ask(#"{"op":"verify","token":"\#(token)"}"#)
        #expect(verified.isValid == true, "\(verified) \(program.errors)")
        #expect(verified.claims["sub"] as? String == "grace")
    }

    @Test("ALG-1 a token that PyJWT signed with the right key and another algorithm is refused")
    func wrongAlgorithm() throws {
        let daemon = try TestDaemon()
        let token = try python(
            """
            print(jwt.encode({"iss": "https://auth.example.com", "aud": "https://api.example.com",
                "exp": int(time.time()) + 60}, key, algorithm="HS256", headers={"kid": "first"}))
            """, daemon.key
        ).output.trimmingCharacters(in: .newlines)
        #expect(try daemon.connect().ask(#"{"op":"verify","token":"\#(token)"}"#).reason == "wrong_algorithm")
    }

    /// Runs a few lines of Python with PyJWT, `key`, and `token`; the key goes in by standard input.
    private func python(_ body: String, _ key: Data, _ token: String = "") throws -> Program {
        let head = "import base64, jwt, sys, time\nkey, token = (sys.stdin.read().split(' ') + [''])[:2]\n"
        let script = head + "key = base64.b64decode(key)\n" + body
        let program = try Program.run(
            Program.python, ["-c", script], input: "\(key.base64EncodedString()) \(token)")
        try #require(program.status == 0, "\(program.errors)")
        return program
    }
}
