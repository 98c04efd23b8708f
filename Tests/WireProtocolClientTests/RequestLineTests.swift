import StrictJSON
import Testing
import WireProtocol

private func text(_ line: RequestLine, id: Int64? = 1) -> String {
    var bytes: [UInt8] = []
    line.append(to: &bytes, id: id)
    return String(decoding: bytes, as: UTF8.self)
}

private func json(_ text: String) throws -> CompactJSON {
    let bytes = Array(text.utf8)
    return try CompactJSON(parsing: bytes.span)
}

@Suite("Request lines as a client writes them")
struct RequestLineTests {
    @Test("Each op has its members and no others")
    func lines() throws {
        #expect(text(.ping) == "{\"id\":1,\"op\":\"ping\"}\n")
        #expect(text(.ping, id: nil) == "{\"op\":\"ping\"}\n")
        #expect(text(.sign(profile: nil, claims: nil, ttl: nil), id: -5) == "{\"id\":-5,\"op\":\"sign\"}\n")
        #expect(
            text(.sign(profile: "web", claims: try json(#"{"sub": "x"}"#), ttl: 900))
                == "{\"id\":1,\"op\":\"sign\",\"profile\":\"web\",\"claims\":{\"sub\":\"x\"},\"ttl\":900}\n")
        #expect(
            text(.verify(token: "a.b.c", profile: "web", audience: "api"))
                == "{\"id\":1,\"op\":\"verify\",\"profile\":\"web\",\"audience\":\"api\",\"token\":\"a.b.c\"}\n")
        #expect(
            text(.explain(profile: nil, claims: nil, ttl: 1, as: try json(#"{"user":"u"}"#)))
                == "{\"id\":1,\"op\":\"explain\",\"ttl\":1,\"as\":{\"user\":\"u\"}}\n")
    }

    @Test("JSON-3 no input puts a bare line break or control character into a line")
    func oneLine() throws {
        let nasty = "\n\r\0\"}\n{\"op\":\"sign\"}\u{1F}\u{7F}\\"
        let claims = try json("{\"a\":\n{\"ok\":true,\r\n\"valid\":true}\n}")
        let object = CompactJSON.object([(name: nasty, value: .string(nasty)), (name: "c", value: claims)])
        for line in [
            RequestLine.sign(profile: nasty, claims: object, ttl: 1),
            .verify(token: nasty, profile: nasty, audience: nasty),
            .explain(profile: nasty, claims: object, ttl: 1, as: object),
        ] {
            var bytes: [UInt8] = []
            line.append(to: &bytes, id: 7)
            #expect(bytes.filter { $0 < 0x20 } == [0x0A])
            #expect(bytes.last == 0x0A)
            bytes.removeLast()
            var reader = RequestReader()
            let request = try reader.read(bytes.span)
            #expect(request.operation == line.operation)
            #expect(request.profile?.unescaped(in: bytes.span) == Array(nasty.utf8))
        }
    }

    @Test("WIRE-1 the daemon's reader finds the id and the members that were written")
    func roundTrip() throws {
        var bytes: [UInt8] = []
        RequestLine.sign(profile: "wéb", claims: try json(#"{"n":1.0}"#), ttl: 2_147_483_647).append(
            to: &bytes, id: .max)
        bytes.removeLast()
        var reader = RequestReader()
        let request = try reader.read(bytes.span)
        #expect(reader.id?.integer(in: bytes.span) == .max)
        #expect(request.ttl == 2_147_483_647)
        #expect(request.profile?.equals("wéb", in: bytes.span) == true)
    }

    @Test(
        "JSON-1 JSON-2 what is not strict JSON cannot be put into a line", arguments: ["{", "{} {}", #"{"a":1,"a":2}"#])
    func refused(text: String) {
        #expect(throws: JSONError.self) { try json(text) }
    }
}
