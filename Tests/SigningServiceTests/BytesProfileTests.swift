import Authorization
import JOSE
import Keys
import OpenSSL
import SigningService
import StrictJSON
import Testing

/// Profiles with `content = "bytes"`: any payload is signed as it is, and never passes for claims.
@Suite struct BytesProfileTests {
    private func hooks(type: ByteString = "webhook") -> Profile {
        let entry = AllowEntry(
            number: 1, source: "signetd.toml:1", who: Who(users: NameList(names: ["web"], ids: [1_000]), groups: nil),
            permissions: [.sign, .verify], audiences: [], allowedClaims: .all, maximumTTL: 1)
        return Profile(
            name: "default", keyring: "main", content: .bytes,
            validation: ClaimsValidation(issuer: "", requiredClaims: [], leeway: 0), audiences: [], ttl: 1,
            maximumTTL: 1, backdate: 0, type: TokenType(type), fixedClaims: [], allow: [entry])
    }

    private func service(_ profile: Profile? = nil) throws -> Worker {
        try worker([profile ?? hooks()], keys: [key("k", .es256)])
    }

    @Test("any payload comes back as it was signed", arguments: ["", "AA", "aGVsbG8", "eyJleHAiOjB9", "_-8"])
    func roundTrip(_ payload: String) throws {
        let worker = try service()
        let signed = try worker.answer(#"{"op":"sign","payload":"\#(payload)"}"#)
        let token = try signed.string("token")
        #expect(token.split(separator: ".", omittingEmptySubsequences: false)[1] == payload)
        #expect(signed.names == ["ok", "token", "kid"])
        let verified = try worker.verify(token)
        #expect(try verified.string("payload") == payload)
        #expect(verified.raw("valid") == "true")
        #expect(verified.raw("claims") == nil)
    }

    @Test(
        "B64-1 a payload that is not canonical base64url is refused",
        arguments: ["A", "AB", "aGVsbG8=", "a b", "a+b/", "\\u0041A"])
    func notBase64URL(_ payload: String) throws {
        let answer = try service().answer(#"{"op":"sign","payload":"\#(payload)"}"#)
        #expect(try answer.outcome == "malformed_request")
    }

    @Test("claims are not for bytes, nor bytes for claims")
    func contentKind() throws {
        #expect(try service().answer(#"{"op":"sign"}"#).outcome == "claims_rejected")
        #expect(try service().answer(#"{"op":"sign","claims":{}}"#).outcome == "claims_rejected")
        #expect(try worker().answer(#"{"op":"sign","payload":"AA"}"#).outcome == "claims_rejected")
        #expect(try service().answer(#"{"op":"sign","payload":"AA","ttl":5}"#).outcome == "malformed_request")
        #expect(try service().answer(#"{"op":"sign","payload":"AA","claims":{}}"#).outcome == "malformed_request")
    }

    @Test("HDR-6 a token of another type is wrong_type, though its signature holds")
    func wrongType() throws {
        let token = try service(hooks(type: "manifest")).answer(#"{"op":"sign","payload":"AA"}"#).string("token")
        let verified = try service().verify(token)
        #expect(try verified.string("reason") == "wrong_type")
        #expect(verified.raw("payload") == nil)
    }

    @Test("CLM-9 a payload whose token would be too large is refused, and the worker stays usable")
    func tooLarge() throws {
        let worker = try worker([hooks()], keys: [key("k", .es256)], largestToken: 300)
        let long = String(repeating: "AAAA", count: 60)
        #expect(try worker.answer(#"{"op":"sign","payload":"\#(long)"}"#).outcome == "too_large")
        #expect(try worker.answer(#"{"op":"sign","payload":"AAAA"}"#).outcome == "ok")
    }

    @Test("explain shows the header and the entry, and no claims")
    func explain() throws {
        let answer = try service().answer(#"{"op":"explain","payload":"AA"}"#)
        #expect(answer.names == ["ok", "header", "rule"])
    }

    @Test("an audience is nothing that a caller of bytes is granted")
    func audience() throws {
        let worker = try service()
        let token = try worker.answer(#"{"op":"sign","payload":"AA"}"#).string("token")
        let answer = try worker.answer(#"{"op":"verify","token":"\#(token)","audience":"a"}"#)
        #expect(try answer.outcome == "not_permitted")
    }
}
