package import StrictJSON

/// How names of claims are told apart where a clash would let a caller forge a claim (rule CLM-6).
///
/// Verifiers differ: Go's JSON decoder matches names without case, folding U+017F to `s` and U+212A to `k`, and takes
/// the last. So a name that folds to a reserved one is refused, though its bytes differ.
package struct ClaimName: Hashable, Sendable {
    /// The name's bytes with ASCII letters lowered, U+017F as `s` and U+212A as `k`.
    package let folded: [UInt8]

    package init(_ name: ByteString) {
        var folding = FoldedBytes()
        folded = name.bytes.flatMap { folding.take($0) } + folding.finish()
    }

    /// Whether the unescaped name folds to this one.
    package func matches(_ name: JSONText, in bytes: Span<UInt8>) -> Bool {
        // Folding never lengthens and shortens by at most two bytes for each one left.
        let length = name.end - name.start
        guard name.hasEscapes || (length >= folded.count && length <= folded.count * 3) else { return false }
        var unescaped = UnescapedBytes(name)
        var folding = FoldedBytes()
        var position = 0
        while let byte = unescaped.next(in: bytes) {
            for piece in folding.take(byte) {
                guard position < folded.count, folded[position] == piece else { return false }
                position += 1
            }
        }
        for piece in folding.finish() {
            guard position < folded.count, folded[position] == piece else { return false }
            position += 1
        }
        return position == folded.count
    }

    /// The claims that the daemon makes itself, in the order of the token (design.md section 3).
    package static let reserved: [(claim: ByteString, name: ClaimName)] =
        ["iss", "iat", "nbf", "exp", "jti"].map { ($0, ClaimName($0)) }
    /// The one registered claim that a caller may choose, under its exact name only.
    package static let audience: (claim: ByteString, name: ClaimName) = ("aud", ClaimName("aud"))
}

/// Folds a stream of UTF-8 bytes. Bytes that may begin U+017F (C5 BF) or U+212A (E2 84 AA) are held back until decided.
private struct FoldedBytes {
    private var held: [UInt8] = []

    mutating func take(_ byte: UInt8) -> [UInt8] {
        switch (held, byte) {
        case ([], 0xC5), ([], 0xE2): held = [byte]
        case ([0xE2], 0x84): held.append(byte)
        case ([0xC5], 0xBF):
            held = []
            return [UInt8(ascii: "s")]
        case ([0xE2, 0x84], 0xAA):
            held = []
            return [UInt8(ascii: "k")]
        default:
            let released = held
            held = []
            if released.isEmpty { return [Self.lower(byte)] }
            return released + take(byte)
        }
        return []
    }

    mutating func finish() -> [UInt8] {
        defer { held = [] }
        return held
    }

    private static func lower(_ byte: UInt8) -> UInt8 {
        byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "Z") ? byte | 0x20 : byte
    }
}
