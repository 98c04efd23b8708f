import Authorization
import SigningService
import StrictJSON
import Testing

@Suite struct VerifyClaimsTests {
    /// What becomes of a token whose claims differ so from those of a sound one.
    private func outcome(
        _ changes: [(name: String, json: String?)], leeway: Int64 = 30, required: [ByteString] = []
    ) throws -> String {
        let worker = try worker([profile(required: required, leeway: leeway)])
        return try worker.verify(HostileToken(payload: HostileToken.claims(changes)).signed(by: key())).outcome
    }

    @Test(
        "CLM-1 exp is required and lies ahead, leeway granted",
        arguments: [
            ("\(noon + 1)", 0, "ok"), ("\(noon)", 0, "expired"), ("\(noon - 1)", 0, "expired"), ("\(noon).5", 0, "ok"),
            ("\(noon - 29)", 30, "ok"), ("\(noon - 30)", 30, "expired"), ("\(noon - 30).5", 30, "ok"),
            ("\(noon - 30).0", 30, "expired"), ("1.9e9", 0, "ok"), ("12345678901234567890", 0, "ok"),
            ("1e300", 0, "ok"), ("0", 30, "expired"),
            ("1.5", 30, "expired"), ("\"170\"", 30, "malformed"), ("null", 30, "malformed"), ("true", 30, "malformed"),
            ("-1", 30, "malformed"),
            ("-0.5", 30, "malformed"), ("1e400", 30, "malformed"), ("-1e400", 30, "malformed"), ("[]", 30, "malformed"),
            ("{}", 30, "malformed"),
        ])
    func expiry(_ exp: String, _ leeway: Int64, _ outcome: String) throws {
        #expect(try self.outcome([("exp", exp)], leeway: leeway) == outcome)
    }

    @Test("CLM-1 a token without exp lacks a claim")
    func missingExpiry() throws {
        #expect(try outcome([("exp", nil)]) == "missing_claim")
        #expect(try outcome([("exp", nil), ("Exp", "\(noon + 9)"), ("ex\\u0050", "1")]) == "missing_claim")
        #expect(try outcome([("exp", nil), ("\\u0065xp", "\(noon + 9)")]) == "ok")
    }

    @Test("CLM-2 nbf and iat lie behind, leeway granted", arguments: ["nbf", "iat"])
    func begin(_ name: String) throws {
        for (json, leeway, expected) in [
            ("\(noon)", 0, "ok"), ("\(noon + 1)", 0, "not_yet_valid"), ("\(noon).5", 0, "not_yet_valid"),
            ("0", 0, "ok"), ("-0", 0, "ok"),
            ("\(noon + 30)", 30, "ok"), ("\(noon + 31)", 30, "not_yet_valid"), ("1e300", 30, "not_yet_valid"),
            ("\"1\"", 30, "malformed"),
            ("null", 30, "malformed"), ("-1", 30, "malformed"), ("1e999", 30, "malformed"), ("[1]", 30, "malformed"),
        ] {
            #expect(try outcome([(name, json)], leeway: Int64(leeway)) == expected, "\(name) \(json)")
        }
        #expect(try outcome([(name, nil)]) == "ok")
    }

    @Test(
        "CLM-3 iss is the profile's issuer, byte for byte",
        arguments: [
            ("\"https://issuer.example\"", "ok"), ("\"https:\\/\\/issuer.ex\\u0061mple\"", "ok"),
            ("\"https://issuer.example/\"", "wrong_issuer"),
            ("\"https://Issuer.example\"", "wrong_issuer"), ("\"https://issuer.example \"", "wrong_issuer"),
            ("\"\"", "wrong_issuer"),
            ("null", "wrong_issuer"), ("1", "wrong_issuer"), ("[\"https://issuer.example\"]", "wrong_issuer"),
            ("{}", "wrong_issuer"),
            ("\"https://is\u{17F}uer.example\"", "wrong_issuer"),
        ])
    func issuer(_ iss: String, _ outcome: String) throws { #expect(try self.outcome([("iss", iss)]) == outcome) }

    @Test("CLM-3 a token without iss is of the wrong issuer")
    func missingIssuer() throws {
        #expect(try outcome([("iss", nil), ("Iss", "\"https://issuer.example\"")]) == "wrong_issuer")
    }

    @Test(
        "CLM-4 aud is a granted audience, or an array of strings that holds one",
        arguments: [
            ("\"https://api.example\"", "ok"), ("\"https://store.example\"", "ok"), ("[\"https://api.example\"]", "ok"),
            ("[\"x\", \"https://store.example\" ,\"y\"]", "ok"), ("[]", "wrong_audience"), ("[1]", "wrong_audience"),
            ("{}", "wrong_audience"),
            ("[\"https://api.example\",1]", "wrong_audience"), ("[null,\"https://api.example\"]", "wrong_audience"),
            ("[[\"https://api.example\"]]", "wrong_audience"), ("{\"aud\":\"https://api.example\"}", "wrong_audience"),
            ("\"https://API.example\"", "wrong_audience"), ("\"https://api.example \"", "wrong_audience"),
            ("\"\"", "wrong_audience"),
            ("null", "wrong_audience"), ("true", "wrong_audience"),
            ("\"https://api.example,https://store.example\"", "wrong_audience"),
        ])
    func audience(_ aud: String, _ outcome: String) throws { #expect(try self.outcome([("aud", aud)]) == outcome) }

    @Test("CLM-4 a token without aud is for the wrong audience")
    func missingAudience() throws { #expect(try outcome([("aud", nil)]) == "wrong_audience") }

    @Test("CLM-4 the request's audience is the one that is expected; absent, any of the entry's")
    func requestedAudience() throws {
        let worker = try worker([profile(allow: [entry(audiences: [api]), entry(2, audiences: [store])])])
        func outcome(_ aud: String, _ audience: String?) throws -> String {
            let token = try HostileToken(payload: HostileToken.claims([("aud", aud)])).signed(by: key())
            let member = audience.map { ",\"audience\":\"\($0)\"" } ?? ""
            return try worker.answer("{\"op\":\"verify\",\"token\":\"\(token)\"\(member)}").outcome
        }
        #expect(try outcome("\"https://api.example\"", nil) == "ok")
        #expect(try outcome("\"https://store.example\"", nil) == "wrong_audience")
        #expect(try outcome("\"https://store.example\"", "https:\\/\\/store.example") == "ok")
        #expect(try outcome("\"https://api.example\"", "https://store.example") == "wrong_audience")
        #expect(try outcome("[\"https://api.example\",\"https://store.example\"]", "https://store.example") == "ok")
    }

    @Test("CLM-4 of two audiences that one entry grants, only the requested one is expected")
    func requestedOfTwo() throws {
        let worker = try worker()
        let token = try HostileToken(payload: HostileToken.claims([("aud", "[\"x\",\"\(store.text)\"]")])).signed(
            by: key())
        func outcome(_ audience: ByteString) throws -> String {
            let line = "{\"op\":\"verify\",\"token\":\"\(token)\",\"audience\":\"\(audience.text)\"}"
            return try worker.answer(line).outcome
        }
        #expect(try worker.verify(token).outcome == "ok")
        #expect(try outcome(store) == "ok")
        #expect(try outcome(api) == "wrong_audience")
        #expect(try outcome("x") == "not_permitted")
    }

    @Test("UNI-1 audiences that Swift's String calls equal are two")
    func audienceBytes() throws {
        let granted = entry(audiences: ["svc-K", "caf\u{E9}", ";"])
        let worker = try worker([profile(allow: [granted])])
        for (aud, outcome) in [
            ("svc-K", "ok"), ("svc-\u{212A}", "wrong_audience"), ("caf\u{E9}", "ok"), ("cafe\u{301}", "wrong_audience"),
            (";", "ok"),
            ("\u{37E}", "wrong_audience"),
        ] {
            let token = try HostileToken(payload: HostileToken.claims([("aud", "\"\(aud)\"")])).signed(by: key())
            #expect(try worker.verify(token).outcome == outcome)
        }
    }

    @Test(
        "CLM-5 required claims are present and not null",
        arguments: [
            ("{}", "ok"), ("\"\"", "ok"), ("0", "ok"), ("false", "ok"), ("[]", "ok"), ("null", "missing_claim"),
        ])
    func required(_ json: String, _ outcome: String) throws {
        #expect(try self.outcome([("sub", json)], required: ["sub"]) == outcome)
        #expect(try self.outcome([("s\\u0075b", json)], required: ["sub"]) == outcome)
        #expect(try self.outcome([("sub", json)]) == "ok")
    }

    @Test("CLM-5 a required claim that is missing, or has another name, is told by name")
    func missingRequired() throws {
        let worker = try worker([profile(required: ["sub", "a\nb"])])
        for claims in [[], [("Sub", "1")], [("sub", "1")]] as [[(name: String, json: String?)]] {
            let answer = try worker.verify(HostileToken(payload: HostileToken.claims(claims)).signed(by: key()))
            #expect(try answer.outcome == "missing_claim")
            #expect(try answer.message.hasSuffix(claims.first?.name == "sub" ? "\"a\\x0ab\"" : "\"sub\""))
            #expect(answer.names == ["ok", "valid", "reason", "message"])
        }
    }
}
