internal import StrictJSON

/// Where the three segments of a compact JWS stand (RFC 7515 section 3.1, rule HDR-5): `header.payload.signature`.
package struct CompactJWS: Equatable, Sendable {
    package let header: Range<Int>
    package let payload: Range<Int>
    package let signature: Range<Int>

    /// What the signature covers: header, full stop, payload.
    package var signingInput: Range<Int> { header.lowerBound..<payload.upperBound }

    /// Finds the segments. nil unless there are exactly three, and none but the payload is empty: five segments are a
    /// JWE, two an unsecured token (rule ALG-2), a leading brace the JSON serialisation.
    package init?(_ token: Span<UInt8>) {
        let stop = UInt8(ascii: ".")
        guard let first = token.firstIndex(of: stop, from: 0),
            let second = token.firstIndex(of: stop, from: first + 1),
            token.firstIndex(of: stop, from: second + 1) == nil,
            first > 0, second + 1 < token.count
        else { return nil }
        header = 0..<first
        payload = first + 1..<second
        signature = second + 1..<token.count
    }
}
