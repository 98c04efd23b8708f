/// Values of the fields `name=value` of a log line, appended to bytes.
extension Array where Element == UInt8 {
    /// Appends a value so that whatever it holds, the line stays one line and can be taken apart again.
    ///
    /// Printable ASCII stands bare. A value that is empty or holds a space, `"`, `=` or `\` is put in quotation marks, with
    /// `\"` and `\\`; any byte that is not printable ASCII is written `\xNN`.
    package mutating func appendFieldValue(_ value: Span<UInt8>) {
        var isBare = value.count > 0
        for offset in 0..<value.count where !Self.standsBare(value[offset]) {
            isBare = false
            break
        }
        if isBare { return append(value) }
        append(UInt8(ascii: "\""))
        for offset in 0..<value.count {
            let byte = value[offset]
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                append(UInt8(ascii: "\\"))
                append(byte)
            case 0x20...0x7E: append(byte)
            default:
                append("\\x")
                append(Self.hexadecimalDigit(byte >> 4))
                append(Self.hexadecimalDigit(byte & 15))
            }
        }
        append(UInt8(ascii: "\""))
    }

    /// Appends bytes as a value.
    package mutating func appendFieldValue(_ value: [UInt8]) { appendFieldValue(value.span) }

    private static func standsBare(_ byte: UInt8) -> Bool {
        0x21...0x7E ~= byte && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "=") && byte != UInt8(ascii: "\\")
    }

    private static func hexadecimalDigit(_ value: UInt8) -> UInt8 {
        value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10
    }
}
