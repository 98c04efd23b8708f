import Foundation
import JOSE
import StrictJSON
import Testing

/// Rule B64-1: one byte sequence, one encoding.
@Suite struct Base64URLTests {
    private func encode(_ bytes: [UInt8]) -> String {
        var output: [UInt8] = []
        Base64URL.append(bytes.span, to: &output)
        return String(decoding: output, as: UTF8.self)
    }
    private func decode(_ text: String) -> [UInt8]? { Base64URL.decode(Array(text.utf8).span) }

    @Test(
        "B64-1 RFC 4648 section 10 and the two characters of base64url",
        arguments: [
            ("", ""), ("f", "Zg"), ("fo", "Zm8"), ("foo", "Zm9v"), ("foob", "Zm9vYg"), ("fooba", "Zm9vYmE"),
            ("foobar", "Zm9vYmFy"), (">>>", "Pj4-"), ("???", "Pz8_"), ("\u{0}\u{0}\u{0}", "AAAA"),
        ])
    func vectors(_ text: String, _ encoded: String) {
        #expect(encode(Array(text.utf8)) == encoded)
        #expect(decode(encoded) == Array(text.utf8))
    }

    @Test("B64-1 RFC 7515 appendix C")
    func appendixC() {
        #expect(encode([3, 236, 255, 224, 193]) == "A-z_4ME")
        #expect(decode("A-z_4ME") == [3, 236, 255, 224, 193])
    }

    @Test("B64-1 every length from 0 to 70 goes round and agrees with Foundation", arguments: 0...70)
    func lengths(_ count: Int) {
        for bytes in [
            (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 151 &+ 7) }, Array(repeating: 0xFF, count: count),
            Array(repeating: 0, count: count),
        ] {
            let encoded = encode(bytes)
            #expect(encoded.utf8.count == Base64URL.encodedCount(count))
            #expect(Base64URL.decodedCount(encoded.utf8.count) == count)
            #expect(decode(encoded) == bytes)
            let foundation = Data(bytes).base64EncodedString().replacing("=", with: "")
            #expect(encoded == foundation.replacing("+", with: "-").replacing("/", with: "_"))
        }
    }

    @Test(
        "B64-1 no encoding has 4n + 1 characters",
        arguments: ["A", "AAAAA", "Zm9vY", "AAAAAAAAA", "Zm9vYmFyA"])
    func impossibleLength(_ text: String) {
        #expect(decode(text) == nil)
        #expect(Base64URL.decodedCount(text.utf8.count) == nil)
    }

    @Test(
        "B64-1 only the 64 characters of base64url are decoded, wherever another stands",
        arguments: 0...255 as ClosedRange<UInt8>)
    func alphabet(_ byte: UInt8) {
        let belongs = Set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8).contains(byte)
        for position in 0..<4 {
            var characters: [UInt8] = Array("AAAA".utf8)
            characters[position] = byte
            #expect((Base64URL.decode(characters.span) != nil) == belongs)
        }
        // Sixteen are decoded at a time, and what remains in groups of eight.
        for position in 0..<43 {
            var characters: [UInt8] = Array(repeating: UInt8(ascii: "A"), count: 43)
            characters[position] = byte
            let endsOnUnusedBits = position == 42 && !Set("AEIMQUYcgkosw048".utf8).contains(byte)
            #expect((Base64URL.decode(characters.span) != nil) == (belongs && !endsOnUnusedBits))
        }
        // The second of two, and the third of three, also end on unused bits.
        #expect((Base64URL.decode([byte, 0x41].span) != nil) == belongs)
        #expect((Base64URL.decode([byte, 0x41, 0x41].span) != nil) == belongs)
    }

    @Test(
        "B64-1 padding, the other alphabet, white space and NUL are refused",
        arguments: [
            "Zg==", "Zm8=", "Zm9v=", "====", "=", "Zg=", "Pj4+", "Pz8/", "Zm9v\n", "\nZm9v", "Zm 9v", "Zm9v ", "Zm\t9",
            "Zm9\u{0}", "\u{0}", "Zm9v\r\n", "Zé", "Zm9v.", "Zm9,", "Ｚm9",
        ])
    func foreign(_ text: String) {
        #expect(decode(text) == nil)
    }

    @Test("B64-1 of the 64 ways to end two characters, only the 4 with zero bits left over are decoded")
    func trailingBitsOfTwo() {
        let accepted = alphabet.filter { decode("Z" + $0) != nil }
        #expect(accepted == ["A", "Q", "g", "w"])
    }

    @Test("B64-1 of the 64 ways to end three characters, only the 16 with zero bits left over are decoded")
    func trailingBitsOfThree() {
        let accepted = alphabet.filter { decode("Zm" + $0) != nil }
        #expect(accepted == ["A", "E", "I", "M", "Q", "U", "Y", "c", "g", "k", "o", "s", "w", "0", "4", "8"])
    }

    @Test("B64-1 what is decoded encodes to the same characters again")
    func canonical() {
        for first in alphabet {
            for second in alphabet {
                guard let bytes = decode(first + second + "E") else { continue }
                #expect(encode(bytes) == first + second + "E")
            }
        }
    }

    @Test("encoding appends, and writes only where it is told")
    func places() {
        var output: [UInt8] = Array("x.".utf8)
        Base64URL.append(Array("fo".utf8).span, to: &output)
        #expect(output == Array("x.Zm8".utf8))
        var room = [UInt8](repeating: 0x2A, count: 6)
        var span = room.mutableSpan
        Base64URL.encode(Array("f".utf8).span, into: &span, at: 3)
        #expect(room == Array("***Zg*".utf8))
        var target = [UInt8](repeating: 0x2A, count: 4)
        var bytes = target.mutableSpan
        let isDecoded = Base64URL.decode(Array("Zm8".utf8).span, into: &bytes)
        #expect(isDecoded)
        #expect(target == Array("fo**".utf8))
    }

    private let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".map { String($0) }
}
