import SignetConfiguration
import StrictJSON
import Testing

@Suite struct ClaimSettingsTests {
    @Test("JSON-3 fixed claims are kept as compact JSON, in the order of the file")
    func fixedClaims() throws {
        let claims = try profile(
            """
            [profile.default.claims]
            tenant = "no\\"r\\nth \u{E9}"
            level = -9223372036854775808
            admin = false
            "\u{E9}" = [ 1, "x", [ ], { } ]
            nested = { b = { c = true }, a = 1 }
            """
        ).fixedClaims
        #expect(claims.map(\.name) == ["tenant", "level", "admin", ByteString("\u{E9}"), "nested"])
        #expect(
            claims.map { shown($0) } == [
                #""no\"r\nth é""#, "-9223372036854775808", "false", #"[1,"x",[],{}]"#, #"{"b":{"c":true},"a":1}"#,
            ])
    }

    @Test("CLM-6 claims, allowed_claims and required_claims take names that are not reserved")
    func names() throws {
        let profile = try profile(
            """
            required_claims = ["sub", "role"]
            allowed_claims = ["sub", "Email", "email", "issx"]
            claims = { role = "a", xiss = 1 }
            """)
        #expect(profile.requiredClaims == ["sub", "role"])
        #expect(profile.allowedClaims == .named(["sub", "Email", "email", "issx"]))
        #expect(profile.fixedClaims.map(\.name) == ["role", "xiss"])
    }

    @Test(
        "CLM-6 a reserved claim cannot be named, in any spelling that some verifier takes for it",
        arguments: ["iss", "iat", "nbf", "exp", "jti", "aud", "Iss", "AUD", "i\u{17F}\u{17F}"])
    func reserved(_ name: String) {
        for line in [
            "claims = { \"\(name)\" = 1 }", "allowed_claims = [\"\(name)\"]", "required_claims = [\"\(name)\"]",
            "[[profile.default.allow]]\noperations = [\"sign\"]\nusers = [\"a\"]\nallowed_claims = [\"\(name)\"]",
        ] {
            let found = problems(soundProfile + "\n" + line)
            #expect(found.count == 1)
            #expect(found.first?.contains("signetd makes iss, aud, iat, nbf, exp and jti itself") == true)
        }
    }

    @Test(
        "CLM-6 two fixed claims that fold to one are refused",
        arguments: ["{ role = 1, ROLE = 2 }", "{ sub = 1, \"\u{17F}ub\" = 2 }", "{ k = 1, \"\u{212A}\" = 2 }"])
    func foldedTwice(_ claims: String) {
        #expect(
            problems(soundProfile + "\nclaims = " + claims).first?.contains("which are the same to some verifiers")
                == true)
    }

    @Test("lists of claims are [\"*\"] or names, not both")
    func star() throws {
        #expect(try profile("allowed_claims = [\"*\"]").allowedClaims == .any)
        #expect(problems(soundProfile + "\nallowed_claims = [\"*\", \"a\"]").count == 1)
        #expect(problems(soundProfile + "\nallowed_claims = []").count == 1)
        #expect(problems(soundProfile + "\nallowed_claims = \"*\"").count == 1)
        #expect(problems(soundProfile + "\nrequired_claims = [\"*\"]").count == 1)
        #expect(problems(soundProfile + "\nrequired_claims = []") == [])
        #expect(problems(soundProfile + "\nclaims = [\"a\"]").count == 1)
    }
}
