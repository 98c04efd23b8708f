import StrictJSON
import Testing

/// RFC 8259 section 7 and RFC 3629: what a string may hold.
@Suite struct StringTests {
    @Test(
        "JSON-2 every escape means what RFC 8259 says",
        arguments: [
            (#""\"\\\/\b\f\n\r\t""#, "\"\\/\u{8}\u{C}\n\r\t"), (#""\u0000""#, "\u{0}"), (#""\u007f""#, "\u{7F}"),
            (#""\u0080""#, "\u{80}"), (#""\u07FF""#, "\u{7FF}"), (#""\u0800""#, "\u{800}"),
            (#""\uD7FF\uE000""#, "\u{D7FF}\u{E000}"), (#""\uFFFF""#, "\u{FFFF}"), (#""\uabCD""#, "\u{ABCD}"),
            (#""\uD800\uDC00""#, "\u{10000}"), (#""\udbff\udfff""#, "\u{10FFFF}"), (#""\uD83D\uDE00""#, "😀"),
            (#""a\u00e9b\u20acc\uD83D\uDE00d""#, "aéb€c😀d"), (#""\\u0041""#, "\\u0041"), (#""\u005cn""#, "\\n"),
        ])
    func unescapes(_ text: String, _ expected: String) throws {
        let document = try Document(text)
        #expect(document.text(document.root) == ByteString(expected))
        let string = try #require(document.root.text)
        #expect(string.hasEscapes)
        #expect(string.unescapedCount(in: document.bytes.span) == expected.utf8.count)
    }

    @Test(
        "JSON-2 an escape that RFC 8259 does not know is refused where it begins",
        arguments: [
            #""\x41""#, #""\a""#, #""\'""#, #""\0""#, #""\N""#, #""\U0041""#, #""\ ""#, #""\u00g0""#, #""\u 041""#,
            #""\u-041""#, #""\u+041""#, #""\u004""#, #""\u{41}""#, "\"\\\n\"", "\"\\é\"",
        ])
    func refusesEscape(_ text: String) {
        #expect(refusal("  " + text + "   ") == .invalidEscape(at: 3))
    }

    @Test(
        "JSON-2 half a surrogate pair is refused",
        arguments: [
            #""\uD800""#, #""\uDBFF""#, #""\uDC00""#, #""\uDFFF""#, #""\uD800x""#, #""\uD800\n""#, #""\uD800\uD800""#,
            #""\uDC00\uD800""#, #""\uD800\u0041""#, #""\uD800\\uDC00""#, #""\uD800\uE000""#, #""\uD800\uDBFF""#,
        ])
    func refusesLoneSurrogate(_ text: String) {
        #expect(refusal(text) == .loneSurrogate(at: 1))
        #expect(refusal("{\(text):1}") == .loneSurrogate(at: 2))
    }

    @Test(
        "JSON-2 a string that ends inside an escape is refused",
        arguments: ["\\", "\\u", "\\u0", "\\u004", "\\uD800\\u"])
    func refusesTruncatedEscape(_ text: String) {
        #expect(refusal("\"" + text) != nil)
        #expect(refusal("[\"" + text + "\"") != nil)
    }

    @Test("JSON-2 bare control characters are refused, escaped ones are not", arguments: Array<UInt8>(0..<0x20))
    func refusesControlCharacters(_ control: UInt8) throws {
        #expect(refusal([0x22, 0x61, control, 0x22]) == .controlCharacter(at: 2))
        let digits = control < 16 ? "0" + String(control, radix: 16) : String(control, radix: 16)
        let document = try Document("\"\\u00\(digits)\"")
        #expect(document.text(document.root)?.bytes == [control])
    }

    @Test("JSON-2 each byte is taken, refused or the end at each place of a long string, as it is in a short one")
    func places() {
        for byte: UInt8 in 0...255 {
            let alone = Result { () throws(JSONError) in try Document(Array("\"".utf8) + [byte] + Array("\"".utf8)) }
            for before in 0..<18 {
                let plain = [UInt8](repeating: UInt8(ascii: "x"), count: before)
                let document = Result { () throws(JSONError) in
                    try Document(Array("\"".utf8) + plain + [byte] + Array("\"".utf8))
                }
                switch (alone, document) {
                case (.success, .success(let long)):
                    #expect(long.text(long.root) == ByteString(plain + [byte]), "\(byte) after \(before)")
                case (.failure(let left), .failure(let right)):
                    #expect(place(left, moved: before) == "\(right)", "\(byte) after \(before)")
                default: Issue.record("\(byte) after \(before) bytes: \(alone), \(document)")
                }
            }
        }
    }

    /// An error, told as of so many bytes further on.
    private func place(_ error: JSONError, moved distance: Int) -> String {
        "\(error)".replacing(/at: ([0-9]+)/) { "at: \((Int($0.1) ?? 0) + distance)" }
    }

    @Test("JSON-2 DEL and everything above it may stand bare")
    func acceptsDelete() throws {
        let text = "\u{7F}\u{80}\u{85}\u{A0}\u{FEFF}\u{2028}\u{2029}\u{FFFE}\u{FFFF}\u{1FFFF}\u{10FFFF}"
        let document = try Document("\"" + text + "\"")
        #expect(document.text(document.root) == ByteString(text))
    }

    @Test("JSON-2 the first and the last scalars of every 256 are read, bare and escaped, as their UTF-8")
    func acceptsEveryScalar() throws {
        for page in stride(from: UInt32(0x100), to: 0x110000, by: 0x100) {
            let scalars = [page - 2, page - 1, page, page + 1].compactMap { Unicode.Scalar($0) }
            let text = String(String.UnicodeScalarView(scalars))
            let escaped = scalars.map { scalar in
                UTF16.encode(scalar)?.map { "\\u" + String(0x10000 + UInt32($0), radix: 16).dropFirst() }.joined() ?? ""
            }.joined()
            let document = try Document("[\"" + text + "\",\"" + escaped + "\"]")
            #expect(document.elements(document.root).map { document.text($0) } == [ByteString(text), ByteString(text)])
        }
    }

    /// RFC 3629 section 4, each way to break it.
    private static let invalid: [(String, [UInt8])] = [
        ("continuation alone", [0x80]), ("continuation alone, last", [0xBF]),
        ("overlong 2, NUL", [0xC0, 0x80]), ("overlong 2, slash", [0xC0, 0xAF]), ("overlong 2, last", [0xC1, 0xBF]),
        ("overlong 3, first", [0xE0, 0x80, 0x80]), ("overlong 3, last", [0xE0, 0x9F, 0xBF]),
        ("overlong 4, first", [0xF0, 0x80, 0x80, 0x80]), ("overlong 4, last", [0xF0, 0x8F, 0xBF, 0xBF]),
        ("surrogate, first", [0xED, 0xA0, 0x80]), ("surrogate, last", [0xED, 0xBF, 0xBF]),
        ("surrogate pair (CESU-8)", [0xED, 0xA0, 0xBD, 0xED, 0xB8, 0x80]),
        ("beyond U+10FFFF", [0xF4, 0x90, 0x80, 0x80]), ("lead F5", [0xF5, 0x80, 0x80, 0x80]),
        ("lead F8", [0xF8, 0x88, 0x80, 0x80, 0x80]), ("lead FC", [0xFC, 0x84, 0x80, 0x80, 0x80, 0x80]),
        ("FE", [0xFE]), ("FF", [0xFF]), ("UTF-16 mark", [0xFF, 0xFE]),
        ("2 cut", [0xC3]), ("3 cut after 1", [0xE2]), ("3 cut after 2", [0xE2, 0x82]), ("4 cut after 1", [0xF0]),
        ("4 cut after 2", [0xF0, 0x9F]), ("4 cut after 3", [0xF0, 0x9F, 0x98]),
        ("2 broken", [0xC3, 0x28]), ("3 broken at 2", [0xE2, 0x28, 0xA1]), ("3 broken at 3", [0xE2, 0x82, 0x28]),
        ("4 broken at 2", [0xF0, 0x28, 0x8C, 0xBC]), ("4 broken at 3", [0xF0, 0x90, 0x28, 0xBC]),
        ("4 broken at 4", [0xF0, 0x9F, 0x98, 0x28]), ("lead in place of continuation", [0xC3, 0xC3, 0xA9]),
    ]

    @Test("JSON-2 invalid UTF-8 is refused in values, names and at the end of the bytes", arguments: invalid)
    func refusesInvalidUTF8(_ kind: String, _ sequence: [UInt8]) {
        let value = Array("[\"ok\u{20AC}".utf8) + sequence + Array("\"]".utf8)
        #expect(refusal(value) == .invalidUTF8(at: 7))
        let name = Array("{\"".utf8) + sequence + Array("\":1}".utf8)
        #expect(refusal(name) == .invalidUTF8(at: 2))
        #expect(refusal([0x22] + sequence) == .invalidUTF8(at: 1))
        #expect(refusal(sequence) == .unexpectedByte(at: 0))
    }
}
