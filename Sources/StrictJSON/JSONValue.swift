/// The seven kinds of value of RFC 8259 section 3.
package enum JSONKind: UInt8, Sendable {
    case object, array, string, number, `true`, `false`, null
}

/// Where a value stands in its document, and what it is.
package struct JSONValue: Sendable {
    package let kind: JSONKind
    /// Offset of the first byte, for a string its quotation mark.
    package let start: Int
    /// Offset behind the last byte.
    package let end: Int
    /// For a string: escapes stand in it. For an array or object: white space stands between its tokens.
    let flag: Bool
    /// For an object: position of its first member in the index, -1 when it is empty or lies too deep to be indexed.
    package let firstMember: Int

    /// Text of a string; nil for other kinds.
    package var text: JSONText? {
        kind == .string ? JSONText(start: start + 1, end: end - 1, hasEscapes: flag) : nil
    }

    /// Appends the value byte for byte, less the white space between its tokens (rule JSON-3).
    package func appendCompact(from bytes: Span<UInt8>, to output: inout [UInt8]) {
        guard flag, kind == .object || kind == .array else { return output.append(bytes, from: start, to: end) }
        var isInString = false
        var offset = start
        while offset < end {
            let byte = bytes[offset]
            offset += 1
            if isInString {
                output.append(byte)
                if byte == UInt8(ascii: "\\") {
                    output.append(bytes[offset])
                    offset += 1
                } else if byte == UInt8(ascii: "\"") {
                    isInString = false
                }
            } else if !isJSONWhiteSpace(byte) {
                output.append(byte)
                isInString = byte == UInt8(ascii: "\"")
            }
        }
    }
}

/// One member of an indexed object.
package struct JSONMember: Sendable {
    package let name: JSONText
    package fileprivate(set) var value: JSONValue
    /// Position of the object's next member in the index, -1 for the last.
    package fileprivate(set) var next: Int

    init(name: JSONText, value: JSONValue) {
        self.name = name
        self.value = value
        next = -1
    }

    mutating func complete(with value: JSONValue) { self.value = value }
    mutating func link(to next: Int) { self.next = next }
}

/// RFC 8259 section 2: space, tab, line feed, carriage return.
func isJSONWhiteSpace(_ byte: UInt8) -> Bool {
    byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09
}
