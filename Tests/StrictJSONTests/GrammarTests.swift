import StrictJSON
import Testing

/// RFC 8259's grammar, and nothing beside it.
@Suite struct GrammarTests {
    @Test(
        "JSON-2 every kind of value is read, white space around it or not",
        arguments: [
            ("{}", JSONKind.object), ("[]", .array), (#""""#, .string), ("0", .number), ("true", .true),
            ("false", .false), ("null", .null), (" \t\r\n{ \t\r\n} \t\r\n", .object), ("\n[ ]\n", .array),
            (#"{"a":[{"b":[null,true]},-0.5e+7]}"#, .object),
        ])
    func accepts(_ text: String, _ kind: JSONKind) throws {
        #expect(try Document(text).root.kind == kind)
    }

    @Test(
        "JSON-2 nothing is taken for a value that is none",
        arguments: [
            ("", JSONError.unexpectedEnd), (" ", .unexpectedEnd), ("{", .unexpectedEnd), ("[", .unexpectedEnd),
            ("{\"a\"", .unexpectedEnd), ("{\"a\":", .unexpectedEnd), ("{\"a\":1", .unexpectedEnd),
            ("[1", .unexpectedEnd), ("[1,", .unexpectedEnd), ("tru", .unexpectedEnd), ("\"a", .unexpectedEnd),
            ("\"\\", .unexpectedEnd), ("-", .unexpectedEnd), ("1.", .unexpectedEnd), ("1e", .unexpectedEnd),
            ("{]", .unexpectedByte(at: 1)), ("[}", .unexpectedByte(at: 1)), ("]", .unexpectedByte(at: 0)),
            ("True", .unexpectedByte(at: 0)), ("nul0", .unexpectedByte(at: 3)), ("'a'", .unexpectedByte(at: 0)),
            ("{a:1}", .unexpectedByte(at: 1)), ("{1:1}", .unexpectedByte(at: 1)), ("{\"a\" 1}", .unexpectedByte(at: 5)),
            ("[1 2]", .unexpectedByte(at: 3)), ("{\"a\":1 \"b\":2}", .unexpectedByte(at: 7)),
            ("[,1]", .unexpectedByte(at: 1)), ("{,}", .unexpectedByte(at: 1)), ("[1,,2]", .unexpectedByte(at: 3)),
        ])
    func refuses(_ text: String, _ error: JSONError) {
        #expect(refusal(text) == error)
    }

    @Test(
        "JSON-2 what other parsers forgive is refused",
        arguments: [
            "[1,]", "{\"a\":1,}", "/**/1", "1//", "[1]#", "NaN", "-Infinity", "Infinity", "+1", ".5", "5.", "01", "-01",
            "0x10", "1_000", "1e", "1e+", "1.e1", "--1", "- 1", "{\"a\":undefined}", "nullnull", "\u{FEFF}{}",
            "{}\u{0}",
            "\u{B}1", "\u{A0}1", "\u{2028}1", "\u{C}{}",
        ])
    func refusesLeniency(_ text: String) {
        #expect(refusal(text) != nil)
    }

    @Test(
        "JSON-2 nothing may follow the value",
        arguments: [("{}{}", 2), ("{} x", 3), ("1 2", 2), ("\"a\"\"", 3), ("null,", 4), ("[]]", 2), ("00", 1)])
    func refusesTrailingBytes(_ text: String, _ offset: Int) {
        #expect(refusal(text) == .trailingBytes(at: offset))
    }

    @Test("JSON-2 32 levels are read", arguments: [("[", "]"), ("{\"a\":", "}")])
    func acceptsDepth(_ open: String, _ close: String) throws {
        let text = String(repeating: open, count: 32) + "1" + String(repeating: close, count: 32)
        #expect(try Document(text).compact == text)
    }

    @Test("JSON-2 the 33rd level is refused where it opens", arguments: [("[", "]"), ("{\"a\":", "}")])
    func refusesDepth(_ open: String, _ close: String) {
        let text = String(repeating: open, count: 33) + "1" + String(repeating: close, count: 33)
        #expect(refusal(text) == .tooDeep(at: 32 * open.utf8.count))
    }

    @Test(
        "JSON-2 a megabyte of opening brackets ends at the limit, not at the stack's end", arguments: ["[", "{\"\":"])
    func refusesAbyss(_ open: String) {
        #expect(refusal(String(repeating: open, count: 1 << 20)) == .tooDeep(at: 32 * open.utf8.count))
    }

    @Test("JSON-2 depth counts what is open, not what was closed")
    func countsOpenLevels() {
        #expect(refusal("[" + String(repeating: "[[]],", count: 1_000) + "[[]]]", depth: 3) == nil)
        #expect(refusal("[" + String(repeating: "[[]],", count: 1_000) + "[[[]]]]", depth: 3) != nil)
    }

    @Test("one index serves many documents; a refused one leaves nothing behind for the next")
    func reusesIndex() throws {
        var index = JSONIndex()
        let first = Array(#"{"a":1,"b":{"c":2}}"#.utf8)
        let broken = Array(#"{"x":1,"y":2,"z":"#.utf8)
        let second = Array(#"{"d":3}"#.utf8)
        try index.read(first.span, maximumDepth: 32)
        #expect(index.members.count == 3)
        #expect(throws: JSONError.unexpectedEnd) { try index.read(broken.span, maximumDepth: 32) }
        try index.read(second.span, maximumDepth: 32)
        #expect(index.members.count == 1)
        #expect(index.root.firstMember == 0)
        #expect(index.members[0].next == -1)
    }

    @Test("members below the indexed depth are checked but not kept")
    func indexedDepth() throws {
        let text = #"{"a":{"b":1,"c":{"d":2}},"e":[{"f":3}],"g":4}"#
        let shallow = try Document(text, indexedDepth: 1)
        #expect(shallow.names == ["a", "e", "g"])
        #expect(shallow.index.members.count == 3)
        #expect(try #require(shallow.member("a")).firstMember == -1)
        let deeper = try Document(text, indexedDepth: 2)
        #expect(try deeper.members(#require(deeper.member("a"))).count == 2)
        #expect(try Document(text).index.members.count == 7)
    }
}
