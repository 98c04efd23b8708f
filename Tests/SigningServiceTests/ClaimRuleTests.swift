import Authorization
import SigningService
import StrictJSON
import Testing

@Suite struct ClaimRuleTests {
    private static let fixed: [FixedClaim] = [
        FixedClaim(name: "role", json: Array("\"user\"".utf8)), FixedClaim(name: "Tasks", json: Array("[1]".utf8)),
    ]

    @Test(
        "CLM-6 a claim that the daemon makes, or one that folds to it, is refused and named",
        arguments: [
            "iss", "iat", "nbf", "exp", "jti", "Iss", "ISS", "iſs", "iſſ", "I\\u017fS", "i\\u0073\\u0073", "\\u0049at",
            "eXp", "JTI", "Nbf", "role", "ROLE", "r\\u006fle", "tasks", "taſks", "tas\u{212A}s", "TA\\u017F\\u212aS",
            "AUD", "Aud", "a\\u0055d",
        ])
    func reserved(_ name: String) throws {
        let worker = try worker([profile(fixed: Self.fixed)])
        for claims in ["{\"\(name)\":1}", "{\"a\":1, \"\(name)\":\"https://api.example\",\"z\":{}}"] {
            let answer = try worker.answer("{\"op\":\"sign\",\"claims\":\(claims)}")
            #expect(try answer.outcome == "claims_rejected")
            let escaped = try JSONObject(Array("{\"name\":\"\(name)\"}".utf8)).string("name")
            #expect(
                try answer.message == "the claim \(quoteForMessage(Array(escaped.utf8))) is not the caller's to set")
        }
    }

    @Test(
        "CLM-6 a claim that only looks like one is the caller's",
        arguments: [
            "is", "isss", "iss ", " iss", "iss\\u0000", "i\\u015fs", "\u{131}ss", "\u{130}at", "exp\u{301}",
            "r\u{F4}le",
            "rol", "roles", "task", "", "sub", "\\u0130ss", "j\u{17F}i", "e\u{445}p", "s", "\u{212A}", "\u{17F}",
        ])
    func free(_ name: String) throws {
        let worker = try worker([profile(fixed: Self.fixed)])
        let token = try worker.token("{\"\(name)\":1}")
        #expect(
            try decoded(segments(token)[1]).text.hasPrefix("{\"\(name)\":1,\"role\":\"user\",\"Tasks\":[1],\"iss\":"))
        #expect(try worker.verify(token).outcome == "ok")
    }

    @Test("CLM-6 reserved names stand free inside a claim")
    func nested() throws {
        #expect(try worker().answer("{\"op\":\"sign\",\"claims\":{\"a\":{\"iss\":1,\"exp\":2}}}").outcome == "ok")
    }

    @Test("CLM-6 a claim that the entry does not allow is refused and named; names are compared as bytes")
    func allowance() throws {
        let worker = try worker([profile(allow: [entry(claims: .only(["sub", "email"]))])])
        for name in ["sub", "email", "\\u0073ub"] {
            #expect(try worker.answer("{\"op\":\"sign\",\"claims\":{\"\(name)\":1}}").outcome == "ok")
        }
        for name in ["Sub", "sub ", "emai", "name", "\u{17F}ub", ""] {
            let answer = try worker.answer("{\"op\":\"sign\",\"claims\":{\"sub\":1,\"\(name)\":1}}")
            #expect(try answer.outcome == "claims_rejected")
            #expect(try answer.message == "the claim \(quoteForMessage(Array(name.utf8))) is not allowed")
        }
    }

    @Test("CLM-5 a token that would lack a required claim is not signed; a fixed claim fulfils")
    func required() throws {
        let worker = try worker([profile(required: ["sub", "role"], fixed: Self.fixed)])
        #expect(try worker.verify(worker.token("{\"sub\":\"u\"}")).outcome == "ok")
        #expect(try worker.verify(worker.token("{\"\\u0073ub\":0}")).outcome == "ok")
        for claims in ["{}", "{\"sub\":null}", "{\"Sub\":\"u\"}", "{\"a\":{\"sub\":1}}"] {
            let answer = try worker.answer("{\"op\":\"sign\",\"claims\":\(claims)}")
            #expect(try answer.outcome == "claims_rejected")
            #expect(try answer.message.contains("\"sub\""))
        }
        #expect(try worker.answer("{\"op\":\"sign\"}").outcome == "claims_rejected")
    }

    @Test("CLM-4 claims.aud names one granted audience, as one string")
    func audience() throws {
        let worker = try worker()
        for (json, aud) in [("\"https://store.example\"", store), ("\"\\u0068ttps://api.example\"", api)] {
            let token = try worker.token("{\"aud\":\(json)}")
            #expect(try ByteString(claims(token).string("aud")) == aud)
            #expect(try claims(token).names == ["aud", "iss", "iat", "nbf", "exp", "jti"])
            #expect(try worker.verify(token).outcome == "ok")
        }
        #expect(try claims(worker.token("{\"a\\u0075d\":\"https://store.example\"}")).raw("aud") != nil)
    }

    @Test(
        "CLM-4 another aud is refused",
        arguments: [
            "\"x\"", "\"\"", "\"https://API.example\"", "\"https://api.example \"", "null", "1", "true", "{}", "[]",
            "[\"https://api.example\"]", "[\"https://api.example\",\"https://store.example\"]",
        ])
    func foreignAudience(_ aud: String) throws {
        let answer = try worker().answer("{\"op\":\"sign\",\"claims\":{\"aud\":\(aud)}}")
        #expect(try answer.outcome == "claims_rejected")
        #expect(try answer.message.hasPrefix("\"aud\""))
    }

    @Test("CLM-4 an entry with fewer audiences grants no other, and its first is the default")
    func subset() throws {
        let worker = try worker([profile(allow: [entry(audiences: [store])])])
        #expect(try claims(worker.token()).string("aud") == store.text)
        #expect(
            try worker.answer("{\"op\":\"sign\",\"claims\":{\"aud\":\"https://api.example\"}}").outcome
                == "claims_rejected")
    }

    @Test("entries are tried in file order, the first that fits serves, else the first one's error is told")
    func entryOrder() throws {
        let entries = [
            entry(1, audiences: [api], claims: .only(["sub"]), maximumTTL: 60),
            entry(2, [.verify]), entry(3, uids: [7]),
            entry(4, audiences: [store], claims: .only(["sub", "email"]), maximumTTL: 600),
        ]
        let worker = try worker([profile(allow: entries)])
        func sign(_ claims: String, _ ttl: String) throws -> Answer {
            try worker.answer("{\"op\":\"explain\",\"claims\":\(claims)\(ttl)}")
        }
        func number(_ answer: Answer) throws -> Int64 { try answer.object("rule").integer("entry") }
        #expect(try number(sign("{}", "")) == 1)
        #expect(try number(sign("{}", ",\"ttl\":61")) == 4)
        #expect(try number(sign("{\"email\":1}", "")) == 4)
        #expect(try number(sign("{\"aud\":\"https://store.example\"}", "")) == 4)
        #expect(try sign("{}", ",\"ttl\":601").message.contains("60 seconds"))
        #expect(try sign("{\"email\":1}", ",\"ttl\":601").outcome == "claims_rejected")
        #expect(try sign("{\"email\":1,\"aud\":\"https://api.example\"}", "").message.contains("\"email\""))
    }
}
