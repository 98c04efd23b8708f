/// Where a string stands in its document: the bytes between its quotation marks, escapes still in them.
///
/// Comparisons are of bytes after unescaping (rule UNI-1), never of Swift's `String`, whose `==` is Unicode equivalence.
package struct JSONText: Equatable, Sendable {
    package let start: Int
    package let end: Int
    package let hasEscapes: Bool

    package init(start: Int, end: Int, hasEscapes: Bool) {
        self.start = start
        self.end = end
        self.hasEscapes = hasEscapes
    }

    /// Whether the unescaped string is these bytes.
    package func equals(_ other: Span<UInt8>, in bytes: Span<UInt8>) -> Bool {
        guard hasEscapes else {
            guard end - start == other.count else { return false }
            var same = 0
            while same + 8 <= other.count {
                if bytes.word(at: start + same) != other.word(at: same) { return false }
                same += 8
            }
            for offset in same..<other.count where bytes[start + offset] != other[offset] { return false }
            return true
        }
        var unescaped = UnescapedBytes(self)
        for offset in 0..<other.count where unescaped.next(in: bytes) != other[offset] { return false }
        return unescaped.next(in: bytes) == nil
    }

    /// Whether the unescaped string is this ASCII or UTF-8 literal, byte for byte.
    @inlinable @inline(__always)
    package func equals(_ literal: StaticString, in bytes: Span<UInt8>) -> Bool {
        // Most differ in length or in their first byte.
        if !hasEscapes {
            guard end - start == literal.utf8CodeUnitCount else { return false }
            // Reason: as below; a literal has a first byte, if only the NUL behind an empty one.
            if start < end, unsafe bytes[start] != literal.utf8Start.pointee { return false }
        }
        // Reason: a StaticString's UTF-8 lives as long as the process; the span does not leave this call.
        return unsafe equals(Span(_unsafeStart: literal.utf8Start, count: literal.utf8CodeUnitCount), in: bytes)
    }

    /// Whether both are the same string, unescaped.
    func equals(_ other: JSONText, in bytes: Span<UInt8>) -> Bool {
        // Most names of an object differ in length or in their first byte.
        if !hasEscapes, !other.hasEscapes {
            if end - start != other.end - other.start { return false }
            if start < end, bytes[start] != bytes[other.start] { return false }
        }
        return compare(other, in: bytes) == 0
    }

    /// Orders unescaped strings by their bytes: below zero, zero (equal) or above.
    func compare(_ other: JSONText, in bytes: Span<UInt8>) -> Int {
        guard hasEscapes || other.hasEscapes else {
            let common = min(end - start, other.end - other.start)
            var same = 0
            while same + 8 <= common {
                let (left, right) = (bytes.word(at: start + same), bytes.word(at: other.start + same))
                // The first byte is the lowest; turned around, it decides.
                if left != right { return left.byteSwapped < right.byteSwapped ? -1 : 1 }
                same += 8
            }
            for offset in same..<common {
                let difference = Int(bytes[start + offset]) - Int(bytes[other.start + offset])
                if difference != 0 { return difference }
            }
            return (end - start) - (other.end - other.start)
        }
        var left = UnescapedBytes(self)
        var right = UnescapedBytes(other)
        while true {
            switch (left.next(in: bytes), right.next(in: bytes)) {
            case (nil, nil): return 0
            case (nil, _): return -1
            case (_, nil): return 1
            case (let a?, let b?) where a != b: return Int(a) - Int(b)
            default: continue
            }
        }
    }

    /// The first eight bytes after unescaping, the first one highest; zeros where there are fewer.
    func prefix(in bytes: Span<UInt8>) -> UInt64 {
        if !hasEscapes, end - start >= 8 { return bytes.word(at: start).byteSwapped }
        var unescaped = UnescapedBytes(self)
        var prefix: UInt64 = 0
        for shift in stride(from: 56, through: 0, by: -8) {
            guard let byte = unescaped.next(in: bytes) else { break }
            prefix |= UInt64(byte) << UInt64(shift)
        }
        return prefix
    }

    /// The number of bytes after unescaping.
    package func unescapedCount(in bytes: Span<UInt8>) -> Int {
        guard hasEscapes else { return end - start }
        var unescaped = UnescapedBytes(self)
        var count = 0
        while unescaped.next(in: bytes) != nil { count += 1 }
        return count
    }

    /// Appends the unescaped bytes.
    package func unescape(from bytes: Span<UInt8>, into output: inout [UInt8]) {
        guard hasEscapes else { return output.append(bytes, from: start, to: end) }
        var unescaped = UnescapedBytes(self)
        while let byte = unescaped.next(in: bytes) { output.append(byte) }
    }

    /// The unescaped bytes as an array of their own. Not for secrets.
    package func unescaped(in bytes: Span<UInt8>) -> [UInt8] {
        var output: [UInt8] = []
        unescape(from: bytes, into: &output)
        return output
    }

    /// The string as a message may show it: quoted, escaped to printable ASCII, cut at 64 bytes.
    package func quoted(in bytes: Span<UInt8>) -> String {
        quoteForMessage(unescaped(in: bytes))
    }
}

/// The bytes of a JSON string that was found valid, escapes resolved, one at a time and without a copy.
package struct UnescapedBytes {
    private var position: Int
    private let end: Int
    /// The rest of a UTF-8 sequence that an escape stands for, first byte lowest.
    private var pending: UInt32 = 0

    package init(_ text: JSONText) {
        position = text.start
        end = text.end
    }

    package mutating func next(in bytes: Span<UInt8>) -> UInt8? {
        if pending != 0 {
            let byte = UInt8(truncatingIfNeeded: pending)
            pending >>= 8
            return byte
        }
        guard position < end else { return nil }
        let byte = bytes[position]
        position += 1
        guard byte == UInt8(ascii: "\\") else { return byte }
        let escape = bytes[position]
        position += 1
        switch escape {
        case UInt8(ascii: "b"): return 0x08
        case UInt8(ascii: "t"): return 0x09
        case UInt8(ascii: "n"): return 0x0A
        case UInt8(ascii: "f"): return 0x0C
        case UInt8(ascii: "r"): return 0x0D
        case UInt8(ascii: "u"): return firstByteOfScalar(in: bytes)
        default: return escape  // `"`, `\` and `/` stand for themselves
        }
    }

    /// Reads `XXXX` or `XXXX\uXXXX` behind `\u`, returns the first byte of its UTF-8 and keeps the others.
    private mutating func firstByteOfScalar(in bytes: Span<UInt8>) -> UInt8 {
        var scalar = hexadecimal(in: bytes)
        if scalar >= 0xD800, scalar < 0xDC00 {
            position += 2
            scalar = 0x10000 + (scalar - 0xD800) << 10 + (hexadecimal(in: bytes) - 0xDC00)
        }
        switch scalar {
        case ..<0x80:
            return UInt8(scalar)
        case ..<0x800:
            pending = 0x80 | scalar & 0x3F
            return UInt8(0xC0 | scalar >> 6)
        case ..<0x10000:
            pending = (0x80 | scalar >> 6 & 0x3F) | (0x80 | scalar & 0x3F) << 8
            return UInt8(0xE0 | scalar >> 12)
        default:
            pending = (0x80 | scalar >> 12 & 0x3F) | (0x80 | scalar >> 6 & 0x3F) << 8 | (0x80 | scalar & 0x3F) << 16
            return UInt8(0xF0 | scalar >> 18)
        }
    }

    private mutating func hexadecimal(in bytes: Span<UInt8>) -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<4 {
            value = value << 4 | UInt32(hexadecimalDigit(bytes[position]) ?? 0)
            position += 1
        }
        return value
    }
}

/// The value of a hexadecimal digit of either case.
func hexadecimalDigit(_ byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
    default: nil
    }
}
