import Testing

@testable import StrictJSON

/// Comparing strings in place: by bytes, after unescaping (rule UNI-1).
@Suite struct TextTests {
    /// Two JSON strings side by side in one document.
    private func pair(_ left: String, _ right: String) throws -> (Document, JSONText, JSONText) {
        let document = try Document("[" + left + "," + right + "]")
        let texts = document.elements(document.root).compactMap(\.text)
        try #require(texts.count == 2)
        return (document, texts[0], texts[1])
    }

    @Test(
        "UNI-1 strings with the same bytes after unescaping are equal",
        arguments: [
            (#""""#, #""""#), (#""abc""#, #""abc""#), (#""\u0061bc""#, #""abc""#), (#""abc""#, #""ab\u0063""#),
            (#""\/""#, #""/""#), (#""é""#, #""\u00E9""#), (#""\uD83D\uDE00""#, #""😀""#), (#""\u0000""#, #""\u0000""#),
            (#""\t\n""#, #""\u0009\u000a""#),
        ])
    func equal(_ left: String, _ right: String) throws {
        let (document, one, other) = try pair(left, right)
        #expect(one.compare(other, in: document.bytes.span) == 0)
        #expect(document.equals(one, document.unescaped(other)))
        #expect(document.equals(other, document.unescaped(one)))
    }

    @Test(
        "UNI-1 strings with other bytes differ, and are ordered by them",
        arguments: [
            (#""""#, #""a""#), (#""a""#, #""b""#), (#""a""#, #""ab""#), (#""A""#, #""a""#), (#""a""#, #""a ""#),
            (#""svc-K""#, #""svc-\u212A""#), ("\"svc-K\"", "\"svc-\u{212A}\""), ("\"e\u{301}\"", "\"\u{E9}\""),
            (#""e\u0301""#, #""\u00e9""#), ("\";\"", "\"\u{37E}\""), (#""a""#, #""a\u0000""#), (#""\u0061""#, #""ab""#),
            (#""a\u0000""#, #""a\u0001""#), ("\"\u{FFFF}\"", "\"\u{10000}\""), (#""\uFFFF""#, #""\uD800\uDC00""#),
        ])
    func unequal(_ smaller: String, _ greater: String) throws {
        let (document, one, other) = try pair(smaller, greater)
        #expect(one.compare(other, in: document.bytes.span) < 0)
        #expect(other.compare(one, in: document.bytes.span) > 0)
        #expect(!document.equals(one, document.unescaped(other)))
        #expect(!document.equals(other, document.unescaped(one)))
    }

    @Test("a literal is met by exactly its bytes")
    func literals() throws {
        let (document, plain, escaped) = try pair(#""exp""#, #""\u0065xp""#)
        for text in [plain, escaped] {
            #expect(document.equals(text, literal: "exp"))
            #expect(!document.equals(text, literal: "ex"))
            #expect(!document.equals(text, literal: "expo"))
            #expect(!document.equals(text, literal: ""))
            #expect(!document.equals(text, literal: "Exp"))
        }
    }

    @Test(
        "UNI-1 ByteString keeps apart what Swift's String merges",
        arguments: [("svc-k\u{301}", "svc-\u{1E31}"), ("\u{212A}", "K"), ("\u{E9}", "e\u{301}"), (";", "\u{37E}")])
    func byteStrings(_ left: String, _ right: String) {
        #expect(left == right)  // why ByteString is there
        #expect(ByteString(left) != ByteString(right))
        #expect(Set([ByteString(left), ByteString(right)]).count == 2)
        #expect((ByteString(left) < ByteString(right)) != (ByteString(right) < ByteString(left)))
    }

    @Test("ByteStrings are equal and ordered by their bytes")
    func byteStringOrder() {
        #expect(ByteString("a") == ByteString([0x61]))
        #expect(ByteString("a").hashValue == ByteString([0x61]).hashValue)
        #expect(["b", "", "ab", "é", "a", "B"].map { ByteString($0) }.sorted() == ["", "B", "a", "ab", "b", "é"])
        #expect(!(ByteString("a") < ByteString("a")))
    }

    @Test(
        "foreign bytes are quoted as printable ASCII",
        arguments: [
            ("", #""""#), ("role", #""role""#), ("a\"b\\c", #""a\"b\\c""#), ("a\nb\u{1B}[2J", #""a\x0ab\x1b[2J""#),
            ("é\u{7F}\u{0}", #""\xc3\xa9\x7f\x00""#), ("\u{202E}x", #""\xe2\x80\xaex""#), ("~ ", #""~ ""#),
        ])
    func quotes(_ text: String, _ expected: String) {
        #expect(quoteForMessage(Array(text.utf8)) == expected)
        #expect(ByteString(text).quoted == expected)
    }

    @Test("a quotation is cut at 64 bytes, and says so")
    func cutsQuotation() {
        let (fits, tooLong) = (String(repeating: "n", count: 64), String(repeating: "n", count: 65))
        #expect(quoteForMessage(fits.utf8) == "\"\(fits)\"")
        #expect(quoteForMessage(tooLong.utf8) == "\"\(fits)\"…")
        #expect(quoteForMessage([UInt8](repeating: 0, count: 1 << 20)).utf8.count == 64 * 4 + 2 + "…".utf8.count)
    }

    @Test(
        "each error names its culprit in one clause",
        arguments: [
            ("[", "ends inside a value"), ("[x", "unexpected byte at offset 1"),
            ("\"\n", "control character in a string at offset 1"), (#""\x""#, "invalid escape at offset 1"),
            (#""\udc00""#, "lone surrogate at offset 1"), ("{}{}", "unexpected bytes after the value at offset 2"),
            (#"{"a\n":1,"a\n":2}"#, #"duplicate member "a\x0a""#),
            (String(repeating: "[", count: 33), "nested too deep at offset 32"),
        ])
    func messages(_ text: String, _ expected: String) throws {
        #expect(try #require(refusal(text)).message(in: Array(text.utf8).span) == expected)
    }
}
