import Authorization
import JOSE
import Keys
import SigningService
import StrictJSON
import Testing

@Suite struct ExplainTests {
    @Test("explain shows the header and claims that sign would sign, and the entry")
    func dryRun() throws {
        let worker = try worker([profile(type: "at+jwt", allow: [entry(1, uids: [5]), entry(2)])])
        let members = "\"claims\":{\"sub\": 1.0},\"ttl\":60}"
        let explained = try worker.answer("{\"id\":\"x\",\"op\":\"explain\"," + members)
        let token = try worker.answer("{\"op\":\"sign\"," + members).string("token")
        #expect(explained.names == ["id", "ok", "header", "claims", "rule"])
        #expect(try explained.raw("header") == decoded(segments(token)[0]))
        let (shown, signed) = (try explained.object("claims"), try claims(token))
        #expect(shown.names == signed.names)
        for name in shown.names where name != "jti" { #expect(shown.raw(name) == signed.raw(name)) }
        #expect(explained.raw("rule") == "{\"profile\":\"default\",\"entry\":2,\"source\":\"signetd.toml:2\"}")
    }

    @Test(
        "explain decides as sign does, for the same line",
        arguments: [
            "", ",\"profile\":\"x\"", ",\"profile\":1", ",\"payload\":\"\"", ",\"claims\":{\"exp\":1}",
            ",\"claims\":{\"aud\":\"x\"}",
            ",\"claims\":{\"sub\":1,\"foreign\":1}", ",\"ttl\":100", ",\"ttl\":101", ",\"ttl\":0", ",\"claims\":[]",
            ",\"mystery\":1",
            ",\"claims\":{\"sub\":\"" + String(repeating: "x", count: 300) + "\"}",
        ])
    func sameDecisions(_ members: String) throws {
        let profile = profile(maximumTTL: 100, allow: [entry(claims: .only(["sub"]))])
        let worker = try worker([profile], keys: [try key(times: KeyTimes(notBefore: noon))], largestToken: 400)
        for (identity, now) in [
            (Identity.web, noon), (.stranger, noon), (.admin, noon), (.overflow, noon), (.web, noon - 1),
        ] {
            let sign = try worker.answer("{\"op\":\"sign\"\(members)}", from: identity, at: now)
            let explain = try worker.answer("{\"op\":\"explain\"\(members)}", from: identity, at: now)
            #expect(try explain.outcome == sign.outcome)
            if try sign.outcome != "ok" {
                let said = try explain.message.replacing("explain", with: "sign")
                let isExplained = try sign.outcome == "not_permitted" && identity == .admin
                #expect(try isExplained ? said.hasPrefix(sign.message + ": ") : said == sign.message)
            }
        }
    }

    @Test("explain signs nothing: no segment of a token is in its answer")
    func signsNothing() throws {
        let answer = try worker().answer("{\"op\":\"explain\",\"claims\":{\"sub\":\"u\"}}")
        #expect(answer.raw("token") == nil)
        // Its jti is random, and might by chance look like one.
        let words = answer.line.text.split(separator: "\"")
        #expect(!words.contains { $0.contains("eyJ") && $0.utf8.count > 22 })
        #expect(try worker().token().contains("eyJ"))
    }

    @Test("an admin may ask for somebody else, by user and by groups")
    func impersonation() throws {
        let team = AllowEntry(
            number: 2, source: "a", who: Who(users: nil, groups: NameList(names: ["team"], ids: [77])),
            permissions: [.sign], audiences: [store], allowedClaims: .all, maximumTTL: 60)
        let worker = try worker([profile(allow: [entry(), team])])
        func explain(_ who: String) throws -> Answer {
            try worker.answer("{\"op\":\"explain\",\"as\":\(who)}", from: .admin)
        }
        #expect(try explain("{\"user\":\"web\"}").object("rule").integer("entry") == 1)
        #expect(try explain("{\"user\":\"w\\u0065b\",\"groups\":[]}").object("rule").integer("entry") == 1)
        #expect(try explain("{\"groups\":[\"a\", \"team\"]}").object("rule").integer("entry") == 2)
        #expect(try explain("{\"groups\":[\"team\"]}").object("claims").string("aud") == store.text)
        for who in ["{}", "{\"user\":\"Web\"}", "{\"user\":\"1000\"}", "{\"groups\":[\"web\"]}", "{\"user\":\"root\"}"]
        {
            #expect(try explain(who).outcome == "not_permitted")
        }
        #expect(try worker.answer("{\"op\":\"explain\"}", from: .admin).outcome == "not_permitted")
    }

    @Test("an admin may ask for a service, by its unit; no unit is none of those that an entry names")
    func impersonatedUnit() throws {
        let service = AllowEntry(
            number: 1, source: "a",
            who: Who(users: nil, groups: NameList(names: ["team"], ids: [77]), units: ["register.service"]),
            permissions: [.sign], audiences: [store], allowedClaims: .all, maximumTTL: 60)
        let worker = try worker([profile(allow: [service, entry(2)])])
        func explain(_ who: String) throws -> Answer {
            try worker.answer("{\"op\":\"explain\",\"as\":\(who)}", from: .admin)
        }
        let unit = "\"unit\":\"register\\u002eservice\""
        #expect(try explain("{\"groups\":[\"team\"],\(unit)}").object("rule").integer("entry") == 1)
        #expect(try explain("{\"user\":\"web\",\(unit)}").object("rule").integer("entry") == 2)
        for who in [
            "{\(unit)}", "{\"groups\":[\"team\"]}", "{\"groups\":[\"team\"],\"unit\":\"register\"}",
            "{\"groups\":[\"team\"],\"unit\":\"user@1000.service\"}",
            "{\"groups\":[\"team\"],\"unit\":\"\"}",
        ] {
            #expect(try explain(who).outcome == "not_permitted")
        }
    }

    @Test("PEER-2 a caller is served in its unit, and not in another or in none")
    func callersUnit() throws {
        let service = AllowEntry(
            number: 1, source: "a", who: Who(users: nil, groups: nil, units: ["register.service"]),
            permissions: [.sign], audiences: [store], allowedClaims: .all, maximumTTL: 60)
        let worker = try worker([profile(allow: [service])])
        for (unit, outcome) in [
            ("register.service" as ByteString?, "ok"), ("user@1000.service", "not_permitted"), (nil, "not_permitted"),
        ] {
            let identity = Identity(uid: 61_200, gid: 61_200, supplementaryGroups: [], unit: unit)
            for op in ["sign", "explain"] {
                #expect(try worker.answer("{\"op\":\"\(op)\"}", from: identity).outcome == outcome)
            }
        }
        let nobody = Identity(uid: 65_534, gid: 65_534, supplementaryGroups: [], unit: "register.service")
        #expect(try worker.answer("{\"op\":\"sign\"}", from: nobody).outcome == "not_permitted")
    }

    @Test("PEER-1 explain says to an admin, and to nobody else, why no entry is for somebody")
    func reasons() throws {
        let worker = try worker([profile(allow: [entry(1), entry(2, [.verify])])])
        let refusal = "you may not sign with profile \"default\""
        let asked = "{\"op\":\"explain\",\"as\":{\"user\":\"bob\"}}"
        #expect(
            try worker.answer(asked, from: .admin).message
                == "\(refusal): entry 1 (signetd.toml:1): user \"bob\" is not in users; "
                + "entry 2 (signetd.toml:2): it is not for sign, user \"bob\" is not in users")
        #expect(
            try worker.answer("{\"op\":\"explain\"}", from: .admin).message
                == "\(refusal): entry 1 (signetd.toml:1): uid 0 is not in users; "
                + "entry 2 (signetd.toml:2): it is not for sign, uid 0 is not in users")
        #expect(try worker.answer("{\"op\":\"explain\"}", from: .stranger).message == refusal)
        #expect(try worker.answer("{\"op\":\"sign\"}", from: .admin).message == refusal)
        #expect(try worker.answer(asked, from: .stranger).outcome == "not_permitted")
        #expect(try !worker.answer(asked, from: .stranger).message.contains("entry"))
    }

    @Test("\"as\" is for admins, also for one who asks about himself", arguments: [Identity.web, .stranger, .overflow])
    func onlyAdmins(_ identity: Identity) throws {
        for profile in ["default", "naught"] {
            let line = "{\"op\":\"explain\",\"profile\":\"\(profile)\",\"as\":{\"user\":\"web\"}}"
            #expect(try worker().answer(line, from: identity).outcome == "not_permitted")
            #expect(
                try worker().answer(line, from: .admin).outcome == (profile == "default" ? "ok" : "unknown_profile"))
        }
    }

    @Test(
        "WIRE-4 a wrong \"as\" is told by name, before any permission",
        arguments: [
            ("{\"user\":1}", "as.user"), ("{\"user\":null}", "as.user"), ("{\"unit\":1}", "as.unit"),
            ("{\"unit\":[]}", "as.unit"),
            ("{\"groups\":\"a\"}", "as.groups"),
            ("{\"groups\":{}}", "as.groups"), ("{\"groups\":[\"a\",1]}", "as.groups"),
            ("{\"groups\":[[\"a\"]]}", "as.groups"),
            ("{\"uid\":0}", "\"uid\""), ("{\"user\":\"web\",\"\":1}", "\"\""), ("[]", "\"as\""), ("\"web\"", "\"as\""),
            ("{\"user\":\"a\",\"\\u0075ser\":\"b\"}", "duplicate"),
        ])
    func wrongIdentity(_ who: String, _ culprit: String) throws {
        for identity in [Identity.admin, .stranger] {
            let answer = try worker().answer("{\"op\":\"explain\",\"as\":\(who)}", from: identity)
            #expect(try answer.outcome == "malformed_request")
            #expect(try answer.message.contains(culprit))
        }
        #expect(try worker().answer("{\"op\":\"explain\",\"as\":{\"user\":\"web\"}}", from: .admin).outcome == "ok")
    }

    @Test("ping tells the version and the protocol")
    func ping() throws {
        let answer = try worker().answer("{\"op\":\"ping\"}", from: .stranger)
        #expect(answer.names == ["ok", "version", "protocol"])
        #expect(answer.raw("protocol") == "1")
    }
}
