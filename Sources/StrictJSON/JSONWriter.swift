/// The little JSON that Signet writes itself, appended to bytes.
extension Array where Element == UInt8 {
    /// Appends a JSON string with its quotation marks. `text` must be UTF-8; what JSON must escape is escaped,
    /// and U+007F and U+2028/9 are left as they are.
    package mutating func appendJSONString(_ text: Span<UInt8>) {
        append(UInt8(ascii: "\""))
        // Most strings need no escape: they are copied whole.
        var copied = 0
        for offset in 0..<text.count where Self.needsEscape(text[offset]) {
            append(text, from: copied, to: offset)
            appendEscaped(text[offset])
            copied = offset + 1
        }
        append(text, from: copied, to: text.count)
        append(UInt8(ascii: "\""))
    }

    /// Appends UTF-8 as a JSON string.
    package mutating func appendJSONString(_ text: [UInt8]) { appendJSONString(text.span) }

    /// Appends a Swift string as a JSON string.
    package mutating func appendJSONString(_ text: String) { appendJSONString(text.utf8.span) }

    private static func needsEscape(_ byte: UInt8) -> Bool {
        byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\")
    }

    /// Appends a decimal integer.
    package mutating func appendInteger(_ value: Int64) {
        var digits: InlineArray<20, UInt8> = .init(repeating: 0)
        var first = digits.count
        var rest = value.magnitude
        repeat {
            first -= 1
            digits[first] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
        } while rest > 0
        if value < 0 { append(UInt8(ascii: "-")) }
        append(digits.span, from: first, to: digits.count)
    }

    private mutating func appendEscaped(_ byte: UInt8) {
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"):
            append(UInt8(ascii: "\\"))
            append(byte)
        case 0x0A: append("\\n")
        case 0x0D: append("\\r")
        case 0x09: append("\\t")
        case ..<0x20:
            append("\\u00")
            append(UInt8(ascii: "0") + byte >> 4)
            append(byte & 15 < 10 ? UInt8(ascii: "0") + byte & 15 : UInt8(ascii: "a") + byte & 15 - 10)
        default: append(byte)
        }
    }
}
