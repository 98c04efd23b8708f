import StrictJSON
import Testing

@Suite("Values of a log line's fields") struct LogFieldTests {
    private func written(_ value: [UInt8]) -> String {
        var line: [UInt8] = []
        line.appendFieldValue(value)
        return String(decoding: line, as: UTF8.self)
    }

    @Test(
        "a value stands bare, or in quotation marks with its escapes",
        arguments: [
            ("web", "web"), ("https://api.example.com/v1?x#y", "https://api.example.com/v1?x#y"), ("", #""""#),
            ("a b", #""a b""#), ("a=b", #""a=b""#), (#"say "no""#, #""say \"no\"""#), (#"a\b"#, #""a\\b""#),
            ("a\nsignetd: signed uid=0", #""a\x0asignetd: signed uid=0""#), ("\r\t\0\u{7F}", #""\x0d\x09\x00\x7f""#),
            ("\u{1B}[2J", #""\x1b[2J""#), ("é", #""\xc3\xa9""#), ("\u{2028}", #""\xe2\x80\xa8""#),
            ("\u{9B}", #""\xc2\x9b""#),
        ])
    func forms(_ value: String, _ expected: String) { #expect(written(Array(value.utf8)) == expected) }

    @Test("whatever the bytes, only printable ASCII comes out, and different values look different")
    func everyByte() {
        var seen: Set<String> = []
        for byte in UInt8.min...UInt8.max {
            let text = written([byte])
            #expect(text.utf8.allSatisfy { 0x20...0x7E ~= $0 })
            #expect(seen.insert(text).inserted, "\(text)")
        }
    }

    @Test("a long value is written whole")
    func long() {
        #expect(written(Array(repeating: UInt8(ascii: "k"), count: 1_024)).utf8.count == 1_024)
        #expect(written(Array(repeating: 0x0A, count: 1_024)).utf8.count == 4 * 1_024 + 2)
    }
}
