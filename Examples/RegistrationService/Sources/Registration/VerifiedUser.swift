package import SignetClient

/// The user whom a token that holds speaks of. Nothing of it comes from the database.
package struct VerifiedUser: Sendable {
    /// All claims of the token.
    package let claims: JSON
    /// Those that the application knows.
    package let user: UserClaims

    /// - Throws: Where the claims are not those that the application signs.
    package init(claims: JSON) throws(InvalidJSON) {
        self.claims = claims
        user = try claims.decode()
    }

    package func has(role: String) -> Bool { user.roles.contains(role) }
}
