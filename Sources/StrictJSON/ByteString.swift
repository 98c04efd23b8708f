/// Bytes that decide: a name, a kid, an issuer, an audience. Equal only when every byte is (rule UNI-1).
///
/// Swift's `String ==` is Unicode equivalence: it calls "svc-K" and "svc-\u{212A}" equal, and a dictionary merges them.
package struct ByteString: Hashable, Sendable, Comparable, ExpressibleByStringLiteral {
    package let bytes: [UInt8]

    package init(_ bytes: [UInt8]) { self.bytes = bytes }
    package init(_ string: String) { bytes = Array(string.utf8) }
    package init(stringLiteral value: String) { bytes = Array(value.utf8) }

    /// The bytes as text, for people. Never for a decision.
    package var text: String { String(decoding: bytes, as: UTF8.self) }
    /// As a message may show it: escaped, cut at 64 bytes.
    package var quoted: String { quoteForMessage(bytes) }

    package static func < (left: Self, right: Self) -> Bool { left.bytes.lexicographicallyPrecedes(right.bytes) }
}
