/// Makes the tokens that registered users get.
package protocol TokenService: Sendable {
    /// A token for `user`, ready to be sent to it. Whoever holds it is taken for the user: it belongs into no log.
    /// - Throws: `TokenServiceError`.
    func createToken(for user: AppUser) async throws -> String
}

/// Tells whether a token holds, and whose it is.
package protocol TokenVerifier: Sendable {
    /// - Throws: `InvalidToken` when it does not hold, `TokenServiceError` when nobody could tell.
    func verify(_ token: String) async throws -> VerifiedUser
}

/// Why there is no token, or no word about one; the user cannot help it.
package enum TokenServiceError: Error, Equatable {
    /// Nobody signs and verifies at the moment. The request may be sent again after so many seconds.
    case unavailable(retryAfter: Int, cause: String)
    /// It is set up in such a way that it refuses us. Asking again does not help; the cause is for the log.
    case misconfigured(cause: String)
}

/// A token that does not hold.
package struct InvalidToken: Error, Equatable {
    /// Why, as the wire protocol names it: `expired`, `bad_signature`, …
    package let reason: String
    /// The same for a person.
    package let message: String

    package init(reason: String, message: String) {
        self.reason = reason
        self.message = message
    }
}
