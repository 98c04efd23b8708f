package import SignetClient

/// Has `signetd` make and verify the tokens: this process never holds a key.
///
/// One client serves all requests; theirs travel together on one connection. Algorithm, issuer, audience and lifetime stand
/// in the daemon's profile.
package struct SignetTokenService: TokenService, TokenVerifier {
    private let signet: SignetClient
    private let profile: String

    package init(signet: SignetClient, profile: String) {
        self.signet = signet
        self.profile = profile
    }

    package func createToken(for user: AppUser) async throws -> String {
        do throws(SignetError) {
            return try await signet.sign(UserClaims(user), profile: profile)
        } catch {
            throw error.asSeenByUsers
        }
    }

    package func verify(_ token: String) async throws -> VerifiedUser {
        let claims: JSON
        do throws(SignetError) {
            claims = try await signet.verify(token, profile: profile).claims
        } catch {
            throw error.asSeenByUsers
        }
        do throws(InvalidJSON) {
            return try VerifiedUser(claims: claims)
        } catch {
            throw InvalidToken(reason: "unexpected_claims", message: "the token is for another application")
        }
    }
}

extension SignetError {
    /// That the token is bad, that one should come back later, or that an administrator has to look into it.
    package var asSeenByUsers: any Error {
        switch self {
        case .invalidToken(let reason, let message):
            InvalidToken(reason: reason.name, message: message)
        case .cancelled:
            CancellationError()
        case .rateLimited(_, let pause), .overloaded(_, let pause):
            TokenServiceError.unavailable(
                retryAfter: max(1, Int(pause?.components.seconds ?? 0) + 1), cause: "\(self)")
        case .unavailable, .timedOut, .connectionLost, .shuttingDown, .noSigningKey:
            TokenServiceError.unavailable(retryAfter: 5, cause: "\(self)")
        case .unexpectedClaims, .notPermitted, .unknownProfile, .unknownKeyring, .claimsRejected, .ttlTooLong,
            .tooLarge, .malformedRequest, .reloadFailed, .refused, .serverNotTrusted, .protocolViolation:
            TokenServiceError.misconfigured(cause: "\(self)")
        }
    }
}
