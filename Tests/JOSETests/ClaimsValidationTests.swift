import JOSE
import StrictJSON
import Testing

/// Rules CLM-1 to CLM-5, at a clock that stands still.
@Suite struct ClaimsValidationTests {
    private static let now: Int64 = 1_800_000_000

    /// The rule that the claims break; nil when they hold.
    private func failure(
        _ claims: String, leeway: Int64 = 0, required: [ByteString] = [], type: Bool = true, now: Int64 = now,
        audiences: [ByteString] = ["api"]
    ) throws -> ClaimsValidation.Failure? {
        let payload = try Payload(claims)
        let validation = ClaimsValidation(issuer: "https://id.example", requiredClaims: required, leeway: leeway)
        do throws(ClaimsValidation.Failure) {
            try validation.validate(payload.index, in: payload.bytes.span, hasExpectedType: type, now: now) {
                audience in
                audiences.contains(payload.unescaped(audience))
            }
            return nil
        } catch { return error }
    }

    /// Claims that hold, but for the members given: each replaces the one of its name.
    private func claims(_ changed: [String: String?]) -> String {
        var members: [String: String?] = ["iss": "\"https://id.example\"", "aud": "\"api\"", "exp": "1800000900"]
        members.merge(changed) { $1 }
        return "{" + members.compactMap { name, value in value.map { "\"\(name)\":\($0)" } }.joined(separator: ",")
            + "}"
    }

    @Test("claims that break no rule are accepted")
    func valid() throws {
        #expect(try failure(claims([:])) == nil)
        #expect(try failure(claims(["nbf": "1800000000", "iat": "1800000000", "sub": "null", "x": "[1.0]"])) == nil)
    }

    // CLM-1: exp.

    @Test(
        "CLM-1 a token is valid while now < exp + leeway",
        arguments: [
            ("1800000001", 0), ("1800000000.5", 0), ("1.8000000005e9", 0), ("1800000000", 1), ("1799999971", 30),
            ("1799999970.001", 30), ("9223372036854775807", 0), ("1e308", 0), ("12345678901234567890", 0),
        ] as [(String, Int64)])
    func notExpired(_ exp: String, _ leeway: Int64) throws {
        #expect(try failure(claims(["exp": exp]), leeway: leeway) == nil)
    }

    @Test(
        "CLM-1 a token is expired when now == exp + leeway, and from then on",
        arguments: [
            ("1800000000", 0), ("1799999999.9", 0), ("1799999999", 1), ("1799999970", 30), ("1799999969.99", 30),
            ("0", 600),
            ("1.5", 0), ("1e-400", 0),
        ] as [(String, Int64)])
    func expired(_ exp: String, _ leeway: Int64) throws {
        #expect(try failure(claims(["exp": exp]), leeway: leeway) == .expired)
    }

    @Test("CLM-1 exp is required", arguments: ["{", "{\"Exp\":1800000900,", "{\"exp \":1800000900,"])
    func expRequired(_ start: String) throws {
        let text = start + #""iss":"https://id.example","aud":"api"}"#
        #expect(try failure(text) == .missingClaim("exp"))
    }

    @Test(
        "CLM-1 a date that is no number, negative or beyond every number is malformed",
        arguments: [
            "\"170\"", "null", "true", "false", "-1", "-1.5", "1e400", "-1e400", "[1800000900]", "{}", "\"1800000900\"",
            "-0.0",
            "-9223372036854775808",
        ], ["exp", "nbf", "iat"])
    func malformedDate(_ value: String, _ name: String) throws {
        #expect(try failure(claims([name: value])) == .malformed("\"\(name)\" is no NumericDate"))
    }

    @Test("CLM-1 the name of a claim is read unescaped")
    func escapedName() throws {
        let text = #"{"\u0069ss":"https://id.example","a\u0075d":"api","\u0065xp":1799999999}"#
        #expect(try failure(text) == .expired)
        #expect(try failure(text, now: Self.now - 60) == nil)
    }

    // CLM-2: nbf and iat.

    @Test(
        "CLM-2 nbf and iat may lie ahead by the leeway",
        arguments: [("1800000000", 0), ("1799999999.5", 0), ("0", 0), ("1800000030", 30), ("1800000029.9", 30)]
            as [(String, Int64)], ["nbf", "iat"])
    func begun(_ value: (String, Int64), _ name: String) throws {
        #expect(try failure(claims([name: value.0]), leeway: value.1) == nil)
    }

    @Test(
        "CLM-2 nbf or iat further ahead is not yet valid",
        arguments: [("1800000001", 0), ("1800000000.1", 0), ("1800000031", 30), ("1800000030.5", 30), ("1e300", 600)]
            as [(String, Int64)], ["nbf", "iat"])
    func notYetValid(_ value: (String, Int64), _ name: String) throws {
        #expect(try failure(claims([name: value.0]), leeway: value.1) == .notYetValid)
    }

    // CLM-3: iss.

    @Test(
        "CLM-3 the issuer is met byte for byte, escaped or not",
        arguments: [#""https://id.example""#, #""https:\/\/id\u002Eexample""#])
    func issuer(_ value: String) throws {
        #expect(try failure(claims(["iss": value])) == nil)
    }

    @Test(
        "CLM-3 UNI-1 any other issuer is wrong",
        arguments: [
            nil, "null", "1", "[\"https://id.example\"]", "\"\"", "\"https://id.example/\"", "\"HTTPS://id.example\"",
            "\"https://id.example \"", "\"https://id.exampl\"", "\"https://id.example\\u0000\"",
            "\"https://\u{131}d.example\"",
        ])
    func wrongIssuer(_ value: String?) throws {
        #expect(try failure(claims(["iss": value])) == .wrongIssuer)
    }

    // CLM-4: aud.

    @Test(
        "CLM-4 aud is a string, or an array of strings, with an expected one",
        arguments: [
            #""api""#, #"["api"]"#, #"["x","api"]"#, #"[ "api" , "y" ]"#, #""\u0061pi""#, #"["x","ap\u0069"]"#,
            #"["api","api"]"#,
        ])
    func audience(_ value: String) throws {
        #expect(try failure(claims(["aud": value])) == nil)
    }

    @Test(
        "CLM-4 any other aud is wrong",
        arguments: [
            nil, "null", "[]", "[1]", "{}", "\"API\"", "\"api \"", "\"\"", "\"x\"", "[\"x\"]", "[[\"api\"]]",
            "{\"api\":\"api\"}",
            "[\"api\",1]", "[null,\"api\"]", "true", "\"api,x\"", "\"x api\"", "[{\"aud\":\"api\"}]",
        ])
    func wrongAudience(_ value: String?) throws {
        #expect(try failure(claims(["aud": value])) == .wrongAudience)
    }

    @Test(
        "UNI-1 an audience is not its look-alike",
        arguments: [("svc-K", "svc-\u{212A}"), ("caf\u{E9}", "cafe\u{301}"), ("a;b", "a\u{37E}b"), ("svc-K", "svc-k")])
    func lookAlikes(_ expected: String, _ other: String) throws {
        #expect(try failure(claims(["aud": "\"\(expected)\""]), audiences: [ByteString(expected)]) == nil)
        #expect(try failure(claims(["aud": "\"\(other)\""]), audiences: [ByteString(expected)]) == .wrongAudience)
        #expect(try failure(claims(["aud": "[\"\(other)\"]"]), audiences: [ByteString(expected)]) == .wrongAudience)
    }

    @Test("CLM-4 no audience is expected by default")
    func noExpectedAudience() throws {
        #expect(try failure(claims([:]), audiences: []) == .wrongAudience)
    }

    // CLM-5: required claims.

    @Test("CLM-5 a required claim is any value but null", arguments: ["\"\"", "0", "false", "[]", "{}", "\"null\""])
    func required(_ value: String) throws {
        #expect(try failure(claims(["sub": value]), required: ["sub"]) == nil)
        #expect(try failure(claims(["s\\u0075b": value]), required: ["sub"]) == nil)
    }

    @Test("CLM-5 a required claim that is missing or null is named")
    func missing() throws {
        #expect(try failure(claims([:]), required: ["sub"]) == .missingClaim("sub"))
        #expect(try failure(claims(["sub": "null"]), required: ["sub"]) == .missingClaim("sub"))
        #expect(
            try failure(claims(["Sub": "1", "sub ": "1", "x": "{\"sub\":1}"]), required: ["sub"])
                == .missingClaim("sub"))
        #expect(try failure(claims(["sub": "1"]), required: ["sub", "email"]) == .missingClaim("email"))
        #expect(try failure(claims(["caf\u{E9}": "1"]), required: ["cafe\u{301}"]) == .missingClaim("cafe\u{301}"))
    }

    @Test("HDR-6 another type than the expected one is wrong")
    func type() throws {
        #expect(try failure(claims([:]), type: false) == .wrongType)
    }

    @Test("a payload that is no object is malformed", arguments: ["[]", "null", "\"iss\"", "1", "[{\"exp\":1}]"])
    func noObject(_ text: String) throws {
        #expect(try failure(text) == .malformed("the payload is no JSON object"))
    }

    @Test("of several broken rules the first counts: form, type, issuer, audience, expiry, begin, required claims")
    func order() throws {
        typealias Failure = ClaimsValidation.Failure
        let broken: [(member: (String, String)?, failure: Failure)] = [
            (("iat", "null"), .malformed("\"iat\" is no NumericDate")), (nil, .wrongType), (("iss", "1"), .wrongIssuer),
            (("aud", "1"), .wrongAudience), (("exp", "1"), .expired), (("nbf", "1e10"), .notYetValid),
            (("sub", "null"), .missingClaim("sub")),
        ]
        for first in broken.indices {
            let changed = Dictionary(uniqueKeysWithValues: broken[first...].compactMap(\.member))
            #expect(try failure(claims(changed), required: ["sub"], type: first > 1) == broken[first].failure)
        }
    }
}
