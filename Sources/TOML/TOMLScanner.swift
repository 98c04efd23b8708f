import StrictJSON

/// Walks over a file's bytes and knows its line and column: white space, comments, line ends, keys.
struct TOMLScanner {
    let bytes: [UInt8]
    var offset = 0
    private var line = 1
    /// Offset of the line's first byte.
    private var lineStart = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    var isAtEnd: Bool { offset == bytes.count }
    /// The byte at the offset; nil at the end.
    var byte: UInt8? { peek(0) }
    var position: Position { Position(line: line, column: offset - lineStart + 1) }

    /// The byte `distance` behind the offset; nil beyond the end.
    func peek(_ distance: Int) -> UInt8? { distance < bytes.count - offset ? bytes[offset + distance] : nil }

    /// The error at this place.
    func error(_ fault: TOMLFault) -> TOMLError { TOMLError(position: position, fault: fault) }

    /// Steps over `expected` if it stands here.
    mutating func take(_ expected: Unicode.Scalar) -> Bool {
        guard byte == UInt8(ascii: expected) else { return false }
        offset += 1
        return true
    }

    /// Steps over LF or CRLF if one stands here. A CR alone is a control character like any other.
    mutating func takeLineEnd() -> Bool {
        if byte == 0x0A {
            offset += 1
        } else if byte == 0x0D, peek(1) == 0x0A {
            offset += 2
        } else {
            return false
        }
        line += 1
        lineStart = offset
        return true
    }

    /// Space and tab.
    mutating func skipBlanks() {
        while byte == 0x20 || byte == 0x09 { offset += 1 }
    }

    /// Blanks and a comment, up to the line's end.
    mutating func skipComment() throws(TOMLError) {
        skipBlanks()
        guard byte == UInt8(ascii: "#") else { return }
        while let byte, byte != 0x0A, !(byte == 0x0D && peek(1) == 0x0A) {
            guard !isControl(byte) else { throw error(.controlCharacter) }
            offset += 1
        }
    }

    /// Blank lines and comments, up to the next byte that means something.
    mutating func skipLines() throws(TOMLError) {
        repeat { try skipComment() } while takeLineEnd()
    }

    /// Blanks, a comment and the line's end.
    mutating func expectLineEnd() throws(TOMLError) {
        try skipComment()
        guard isAtEnd || takeLineEnd() else { throw error(.expectedLineEnd) }
    }

    /// A key of one or more parts with dots between them, blanks around each.
    mutating func readKey() throws(TOMLError) -> [TOMLKey] {
        var parts: [TOMLKey] = []
        repeat {
            skipBlanks()
            // Dotted keys nest tables, so a key of many parts is too deep; no need to keep what cannot be used.
            guard parts.count <= TOMLReader.maximumDepth else { throw error(.tooDeep) }
            let start = position
            parts.append(TOMLKey(name: ByteString(try readKeyPart()), position: start))
            skipBlanks()
        } while take(".")
        return parts
    }

    private mutating func readKeyPart() throws(TOMLError) -> [UInt8] {
        if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") { return try readString(mayBeMultiLine: false) }
        let start = offset
        while let byte, isBareKeyByte(byte) { offset += 1 }
        guard offset > start else { throw error(.expectedKey) }
        return Array(bytes[start..<offset])
    }
}

/// One part of a key, and where it stands.
struct TOMLKey {
    let name: ByteString
    let position: Position
}

/// Control characters that TOML forbids in comments and strings: all but the tab.
func isControl(_ byte: UInt8) -> Bool { byte < 0x20 && byte != 0x09 || byte == 0x7F }

private func isBareKeyByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
        true
    default: false
    }
}
