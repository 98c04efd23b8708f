package import StrictJSON

/// The `typ` that a profile writes and expects (rule HDR-6).
package struct TokenType: Hashable, Sendable {
    /// As configured, and as written into headers.
    package let value: ByteString
    /// ASCII lower case, with the `application/` that RFC 7515 section 4.1.9 lets a header leave out.
    private let full: [UInt8]
    /// `JWT`: said of every token, so it tells nothing; its absence is fine too.
    package var isExplicit: Bool { full != Array("application/jwt".utf8) }

    package init(_ value: ByteString) {
        self.value = value
        full = Self.normalise(value.bytes)
    }

    /// Whether a header with this `typ` may be taken for a token of this type.
    package func accepts(_ type: JWSHeader.MediaType, in bytes: Span<UInt8>) -> Bool {
        switch type {
        case .missing: !isExplicit
        case .unusable: false
        case .text(let text):
            text.equals(value.bytes.span, in: bytes) || Self.normalise(text.unescaped(in: bytes)) == full
        }
    }

    package static func == (left: Self, right: Self) -> Bool { left.full == right.full }
    package func hash(into hasher: inout Hasher) { hasher.combine(full) }

    private static func normalise(_ type: [UInt8]) -> [UInt8] {
        // Reason for ASCII alone: media types are ASCII and compared without case (RFC 2045 section 5.1).
        let lowered = type.map { $0 >= UInt8(ascii: "A") && $0 <= UInt8(ascii: "Z") ? $0 | 0x20 : $0 }
        return lowered.contains(UInt8(ascii: "/")) ? lowered : Array("application/".utf8) + lowered
    }
}
