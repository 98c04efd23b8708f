import JOSE
import Keys
import SigningService
import StrictJSON
import Testing

/// Which reason wins: each token breaks two neighbouring rules, or many from one on, and the first is told.
@Suite struct VerifyPrecedenceTests {
    private static let unknown = "{\"alg\":\"HS384\",\"kid\":\"x\",\"typ\":\"x\"}"
    private static let revoked = "{\"alg\":\"HS384\",\"kid\":\"gone\",\"typ\":\"x\"}"
    private static let foreignAlgorithm = "{\"alg\":\"HS384\",\"kid\":\"k1\",\"typ\":\"x\"}"
    private static let foreignType = "{\"alg\":\"HS256\",\"kid\":\"k1\",\"typ\":\"x\"}"
    private static let sound = "{\"alg\":\"HS256\",\"kid\":\"k1\",\"typ\":\"JWT\"}"

    private func service() throws -> Worker {
        try worker(
            [profile(required: ["sub"])], keys: [try key(), try key("gone", seed: 2, times: KeyTimes(isRevoked: true))])
    }

    private static func payload(_ changes: (name: String, json: String?)...) -> String { HostileToken.claims(changes) }

    @Test(
        "WIRE-5 of two neighbouring faults of a token the first is its reason",
        arguments: [
            (reason: "malformed", header: "{\"alg\":\"HS384\",\"kid\":\"x\",\"crit\":[]}", payload: "{}"),
            (reason: "unknown_key", header: unknown, payload: "{}"),
            (reason: "revoked", header: revoked, payload: "{}"),
            (reason: "malformed", header: foreignType, payload: "{"),
            (reason: "malformed", header: foreignType, payload: "[]"),
            (reason: "malformed", header: foreignType, payload: payload(("exp", "\"1\""))),
            (reason: "malformed", header: foreignType, payload: "{\"a\":1,\"a\":1}"),
            (reason: "wrong_type", header: foreignType, payload: payload(("iss", "1"))),
            (reason: "wrong_issuer", header: sound, payload: payload(("iss", nil), ("aud", nil))),
            (reason: "wrong_audience", header: sound, payload: payload(("aud", "[]"), ("exp", "0"))),
            (reason: "wrong_audience", header: sound, payload: payload(("aud", "1"), ("exp", nil))),
            (reason: "expired", header: sound, payload: payload(("exp", "0"), ("nbf", "1e10"))),
            (reason: "expired", header: sound, payload: payload(("exp", "0"), ("iat", "1e10"))),
            (reason: "missing_claim", header: sound, payload: payload(("exp", nil), ("nbf", "1e10"))),
            (reason: "not_yet_valid", header: sound, payload: payload(("nbf", "1e10"))),
            (reason: "not_yet_valid", header: sound, payload: payload(("iat", "1e10"))),
            (reason: "missing_claim", header: sound, payload: payload()),
            (reason: "ok", header: sound, payload: payload(("sub", "1"))),
        ])
    func neighbours(_ reason: String, _ header: String, _ payload: String) throws {
        let token = try HostileToken(header: header, payload: payload).signed(by: key())
        let answer = try service().verify(token)
        #expect(try answer.outcome == reason)
        if reason != "ok" { #expect(answer.names == ["ok", "valid", "reason", "message"]) }
    }

    @Test("WIRE-5 the algorithm comes before the signature, the signature before the payload")
    func algorithmThenSignatureThenPayload() throws {
        let wrong = base64URL(Self.foreignAlgorithm) + ".!.AAAA"
        #expect(try service().verify(wrong).outcome == "wrong_algorithm")
        #expect(
            try service().verify(signature(over: base64URL(Self.foreignAlgorithm) + ".!", by: key())).outcome
                == "wrong_algorithm")
        #expect(try service().verify(base64URL(Self.foreignType) + ".!.AAAA").outcome == "bad_signature")
        #expect(
            try service().verify(signature(over: base64URL(Self.foreignType) + ".!", by: key())).outcome == "malformed")
        #expect(
            try service().verify(signature(over: base64URL(Self.foreignType) + ".", by: key())).outcome == "malformed")
    }

    @Test("WIRE-5 form comes before the kid, in each segment", arguments: ["!", "AA=", "AAAAA", "AB", "A A="])
    func structure(_ segment: String) throws {
        #expect(try service().verify(base64URL(Self.unknown) + ".AAAA." + segment).outcome == "malformed")
        #expect(try service().verify(segment + ".AAAA.AAAA").outcome == "malformed")
        #expect(try service().verify(base64URL(Self.unknown) + "." + segment + ".AAAA").outcome == "unknown_key")
    }

    @Test("WIRE-5 permission and the audience's grant come before the token")
    func permissionFirst() throws {
        let line = "{\"op\":\"verify\",\"token\":\"!\",\"audience\":\"x\"}"
        #expect(try service().answer(line).outcome == "not_permitted")
        #expect(try service().answer("{\"op\":\"verify\",\"token\":\"!\"}", from: .stranger).outcome == "not_permitted")
        #expect(try service().answer("{\"op\":\"verify\",\"token\":\"!\"}").outcome == "malformed")
        #expect(try service().answer("{\"op\":\"verify\",\"audience\":\"x\"}").outcome == "malformed_request")
    }
}
