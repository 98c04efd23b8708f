/// Positions by name, found by a JSON string in place: no key is built to look one up, so a look-up allocates nothing.
///
/// Open addressing at a load of at most one half. The names come from the configuration and from key files, not from
/// peers, so a fixed hash serves: a peer can choose what it misses, not how names collide.
package struct ByteTable: Sendable {
    private var slots: [(name: ByteString, value: Int)?]
    private let mask: Int
    package let count: Int

    /// - Parameter pairs: Names must differ; of equal ones the first is found.
    package init(_ pairs: [(name: ByteString, value: Int)]) {
        var capacity = 2
        while capacity < pairs.count * 2 { capacity *= 2 }
        mask = capacity - 1
        count = pairs.count
        slots = Array(repeating: nil, count: capacity)
        for pair in pairs {
            var hash = Self.emptyHash
            for byte in pair.name.bytes { Self.add(byte, to: &hash) }
            var slot = Int(truncatingIfNeeded: hash) & mask
            while slots[slot] != nil { slot = (slot + 1) & mask }
            slots[slot] = pair
        }
    }

    /// The value whose name is the unescaped string, byte for byte.
    package func value(for text: JSONText, in bytes: Span<UInt8>) -> Int? {
        var hash = Self.emptyHash
        var unescaped = UnescapedBytes(text)
        while let byte = unescaped.next(in: bytes) { Self.add(byte, to: &hash) }
        var slot = Int(truncatingIfNeeded: hash) & mask
        while let (name, value) = slots[slot] {
            if text.equals(name.bytes.span, in: bytes) { return value }
            slot = (slot + 1) & mask
        }
        return nil
    }

    /// The value of that name.
    package func value(for name: ByteString) -> Int? {
        let bytes = name.bytes.span
        return value(for: JSONText(start: 0, end: bytes.count, hasEscapes: false), in: bytes)
    }

    // FNV-1a, 64 bits.
    private static var emptyHash: UInt64 { 0xCBF2_9CE4_8422_2325 }
    private static func add(_ byte: UInt8, to hash: inout UInt64) { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
}
