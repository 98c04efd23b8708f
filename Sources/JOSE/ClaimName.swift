package import StrictJSON

/// How names of claims are told apart where a clash would let a caller forge a claim (rule CLM-6).
///
/// Verifiers differ: Go's JSON decoder matches names without case, folding U+017F to `s` and U+212A to `k`, and takes
/// the last. So a name that folds to a reserved one is refused, though its bytes differ.
package struct ClaimName: Hashable, Sendable {
    /// The name's bytes with ASCII letters lowered, U+017F as `s` and U+212A as `k`.
    package let folded: [UInt8]

    package init(_ name: ByteString) {
        let bytes = name.bytes.span
        var source = FoldedBytes(JSONText(start: 0, end: bytes.count, hasEscapes: false))
        var folded: [UInt8] = []
        while let byte = source.next(in: bytes) { folded.append(byte) }
        self.folded = folded
    }

    /// Whether the unescaped name folds to this one. Allocates nothing.
    package func matches(_ name: JSONText, in bytes: Span<UInt8>) -> Bool {
        // Most names differ in length, which folding only shortens, or in their first byte.
        guard name.end - name.start >= folded.count, mayBegin(with: name, in: bytes) else { return false }
        var source = FoldedBytes(name)
        for expected in folded where source.next(in: bytes) != expected { return false }
        return source.next(in: bytes) == nil
    }

    /// Whether the first byte stands for this name's first letter, or for what only unescaping and folding tell.
    private func mayBegin(with name: JSONText, in bytes: Span<UInt8>) -> Bool {
        guard let expected = folded.first, name.start < name.end else { return true }
        let first = bytes[name.start]
        return first >= 0x80 || first == UInt8(ascii: "\\") || first | 0x20 == expected | 0x20
    }

    /// The claims that the daemon makes itself, beside `aud`.
    package static let reserved: [ClaimName] = ["iss", "iat", "nbf", "exp", "jti"].map { ClaimName($0) }
    /// The one registered claim that a caller may choose, under its exact name only.
    package static let audience = ClaimName("aud")
}

/// Names of claims that a caller may not use, told apart as `ClaimName` does.
package struct ClaimNameSet: Sendable {
    private let names: [ClaimName]
    /// A bit for each first byte that a name may have, by its lowest five bits, which letters of both cases share.
    private let firstBytes: UInt32

    package init(_ names: [ClaimName]) {
        self.names = names
        firstBytes = names.reduce(0) { mask, name in
            // The empty name has no first byte: then every name is looked at.
            mask | (name.folded.first.map { 1 << UInt32($0 & 31) } ?? .max)
        }
    }

    /// Whether the unescaped name folds to one of these. Allocates nothing.
    package func contains(_ name: JSONText, in bytes: Span<UInt8>) -> Bool {
        guard mayContain(name, in: bytes) else { return false }
        let names = names.span
        for position in names.indices where names[position].matches(name, in: bytes) { return true }
        return false
    }

    /// Most names end here: none of the set begins like them, and their first byte is no escape and nothing to fold.
    private func mayContain(_ name: JSONText, in bytes: Span<UInt8>) -> Bool {
        guard name.start < name.end else { return true }
        let first = bytes[name.start]
        return firstBytes >> UInt32(first & 31) & 1 == 1 || first >= 0x80 || first == UInt8(ascii: "\\")
    }
}

/// The bytes of a JSON string, unescaped and folded.
private struct FoldedBytes {
    private var source: UnescapedBytes

    init(_ text: JSONText) { source = UnescapedBytes(text) }

    mutating func next(in bytes: Span<UInt8>) -> UInt8? {
        guard let byte = source.next(in: bytes) else { return nil }
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"):
            return byte | 0x20
        case 0xC5:  // U+017F is C5 BF
            var ahead = source
            guard ahead.next(in: bytes) == 0xBF else { return byte }
            source = ahead
            return UInt8(ascii: "s")
        case 0xE2:  // U+212A is E2 84 AA
            var ahead = source
            guard ahead.next(in: bytes) == 0x84, ahead.next(in: bytes) == 0xAA else { return byte }
            source = ahead
            return UInt8(ascii: "k")
        default:
            return byte
        }
    }
}
