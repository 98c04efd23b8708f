extension BlockingSignetClient {
    /// Signs a token.
    ///
    /// - Parameters:
    ///   - claims: An object. The daemon adds `iss`, `aud`, `iat`, `nbf`, `exp` and `jti`.
    ///   - profile: nil: `default`.
    ///   - ttl: How long the token is valid, in whole seconds; nil: as long as the profile says.
    ///   - timeout: How long the call may take; nil: the client's timeout.
    /// - Returns: The compact JWS. Whoever holds it can use it: keep it out of logs and process arguments.
    /// - Throws: As ``SignetClient`` for each call, but never `cancelled`.
    public func sign(
        _ claims: JSON = [:], profile: String? = nil, ttl: Duration? = nil, timeout: Duration? = nil
    ) throws(SignetError) -> String {
        try signedToken(claims, profile: profile, ttl: ttl, timeout: timeout).token
    }

    /// Signs a token whose claims are a value that encodes itself as an object.
    ///
    /// - Parameters:
    ///   - claims: What encodes itself as an object.
    ///   - profile: nil: `default`.
    ///   - ttl: How long the token is valid, in whole seconds; nil: as long as the profile says.
    ///   - timeout: How long the call may take; nil: the client's timeout.
    /// - Throws: `malformedRequest` too, when the claims cannot be written as JSON.
    @_disfavoredOverload
    public func sign(
        _ claims: some Encodable, profile: String? = nil, ttl: Duration? = nil, timeout: Duration? = nil
    ) throws(SignetError) -> String {
        try signedToken(claims, profile: profile, ttl: ttl, timeout: timeout).token
    }

    /// Signs a token and says more about it.
    ///
    /// - Parameters:
    ///   - claims: An object. The daemon adds `iss`, `aud`, `iat`, `nbf`, `exp` and `jti`.
    ///   - profile: nil: `default`.
    ///   - ttl: How long the token is valid, in whole seconds; nil: as long as the profile says.
    ///   - timeout: How long the call may take; nil: the client's timeout.
    /// - Throws: What `sign` throws.
    public func signedToken(
        _ claims: JSON = [:], profile: String? = nil, ttl: Duration? = nil, timeout: Duration? = nil
    ) throws(SignetError) -> SignedToken { try perform(try .sign(claims, profile, ttl), timeout) }

    /// Signs a token whose claims are a value that encodes itself as an object, and says more about it.
    ///
    /// - Parameters:
    ///   - claims: What encodes itself as an object.
    ///   - profile: nil: `default`.
    ///   - ttl: How long the token is valid, in whole seconds; nil: as long as the profile says.
    ///   - timeout: How long the call may take; nil: the client's timeout.
    /// - Throws: `malformedRequest` too, when the claims cannot be written as JSON.
    @_disfavoredOverload
    public func signedToken(
        _ claims: some Encodable, profile: String? = nil, ttl: Duration? = nil, timeout: Duration? = nil
    ) throws(SignetError) -> SignedToken {
        try signedToken(try JSON(claims: claims), profile: profile, ttl: ttl, timeout: timeout)
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
    ) throws(SignetError) -> VerifiedToken { try perform(.verify(token, profile, audience), timeout).get() }

    /// Verifies a token and reads its claims as a type.
    ///
    /// - Parameters:
    ///   - token: The compact JWS.
    ///   - type: What the claims are read as; it need not know all of them.
    ///   - profile: nil: `default`.
    ///   - audience: The audience that the token must name; nil: any that the caller may accept.
    ///   - timeout: How long the call may take; nil: the client's timeout.
    /// - Throws: `unexpectedClaims` too, when the token holds and its claims do not fit the type.
    public func verify<Claims: Decodable>(
        _ token: String, as type: Claims.Type, profile: String? = nil, audience: String? = nil, timeout: Duration? = nil
    ) throws(SignetError) -> Claims {
        try verify(token, profile: profile, audience: audience, timeout: timeout).claims.read(as: type)
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
    ) throws(SignetError) -> Explanation { try perform(try .explain(claims, profile, ttl, caller), timeout) }

    /// Asks for the public keys of a keyring, for verifiers elsewhere.
    ///
    /// - Parameters:
    ///   - keyring: nil: all keyrings that the caller may see.
    ///   - timeout: How long the call may take; nil: the client's timeout.
    /// - Throws: `notPermitted` for a keyring that the caller has nothing to do with.
    public func jwks(keyring: String? = nil, timeout: Duration? = nil) throws(SignetError) -> PublishedKeys {
        try perform(.jwks(keyring), timeout)
    }

    /// Asks the daemon for its version.
    ///
    /// - Parameter timeout: How long the call may take; nil: the client's timeout.
    /// - Throws: `unavailable`, `serverNotTrusted` or `timedOut` when nobody is there who could say.
    public func ping(timeout: Duration? = nil) throws(SignetError) -> DaemonVersion { try perform(.ping, timeout) }

    /// Asks the daemon how it is.
    ///
    /// - Parameter timeout: How long the call may take; nil: the client's timeout.
    /// - Returns: The answer's members, as `docs/protocol.md` describes them under `status`: admins get more than others.
    public func status(timeout: Duration? = nil) throws(SignetError) -> JSON { try perform(.status, timeout) }

    /// Has the daemon read its configuration and keys anew, all or nothing; for admins.
    ///
    /// - Parameters:
    ///   - force: Accept that keys vanish which tokens still need.
    ///   - timeout: How long the call may take; nil: the client's timeout.
    /// - Throws: `reloadFailed` when anything is wrong: nothing has changed then.
    public func reload(force: Bool = false, timeout: Duration? = nil) throws(SignetError) -> ReloadReport {
        try perform(.reload(force: force), timeout)
    }
}
