import Authorization
import SigningService
import StrictJSON
import Testing

@Suite struct HostileLineTests {
    private static let seeds = [
        "{\"op\":\"ping\",\"id\":1}",
        "{\"id\":\"a\\u0062\",\"op\":\"sign\",\"claims\":{\"sub\":\"u\",\"n\":[1,{\"x\":null}]},\"ttl\":60}",
        "{\"op\":\"explain\",\"profile\":\"default\",\"as\":{\"user\":\"web\",\"groups\":[\"a\",\"b\"]},\"id\":-5}",
        "{\"op\":\"verify\",\"token\":\"eyJhbGciOiJIUzI1NiJ9.e30.AAAA\",\"audience\":\"https://api.example\",\"id\":\"\"}",
        "{ \"op\" : \"sign\" , \"id\" : 7 , \"claims\" : { \"aud\" : \"https://store.example\" , \"iſs\" : \"\\ud83d\\ude00é\" } }",
    ]
    private static let pieces: [[UInt8]] =
        [
            "\n", "\r", "\"", "\\", "\\u", "\\u0000", "\\ud800", "\\udc00", "{", "}", "[", "]", ",", ":", "\"id\":9,",
            "\"op\":", "1e9",
            "-", "\u{FEFF}", "\u{2028}", "\"iss\"", "\"\\n\\r\"", "99999999999999999999", " ", "\t", "null", ".",
        ].map { Array($0.utf8) } + [
            [0x00], [0x80], [0xC0, 0xAF], [0xE2, 0x84], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xFF],
        ]

    /// A line out of the seeds, bent by up to six changes; as the framer gives them, it holds no LF.
    private func line(_ random: inout SeededRandom, _ seeds: [[UInt8]]) -> [UInt8] {
        if Int.random(in: 0..<20, using: &random) == 0 {
            return (0..<Int.random(in: 0..<80, using: &random)).map { _ in .random(in: 0...255, using: &random) }.filter
            { $0 != 0x0A }
        }
        var line = seeds.randomElement(using: &random) ?? []
        for _ in 0..<Int.random(in: 0...6, using: &random) {
            let start = Int.random(in: 0...line.count, using: &random)
            let end = min(line.count, start + Int.random(in: 0...8, using: &random))
            switch Int.random(in: 0..<5, using: &random) {
            case 0: line.removeSubrange(start..<end)
            case 1: line.insert(contentsOf: Self.pieces.randomElement(using: &random) ?? [], at: start)
            case 2: if start < line.count { line[start] ^= 1 << UInt8.random(in: 0..<8, using: &random) }
            case 3:
                line.insert(contentsOf: Array(line[start..<end]), at: Int.random(in: 0...line.count, using: &random))
            default: line.replaceSubrange(start..<end, with: Self.pieces.randomElement(using: &random) ?? [])
            }
        }
        return line.filter { $0 != 0x0A }
    }

    /// The `id` that an answer must echo, found without RequestReader.
    private func expectedID(_ line: [UInt8]) -> ByteString? {
        var index = JSONIndex()
        guard (try? index.read(line.span, maximumDepth: 32)) != nil, index.root.kind == .object,
            let raw = (try? JSONObject(line))?.raw("id")
        else { return nil }
        if raw.bytes.first == UInt8(ascii: "\"") {
            guard let text = try? JSONObject(line).string("id"), text.utf8.count <= 128 else { return nil }
            return raw
        }
        let digits = raw.bytes.first == UInt8(ascii: "-") ? raw.bytes.dropFirst() : raw.bytes[...]
        let isInteger = !digits.isEmpty && digits.allSatisfy { 0x30...0x39 ~= $0 }
        return isInteger && raw.bytes.count <= 128 ? raw : nil
    }

    @Test(
        "WIRE-1 20,000 hostile lines get one answer line each, with the id exactly when it is valid", arguments: [1, 2])
    func fuzz(_ seed: UInt64) throws {
        let worker = try worker([profile(required: ["sub"]), profile("web")], largestToken: 600)
        let token = try worker.answer("{\"op\":\"sign\",\"profile\":\"web\"}").string("token")
        let seeds = (Self.seeds + ["{\"op\":\"verify\",\"profile\":\"web\",\"id\":3,\"token\":\"\(token)\"}"]).map {
            Array($0.utf8)
        }
        var random = SeededRandom(seed: seed)
        var outcomes: [String: Int] = [:]
        for _ in 0..<10_000 {
            let line = line(&random, seeds)
            let identity = [Identity.web, .admin, .stranger].randomElement(using: &random) ?? .web
            var output: [UInt8] = [0x21]
            _ = worker.answer(line.span, from: identity, at: .noon, into: &output)
            try #require(output.first == 0x21, "what stood before the answer is left alone")
            let answer = try Answer(Array(output.dropFirst()))
            try #require(answer.raw("id") == expectedID(line), "\(ByteString(line).quoted)")
            outcomes[try answer.outcome, default: 0] += 1
        }
        // The lines reach every part of the service, not only the JSON reader.
        for outcome in ["ok", "malformed_request", "unknown_op", "not_permitted", "claims_rejected", "malformed"] {
            #expect(outcomes[outcome, default: 0] > 10, "\(outcome)")
        }
    }

    @Test("WIRE-1 an answer is appended to those before it, and a refusal takes back only its own")
    func appended() throws {
        let worker = try worker(largestToken: 400)
        let large = "{\"op\":\"sign\",\"id\":2,\"claims\":{\"a\":\"" + String(repeating: "x", count: 400) + "\"}}"
        var output: [UInt8] = []
        for line in [
            "{\"op\":\"ping\",\"id\":1}", large, "{\"op\":\"verify\",\"id\":3,\"token\":\"x\"}", "",
            "{\"op\":\"sign\",\"id\":5}",
        ] {
            _ = worker.answer(Array(line.utf8).span, from: .web, at: .noon, into: &output)
        }
        let answers = try output.split(separator: 0x0A, omittingEmptySubsequences: false).dropLast().map {
            try Answer(Array($0) + [0x0A])
        }
        #expect(answers.map { $0.raw("id") } == ["1", "2", "3", nil, "5"])
        #expect(try answers.map { try $0.outcome } == ["ok", "too_large", "malformed", "malformed_request", "ok"])
    }

    @Test("WIRE-4 a worker is as good as new after any error")
    func usable() throws {
        let worker = try worker(largestToken: 400)
        let sound = try worker.verify(worker.token("{\"sub\":\"u\"}"))
        #expect(sound.raw("valid") == "true")
        for line in [
            "", "{", "{\"op\":\"nope\"}", "{\"op\":\"sign\",\"claims\":{\"exp\":1}}",
            "{\"op\":\"verify\",\"token\":\"\\u0061.b.c\"}",
            "{\"op\":\"sign\",\"claims\":{\"a\":\"" + String(repeating: "x", count: 60_000) + "\"}}",
            "{" + (0..<5_000).map { "\"\($0)\":1" }.joined(separator: ",") + "}", String(repeating: "[", count: 60_000),
            "{\"op\":\"sign\",\"claims\":{" + (0..<5_000).map { "\"\\u0061\($0)\":1" }.joined(separator: ",") + "}}",
        ] {
            #expect(try worker.answer(line).outcome != "ok")
            #expect(try worker.verify(worker.token("{\"sub\":\"u\"}")).raw("valid") == "true")
        }
    }
}
