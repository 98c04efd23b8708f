internal import Glibc

/// The byte that ends every line of the wire.
package enum LineFeed {
    package static let byte = UInt8(ascii: "\n")

    /// The position of the first one in `bytes[start..<end]`; nil for none.
    package static func first(in bytes: Span<UInt8>, from start: Int, to end: Int) -> Int? {
        let part = bytes.extracting(start..<end)
        // Reason: memchr(3) reads at most `count` bytes of memory that lives for the call, many at a time.
        let offset: Int? = unsafe part.withUnsafeBufferPointer { buffer in
            guard let base = buffer.baseAddress else { return nil }
            guard let found = unsafe memchr(base, Int32(byte), buffer.count) else { return nil }
            return unsafe UnsafeRawPointer(base).distance(to: UnsafeRawPointer(found))
        }
        return offset.map { start + $0 }
    }
}
