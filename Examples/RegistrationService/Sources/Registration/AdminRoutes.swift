import Hummingbird

/// What administrators may see.
struct AdminRoutes: Sendable {
    let users: UserStore

    /// Who may is decided by the token's claims alone: no look-up, and a role that was taken away ends with the token.
    func list(_ request: Request, _ context: AccountContext) async throws -> [AppUser] {
        guard try context.requireUser().has(role: Role.admin) else { throw Problem.missing(role: Role.admin) }
        return try await users.all()
    }
}

extension AppUser: ResponseEncodable {}
