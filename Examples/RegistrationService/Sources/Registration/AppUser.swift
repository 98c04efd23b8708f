/// Somebody who has registered.
package struct AppUser: Codable, Equatable, Sendable {
    /// What the database and `sub` in tokens know the user by: a UUID in small letters.
    package let id: String
    package let userName: String
    package let email: String
    /// What the user may do: `user`, and perhaps `admin`.
    package var roles: [String]

    package init(id: String, userName: String, email: String, roles: [String] = [Role.user]) {
        self.id = id
        self.userName = userName
        self.email = email
        self.roles = roles
    }
}

/// The names of roles in the database and in tokens.
package enum Role {
    package static let user = "user"
    package static let admin = "admin"
}
