/// Why a request was not carried out: the `error.code` of an answer.
package enum ErrorCode: String, CaseIterable, Sendable {
    case malformedRequest = "malformed_request"
    case unknownOperation = "unknown_op"
    case notPermitted = "not_permitted"
    /// Admins only; others get `not_permitted`, whether the profile exists or not (rule PEER-1).
    case unknownProfile = "unknown_profile"
    /// As `unknown_profile`, of a keyring.
    case unknownKeyring = "unknown_keyring"
    case claimsRejected = "claims_rejected"
    case ttlTooLong = "ttl_too_long"
    case tooLarge = "too_large"
    /// More requests than the entry's `rate` grants the user.
    case rateLimited = "rate_limited"
    case overloaded
    /// A line was begun and not ended in time.
    case timeout
    case shuttingDown = "shutting_down"
    case noSigningKey = "no_signing_key"
    /// A reload that changed nothing; the message says why.
    case reloadFailed = "reload_failed"
    case `internal`

    /// Whether the line itself was wrong, or asked for what its caller may not have: the same line is refused again.
    package var isCallersFault: Bool {
        switch self {
        case .malformedRequest, .unknownOperation, .notPermitted, .unknownProfile, .unknownKeyring, .claimsRejected,
            .ttlTooLong, .tooLarge:
            true
        case .rateLimited, .overloaded, .timeout, .shuttingDown, .noSigningKey, .reloadFailed, .internal: false
        }
    }

    /// Whether the request was certainly not carried out because of the daemon's state, or of what the caller asked before,
    /// so that the same line may be sent again.
    package var mayBeSentAgain: Bool {
        switch self {
        case .rateLimited, .overloaded, .shuttingDown, .timeout: true
        default: false
        }
    }
}

/// A request that is refused: what its answer says.
package struct Refusal: Error, Sendable, Equatable {
    package let code: ErrorCode
    /// For a person: names the culprit and the fix. Never a claim's value, a token or a secret.
    package let message: String
    /// When trying again may help, in milliseconds from now.
    package let retryAfterMilliseconds: Int64?

    package init(_ code: ErrorCode, _ message: String, retryAfterMilliseconds: Int64? = nil) {
        self.code = code
        self.message = message
        self.retryAfterMilliseconds = retryAfterMilliseconds
    }
}
