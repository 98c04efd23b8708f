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
