import StrictJSON
import Testing
import WireProtocol

@Suite struct RequestReaderTests {
    /// What a line is refused with; nil when it is read.
    private func told(_ line: String) -> Refusal? {
        var reader = RequestReader()
        do throws(Refusal) { _ = try reader.read(Array(line.utf8).span) } catch { return error }
        return nil
    }

    private func text(_ text: JSONText?, in line: [UInt8]) -> ByteString? {
        text.map { ByteString($0.unescaped(in: line.span)) }
    }

    @Test("WIRE-1 every member of a request is found where it stands, in any order")
    func members() throws {
        let line = Array(
            """
            {"claims": {"sub":"u"} ,"ttl":900,"id":"a","profile":"w\\u0065b","op":"\\u0073ign"}
            """.utf8)
        var reader = RequestReader()
        let request = try reader.read(line.span)
        #expect(request.operation == .sign)
        #expect(text(request.profile, in: line) == "web")
        #expect(request.ttl == 900)
        let claims = try #require(request.claims)
        #expect(ByteString(Array(line[claims.start..<claims.end])) == "{\"sub\":\"u\"}")
        #expect(
            request.payload == nil && request.token == nil && request.audience == nil && request.impersonated == nil)
        let verify = Array("{\"op\":\"verify\",\"token\":\"t\",\"audience\":\"a\"}".utf8)
        let second = try reader.read(verify.span)
        #expect(reader.id == nil)
        #expect(text(second.token, in: verify) == "t")
        #expect(text(second.audience, in: verify) == "a")
        #expect(second.profile == nil && second.claims == nil)
    }

    @Test(
        "WIRE-4 each operation takes its own members",
        arguments: [
            "{\"op\":\"ping\"}", "{\"op\":\"sign\"}", "{\"op\":\"sign\",\"profile\":\"p\",\"claims\":{},\"ttl\":1}",
            "{\"op\":\"sign\",\"payload\":\"\"}", "{\"op\":\"jwks\"}", "{\"op\":\"jwks\",\"keyring\":\"r\"}",
            "{\"op\":\"verify\",\"token\":\"\"}",
            "{\"op\":\"verify\",\"profile\":\"\",\"token\":\"\",\"audience\":\"\"}", "{\"op\":\"explain\"}",
            "{\"op\":\"explain\",\"profile\":\"p\",\"claims\":{},\"ttl\":1,\"as\":{}}", " {\"op\" :\r\"ping\"}\t",
        ])
    func accepted(_ line: String) { #expect(told(line) == nil) }

    @Test(
        "WIRE-4 a member that the operation does not have is refused by name",
        arguments: [
            ("ping", ["profile", "claims", "token", "ttl", "as", "audience", "payload", "ID", "Op", "i\\u0064 "]),
            ("sign", ["token", "audience", "as", "Claims", "clai\\u006ds ", "TTL", "", "id\\u0000", "kid", "alg"]),
            ("verify", ["claims", "ttl", "payload", "as", "aud", "leeway"]),
            ("explain", ["token", "audience", "user"]),
        ])
    func unknownMembers(_ operation: String, _ names: [String]) throws {
        for name in names {
            let refusal = try #require(told("{\"op\":\"\(operation)\",\"\(name)\":\"\"}"))
            #expect(refusal.code == .malformedRequest)
            #expect(refusal.message.hasPrefix("unknown member \""))
            #expect(refusal.message.hasSuffix("for op \"\(operation)\""))
        }
    }

    @Test(
        "WIRE-4 a member of the wrong type is refused by name",
        arguments: [
            ("sign", "profile", ["1", "null", "{}", "[]", "true", "[\"p\"]"]),
            ("sign", "claims", ["1", "null", "\"{}\"", "[]", "false", "[{}]"]),
            ("sign", "payload", ["1", "null", "{}", "[]"]), ("verify", "token", ["1", "null", "{}", "[]", "true"]),
            ("verify", "audience", ["1", "null", "{}", "[\"a\"]"]), ("explain", "as", ["1", "null", "\"web\"", "[]"]),
        ])
    func wrongTypes(_ operation: String, _ name: String, _ values: [String]) throws {
        for value in values {
            let refusal = try #require(told("{\"op\":\"\(operation)\",\"\(name)\":\(value)}"))
            #expect(refusal.code == .malformedRequest)
            #expect(refusal.message.hasPrefix("\"\(name)\" must be "))
        }
    }

    @Test(
        "WIRE-4 an op that is none is refused by name", arguments: ["nope", "", "Ping", "ping ", "p\\u0131ng", "pin"])
    func unknownOperation(_ name: String) throws {
        let refusal = try #require(told("{\"op\":\"\(name)\"}"))
        #expect(refusal.code == .unknownOperation)
        #expect(refusal.message.hasPrefix("unknown op \""))
    }

    @Test(
        "WIRE-4 what is missing or of no use is said",
        arguments: [
            ("{}", "missing member \"op\""), ("{\"op\":1}", "\"op\" must be a string"),
            ("{\"op\":null}", "\"op\" must be a string"), ("{\"op\":\"verify\"}", "missing member \"token\""),
            ("[]", "a request is one JSON object"), ("\"x\"", "a request is one JSON object"),
            ("", "empty line: a request is one JSON object"),
            ("{\"op\":\"sign\",\"claims\":{},\"payload\":\"\"}", "\"claims\" and \"payload\" exclude each other"),
        ])
    func messages(_ line: String, _ message: String) {
        #expect(told(line) == .malformed(message))
    }

    @Test("WIRE-4 a foreign name is repeated escaped and cut at 64 bytes")
    func quotation() throws {
        let refusal = try #require(
            told("{\"op\":\"ping\",\"\\u001b[2J\\n\u{85}\(String(repeating: "x", count: 100))\":1}"))
        #expect(refusal.message.hasPrefix("unknown member \"\\x1b[2J\\x0a\\xc2\\x85xxx"))
        #expect(refusal.message.utf8.count < 200)
        #expect(refusal.message.filter { $0 == "x" }.count == 4 + 57)
    }

    @Test("CLM-8 a ttl from 1 to 2^31-1 is a number of seconds", arguments: [1, 2, 900, 2_147_483_646, 2_147_483_647])
    func ttl(_ seconds: Int64) throws {
        var reader = RequestReader()
        #expect(try reader.read(Array("{\"op\":\"sign\",\"ttl\":\(seconds)}".utf8).span).ttl == seconds)
    }

    @Test(
        "CLM-8 another ttl is malformed",
        arguments: [
            "0", "-0", "-1", "1.0", "1e3", "\"5\"", "2147483648", "9223372036854775807", "9223372036854775808",
            "-9223372036854775808", "123456789012345678901234567890", "null", "true", "[]", "{}", "1E0", "0.5",
        ])
    func noTTL(_ ttl: String) {
        for operation in ["sign", "explain"] {
            #expect(
                told("{\"op\":\"\(operation)\",\"ttl\":\(ttl)}")
                    == .malformed("\"ttl\" must be an integer from 1 to 2147483647"))
        }
    }

    @Test("JSON-2 a request nests 32 deep and no deeper")
    func depth() {
        func line(_ depth: Int) -> String {
            "{\"op\":\"sign\",\"claims\":{\"a\":" + String(repeating: "[", count: depth - 2)
                + String(repeating: "]", count: depth - 2) + "}}"
        }
        #expect(told(line(32)) == nil)
        #expect(told(line(33))?.message.hasPrefix("nested too deep") == true)
        #expect(told(line(30_000))?.message.hasPrefix("nested too deep") == true)
    }

    @Test(
        "JSON-1 a name that stands twice is refused at every depth, escapes resolved",
        arguments: [
            "{\"op\":\"ping\",\"op\":\"ping\"}", "{\"op\":\"sign\",\"\\u006fp\":\"sign\"}",
            "{\"op\":\"sign\",\"claims\":{\"a\":1,\"\\u0061\":2}}",
            "{\"op\":\"sign\",\"claims\":{\"a\":[{\"b\":1,\"b\":1}]}}",
        ])
    func duplicates(_ line: String) {
        #expect(told(line)?.code == .malformedRequest)
        #expect(told(line)?.message.hasPrefix("duplicate member \"") == true)
    }
}
