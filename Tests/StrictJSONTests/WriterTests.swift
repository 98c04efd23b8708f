import Foundation
import StrictJSON
import Testing

@Suite struct WriterTests {
    private func written(_ text: String) -> String {
        var output: [UInt8] = []
        output.appendJSONString(text)
        return String(decoding: output, as: UTF8.self)
    }

    @Test(
        "what JSON must escape is escaped, and nothing else",
        arguments: [
            ("", #""""#), ("a/b", #""a/b""#), ("\"\\", #""\"\\""#), ("\n\r\t", #""\n\r\t""#),
            ("\u{0}\u{8}\u{C}\u{F}\u{10}\u{1A}\u{1F}", #""\u0000\u0008\u000c\u000f\u0010\u001a\u001f""#),
            ("\u{7F}\u{2028}é€😀", "\"\u{7F}\u{2028}é€😀\""),
        ])
    func escapes(_ text: String, _ expected: String) {
        #expect(written(text) == expected)
    }

    @Test("every string that is written reads back as itself, here and in Foundation")
    func roundTrip() throws {
        var generator = SeededGenerator(seed: 7)
        for length in 0..<400 {
            var text = String.UnicodeScalarView()
            while text.count < length {
                let range: Range<UInt32> = [0..<0x30, 0..<0x100, 0..<0x3000, 0..<0x110000][length % 4]
                if let scalar = Unicode.Scalar(UInt32.random(in: range, using: &generator)) { text.append(scalar) }
            }
            let json = written(String(text))
            let document = try Document(json)
            #expect(document.text(document.root) == ByteString(String(text)))
            let foundation = try JSONSerialization.jsonObject(with: Data(json.utf8), options: .fragmentsAllowed)
            #expect(Array(try #require(foundation as? String).utf8) == Array(String(text).utf8))
        }
    }

    @Test(
        "integers are written in full, to both ends of 64 bits",
        arguments: [0, 1, -1, 9, 10, -10, 1_789_000_000, .max, .min, .min + 1] as [Int64])
    func integers(_ value: Int64) {
        var output: [UInt8] = Array("x".utf8)
        output.appendInteger(value)
        #expect(String(decoding: output, as: UTF8.self) == "x\(value)")
    }

    @Test("bytes, parts of bytes and literals are appended as they are")
    func appends() {
        let bytes: [UInt8] = [1, 2, 3, 4]
        var output: [UInt8] = []
        output.append(bytes.span)
        output.append(bytes.span, from: 1, to: 3)
        output.append(bytes.span, from: 4, to: 4)
        output.append("é\n" as StaticString)
        output.append("" as StaticString)
        #expect(output == [1, 2, 3, 4, 2, 3] + Array("é\n".utf8))
    }
}
