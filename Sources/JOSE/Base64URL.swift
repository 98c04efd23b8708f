internal import StrictJSON

/// base64url without padding (RFC 4648 section 5, RFC 7515 section 2), canonical in both directions (rule B64-1).
package enum Base64URL {
    /// Characters that encode `count` bytes.
    package static func encodedCount(_ count: Int) -> Int { (count * 4 + 2) / 3 }

    /// Bytes that `count` characters hold; nil for a length that no encoding has.
    package static func decodedCount(_ count: Int) -> Int? { count % 4 == 1 ? nil : count * 3 / 4 }

    /// Appends the encoding of `bytes`.
    package static func append(_ bytes: Span<UInt8>, to output: inout [UInt8]) {
        let (start, count) = (output.count, encodedCount(bytes.count))
        output.append(addingCapacity: count) { $0.append(repeating: 0, count: count) }
        var characters = output.mutableSpan
        encode(bytes, into: &characters, at: start)
    }

    /// Writes the encoding of `bytes` to `output` from `start` on; there must be room.
    package static func encode(_ bytes: Span<UInt8>, into output: inout MutableSpan<UInt8>, at start: Int) {
        var (source, target) = (0, start)
        // Twelve bytes at a time, while two words may be read that have two bytes too many each.
        while source + 14 <= bytes.count {
            let bits = SIMD2(bytes.word(at: source).byteSwapped, bytes.word(at: source + 6).byteSwapped) &>> 16
            let characters = Lanes.spread(bits).characters.words
            output.store(characters[0], at: target)
            output.store(characters[1], at: target + 8)
            source += 12
            target += 16
        }
        while source < bytes.count {
            let count = min(bytes.count - source, 6)
            var group: UInt64 = 0
            for offset in 0..<count { group |= UInt64(bytes[source + offset]) << UInt64(40 - 8 * offset) }
            var characters = Lanes.spread(SIMD2(group, 0)).characters.words[0]
            for _ in 0..<encodedCount(count) {
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
        // Sixteen characters at a time, while two words may be written whose last two bytes are overwritten.
        while source + 16 <= characters.count, target + 14 <= output.count {
            let group = Lanes(words: SIMD2(characters.word(at: source), characters.word(at: source + 8)))
            guard let bits = group.sextets?.gathered else { return false }
            output.store((bits[0] << 16).byteSwapped, at: target)
            output.store((bits[1] << 16).byteSwapped, at: target + 6)
            source += 16
            target += 12
        }
        while source < characters.count {
            let count = min(characters.count - source, 8)
            // What is missing stands as `A`, whose value is 0.
            var group = Lanes(repeating: UInt8(ascii: "A"))
            for offset in 0..<count { group.replace(at: offset, with: characters[source + offset]) }
            let size = count * 3 / 4
            guard let bits = group.sextets?.gathered[0], bits & (1 << UInt64(48 - 8 * size) - 1) == 0 else {
                return false
            }
            for offset in 0..<size {
                output[target] = UInt8(truncatingIfNeeded: bits >> UInt64(40 - 8 * offset))
                target += 1
            }
            source += count
        }
        return true
    }
}

/// Sixteen characters or sextets at once, one in each byte of two numbers, the first one lowest.
///
/// Only additions, shifts and masks of whole numbers: they are what every processor has for sixteen bytes at a time, and
/// take the same time for every value.
private struct Lanes {
    var words: SIMD2<UInt64>

    init(words: SIMD2<UInt64>) { self.words = words }

    init(repeating value: UInt8) { words = .init(repeating: UInt64(value) &* 0x0101_0101_0101_0101) }

    /// Puts `value` in one of the first eight lanes.
    mutating func replace(at lane: Int, with value: UInt8) {
        let shift = UInt64(8 * lane)
        words[0] = words[0] & ~(0xFF << shift) | UInt64(value) << shift
    }

    /// The 48 lowest bits of each number, the highest six first.
    @inline(__always)
    static func spread(_ bits: SIMD2<UInt64>) -> Lanes {
        let halves = (bits &>> 24) & both(0xFF_FFFF) | (bits & both(0xFF_FFFF)) &<< 32
        let quarters = (halves &>> 12) & both(0x0000_0FFF_0000_0FFF) | (halves & both(0x0000_0FFF_0000_0FFF)) &<< 16
        let sextets = both(0x003F_003F_003F_003F)
        return Lanes(words: (quarters &>> 6) & sextets | (quarters & sextets) &<< 8)
    }

    /// The inverse of `spread`.
    @inline(__always)
    var gathered: SIMD2<UInt64> {
        let sextets = Self.both(0x003F_003F_003F_003F)
        let quarters = (words & sextets) &<< 6 | (words &>> 8) & sextets
        let pairs = Self.both(0x0000_0FFF_0000_0FFF)
        let halves = (quarters & pairs) &<< 12 | (quarters &>> 16) & pairs
        return (halves & Self.both(0xFF_FFFF)) &<< 24 | halves &>> 32
    }

    /// The characters of sextets: `A` to `Z`, `a` to `z`, `0` to `9`, `-`, `_`.
    ///
    /// From one run of the alphabet to the next, what is to be added changes: 65, 71, -4, -17, 32.
    @inline(__always)
    var characters: Lanes {
        let more = Lanes(repeating: 65).words &+ step(6, from: 26) &+ step(49, from: 63)
        return Lanes(words: words &+ more &- step(75, from: 52) &- step(13, from: 62))
    }

    /// The sextets of characters; nil when one is foreign.
    @inline(__always)
    var sextets: Lanes? {
        let high = words & Self.both(0x8080_8080_8080_8080)
        // How many runs have begun, less how many have ended: one within a run.
        let begun = one(from: 0x2D) &+ one(from: 0x30) &+ one(from: 0x41) &+ one(from: 0x5F) &+ one(from: 0x61)
        let ended = one(from: 0x2E) &+ one(from: 0x3A) &+ one(from: 0x5B) &+ one(from: 0x60) &+ one(from: 0x7B)
        let foreign = (begun &- ended) ^ Lanes(repeating: 1).words | high
        guard foreign[0] | foreign[1] == 0 else { return nil }
        let more = step(17, from: 0x2D) &+ step(33, from: 0x5F)
        let less = step(13, from: 0x30) &+ step(69, from: 0x41) &+ step(39, from: 0x61)
        return Lanes(words: words &+ more &- less)
    }

    /// One in the lanes whose value is at least `bound`, zero in the others. Values are below 128; a higher one carries
    /// into the next lane.
    @inline(__always)
    private func one(from bound: UInt8) -> SIMD2<UInt64> {
        ((words &+ Lanes(repeating: 0x80 - bound).words) &>> 7) & Lanes(repeating: 1).words
    }

    /// `value` in the lanes whose value is at least `bound`, zero in the others.
    @inline(__always)
    private func step(_ value: UInt8, from bound: UInt8) -> SIMD2<UInt64> {
        let ones = one(from: bound)
        // From one to seven ones, and of those the bits of `value`: products of 64 bits are slow two at a time.
        return ((ones &<< 7) &- ones) & Lanes(repeating: value).words
    }

    private static func both(_ word: UInt64) -> SIMD2<UInt64> { SIMD2(repeating: word) }
}
