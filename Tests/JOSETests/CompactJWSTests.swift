import JOSE
import Testing

/// Rule HDR-5: three segments, no more, no fewer.
@Suite struct CompactJWSTests {
    private func split(_ token: String) -> [String]? {
        let bytes = Array(token.utf8)
        guard let token = CompactJWS(bytes.span) else { return nil }
        return [token.header, token.payload, token.signature, token.signingInput]
            .map { String(decoding: bytes[$0], as: UTF8.self) }
    }

    @Test(
        "HDR-5 header, payload and signature are found; the signature covers the first two and their stop",
        arguments: [
            ("aa.bbb.cccc", ["aa", "bbb", "cccc", "aa.bbb"]), ("a.b.c", ["a", "b", "c", "a.b"]),
            ("a..c", ["a", "", "c", "a."]), ("{.}.x", ["{", "}", "x", "{.}"]),
        ])
    func segments(_ token: String, _ expected: [String]) {
        #expect(split(token) == expected)
    }

    @Test(
        "HDR-5 any other number of segments is malformed",
        arguments: [
            "", "a", "abc", "a.b", "a.b.c.d", "a.b.c.d.e", "a.b.c.", "....", "...", "a....", "{\"payload\":\"a\"}",
            "a.b.c.d.e.f",
        ])
    func otherCounts(_ token: String) {
        #expect(split(token) == nil)
    }

    @Test(
        "ALG-2 an unsecured token, with an empty or no signature, is malformed",
        arguments: ["a.b.", "a.b", "a..", "a."])
    func unsecured(_ token: String) {
        #expect(split(token) == nil)
    }

    @Test("HDR-5 two full stops are found wherever they stand, and a third", arguments: 5...20)
    func anywhere(_ count: Int) {
        for first in 0..<count {
            for second in first + 1..<count {
                var token = Array(repeating: UInt8(ascii: "-"), count: count)
                token[first] = UInt8(ascii: ".")
                token[second] = UInt8(ascii: ".")
                let parts = CompactJWS(token.span)
                #expect((parts != nil) == (first > 0 && second < count - 1))
                if let parts {
                    #expect(parts.header == 0..<first)
                    #expect(parts.payload == first + 1..<second)
                    #expect(parts.signature == second + 1..<count)
                }
                for third in 0..<count where third != first && third != second {
                    token[third] = UInt8(ascii: ".")
                    #expect(CompactJWS(token.span) == nil)
                    // A neighbour in bits only.
                    token[third] = UInt8(ascii: "/")
                    #expect((CompactJWS(token.span) != nil) == (first > 0 && second < count - 1))
                    token[third] = UInt8(ascii: "-")
                }
            }
        }
    }

    @Test("HDR-5 a token without header is malformed", arguments: [".b.c", "..c", "..", "."])
    func noHeader(_ token: String) {
        #expect(split(token) == nil)
    }
}
