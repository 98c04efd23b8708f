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

    @Test("HDR-5 a token without header is malformed", arguments: [".b.c", "..c", "..", "."])
    func noHeader(_ token: String) {
        #expect(split(token) == nil)
    }
}
