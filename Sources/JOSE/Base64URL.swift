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
        var group: UInt32 = 0
        var bits = 0
        var target = 0
        for source in 0..<characters.count {
            let value = alphabetValues[Int(characters[source])]
            guard value < 64 else { return false }
            group = group << 6 | UInt32(value)
            bits += 6
            if bits >= 8 {
                bits -= 8
                output[target] = UInt8(truncatingIfNeeded: group >> UInt32(bits))
                target += 1
            }
        }
        return group & (1 << UInt32(bits) - 1) == 0
    }

    @inline(__always)
    private static func character(_ sextet: UInt32) -> UInt8 { alphabet[Int(sextet & 63)] }

    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)
    private static let alphabetValues: [UInt8] = {
        var values = [UInt8](repeating: 255, count: 256)
        for (value, character) in alphabet.enumerated() { values[Int(character)] = UInt8(value) }
        return values
    }()
}
