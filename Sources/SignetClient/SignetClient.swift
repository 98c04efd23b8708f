internal import POSIX
internal import Synchronization
internal import WireProtocol

/// A client of the token-signing daemon on this host.
///
///     let signet = try SignetClient()
///     let token = try await signet.sign(["sub": "user-1"], profile: "web", ttl: .seconds(900))
///     let caller = try await signet.verify(bearer, profile: "web")
///
/// Any number of tasks share one client, which keeps one connection: their requests travel together and are answered in
/// order, so that one client is faster than many. It connects at the first call and again whenever the connection has
/// broken. While the daemon is restarted, calls wait for it until their deadlines (``Reconnection``).
///
/// A request is sent again where that is safe. Until the deadline: when the daemon was stopping and did nothing, and when
/// the connection broke before the whole line was sent. Once: when the daemon did nothing since it was overloaded or the
/// caller beyond its rate. Twice: when the connection broke later, for all but `sign` and `reload`, which change something.
/// A `sign` that may have been carried out is not repeated: a second token would come into the world, and whoever counts
/// or records tokens should decide about that. It ends with ``SignetError/connectionLost``.
public final class SignetClient: Sendable {
    let endpoint: Endpoint
    let timeout: Duration
    let connection = Mutex<Connection?>(nil)

    /// Where the daemon listens.
    public var socketPath: String { endpoint.socketPath }

    /// Makes a client; nothing is connected before the first call.
    ///
    /// - Parameters:
    ///   - socketPath: nil: the environment's `SIGNET_SOCKET`, else `/run/signet/signet.sock`.
    ///   - timeout: How long a call may take in all, unless it says otherwise.
    ///   - trustedServers: The users that the daemon may run as.
    ///   - reconnection: Whether calls wait for a daemon that is not there.
    /// - Throws: `unavailable` for a path that no socket can have.
    public init(
        socketPath: String? = nil, timeout: Duration = .seconds(5), trustedServers: TrustedServers = .standard,
        reconnection: Reconnection = .onceConnected
    ) throws(SignetError) {
        endpoint = try Endpoint(
            socketPath: socketPath ?? Self.standardSocketPath, trustedServers: trustedServers,
            reconnection: reconnection)
        self.timeout = timeout
    }

    /// The environment's `SIGNET_SOCKET`, else `/run/signet/signet.sock`.
    public static var standardSocketPath: String {
        guard let path = ThisProcess.environment("SIGNET_SOCKET"), !path.isEmpty else {
            return Limits.defaultSocketPath
        }
        return path
    }

    deinit { connection.withLock { $0 }?.close() }

    /// Signs a token.
    ///
    /// - Parameters:
    ///   - claims: An object. The daemon adds `iss`, `aud`, `iat`, `nbf`, `exp` and `jti`.
    ///   - profile: nil: `default`.
    ///   - ttl: How long the token is valid, in whole seconds; nil: as long as the profile says.
    ///   - timeout: How long the call may take; nil: the client's timeout.
    /// - Returns: The compact JWS. Whoever holds it can use it: keep it out of logs and process arguments.
    /// - Throws: `notPermitted`, `claimsRejected`, `ttlTooLong` and `malformedRequest` when the daemon refuses; `noSigningKey`,
    ///   `rateLimited`, `overloaded` and `shuttingDown` when it cannot now; `connectionLost`, `timedOut` and `cancelled` when a
    ///   token may have been signed and did not come; `unavailable` and `serverNotTrusted` when nothing was sent.
    public func sign(
        _ claims: JSON = [:], profile: String? = nil, ttl: Duration? = nil, timeout: Duration? = nil
    ) async throws(SignetError) -> String {
        try await signedToken(claims, profile: profile, ttl: ttl, timeout: timeout).token
    }

    /// Signs a token, as `sign` does, and says more about it.
    ///
    /// - Parameters:
    ///   - claims: An object. The daemon adds `iss`, `aud`, `iat`, `nbf`, `exp` and `jti`.
    ///   - profile: nil: `default`.
    ///   - ttl: How long the token is valid, in whole seconds; nil: as long as the profile says.
    ///   - timeout: How long the call may take; nil: the client's timeout.
    /// - Throws: What `sign` throws.
    public func signedToken(
        _ claims: JSON = [:], profile: String? = nil, ttl: Duration? = nil, timeout: Duration? = nil
    ) async throws(SignetError) -> SignedToken {
        try await perform(try .sign(claims, profile, ttl), timeout)
    }

    /// Verifies a token: its signature, its times and all that its profile demands.
    ///
    /// - Parameters:
    ///   - token: The compact JWS.
    ///   - profile: nil: `default`.
    ///   - audience: The audience that the token must name; nil: any that the caller may accept.
    ///   - timeout: How long the call may take; nil: the client's timeout.
    /// - Throws: `invalidToken` when it does not hold; never returns one that does not.
    public func verify(
        _ token: String, profile: String? = nil, audience: String? = nil, timeout: Duration? = nil
    ) async throws(SignetError) -> VerifiedToken {
        try await perform(.verify(token, profile, audience), timeout).get()
    }

    /// Says what `sign` would sign, and which rule allows it; nothing is signed.
    ///
    /// - Parameters:
    ///   - claims: As for `sign`.
    ///   - profile: nil: `default`.
    ///   - ttl: As for `sign`.
    ///   - caller: nil: oneself; the daemon's admins may ask for others.
    ///   - timeout: How long the call may take; nil: the client's timeout.
    /// - Throws: What `sign` would throw.
    public func explain(
        _ claims: JSON = [:], profile: String? = nil, ttl: Duration? = nil, as caller: Caller? = nil,
        timeout: Duration? = nil
    ) async throws(SignetError) -> Explanation {
        try await perform(try .explain(claims, profile, ttl, caller), timeout)
    }

    /// Asks for the public keys of a keyring, for verifiers elsewhere.
    ///
    /// - Parameters:
    ///   - keyring: nil: all keyrings that the caller may see.
    ///   - timeout: How long the call may take; nil: the client's timeout.
    /// - Throws: `notPermitted` for a keyring that the caller has nothing to do with.
    public func jwks(keyring: String? = nil, timeout: Duration? = nil) async throws(SignetError) -> PublishedKeys {
        try await perform(.jwks(keyring), timeout)
    }

    /// Asks the daemon for its version.
    ///
    /// - Parameter timeout: How long the call may take; nil: the client's timeout.
    /// - Throws: `unavailable`, `serverNotTrusted` or `timedOut` when nobody is there who could say.
    public func ping(timeout: Duration? = nil) async throws(SignetError) -> DaemonVersion {
        try await perform(.ping, timeout)
    }
}
