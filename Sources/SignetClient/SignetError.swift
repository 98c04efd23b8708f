/// Why a call did not bring what was asked for.
///
/// Messages are the daemon's, written for a person; none holds a token, the value of a claim or a key.
public enum SignetError: Error, Equatable, Sendable {
    // MARK: The token

    /// The token does not verify: an answer, not a failure of the daemon.
    case invalidToken(reason: InvalidTokenReason, message: String)

    /// The token verifies, and its claims do not fit the type that they were to be read as; names the place.
    case unexpectedClaims(message: String)

    // MARK: The request

    /// No `allow` entry of the profile lets this user do that. For a profile that does not exist, the same.
    case notPermitted(message: String)
    /// There is no such profile; said to the daemon's admins only.
    case unknownProfile(message: String)
    /// There is no such keyring; said to the daemon's admins only.
    case unknownKeyring(message: String)
    /// The profile does not let the caller set these claims.
    case claimsRejected(message: String)
    /// The time to live is above the caller's cap.
    case ttlTooLong(message: String)
    /// The request line, or the token that it asks for, is longer than the daemon allows.
    case tooLarge(message: String)
    /// The request has no meaning; its message names the culprit.
    case malformedRequest(message: String)

    // MARK: The daemon's state

    /// The profile's keyring has no key that can sign now.
    case noSigningKey(message: String)
    /// Too many requests by this user; nothing was done.
    case rateLimited(message: String, retryAfter: Duration?)
    /// The daemon has more work than it takes; nothing was done.
    case overloaded(message: String, retryAfter: Duration?)
    /// The daemon is stopping; nothing was done.
    case shuttingDown(message: String)
    /// A reload that changed nothing: the daemon goes on with the keys and the policy that it has.
    case reloadFailed(message: String)
    /// The daemon refused with a code that has no case of its own: `internal`, or one of a later version.
    case refused(code: String, message: String)

    // MARK: The connection

    /// Nobody answers at the socket.
    case unavailable(socketPath: String, reason: UnavailabilityReason)
    /// Another user than the trusted ones listens at the socket; nothing was sent to it.
    case serverNotTrusted(socketPath: String, userID: UInt32)
    /// The deadline passed. The request may have been carried out.
    case timedOut
    /// The task was cancelled. The request may have been carried out.
    case cancelled
    /// The connection broke after the request was sent. It may have been carried out.
    case connectionLost
    /// What came was no answer by the protocol; says why. The request may have been carried out.
    case protocolViolation(message: String)
}

/// Why nobody answers at the socket.
public enum UnavailabilityReason: Equatable, Sendable {
    /// There is no file at the path.
    case noSocket
    /// The user of this process may not connect: is it in the socket's group?
    case permissionDenied
    /// There is a socket, and nobody listens.
    case connectionRefused
    /// What the system said instead.
    case system(String)
}

/// Why a token does not verify, in the daemon's order of checks.
public enum InvalidTokenReason: Equatable, Sendable {
    /// It is no compact JWS with a JSON header and JSON claims.
    case malformed
    /// No key of the profile has the token's `kid`.
    case unknownKey
    /// The key that signed it was revoked.
    case revoked
    /// The header's `alg` is not that of the key.
    case wrongAlgorithm
    /// The signature is not that of the key over these bytes.
    case badSignature
    /// The header's `typ` is not the profile's.
    case wrongType
    /// The `iss` claim is not the profile's issuer.
    case wrongIssuer
    /// The `aud` claim holds no audience that the caller expects.
    case wrongAudience
    /// The time of the `exp` claim has come.
    case expired
    /// The time of the `nbf` or `iat` claim has not come.
    case notYetValid
    /// A claim that the profile requires is missing or null.
    case missingClaim
    /// A reason of a later version, as it was sent.
    case other(String)
}
