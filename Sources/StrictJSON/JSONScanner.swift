/// The tokens of RFC 8259, found and checked in place.
struct JSONScanner {
    let maximumDepth: Int
    var position = 0
    /// White-space bytes between tokens so far.
    private(set) var whiteSpace = 0

    init(maximumDepth: Int) { self.maximumDepth = maximumDepth }

    @inline(__always)
    mutating func skipWhiteSpace(in bytes: Span<UInt8>) {
        // Most documents have none.
        guard position < bytes.count, bytes[position] <= 0x20 else { return }
        stepOverWhiteSpace(in: bytes)
    }

    private mutating func stepOverWhiteSpace(in bytes: Span<UInt8>) {
        let start = position
        while position < bytes.count, isJSONWhiteSpace(bytes[position]) { position += 1 }
        whiteSpace += position - start
    }

    /// Steps over `byte` when it is the next one.
    @inline(__always)
    mutating func take(_ byte: UInt8, in bytes: Span<UInt8>) -> Bool {
        guard position < bytes.count, bytes[position] == byte else { return false }
        position += 1
        return true
    }

    @inline(__always)
    mutating func expect(_ byte: UInt8, in bytes: Span<UInt8>) throws(JSONError) {
        guard position < bytes.count else { throw .unexpectedEnd }
        guard bytes[position] == byte else { throw .unexpectedByte(at: position) }
        position += 1
    }

    mutating func readLiteral(_ literal: StaticString, in bytes: Span<UInt8>) throws(JSONError) {
        // Reason: a StaticString's UTF-8 lives as long as the process; reads stay within its count.
        let expected = unsafe Span(_unsafeStart: literal.utf8Start, count: literal.utf8CodeUnitCount)
        for offset in 0..<expected.count { try expect(expected[offset], in: bytes) }
    }

    /// RFC 8259 section 6: an optional minus, no leading zeros, digits on both sides of a point, digits in an exponent.
    mutating func readNumber(in bytes: Span<UInt8>) throws(JSONError) {
        _ = take(UInt8(ascii: "-"), in: bytes)
        if !take(UInt8(ascii: "0"), in: bytes) { try readDigits(in: bytes) }
        if take(UInt8(ascii: "."), in: bytes) { try readDigits(in: bytes) }
        if take(UInt8(ascii: "e"), in: bytes) || take(UInt8(ascii: "E"), in: bytes) {
            if !take(UInt8(ascii: "+"), in: bytes) { _ = take(UInt8(ascii: "-"), in: bytes) }
            try readDigits(in: bytes)
        }
    }

    private mutating func readDigits(in bytes: Span<UInt8>) throws(JSONError) {
        let start = position
        while position < bytes.count, bytes[position] &- UInt8(ascii: "0") < 10 { position += 1 }
        if position > start { return }
        throw position < bytes.count ? .unexpectedByte(at: position) : .unexpectedEnd
    }

    /// Reads a string whose quotation mark stands at the position (RFC 8259 section 7).
    mutating func readString(in bytes: Span<UInt8>) throws(JSONError) -> JSONText {
        try expect(UInt8(ascii: "\""), in: bytes)
        let start = position
        var hasEscapes = false
        while true {
            stepOverPlainText(in: bytes)
            guard position < bytes.count else { break }
            let byte = bytes[position]
            switch byte {
            case UInt8(ascii: "\""):
                position += 1
                return JSONText(start: start, end: position - 1, hasEscapes: hasEscapes)
            case UInt8(ascii: "\\"):
                hasEscapes = true
                try readEscape(in: bytes)
            case ..<0x20: throw .controlCharacter(at: position)
            case ..<0x80: position += 1
            default: try readMultibyte(in: bytes)
            }
        }
        throw .unexpectedEnd
    }

    /// Steps over ASCII that stands for itself, eight bytes at a time: no quotation mark, backslash or control character.
    @inline(__always)
    private mutating func stepOverPlainText(in bytes: Span<UInt8>) {
        let (ones, highs) = (0x0101_0101_0101_0101 as UInt64, 0x8080_8080_8080_8080 as UInt64)
        while position + 8 <= bytes.count {
            let word = bytes.word(at: position)
            // The high bit of a byte is set where it is beyond ASCII, below 0x20, or, with the byte sought taken away by an
            // exclusive or, 0. A borrow only reaches bytes above one that is marked: the lowest mark is right.
            let quotes = word ^ ones &* 0x22
            let escapes = word ^ ones &* 0x5C
            let marks = (word | (word &- ones &* 0x20) | (quotes &- ones) | (escapes &- ones)) & highs
            if marks != 0 {
                position += marks.trailingZeroBitCount >> 3
                return
            }
            position += 8
        }
    }

    private mutating func readEscape(in bytes: Span<UInt8>) throws(JSONError) {
        let start = position
        guard start + 1 < bytes.count else { throw .unexpectedEnd }
        position += 2
        switch bytes[start + 1] {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
            UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            return
        case UInt8(ascii: "u"):
            let unit = try readCodeUnit(in: bytes, escapeAt: start)
            if unit < 0xD800 || unit > 0xDFFF { return }
            guard unit < 0xDC00, take(UInt8(ascii: "\\"), in: bytes), take(UInt8(ascii: "u"), in: bytes),
                case 0xDC00...0xDFFF = try readCodeUnit(in: bytes, escapeAt: start)
            else { throw .loneSurrogate(at: start) }
        default: throw .invalidEscape(at: start)
        }
    }

    private mutating func readCodeUnit(in bytes: Span<UInt8>, escapeAt start: Int) throws(JSONError) -> UInt16 {
        guard position + 4 <= bytes.count else { throw .unexpectedEnd }
        var unit: UInt16 = 0
        for offset in 0..<4 {
            guard let digit = hexadecimalDigit(bytes[position + offset]) else { throw .invalidEscape(at: start) }
            unit = unit << 4 | UInt16(digit)
        }
        position += 4
        return unit
    }

    /// RFC 3629 section 4: the well-formed sequences of two to four bytes, and no others.
    private mutating func readMultibyte(in bytes: Span<UInt8>) throws(JSONError) {
        let start = position
        let lead = bytes[start]
        let (length, second): (Int, ClosedRange<UInt8>) =
            switch lead {
            case 0xC2...0xDF: (2, 0x80...0xBF)
            case 0xE0: (3, 0xA0...0xBF)
            case 0xE1...0xEC, 0xEE, 0xEF: (3, 0x80...0xBF)
            case 0xED: (3, 0x80...0x9F)
            case 0xF0: (4, 0x90...0xBF)
            case 0xF1...0xF3: (4, 0x80...0xBF)
            case 0xF4: (4, 0x80...0x8F)
            default: throw .invalidUTF8(at: start)
            }
        guard start + length <= bytes.count else { throw .invalidUTF8(at: start) }
        guard second.contains(bytes[start + 1]) else { throw .invalidUTF8(at: start) }
        for offset in 2..<max(length, 2) where bytes[start + offset] & 0xC0 != 0x80 { throw .invalidUTF8(at: start) }
        position += length
    }
}
