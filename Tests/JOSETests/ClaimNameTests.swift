import JOSE
import StrictJSON
import Testing

/// Rule CLM-6: names that some verifier would take for a reserved one.
@Suite struct ClaimNameTests {
    /// Whether the JSON string folds to the name, in place and as a value of its own.
    private func matches(_ name: ByteString, _ text: String) throws -> Bool {
        let payload = try Payload("\"\(text)\"")
        let string = try #require(payload.text)
        let inPlace = ClaimName(name).matches(string, in: payload.bytes.span)
        #expect(inPlace == (ClaimName(payload.unescaped(string)) == ClaimName(name)))
        let others = ["other", "name", "zz"].map { ClaimName($0) }
        for (names, expected) in [
            ([ClaimName(name)], inPlace), (others + [ClaimName(name)], inPlace), (others, false),
        ] {
            let isFound = ClaimNameSet(names).contains(string, in: payload.bytes.span)
            #expect(isFound == expected)
        }
        return inPlace
    }

    @Test(
        "CLM-6 names are folded as Go's decoder folds them",
        arguments: [
            ("iss", "iss"), ("iss", "Iss"), ("iss", "ISS"), ("iss", "iſſ"), ("iss", "IſS"), ("iss", #"\u0069ss"#),
            ("iss", #"i\u017F\u017f"#), ("iss", #"\u0049\u0053\u017f"#), ("exp", "eXp"), ("jti", "JTI"),
            ("kid", "\u{212A}id"),
            ("kid", #"\u212aID"#), ("role", "ROLE"), ("Role", "rOLE"), ("ſ", "s"), ("\u{212A}\u{212A}", "kK"), ("", ""),
            ("é", "é"), ("\u{C5}\u{BF}", "\u{C5}\u{BF}"),
        ])
    func folds(_ name: ByteString, _ text: String) throws {
        #expect(try matches(name, text))
    }

    @Test(
        "CLM-6 other names stay apart",
        arguments: [
            ("jti", "JTİ"), ("jti", "JTı"), ("iss", "is"), ("iss", "isss"), ("iss", "iss "), ("iss", " iss"),
            ("iss", ""),
            ("iss", "iß"), ("iss", "ｉss"), ("iss", #"iss\u0000"#), ("é", "É"), ("iss", "i\u{17E}s"), ("k", "\u{212B}"),
            ("k", "\u{E2}"), ("s", "\u{C5}"), ("s", #"\u0180"#), ("iat", "aud"), ("kk", "\u{212A}"), ("a", "aſ"),
            ("@", "`"),
            ("[", "{"),
        ])
    func staysApart(_ name: ByteString, _ text: String) throws {
        #expect(try !matches(name, text))
    }

    @Test("CLM-6 the reserved names are the five that the daemon makes; aud is the one a caller may choose")
    func reserved() {
        #expect(ClaimName.reserved == ["iss", "iat", "nbf", "exp", "jti"].map { ClaimName($0) })
        #expect(!ClaimName.reserved.contains(.audience))
        #expect(ClaimName.audience == ClaimName("AUD"))
    }
}
