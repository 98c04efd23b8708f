/// The little JSON that Signet writes itself, appended to bytes.
extension Array where Element == UInt8 {
    /// Appends a JSON string with its quotation marks. `text` must be UTF-8; what JSON must escape is escaped,
    /// and U+007F and U+2028/9 are left as they are.
    package mutating func appendJSONString(_ text: some Sequence<UInt8>) {
        append(UInt8(ascii: "\""))
        for byte in text { appendEscaped(byte) }
        append(UInt8(ascii: "\""))
    }

    /// Appends a Swift string as a JSON string.
    package mutating func appendJSONString(_ text: String) { appendJSONString(text.utf8) }

    /// Appends a decimal integer.
    package mutating func appendInteger(_ value: Int64) {
        var digits: InlineArray<20, UInt8> = .init(repeating: 0)
        var count = 0
        var rest = value.magnitude
        repeat {
            digits[count] = UInt8(ascii: "0") + UInt8(rest % 10)
            rest /= 10
            count += 1
        } while rest > 0
        if value < 0 { append(UInt8(ascii: "-")) }
        while count > 0 {
            count -= 1
            append(digits[count])
        }
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
