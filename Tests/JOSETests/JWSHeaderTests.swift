import JOSE
import StrictJSON
import Testing

@Suite struct JWSHeaderTests {
    /// What a header says, unescaped: nil when it is malformed.
    private struct Reading: Equatable {
        var algorithm: ByteString?
        var kid: ByteString?
        var isKidUnusable = false
        var type: ByteString?
        var isTypeUnusable = false
    }

    private func read(_ text: String) throws -> Reading? {
        let payload = try Payload(text)
        guard let header = payload.header else { return nil }
        var reading = Reading(algorithm: header.algorithm.map { payload.unescaped($0) })
        switch header.kid {
        case .missing: break
        case .unusable: reading.isKidUnusable = true
        case .text(let text): reading.kid = payload.unescaped(text)
        }
        switch header.type {
        case .missing: break
        case .unusable: reading.isTypeUnusable = true
        case .text(let text): reading.type = payload.unescaped(text)
        }
        return reading
    }

    @Test("HDR-1 alg, kid and typ are read, in any order, escaped or not")
    func members() throws {
        let expected = Reading(algorithm: "HS512", kid: "k1", type: "JWT")
        #expect(try read(#"{"alg":"HS512","kid":"k1","typ":"JWT"}"#) == expected)
        #expect(try read(#"{"typ":"J\u0057T","\u006bid":"k\u0031","cty":"x","\u0061lg":"HS512"}"#) == expected)
        #expect(try read("{}") == Reading())
    }

    @Test("ALG-1 an alg that is no string is none", arguments: ["1", "null", "[\"HS256\"]", "{}", "true"])
    func algorithmOfOtherKind(_ value: String) throws {
        let reading = try #require(try read("{\"alg\":\(value)}"))
        #expect(reading.algorithm == nil)
    }

    @Test("ALG-1 another spelling of the member is another member", arguments: ["Alg", "ALG", "alg ", "al", "algo"])
    func otherNames(_ name: String) throws {
        #expect(try read("{\"\(name)\":\"HS256\"}") == Reading())
    }

    @Test(
        "HDR-2 crit, b64 and zip are refused in every form, under every spelling of the same bytes",
        arguments: [
            #""crit":[]"#, #""crit":["exp"]"#, #""crit":["b64"]"#, #""crit":"exp""#, #""crit":null"#, #""crit":{}"#,
            #""b64":true"#, #""b64":false"#, #""b64":null"#, #""zip":"DEF""#, #""zip":null"#, #""\u0063rit":[]"#,
            #""b\u00364":false"#, #""z\u0069p":"DEF""#,
        ])
    func extensions(_ member: String) throws {
        #expect(try read("{\(member)}") == nil)
        #expect(try read("{\"alg\":\"HS256\",\(member),\"kid\":\"a\"}") == nil)
    }

    @Test(
        "HDR-2 other unknown members are passed over",
        arguments: [#""Crit":[]"#, #""b65":1"#, #""x":{"crit":[]}"#, #""cty":"JWT""#])
    func unknownMembers(_ member: String) throws {
        #expect(try read("{\"alg\":\"HS256\",\(member)}") == Reading(algorithm: "HS256"))
    }

    @Test(
        "HDR-3 keys and addresses of keys in a header change nothing",
        arguments: [
            #""jku":"https://evil.example/""#, #""jwk":{"kty":"oct","k":"AA"}"#, #""x5u":"x""#, #""x5c":["x"]"#,
            #""x5t":"x""#,
        ])
    func embeddedKeys(_ member: String) throws {
        let expected = Reading(algorithm: "HS256", kid: "a")
        #expect(try read("{\"alg\":\"HS256\",\"kid\":\"a\",\(member)}") == expected)
    }

    @Test("HDR-4 a kid that is no string belongs to no key", arguments: ["1", "null", "[\"a\"]", "{}", "false"])
    func unusableKid(_ value: String) throws {
        #expect(try read("{\"kid\":\(value)}") == Reading(isKidUnusable: true))
    }

    @Test("HDR-4 a kid is any string", arguments: ["", "../x", "'\\\"", "\\u0000", "é"])
    func anyKid(_ value: String) throws {
        let reading = try #require(try read("{\"kid\":\"\(value)\"}"))
        #expect(reading.kid != nil)
        #expect(!reading.isKidUnusable)
    }

    @Test(
        "a header that is no object is malformed", arguments: ["[]", "\"alg\"", "1", "null", "[{\"alg\":\"HS256\"}]"])
    func noObject(_ text: String) throws {
        #expect(try read(text) == nil)
    }

    // Rule HDR-6, RFC 7515 section 4.1.9.

    private func accepts(_ type: String, _ header: String) throws -> Bool {
        let payload = try Payload(header)
        let header = try #require(payload.header)
        return TokenType(ByteString(type)).accepts(header.type, in: payload.bytes.span)
    }

    @Test(
        "HDR-6 an explicit type is met by its name, in any case, with or without application/",
        arguments: [
            "at+jwt", "application/at+jwt", "AT+JWT", "Application/At+Jwt", #"at\u002bjwt"#, #"application\/at+jwt"#,
        ])
    func explicitType(_ value: String) throws {
        #expect(try accepts("at+jwt", "{\"typ\":\"\(value)\"}"))
        #expect(try accepts("application/at+jwt", "{\"typ\":\"\(value)\"}"))
    }

    @Test(
        "HDR-6 an explicit type is met by nothing else",
        arguments: [
            "{}", #"{"typ":"JWT"}"#, #"{"typ":"at+jwt;x"}"#, #"{"typ":""}"#, #"{"typ":"at+jwt "}"#,
            #"{"typ":"text/at+jwt"}"#,
            #"{"typ":"/at+jwt"}"#, #"{"typ":"application/application/at+jwt"}"#, #"{"typ":null}"#,
            #"{"typ":["at+jwt"]}"#,
            #"{"typ":"at+jwt\u0000"}"#, #"{"Typ":"at+jwt"}"#, #"{"typ":"application/"}"#, #"{"typ":"aT+\u212Awt"}"#,
        ])
    func otherTypes(_ header: String) throws {
        #expect(try !accepts("at+jwt", header))
    }

    @Test(
        "HDR-6 where JWT is expected, none and JWT in any case will do",
        arguments: ["{}", #"{"typ":"JWT"}"#, #"{"typ":"jwt"}"#, #"{"typ":"application/jwt"}"#])
    func plainType(_ header: String) throws {
        #expect(try accepts("JWT", header))
    }

    @Test(
        "HDR-6 where JWT is expected, every other type is refused",
        arguments: [
            #"{"typ":"at+jwt"}"#, #"{"typ":"JWS"}"#, #"{"typ":""}"#, #"{"typ":1}"#, #"{"typ":null}"#,
            #"{"typ":"JWT "}"#,
        ])
    func otherThanPlain(_ header: String) throws {
        #expect(try !accepts("JWT", header))
    }

    @Test("HDR-6 types that say the same are the same")
    func typeEquality() {
        #expect(TokenType("at+jwt") == TokenType("application/AT+JWT"))
        #expect(TokenType("at+jwt") != TokenType("JWT"))
        #expect(TokenType("at+jwt").isExplicit)
        for value in ["JWT", "jwt", "application/jwt"] as [ByteString] { #expect(!TokenType(value).isExplicit) }
    }
}
