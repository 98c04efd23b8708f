import JOSE
import SigningService
import StrictJSON
import Testing

@Suite struct PassThroughTests {
    @Test(
        "JSON-3 claims come back byte for byte, less the white space between tokens",
        arguments: [
            ("{\"n\":1.0}", "{\"n\":1.0}"), ("{\"n\":12345678901234567890}", "{\"n\":12345678901234567890}"),
            ("{\"n\":[-0,-0.0,1E5,1e+05,0.10,1e400]}", "{\"n\":[-0,-0.0,1E5,1e+05,0.10,1e400]}"),
            ("{\"b\":1,\"a\":2,\"B\":3}", "{\"b\":1,\"a\":2,\"B\":3}"),
            ("{\"\\u0061\":\"\\/\\u000A\\n\"}", "{\"\\u0061\":\"\\/\\u000A\\n\"}"),
            ("{ \"a b\" :\t[ 1 , { \"c\" : \" d \\\" e \" } ]\r}", "{\"a b\":[1,{\"c\":\" d \\\" e \"}]}"),
            ("{\"a\":\"\\\\\" , \"b\":\"\\\\\\\" \"}", "{\"a\":\"\\\\\",\"b\":\"\\\\\\\" \"}"),
            ("{\"é\":\"\u{1F600}\u{2028}\u{7F}\"}", "{\"é\":\"\u{1F600}\u{2028}\u{7F}\"}"),
            ("{\"caf\u{E9}\":1,\"cafe\u{301}\":2}", "{\"caf\u{E9}\":1,\"cafe\u{301}\":2}"),
            ("{\"\":null}", "{\"\":null}"),
        ])
    func throughSignAndVerify(_ written: String, _ compact: String) throws {
        let worker = try worker()
        let token = try worker.token(written)
        let payload = try decoded(segments(token)[1])
        #expect(payload.bytes.starts(with: compact.utf8.dropLast()))
        #expect(try worker.verify(token).raw("claims") == payload)
        let explained = try worker.answer("{\"op\":\"explain\",\"claims\":\(written)}").raw("claims")
        #expect(explained?.bytes.starts(with: compact.utf8.dropLast()) == true)
    }

    @Test("JSON-3 a foreign token that is pretty-printed yields one line")
    func foreignToken() throws {
        let header = "{\r\n\"alg\"\t:\n\"HS256\" ,\"kid\":\"k1\",\n\"x\":\n{\"ok\":true}\n}\n"
        let payload =
            "\n{\"a\":\n{\"ok\":true,\"valid\":true}\n,\n\"iss\":\"https://issuer.example\",\r\"aud\" : [ \"x\",\n\"https://api.example\" ],"
            + "\"exp\":\(noon + 9)\n}\r\n"
        let worker = try worker()
        let answer = try worker.verify(HostileToken(header: header, payload: payload).signed(by: key()))
        #expect(answer.raw("valid") == "true")
        #expect(answer.raw("header") == "{\"alg\":\"HS256\",\"kid\":\"k1\",\"x\":{\"ok\":true}}")
        #expect(
            answer.raw("claims")
                == ByteString(
                    "{\"a\":{\"ok\":true,\"valid\":true},\"iss\":\"https://issuer.example\","
                        + "\"aud\":[\"x\",\"https://api.example\"],\"exp\":\(noon + 9)}"))
        let bare = try worker.verify(
            HostileToken(payload: "{\"a\":\n{\"ok\":true,\"valid\":true}\n}").signed(by: key()))
        #expect(try bare.outcome == "wrong_issuer")
        #expect(bare.names == ["ok", "valid", "reason", "message"])
    }

    @Test(
        "JSON-2 a payload that is not strict JSON is malformed",
        arguments: [
            "{\"a\":1,}", "{\"a\":01}", "{\"a\":.5}", "{\"a\":1.}", "{\"a\":NaN}", "{\"a\":\"\t\"}",
            "{\"a\":\"\\ud800\"}", "{\"a\":'x'}",
            "{/**/}", "{}{}", "{\"a\":1,\"\\u0061\":2}", "{\"a\":[{\"b\":1,\"b\":1}]}", "\u{FEFF}{}", "{\"a\":\"\\x\"}",
            "", "null", "[]",
        ])
    func strictPayload(_ payload: String) throws {
        #expect(try worker().verify(HostileToken(payload: payload).signed(by: key())).outcome == "malformed")
    }

    @Test("JSON-2 a payload that is no UTF-8 is malformed")
    func encoding() throws {
        let sound = HostileToken.claims([("a", "\"\u{E9}\"")])
        #expect(try worker().verify(HostileToken(payload: sound).signed(by: key())).outcome == "ok")
        let broken = Array(sound.utf8).filter { $0 != 0xC3 }
        var encoded: [UInt8] = []
        Base64URL.append(broken.span, to: &encoded)
        let covered = base64URL(HostileToken().header) + "." + String(decoding: encoded, as: UTF8.self)
        #expect(try worker().verify(signature(over: covered, by: key())).outcome == "malformed")
    }

    @Test("JSON-2 claims as deep as a request holds are signed, and verify")
    func depth() throws {
        let worker = try worker()
        let deepest = "{\"a\":" + String(repeating: "[", count: 30) + String(repeating: "]", count: 30) + "}"
        #expect(try worker.verify(worker.token(deepest)).outcome == "ok")
        let deeper = deepest.replacing("[]", with: "[[]]")
        #expect(try worker.answer("{\"op\":\"sign\",\"claims\":\(deeper)}").outcome == "malformed_request")
    }

    @Test("JSON-3 2,000 random claims objects come back byte for byte")
    func property() throws {
        let worker = try worker()
        var random = SeededRandom(seed: 7)
        for _ in 0..<2_000 {
            let (spaced, compact) = RandomJSON.object(&random)
            let token = try worker.token(spaced)
            let payload = try decoded(segments(token)[1])
            let expected = compact == "{}" ? "{" : compact.dropLast() + ","
            try #require(payload.bytes.starts(with: expected.utf8), "\(spaced)")
            try #require(worker.verify(token).raw("claims") == payload, "\(spaced)")
        }
    }
}

/// Random JSON in two forms: with white space between tokens, and without.
private enum RandomJSON {
    private static let atoms = [
        "0", "-0", "1.50", "1e-9", "12345678901234567890", "true", "false", "null", "\"\"", "\" , : \"", "\"\\\"\"",
        "\"\\\\\"",
        "\"\\u00e9\"", "\"é\"", "\"\\ud83d\\ude00\"", "\"\u{1F600}\"", "\"{}[]\"", "[]", "{}", "\"\\n\\r\\u000a\"",
    ]

    static func object(_ random: inout SeededRandom, depth: Int = 0) -> (String, String) {
        let members = (0..<Int.random(in: 0...4, using: &random)).map { number in
            // The number keeps names apart.
            let name =
                ["\"a\(number)\"", "\"\\u0062\(number) \"", "\"é\(number)\"", "\"\\\"\(number)\""].randomElement(
                    using: &random) ?? ""
            let value = value(&random, depth: depth + 1)
            return (space(&random) + name + space(&random) + ":" + value.0, name + ":" + value.1)
        }
        return wrap("{", "}", members, &random)
    }

    private static func value(_ random: inout SeededRandom, depth: Int) -> (String, String) {
        switch Int.random(in: 0..<(depth < 5 ? 8 : 6), using: &random) {
        case 6: return object(&random, depth: depth)
        case 7:
            let elements = (0..<Int.random(in: 0...3, using: &random)).map { _ in value(&random, depth: depth + 1) }
            return wrap("[", "]", elements, &random)
        default:
            let atom = atoms.randomElement(using: &random) ?? ""
            return (space(&random) + atom + space(&random), atom)
        }
    }

    private static func wrap(
        _ open: String, _ close: String, _ parts: [(String, String)], _ random: inout SeededRandom
    ) -> (String, String) {
        (
            space(&random) + open + space(&random) + parts.map(\.0).joined(separator: ",") + close + space(&random),
            open + parts.map(\.1).joined(separator: ",") + close
        )
    }

    private static func space(_ random: inout SeededRandom) -> String {
        ["", "", "", " ", "\t", "\r", " \r\t"].randomElement(using: &random) ?? ""
    }
}
