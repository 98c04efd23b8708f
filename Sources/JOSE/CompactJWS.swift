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
        var stops: (Int, Int) = (-1, -1)
        for position in 0..<token.count where token[position] == UInt8(ascii: ".") {
            if stops.0 < 0 {
                stops.0 = position
            } else if stops.1 < 0 {
                stops.1 = position
            } else {
                return nil
            }
        }
        guard stops.0 > 0, stops.1 > 0, stops.1 + 1 < token.count else { return nil }
        header = 0..<stops.0
        payload = stops.0 + 1..<stops.1
        signature = stops.1 + 1..<token.count
    }
}
