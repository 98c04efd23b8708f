extension Array where Element == UInt8 {
    /// Appends `bytes[start..<end]`.
    package mutating func append(_ bytes: Span<UInt8>, from start: Int, to end: Int) {
        // Reason: one memcpy instead of an append per byte; the buffer lives for this call.
        unsafe bytes.extracting(start..<end).withUnsafeBufferPointer { unsafe append(contentsOf: $0) }
    }

    /// Appends all of `bytes`.
    package mutating func append(_ bytes: Span<UInt8>) {
        unsafe bytes.withUnsafeBufferPointer { unsafe append(contentsOf: $0) }
    }

    /// Appends the UTF-8 of a literal.
    package mutating func append(_ literal: StaticString) {
        // Reason: a StaticString's UTF-8 lives as long as the process.
        unsafe append(
            contentsOf: UnsafeBufferPointer(start: literal.utf8Start, count: literal.utf8CodeUnitCount))
    }
}

extension Span where Element == UInt8 {
    /// Eight bytes from `offset` on, which must be there, the first one lowest.
    @inlinable @inline(__always)
    package func word(at offset: Int) -> UInt64 {
        precondition(offset >= 0 && offset <= count - 8)
        // Reason: one load instead of eight, of eight bytes that are there, as was just checked.
        return UInt64(littleEndian: unsafe bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self))
    }

    /// Where `byte` first stands at or behind `start`; nil when it does not.
    package func firstIndex(of byte: UInt8, from start: Int) -> Int? {
        let ones = 0x0101_0101_0101_0101 as UInt64
        var position = start
        while position + 8 <= count {
            // What is sought becomes 0. A borrow only reaches bytes above one that is marked: the lowest mark is right.
            let word = word(at: position) ^ ones &* UInt64(byte)
            let marks = (word &- ones) & ~word & (ones &* 0x80)
            if marks != 0 { return position + marks.trailingZeroBitCount >> 3 }
            position += 8
        }
        while position < count {
            if self[position] == byte { return position }
            position += 1
        }
        return nil
    }
}

extension MutableSpan where Element == UInt8 {
    /// Writes the eight bytes of `word` from `offset` on, where there must be room, the lowest one first.
    @inlinable @inline(__always)
    package mutating func store(_ word: UInt64, at offset: Int) {
        precondition(offset >= 0 && offset <= count - 8)
        // Reason: one store instead of eight, into eight bytes that are there, as was just checked.
        unsafe withUnsafeMutableBytes {
            unsafe $0.storeBytes(of: word.littleEndian, toByteOffset: offset, as: UInt64.self)
        }
    }
}
