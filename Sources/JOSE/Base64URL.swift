/// base64url without padding (RFC 4648 section 5, RFC 7515 section 2), canonical in both directions (rule B64-1).
package enum Base64URL {
    /// Characters that encode `count` bytes.
    package static func encodedCount(_ count: Int) -> Int { (count * 4 + 2) / 3 }

    /// Bytes that `count` characters hold; nil for a length that no encoding has.
    package static func decodedCount(_ count: Int) -> Int? { count % 4 == 1 ? nil : count * 3 / 4 }

    /// Appends the encoding of `bytes`.
    package static func append(_ bytes: Span<UInt8>, to output: inout [UInt8]) {
        let start = output.count
        output.append(contentsOf: repeatElement(0, count: encodedCount(bytes.count)))
        var characters = output.mutableSpan
        encode(bytes, into: &characters, at: start)
    }

    /// Writes the encoding of `bytes` to `output` from `start` on; there must be room.
    package static func encode(_ bytes: Span<UInt8>, into output: inout MutableSpan<UInt8>, at start: Int) {
        let alphabet = alphabet
        func character(_ sextet: UInt32) -> UInt8 { alphabet[Int(sextet & 63)] }
        var (source, target) = (0, start)
        while source + 2 < bytes.count {
            let group = UInt32(bytes[source]) << 16 | UInt32(bytes[source + 1]) << 8 | UInt32(bytes[source + 2])
            output[target] = character(group >> 18)
            output[target + 1] = character(group >> 12)
            output[target + 2] = character(group >> 6)
            output[target + 3] = character(group)
            source += 3
            target += 4
        }
        switch bytes.count - source {
        case 1:
            output[target] = character(UInt32(bytes[source]) >> 2)
            output[target + 1] = character(UInt32(bytes[source]) << 4)
        case 2:
            let group = UInt32(bytes[source]) << 8 | UInt32(bytes[source + 1])
            output[target] = character(group >> 10)
            output[target + 1] = character(group >> 4)
            output[target + 2] = character(group << 2)
        default: break
        }
    }

    /// The bytes that `characters` encode; nil when they are not the one canonical encoding: a foreign character
    /// (`=`, `+`, `/`, white space, NUL included), an impossible length, or unused bits that are not zero.
    package static func decode(_ characters: Span<UInt8>) -> [UInt8]? {
        guard let count = decodedCount(characters.count) else { return nil }
        var output = [UInt8](repeating: 0, count: count)
        var bytes = output.mutableSpan
        return decode(characters, into: &bytes) ? output : nil
    }

    /// Decodes to the start of `output`, which must have room for `decodedCount` bytes; false when not canonical.
    package static func decode(_ characters: Span<UInt8>, into output: inout MutableSpan<UInt8>) -> Bool {
        guard decodedCount(characters.count) != nil else { return false }
        let values = values
        func value(_ source: Int) -> UInt32 { UInt32(values[Int(characters[source])]) }
        var (source, target) = (0, 0)
        while source + 3 < characters.count {
            let (a, b, c, d) = (value(source), value(source + 1), value(source + 2), value(source + 3))
            guard a | b | c | d < 64 else { return false }
            let group = a << 18 | b << 12 | c << 6 | d
            output[target] = UInt8(truncatingIfNeeded: group >> 16)
            output[target + 1] = UInt8(truncatingIfNeeded: group >> 8)
            output[target + 2] = UInt8(truncatingIfNeeded: group)
            source += 4
            target += 3
        }
        switch characters.count - source {
        case 2:
            let (a, b) = (value(source), value(source + 1))
            guard a | b < 64, b & 0xF == 0 else { return false }
            output[target] = UInt8(truncatingIfNeeded: a << 2 | b >> 4)
        case 3:
            let (a, b, c) = (value(source), value(source + 1), value(source + 2))
            guard a | b | c < 64, c & 3 == 0 else { return false }
            output[target] = UInt8(truncatingIfNeeded: a << 2 | b >> 4)
            output[target + 1] = UInt8(truncatingIfNeeded: b << 4 | c >> 2)
        default: break
        }
        return true
    }

    /// The character of each sextet. Of fixed size, so that a look-up by a sextet needs no check.
    private static let alphabet: InlineArray<64, UInt8> = {
        var characters = InlineArray<64, UInt8>(repeating: 0)
        for (value, character) in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8.enumerated() {
            characters[value] = character
        }
        return characters
    }()

    /// The sextet of each character; 255 for a foreign one.
    private static let values: InlineArray<256, UInt8> = {
        var values = InlineArray<256, UInt8>(repeating: 255)
        for value in 0..<64 { values[Int(alphabet[value])] = UInt8(value) }
        return values
    }()
}
