import Authorization
import SigningService
import StrictJSON
import Testing

@Suite struct CallerTests {
    private static let lines = [
        "{\"op\":\"sign\",\"profile\":\"NAME\"}", "{\"op\":\"sign\",\"profile\":\"NAME\",\"claims\":{\"exp\":1}}",
        "{\"op\":\"sign\",\"profile\":\"NAME\",\"ttl\":2147483647}",
        "{\"op\":\"sign\",\"profile\":\"NAME\",\"payload\":\"!\"}",
        "{\"op\":\"verify\",\"profile\":\"NAME\",\"token\":\"\"}",
        "{\"op\":\"verify\",\"profile\":\"NAME\",\"token\":\"a.b.c\",\"audience\":\"https://api.example\"}",
        "{\"op\":\"verify\",\"profile\":\"NAME\",\"token\":\"a.b.c\",\"audience\":\"x\"}",
        "{\"op\":\"explain\",\"profile\":\"NAME\"}",
        "{\"op\":\"explain\",\"profile\":\"NAME\",\"as\":{\"user\":\"web\"}}",
    ]

    private func service() throws -> Worker {
        try worker([profile("there"), profile("open", issuer: "https://open.example", allow: [everyone()])])
    }

    @Test("PEER-1 a caller without an entry cannot tell an existing profile from a missing one", arguments: lines)
    func strangers(_ line: String) throws {
        let worker = try service()
        let existing = try worker.answer(line.replacing("NAME", with: "there"), from: .stranger)
        let missing = try worker.answer(line.replacing("NAME", with: "naught"), from: .stranger)
        #expect(try existing.outcome == "not_permitted")
        #expect(existing.line.text.replacing("there", with: "naught") == missing.line.text)
    }

    @Test("PEER-1 absent, the profile is \"default\", which a stranger cannot tell to exist either")
    func defaultProfile() throws {
        for line in ["{\"op\":\"sign\"}", "{\"op\":\"verify\",\"token\":\"x\"}", "{\"op\":\"explain\"}"] {
            let existing = try worker().answer(line, from: .stranger)
            #expect(try existing.outcome == "not_permitted")
            #expect(try existing.line == service().answer(line, from: .stranger).line)
        }
        #expect(try worker().answer("{\"op\":\"sign\"}").outcome == "ok")
    }

    @Test("PEER-1 an admin is told that a profile is missing, and still needs an entry to sign")
    func admins() throws {
        let worker = try service()
        for operation in ["sign", "explain", "verify"] {
            let rest = operation == "verify" ? ",\"token\":\"x\"}" : "}"
            let line = "{\"op\":\"\(operation)\",\"profile\":\"NAME\"" + rest
            #expect(
                try worker.answer(line.replacing("NAME", with: "naught"), from: .admin).outcome == "unknown_profile")
            #expect(try worker.answer(line.replacing("NAME", with: "there"), from: .admin).outcome == "not_permitted")
        }
    }

    @Test("PEER-2 the overflow uid is nobody, whatever entry and group there is")
    func overflow() throws {
        let worker = try service()
        for name in ["open", "there", "naught"] {
            let line = "{\"op\":\"sign\",\"profile\":\"\(name)\"}"
            #expect(try worker.answer(line, from: .overflow).outcome == "not_permitted")
        }
        let token = try worker.answer("{\"op\":\"sign\",\"profile\":\"open\"}", from: .stranger).string("token")
        let verify = "{\"op\":\"verify\",\"profile\":\"open\",\"token\":\"\(token)\"}"
        #expect(try worker.answer(verify, from: .stranger).outcome == "ok")
        #expect(try worker.answer(verify, from: .overflow).outcome == "not_permitted")
        #expect(try worker.answer("{\"op\":\"ping\"}", from: .overflow).outcome == "ok")
    }

    @Test("PEER-1 an entry for one operation does not grant the other")
    func operations() throws {
        let signer = try worker([profile(allow: [entry(1, [.sign])])])
        let verifier = try worker([profile(allow: [entry(1, [.verify])])])
        let token = try signer.token()
        #expect(try signer.verify(token).outcome == "not_permitted")
        #expect(try verifier.verify(token).outcome == "ok")
        #expect(try verifier.answer("{\"op\":\"sign\"}").outcome == "not_permitted")
        #expect(try verifier.answer("{\"op\":\"explain\"}").outcome == "not_permitted")
    }

    @Test("UNI-1 a profile is found by the bytes of its name", arguments: ["cafe\u{301}", "K", "k\u{0}", "Default"])
    func names(_ name: String) throws {
        let worker = try worker([profile("caf\u{E9}"), profile("\u{212A}"), profile("k"), profile()])
        #expect(try worker.answer("{\"op\":\"sign\",\"profile\":\"\(name)\"}").outcome != "ok")
        #expect(try worker.answer("{\"op\":\"sign\",\"profile\":\"caf\\u00e9\"}").outcome == "ok")
        #expect(try worker.answer("{\"op\":\"sign\",\"profile\":\"\u{212A}\"}").outcome == "ok")
    }

    @Test("CLM-4 asking to verify for an audience beyond the grant is not permitted")
    func audienceBeyondGrant() throws {
        let worker = try worker([profile(allow: [entry(audiences: [api]), entry(2, [.sign], audiences: [store])])])
        let token = try worker.token()
        func verify(_ audience: String) -> String {
            "{\"op\":\"verify\",\"token\":\"\(token)\",\"audience\":\"\(audience)\"}"
        }
        #expect(try worker.answer(verify("https://api.example")).outcome == "ok")
        for audience in ["https://store.example", "https://api.exampl\u{212A}", "", "https://API.example"] {
            #expect(try worker.answer(verify(audience)).outcome == "not_permitted")
        }
    }
}
