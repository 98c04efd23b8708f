internal import StrictJSON

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
        while source + 8 <= bytes.count {
            output.store(Octet.spread(bytes.word(at: source).byteSwapped >> 16).characters.lanes, at: target)
            source += 6
            target += 8
        }
        while source < bytes.count {
            let count = min(bytes.count - source, 3)
            var group: UInt64 = 0
            for offset in 0..<count { group |= UInt64(bytes[source + offset]) << UInt64(40 - 8 * offset) }
            var characters = Octet.spread(group).characters.lanes
            for _ in 0...count {
                output[target] = UInt8(truncatingIfNeeded: characters)
                characters >>= 8
                target += 1
            }
            source += count
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
        var (source, target) = (0, 0)
        // While eight bytes may be written: six, and two that are overwritten.
        while source + 8 <= characters.count, target + 8 <= output.count {
            guard let sextets = Octet(lanes: characters.word(at: source)).sextets else { return false }
            output.store((sextets.gathered << 16).byteSwapped, at: target)
            source += 8
            target += 6
        }
        while source < characters.count {
            let count = min(characters.count - source, 4)
            // What is missing stands as `A`, whose value is 0.
            var group = Octet(lanes: UInt64(repeating: UInt8(ascii: "A")))
            for offset in 0..<count { group.lanes.replace(at: offset, with: characters[source + offset]) }
            guard let bits = group.sextets?.gathered, bits & (1 << UInt64(48 - 8 * (count - 1)) - 1) == 0 else {
                return false
            }
            for offset in 0..<count - 1 {
                output[target] = UInt8(truncatingIfNeeded: bits >> UInt64(40 - 8 * offset))
                target += 1
            }
            source += count
        }
        return true
    }
}

/// Eight characters or sextets at once, one in each byte of a number, the first one lowest.
private struct Octet {
    var lanes: UInt64

    /// One in the lanes whose value is at least `bound`, zero in the others. Values are below 128.
    private func atLeast(_ bound: UInt8) -> UInt64 {
        (lanes &+ UInt64(repeating: 0x80 - bound)) >> 7 & UInt64(repeating: 1)
    }

    /// The 48 lowest bits of `bits`, the highest six first.
    static func spread(_ bits: UInt64) -> Octet {
        let halves = bits >> 24 & 0xFF_FFFF | (bits & 0xFF_FFFF) << 32
        let quarters = halves >> 12 & 0x0000_0FFF_0000_0FFF | (halves & 0x0000_0FFF_0000_0FFF) << 16
        return Octet(lanes: quarters >> 6 & 0x003F_003F_003F_003F | (quarters & 0x003F_003F_003F_003F) << 8)
    }

    /// The inverse of `spread`.
    var gathered: UInt64 {
        let quarters = (lanes & 0x003F_003F_003F_003F) << 6 | lanes >> 8 & 0x003F_003F_003F_003F
        let halves = (quarters & 0x0000_0FFF_0000_0FFF) << 12 | quarters >> 16 & 0x0000_0FFF_0000_0FFF
        return (halves & 0xFF_FFFF) << 24 | halves >> 32
    }

    /// The characters of sextets: `A` to `Z`, `a` to `z`, `0` to `9`, `-`, `_`.
    ///
    /// From one run of the alphabet to the next, what is to be added changes: 65, 71, -4, -17, 32.
    var characters: Octet {
        let more = UInt64(repeating: 65) &+ atLeast(26) &* 6 &+ atLeast(63) &* 49
        let less = atLeast(52) &* 75 &+ atLeast(62) &* 13
        return Octet(lanes: lanes &+ more &- less)
    }

    /// The sextets of characters; nil when one is foreign.
    var sextets: Octet? {
        guard lanes & UInt64(repeating: 0x80) == 0 else { return nil }
        let (dash, digits, upper, low, lower) = (
            atLeast(0x2D), atLeast(0x30), atLeast(0x41), atLeast(0x5F), atLeast(0x61)
        )
        // How many runs have begun, less how many have ended: one within a run.
        let begun = dash &+ digits &+ upper &+ low &+ lower
        let ended = atLeast(0x2E) &+ atLeast(0x3A) &+ atLeast(0x5B) &+ atLeast(0x60) &+ atLeast(0x7B)
        guard begun &- ended == UInt64(repeating: 1) else { return nil }
        return Octet(
            lanes: lanes &+ dash &* 17 &+ low &* 33 &- digits &* 13 &- upper &* 69 &- lower &* 39)
    }
}

extension UInt64 {
    /// The same value in each of eight lanes.
    fileprivate init(repeating value: UInt8) { self = UInt64(value) &* 0x0101_0101_0101_0101 }

    fileprivate mutating func replace(at lane: Int, with value: UInt8) {
        let shift = UInt64(8 * lane)
        self = self & ~(0xFF << shift) | UInt64(value) << shift
    }
}
