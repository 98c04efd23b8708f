import StrictJSON
import Testing

@testable import TOML

@Suite struct TOMLReaderTests {
    private func read(_ text: String) throws(TOMLError) -> TOMLTable { try TOMLReader.read(Array(text.utf8)) }
    private func error(_ text: String) -> TOMLError? { error(Array(text.utf8)) }
    private func error(_ bytes: [UInt8]) -> TOMLError? {
        do throws(TOMLError) {
            _ = try TOMLReader.read(bytes)
            return nil
        } catch { return error }
    }
    private func value(_ text: String) throws -> TOMLValue? { try read("k = " + text).member("k")?.node.value }

    @Test(
        "integers in all four radixes, up to both ends of 64 bits",
        arguments: [
            ("0", 0), ("-0", 0), ("+7", 7), ("1_000", 1_000), ("0xDead_beef", 0xDEAD_BEEF), ("0o17", 15), ("0b101", 5),
            ("9223372036854775807", Int64.max), ("-9223372036854775808", .min), ("0x7fffffffffffffff", .max),
        ])
    func integer(_ text: String, _ expected: Int64) throws {
        #expect(try value(text) == .integer(expected))
    }

    @Test(
        "an integer out of range is an error with its place, no trap",
        arguments: [
            "9223372036854775808", "-9223372036854775809", "0xffffffffffffffff", "0o7777777777777777777777",
            String(repeating: "9", count: 400),
        ])
    func integerOutOfRange(_ text: String) {
        let error = error("a = 1\n  key = " + text)
        #expect(error?.position == Position(line: 2, column: 9))
        #expect(error?.fault == .integerOutOfRange(ByteString(text)))
    }

    @Test(
        "floats, dates, bare words and ill-formed integers are no values",
        arguments: [
            "1.5", "1e3", "inf", "nan", "1979-05-27", "07:32:00", "yes", "True", "01", "1__0", "_1", "1_", "0x", "-0x1",
            "0XFF", "0b2", "+",
        ])
    func unknownValue(_ text: String) {
        #expect(error("k = " + text)?.fault == .unknownValue(ByteString(text)))
    }

    @Test(
        "strings of all four kinds",
        arguments: [
            (#""a\tb\u00e9\U0001F48D\"\\""#, "a\tb\u{E9}\u{1F48D}\"\\"), (#"'a\tb'"#, #"a\tb"#), (#""""#, ""),
            ("''", ""),
            ("\"\"\"\na\r\nb\"\"\"", "a\nb"), ("\"\"\"a\\  \n\n  b\"\"\"", "ab"),
            ("\"\"\"\"\"x\"\"\"\"\"", "\"\"x\"\""),
            ("'''a'b''c'''", "a'b''c"),
        ])
    func string(_ text: String, _ expected: String) throws {
        #expect(try value(text) == .string(ByteString(expected)))
    }

    @Test(
        "broken strings are refused",
        arguments: [
            ("\"a", TOMLFault.unterminatedString), ("\"a\n\"", .unterminatedString), ("'''a", .unterminatedString),
            ("\"\"\"a\"\"", .unterminatedString), ("\"\\x41\"", .invalidEscape), ("\"\\uD800\"", .invalidEscape),
            ("\"\\u12\"", .invalidEscape), ("\"\\U00110000\"", .invalidEscape), ("\"\\", .invalidEscape),
            ("\"\u{1}\"", .controlCharacter), ("\"\"\"a\rb\"\"\"", .controlCharacter), ("'\u{7F}'", .controlCharacter),
        ])
    func brokenString(_ text: String, _ expected: TOMLFault) {
        #expect(error("k = " + text)?.fault == expected)
    }

    @Test("every key and value has its line and column, through long strings and CRLF")
    func positions() throws {
        let table = try read("a = '''\nx\n'''\r\n\n[t.u]  # note\r\n  b . \"c\" = [ 1,\n 2 ]\n")
        #expect(table.member("a")?.node.position == Position(line: 1, column: 5))
        guard case .table(let t)? = table.member("t")?.node.value, case .table(let u)? = t.member("u")?.node.value,
            case .table(let b)? = u.member("b")?.node.value, case .array(let c)? = b.member("c")?.node.value
        else {
            Issue.record("t.u.b.c is no array")
            return
        }
        #expect(u.position == Position(line: 5, column: 1))
        #expect(u.member("b")?.position == Position(line: 6, column: 3))
        #expect(b.member("c")?.position == Position(line: 6, column: 7))
        #expect(c.map(\.position) == [Position(line: 6, column: 15), Position(line: 7, column: 2)])
    }

    @Test("members keep the order of the file")
    func order() throws {
        #expect(try read("z = 1\na = 2\nm.x = 3\nb = 4\n").members.map(\.key) == ["z", "a", "m", "b"])
    }

    @Test("UNI-1 keys are compared as bytes: composed and decomposed are two keys")
    func keysAreBytes() throws {
        let table = try read("\"\u{E9}\" = 1\n\"e\u{301}\" = 2\n\"K\" = 3\n\"\u{212A}\" = 4\n")
        #expect(table.members.count == 4)
        #expect(table.member(ByteString("e\u{301}"))?.node.value == .integer(2))
    }

    @Test("UNI-1 the same bytes, escaped or not, are one key, and it is set twice")
    func escapedKeyIsTheSame() {
        let error = error("\"\u{E9}\" = 1\n\"\\u00e9\" = 2\n")
        #expect(error?.fault == .alreadyDefined(ByteString("\u{E9}"), line: 1))
        #expect(error?.position == Position(line: 2, column: 1))
    }

    @Test(
        "tables may grow as TOML says",
        arguments: [
            "[a.b]\n[a]\nc = 1\n", "a.b = 1\na.c = 2\n[a.d]\n", "[[a]]\n[a.b]\n[[a]]\n[a.b]\n", "[a]\n[a.b]\n[[a.c]]\n",
            "x = { a.b = 1, a.c = { } }\n", "[a.b.x]\n[a]\nb.c = 1\n",
        ])
    func growingTables(_ text: String) {
        #expect(error(text) == nil)
    }

    @Test(
        "and not otherwise",
        arguments: [
            ("[a]\n[a]\n", TOMLFault.alreadyDefined("a", line: 1)), ("a = 1\na = 2\n", .alreadyDefined("a", line: 1)),
            ("a.b = 1\n[a]\n", .alreadyDefined("a", line: 1)), ("a = {}\na.b = 1\n", .cannotBeExtended("a", line: 1)),
            ("a = {}\n[a.b]\n", .cannotBeExtended("a", line: 1)), ("a = 1\n[a.b]\n", .cannotBeExtended("a", line: 1)),
            ("a = [{}]\n[[a]]\n", .alreadyDefined("a", line: 1)), ("[[a]]\n[a]\n", .alreadyDefined("a", line: 1)),
            ("[a.b]\n[a]\nb.c = 1\n", .cannotBeExtended("b", line: 1)), ("[a]\n[[a]]\n", .alreadyDefined("a", line: 1)),
            ("x = { a = {}, a.b = 1 }\n", .cannotBeExtended("a", line: 1)),
        ])
    func refusedTables(_ text: String, _ expected: TOMLFault) {
        #expect(error(text)?.fault == expected)
    }

    @Test(
        "what does not belong is named",
        arguments: [
            ("a = 1 b = 2", TOMLFault.expectedLineEnd), ("a", .expectedEqualsSign), ("= 1", .expectedKey),
            ("a. = 1", .expectedKey), ("[a", .expectedHeaderEnd), ("[[a]", .expectedHeaderEnd), ("[]", .expectedKey),
            ("a =", .expectedValue), ("a = [1 2]", .expectedArrayEnd), ("a = [1", .expectedArrayEnd),
            ("a = { b = 1, }", .expectedKey), ("a = { b = 1\n}", .expectedTableEnd), ("a = [,]", .expectedValue),
            ("# \u{1}", .controlCharacter), ("# a\rb", .controlCharacter), ("\u{FEFF}a = 1", .expectedKey),
        ])
    func syntax(_ text: String, _ expected: TOMLFault) {
        #expect(error(text)?.fault == expected)
    }

    @Test("bytes that are not UTF-8 are refused where they stand")
    func invalidUTF8() {
        #expect(
            error(Array("a = 1\nb = '".utf8) + [0xED, 0xA0, 0x80])
                == TOMLError(position: Position(line: 2, column: 6), fault: .invalidUTF8))
    }

    @Test(
        "nesting ends at the limit, whatever it is made of",
        arguments: [
            { (n: Int) in "a = " + String(repeating: "[", count: n) + String(repeating: "]", count: n) },
            { (n: Int) in String(repeating: "a = {", count: n) + String(repeating: "}", count: n) },
            { (n: Int) in Array(repeating: "a", count: n + 1).joined(separator: ".") + " = 1" },
            { (n: Int) in "[" + Array(repeating: "a", count: n).joined(separator: ".") + "]" },
            { (n: Int) in "[a.b]\n" + String(repeating: "c = {", count: n - 2) + String(repeating: "}", count: n - 2) },
        ] as [@Sendable (Int) -> String])
    func depth(_ nested: @Sendable (Int) -> String) {
        #expect(error(nested(TOMLReader.maximumDepth)) == nil)
        #expect(error(nested(TOMLReader.maximumDepth + 1))?.fault == .tooDeep)
        #expect(error(nested(200_000))?.fault == .tooDeep)
    }

    @Test("a file of 30,000 tables, or elements of one array, is read")
    func bigFile() throws {
        let count = 30_000
        let keys = (0..<count).map { "key\($0) = { a.b = [1] }\n" }.joined()
        #expect(try read(keys).members.count == count)
        let elements = try read(String(repeating: "[[a.b]]\nc = 1\n", count: count))
        guard case .table(let a)? = elements.member("a")?.node.value, case .array(let b)? = a.member("b")?.node.value
        else {
            Issue.record("a.b is no array")
            return
        }
        #expect(b.count == count)
    }
}
