extension SignetClient {
    /// Signs a token whose claims are a value that can encode itself.
    ///
    /// - Parameters:
    ///   - claims: What encodes itself as an object.
    ///   - profile: nil: `default`.
    ///   - ttl: How long the token is valid, in whole seconds; nil: as long as the profile says.
    ///   - timeout: How long the call may take; nil: the client's timeout.
    /// - Throws: `malformedRequest` too, when the claims cannot be written as JSON.
    @_disfavoredOverload
    public func sign(
        _ claims: some Encodable & Sendable, profile: String? = nil, ttl: Duration? = nil, timeout: Duration? = nil
    ) async throws(SignetError) -> String {
        try await signedToken(claims, profile: profile, ttl: ttl, timeout: timeout).token
    }

    /// Signs a token whose claims are a value that can encode itself, and says more about it.
    ///
    /// - Parameters:
    ///   - claims: What encodes itself as an object.
    ///   - profile: nil: `default`.
    ///   - ttl: How long the token is valid, in whole seconds; nil: as long as the profile says.
    ///   - timeout: How long the call may take; nil: the client's timeout.
    /// - Throws: `malformedRequest` too, when the claims cannot be written as JSON.
    @_disfavoredOverload
    public func signedToken(
        _ claims: some Encodable & Sendable, profile: String? = nil, ttl: Duration? = nil, timeout: Duration? = nil
    ) async throws(SignetError) -> SignedToken {
        try await signedToken(try JSON(claims: claims), profile: profile, ttl: ttl, timeout: timeout)
    }

    /// Verifies a token and reads its claims as a type.
    ///
    /// Claims that the type does not know are left out.
    ///
    /// - Parameters:
    ///   - token: The compact JWS.
    ///   - type: What the claims are read as; it need not know all of them.
    ///   - profile: nil: `default`.
    ///   - audience: The audience that the token must name; nil: any that the caller may accept.
    ///   - timeout: How long the call may take; nil: the client's timeout.
    /// - Throws: `unexpectedClaims` too, when the token holds and its claims do not fit the type.
    public func verify<Claims: Decodable & Sendable>(
        _ token: String, as type: Claims.Type, profile: String? = nil, audience: String? = nil, timeout: Duration? = nil
    ) async throws(SignetError) -> Claims {
        try await verify(token, profile: profile, audience: audience, timeout: timeout).claims.read(as: type)
    }
}

extension JSON {
    init(claims: some Encodable) throws(SignetError) {
        do throws(InvalidJSON) { try self.init(encoding: claims) } catch {
            throw .malformedRequest(message: "claims: \(error.message)")
        }
    }

    func read<Claims: Decodable>(as type: Claims.Type) throws(SignetError) -> Claims {
        do throws(InvalidJSON) { return try decode(as: type) } catch {
            throw .unexpectedClaims(message: error.message)
        }
    }
}
