package import JOSE
package import StrictJSON

/// What tokens of one name are like, and who may have them.
package final class Profile: Sendable {
    package let name: ByteString
    /// The ring whose keys sign and verify.
    package let keyring: ByteString
    package let content: Content
    package let validation: ClaimsValidation
    /// The first is the default.
    package let audiences: [ByteString]
    /// Seconds: life of a token whose request names none.
    package let ttl: Int64
    /// Seconds: the most that any entry grants.
    package let maximumTTL: Int64
    /// Seconds by which `nbf` lies before `iat`.
    package let backdate: Int64
    package let type: TokenType
    /// In file order.
    package let fixedClaims: [FixedClaim]
    /// In file order.
    package let allow: [AllowEntry]
    /// The required claims that are not fixed, so that each request has to bring them.
    let requiredOfCallers: [ByteString]
    private let forbiddenNames: ClaimNameSet

    /// What its tokens carry.
    package enum Content: Sendable {
        case claims
        /// Any payload, without rules of its own.
        case bytes
    }

    package init(
        name: ByteString, keyring: ByteString, content: Content = .claims, validation: ClaimsValidation,
        audiences: [ByteString], ttl: Int64,
        maximumTTL: Int64, backdate: Int64, type: TokenType, fixedClaims: [FixedClaim],
        allow: [AllowEntry]
    ) {
        self.name = name
        self.keyring = keyring
        self.content = content
        self.validation = validation
        self.audiences = audiences
        self.ttl = ttl
        self.maximumTTL = maximumTTL
        self.backdate = backdate
        self.type = type
        self.fixedClaims = fixedClaims
        self.allow = allow
        requiredOfCallers = validation.requiredClaims.filter { name in !fixedClaims.contains { $0.name == name } }
        forbiddenNames = ClaimNameSet(
            ClaimName.reserved + [.audience] + fixedClaims.map { ClaimName($0.name) })
    }

    /// Whether a request's claim would stand where the daemon's own stands (rule CLM-6): a reserved or a fixed claim,
    /// names folded. `aud` is not one, under its exact name.
    package func isForbidden(_ name: JSONText, in bytes: Span<UInt8>) -> Bool {
        forbiddenNames.contains(name, in: bytes) && !name.equals("aud", in: bytes)
    }
}
