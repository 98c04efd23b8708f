/// What the application says of a user in a token.
///
/// Who says it, to whom and for how long (`iss`, `aud`, `iat`, `nbf`, `exp`, `jti`) is for Signet's profile to add.
package struct UserClaims: Codable, Equatable, Sendable {
    /// The user's id.
    package let sub: String
    package let email: String
    package let givenName: String
    package let roles: [String]

    private enum CodingKeys: String, CodingKey {
        case sub, email, roles
        case givenName = "given_name"
    }

    package init(_ user: AppUser) {
        sub = user.id
        email = user.email
        givenName = user.userName
        roles = user.roles
    }
}
