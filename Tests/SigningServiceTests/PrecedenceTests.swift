import Authorization
import JOSE
import Keys
import SigningService
import StrictJSON
import Testing

/// Which error wins: each line breaks two neighbouring rules of docs/protocol.md, and the first is told.
@Suite struct PrecedenceTests {
    private static let long = String(repeating: "x", count: 300)

    /// A service where a line can break what it likes: entry 1 allows `sub` only, and no key may sign before noon.
    private func service() throws -> Worker {
        try worker(
            [profile(allow: [entry(audiences: [api], claims: .only(["sub", "n"]), maximumTTL: 100)])],
            keys: [try key(times: KeyTimes(notBefore: noon))], largestToken: 200)
    }

    @Test(
        "WIRE-5 of two neighbouring errors of a sign request the first wins",
        arguments: [
            (first: "malformed_request", says: "unexpected byte", line: "{\"id\":1.5,\"op\":\"sign\",}"),
            (first: "malformed_request", says: "duplicate member", line: "{\"id\":1.5,\"op\":\"sign\",\"op\":1}"),
            (first: "malformed_request", says: "\"id\"", line: "{\"op\":\"nope\",\"id\":1.5}"),
            (first: "malformed_request", says: "\"id\"", line: "{\"op\":1,\"id\":true}"),
            (first: "unknown_op", says: "\"nope\"", line: "{\"mystery\":1,\"op\":\"nope\"}"),
            (first: "malformed_request", says: "\"op\"", line: "{\"mystery\":1,\"op\":7}"),
            (
                first: "malformed_request", says: "\"mystery\"",
                line: "{\"op\":\"sign\",\"profile\":\"x\",\"mystery\":1}"
            ),
            (first: "malformed_request", says: "\"ttl\"", line: "{\"op\":\"sign\",\"profile\":\"x\",\"ttl\":\"5\"}"),
            (
                first: "malformed_request", says: "exclude",
                line: "{\"op\":\"sign\",\"profile\":\"x\",\"claims\":{},\"payload\":\"\"}"
            ),
            (first: "not_permitted", says: "\"x\"", line: "{\"op\":\"sign\",\"profile\":\"x\",\"payload\":\"\"}"),
            (first: "malformed_request", says: "exclude", line: "{\"op\":\"sign\",\"payload\":\"\",\"ttl\":101}"),
            (first: "claims_rejected", says: "payload", line: "{\"op\":\"sign\",\"payload\":\"\"}"),
            (first: "claims_rejected", says: "\"exp\"", line: "{\"op\":\"sign\",\"claims\":{\"aud\":1,\"exp\":1}}"),
            (
                first: "claims_rejected", says: "\"foreign\"",
                line: "{\"op\":\"sign\",\"claims\":{\"aud\":1,\"foreign\":1}}"
            ),
            (
                first: "claims_rejected", says: "\"foreign\"",
                line: "{\"op\":\"sign\",\"claims\":{\"aud\":\"x\",\"foreign\":1}}"
            ),
            (first: "claims_rejected", says: "\"aud\"", line: "{\"op\":\"sign\",\"claims\":{\"aud\":1},\"ttl\":101}"),
            (
                first: "claims_rejected", says: "\"aud\"",
                line: "{\"op\":\"sign\",\"claims\":{\"aud\":\"x\"},\"ttl\":101}"
            ),
        ])
    func neighbours(_ first: String, _ says: String, _ line: String) throws {
        let answer = try service().answer(line)
        #expect(try answer.outcome == first)
        #expect(try answer.message.contains(says))
    }

    @Test("WIRE-5 permission comes before the content kind, the claims and the ttl")
    func permissionFirst() throws {
        for member in ["\"payload\":\"\"", "\"claims\":{\"exp\":1}", "\"claims\":{\"aud\":1}", "\"ttl\":2147483647"] {
            let line = "{\"op\":\"sign\",\(member)}"
            #expect(try service().answer(line, from: .stranger).outcome == "not_permitted")
            #expect(try service().answer(line, from: .web).outcome != "not_permitted")
        }
    }

    @Test(
        "WIRE-5 the rate comes after permission, and before content kind, claims, audience, ttl and key",
        arguments: [
            "\"payload\":\"\"", "\"claims\":{\"exp\":1}", "\"claims\":{\"aud\":1}", "\"claims\":{\"aud\":\"x\"}",
            "\"ttl\":101",
        ])
    func rate(_ fault: String) throws {
        let line = "{\"op\":\"sign\",\(fault)}"
        let service = try worker(
            [profile(allow: [entry(claims: .only(["sub"]), maximumTTL: 100, rate: 1)])],
            keys: [try key(times: KeyTimes(notBefore: noon))])
        #expect(try service.answer(line, from: .stranger).outcome == "not_permitted")
        let told = try service.answer(line).outcome
        #expect(told == "claims_rejected" || told == "ttl_too_long")
        #expect(try service.answer(line).outcome == "rate_limited")
        #expect(try service.answer(line, from: .stranger).outcome == "not_permitted")
        // Neither is anything said of the key, nor anything of the rate before the line is a request.
        #expect(try service.answer("{\"op\":\"sign\"}", at: noon - 1).outcome == "rate_limited")
        #expect(try service.answer("{\"op\":\"sign\"}", at: noon - 1, clock: second).outcome == "no_signing_key")
        #expect(try service.answer("{\"op\":\"sign\",\"ttl\":0}", clock: second).outcome == "malformed_request")
    }

    @Test("WIRE-5 on verify too: permission, then the rate, then the audience and the token")
    func verifyRate() throws {
        let service = try worker([profile(allow: [entry(audiences: [api], rate: 2)])])
        let line = "{\"op\":\"verify\",\"token\":\"!\",\"audience\":\"x\"}"
        #expect(try service.answer(line).outcome == "not_permitted")
        #expect(try service.verify("!").outcome == "malformed")
        #expect(try service.answer(line).outcome == "rate_limited")
        #expect(try service.verify("!").outcome == "rate_limited")
        #expect(try service.answer(line, from: .stranger).outcome == "not_permitted")
        #expect(try service.answer("{\"op\":\"verify\"}").outcome == "malformed_request")
    }

    @Test("WIRE-5 ttl comes before the key, the key before the size")
    func lifeThenKeyThenSize() throws {
        let claims = "\"claims\":{\"sub\":\"\(Self.long)\"}"
        let service = try service()
        #expect(try service.answer("{\"op\":\"sign\",\(claims),\"ttl\":101}", at: noon - 1).outcome == "ttl_too_long")
        #expect(try service.answer("{\"op\":\"sign\",\(claims),\"ttl\":100}", at: noon - 1).outcome == "no_signing_key")
        #expect(try service.answer("{\"op\":\"sign\",\(claims),\"ttl\":100}").outcome == "too_large")
        #expect(try service.answer("{\"op\":\"sign\",\"ttl\":100}", at: noon - 1).outcome == "no_signing_key")
    }

    @Test("WIRE-5 claims are refused before a ttl that is too long, and so is a missing required claim")
    func claimsBeforeLife() throws {
        let service = try worker([profile(required: ["sub"], maximumTTL: 100)])
        let answer = try service.answer("{\"op\":\"sign\",\"ttl\":101}")
        #expect(try answer.outcome == "claims_rejected")
        #expect(try answer.message.contains("\"sub\""))
        #expect(try service.answer("{\"op\":\"sign\",\"claims\":{\"sub\":1},\"ttl\":101}").outcome == "ttl_too_long")
    }

    @Test("WIRE-5 a line that breaks nothing is served")
    func served() throws {
        let service = try worker()
        #expect(try service.answer("{\"op\":\"sign\",\"claims\":{\"sub\":\"u\"},\"ttl\":100}").outcome == "ok")
    }
}
