extension SignetClient {
    /// Signs a token whose claims are a value that can encode itself; else as ``sign(_:profile:ttl:timeout:)-(JSON,_,_,_)``.
    ///
    /// - Parameter claims: What encodes itself as an object.
    /// - Throws: `malformedRequest` too, when the claims cannot be written as JSON.
    @_disfavoredOverload
    public func sign(
        _ claims: some Encodable & Sendable, profile: String? = nil, ttl: Duration? = nil, timeout: Duration? = nil
    ) async throws(SignetError) -> String {
        try await signedToken(claims, profile: profile, ttl: ttl, timeout: timeout).token
    }

    /// Signs a token whose claims are a value that can encode itself, and says more about it.
    ///
    /// - Parameter claims: What encodes itself as an object.
    /// - Throws: `malformedRequest` too, when the claims cannot be written as JSON.
    @_disfavoredOverload
    public func signedToken(
        _ claims: some Encodable & Sendable, profile: String? = nil, ttl: Duration? = nil, timeout: Duration? = nil
    ) async throws(SignetError) -> SignedToken {
        try await signedToken(try JSON(claims: claims), profile: profile, ttl: ttl, timeout: timeout)
    }

    /// Verifies a token and reads its claims as a type; else as ``verify(_:profile:audience:timeout:)``.
    ///
    /// Claims that the type does not know are left out.
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
