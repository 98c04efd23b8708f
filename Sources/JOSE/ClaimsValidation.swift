package import StrictJSON

/// What a token's claims must hold (RFC 7519 section 4.1, rules CLM-1…CLM-5). The clock is passed in.
package struct ClaimsValidation: Sendable {
    package let issuer: ByteString
    package let requiredClaims: [ByteString]
    /// Seconds that clocks may differ by.
    package let leeway: Int64

    package init(issuer: ByteString, requiredClaims: [ByteString], leeway: Int64) {
        self.issuer = issuer
        self.requiredClaims = requiredClaims
        self.leeway = leeway
    }

    /// The first rule that the claims break, in the order of docs/protocol.md: form, type, issuer, audience,
    /// expiry, begin, required claims.
    package enum Failure: Error, Equatable, Sendable {
        case malformed(String)
        case wrongType, wrongIssuer, wrongAudience, expired, notYetValid
        case missingClaim(String)
    }

    /// - Parameters:
    ///   - index: The parsed payload.
    ///   - hasExpectedType: Whether the header's `typ` is the profile's, which ranks between form and issuer.
    ///   - now: Seconds since 1970-01-01 UTC.
    ///   - isExpectedAudience: Whether one audience of the token is one that the caller may accept.
    package func validate(
        _ index: borrowing JSONIndex, in bytes: Span<UInt8>, hasExpectedType: Bool, now: Int64,
        isExpectedAudience: (JSONText) -> Bool
    ) throws(Failure) {
        guard index.root.kind == .object else { throw .malformed("the payload is no JSON object") }
        let claims = RegisteredClaims(index, in: bytes)
        let expiry = try Self.date(claims.exp, "exp", in: bytes)
        let begin = try Self.date(claims.nbf, "nbf", in: bytes)
        let issuedAt = try Self.date(claims.iat, "iat", in: bytes)

        guard hasExpectedType else { throw .wrongType }
        guard let iss = claims.iss?.text, iss.equals(issuer.bytes.span, in: bytes) else { throw .wrongIssuer }
        guard let aud = claims.aud, Self.holds(aud, in: bytes, isExpectedAudience) else { throw .wrongAudience }
        let (time, slack) = (Double(now), Double(leeway))
        guard let expiry else { throw .missingClaim("exp") }
        guard time < expiry + slack else { throw .expired }
        if let begin, time + slack < begin { throw .notYetValid }
        if let issuedAt, time + slack < issuedAt { throw .notYetValid }
        for name in requiredClaims where !Self.isPresent(name, index, in: bytes) { throw .missingClaim(name.text) }
    }

    /// A NumericDate (RFC 7519 section 2): a number, not negative, finite; 1.5 is one. nil when it is absent.
    private static func date(_ value: JSONValue?, _ name: String, in bytes: Span<UInt8>) throws(Failure) -> Double? {
        guard let value else { return nil }
        guard let seconds = value.double(in: bytes), seconds.sign == .plus else {
            throw .malformed("\"\(name)\" is no NumericDate")
        }
        return seconds
    }

    /// `aud` is one string or an array of strings (RFC 7519 section 4.1.3).
    private static func holds(_ aud: JSONValue, in bytes: Span<UInt8>, _ isExpected: (JSONText) -> Bool) -> Bool {
        if let text = aud.text { return isExpected(text) }
        guard aud.kind == .array else { return false }
        var elements = JSONArrayReader(aud)
        var isFound = false
        while let element = elements.next(in: bytes) {
            guard let text = element.text else { return false }
            if isExpected(text) { isFound = true }
        }
        return isFound
    }

    private static func isPresent(_ name: ByteString, _ index: borrowing JSONIndex, in bytes: Span<UInt8>) -> Bool {
        var position = index.root.firstMember
        while position >= 0 {
            let member = index.members[position]
            if member.name.equals(name.bytes.span, in: bytes) { return member.value.kind != .null }
            position = member.next
        }
        return false
    }
}

/// The registered claims of a payload that decide, each absent or where it stands.
private struct RegisteredClaims {
    var iss: JSONValue?
    var aud: JSONValue?
    var exp: JSONValue?
    var nbf: JSONValue?
    var iat: JSONValue?

    init(_ index: borrowing JSONIndex, in bytes: Span<UInt8>) {
        var position = index.root.firstMember
        while position >= 0 {
            let member = index.members[position]
            position = member.next
            guard member.name.hasEscapes || member.name.end - member.name.start == 3 else { continue }
            if member.name.equals("iss", in: bytes) {
                iss = member.value
            } else if member.name.equals("aud", in: bytes) {
                aud = member.value
            } else if member.name.equals("exp", in: bytes) {
                exp = member.value
            } else if member.name.equals("nbf", in: bytes) {
                nbf = member.value
            } else if member.name.equals("iat", in: bytes) {
                iat = member.value
            }
        }
    }
}
