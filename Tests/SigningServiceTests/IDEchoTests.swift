import SigningService
import StrictJSON
import Testing
import WireProtocol

@Suite struct IDEchoTests {
    private static let ids = [
        "1", "0", "-0", "-7", "12345678901234567890", String(repeating: "9", count: 128), "\"\"", "\"a\\u0062\"",
        "\"\\u0000\\n\\/\"", "\"é\u{2028}\u{7F}\"", "\"{\\\"id\\\":1}\"",
        "\"" + String(repeating: "x", count: 128) + "\"",
        "\"" + String(repeating: "\\u0062", count: 128) + "\"", "\"" + String(repeating: "\\u00e9", count: 64) + "\"",
    ]

    @Test("WIRE-1 a valid id is echoed byte for byte, in answers that serve and in answers that refuse", arguments: ids)
    func echoed(_ id: String) throws {
        let worker = try worker()
        for rest in [
            "\"op\":\"ping\"", "\"op\":\"sign\"", "\"op\":\"explain\"", "\"op\":\"verify\",\"token\":\"x\"",
            "\"op\":\"nope\"", "\"op\":\"ping\",\"x\":1", "\"op\":\"sign\",\"profile\":\"x\"", "\"op\":4", "\"x\":1",
        ] {
            #expect(try worker.answer("{\"id\":\(id),\(rest)}").raw("id") == ByteString(id))
            #expect(try worker.answer("{\(rest), \"\\u0069d\" : \(id)\t}").raw("id") == ByteString(id))
        }
    }

    @Test(
        "WIRE-1 an id of another form is refused and left out",
        arguments: [
            "1.0", "1e3", "-1.5", "1E-2", "null", "true", "{}", "[]", "[1]", "{\"id\":1}",
            String(repeating: "9", count: 129), "\"" + String(repeating: "x", count: 129) + "\"",
            "\"" + String(repeating: "\\u0062", count: 129) + "\"",
            "\"" + String(repeating: "\\u00e9", count: 65) + "\"",
        ])
    func refused(_ id: String) throws {
        let worker = try worker()
        for rest in ["\"op\":\"ping\"", "\"op\":\"nope\"", "\"x\":1"] {
            let answer = try worker.answer("{\"id\":\(id),\(rest)}")
            #expect(answer.raw("id") == nil)
            #expect(try answer.outcome == "malformed_request")
            #expect(try answer.message.hasPrefix("\"id\" must be"))
        }
    }

    @Test(
        "WIRE-1 a line that is no JSON object has no id to echo",
        arguments: [
            "", " ", "\r", "[{\"id\":1,\"op\":\"ping\"}]", "\"id\"", "1", "null", "{\"id\":1,\"op\":\"ping\"} x",
            "{\"id\":1,\"op\":\"ping\"}{}", "{\"id\":1,\"op\":\"ping\",}", "{\"id\":1,\"id\":1,\"op\":\"ping\"}",
            "{\"id\":1,\"\\u0069d\":2,\"op\":\"ping\"}", "{\"id\":1,\"op\":\"ping\"", "{\"id\":01,\"op\":\"ping\"}",
            "{\"id\":\"\t\",\"op\":\"ping\"}", "{\"id\":1,\"op\":\"sign\",\"claims\":{\"a\":1,\"\\u0061\":1}}",
            "\u{FEFF}{\"id\":1,\"op\":\"ping\"}", "{\"id\":1,\"op\":\"ping\"}\u{0}",
        ])
    func noObject(_ line: String) throws {
        let answer = try worker().answer(line)
        #expect(answer.names == ["ok", "error"])
        #expect(try answer.outcome == "malformed_request")
    }

    @Test("WIRE-1 an id does not outlive its line")
    func forgotten() throws {
        let worker = try worker()
        #expect(try worker.answer("{\"id\":1,\"op\":\"ping\"}").raw("id") == "1")
        #expect(try worker.answer("{\"op\":\"ping\"}").raw("id") == nil)
        #expect(try worker.answer("{\"id\":2,\"op\":\"nope\"}").raw("id") == "2")
        #expect(try worker.answer("{").raw("id") == nil)
        #expect(try worker.answer("{\"op\":\"sign\",\"claims\":{\"id\":3}}").raw("id") == nil)
    }

    @Test("WIRE-1 a line that is refused unread is answered under its id")
    func unread() throws {
        let worker = try worker()
        var output: [UInt8] = []
        worker.refuse(Array("{\"op\":\"sign\",\"id\":\"a\\u0062\"}".utf8).span, with: .malformed("no"), into: &output)
        #expect(try Answer(output).raw("id") == "\"a\\u0062\"")
        output = []
        worker.refuse(Array("{\"id\":1".utf8).span, with: .malformed("no"), into: &output)
        #expect(try Answer(output).raw("id") == nil)
    }
}
