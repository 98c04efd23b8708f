import GRDB

/// The registered users, in a file of SQLite's.
package struct UserStore: Sendable {
    private let database: DatabasePool

    /// Opens the file, makes it if there is none, and brings its tables up to date.
    package init(path: String) throws {
        database = try DatabasePool(path: path)
        try Self.migrations.migrate(database)
    }

    private static var migrations: DatabaseMigrator {
        var migrations = DatabaseMigrator()
        migrations.registerMigration("users") { database in
            try database.create(table: "appUser") { table in
                table.primaryKey("id", .text)
                table.column("userName", .text).notNull().unique().collate(.nocase)
                table.column("email", .text).notNull().unique().collate(.nocase)
                table.column("roles", .jsonText).notNull()
                table.column("passwordHash", .text).notNull()
            }
        }
        return migrations
    }

    /// Adds a user, or nothing.
    /// - Throws: `UserExists` when the name or the address is taken, in whatever case it is written.
    package func add(_ user: AppUser, _ hash: PasswordHash) async throws {
        do {
            try await database.write { database in
                try Row(user: user, passwordHash: hash.text).insert(database)
            }
        } catch let error as DatabaseError where error.extendedResultCode == .SQLITE_CONSTRAINT_UNIQUE {
            throw try await owner(of: user.userName, or: user.email) ?? UserExists(field: "userName")
        }
    }

    /// Which of the two is taken; nil when both are free.
    package func owner(of userName: String, or email: String) async throws -> UserExists? {
        try await database.read { database in
            if try Row.filter(Column("userName") == userName).fetchCount(database) > 0 {
                return UserExists(field: "userName")
            }
            if try Row.filter(Column("email") == email).fetchCount(database) > 0 { return UserExists(field: "email") }
            return nil
        }
    }

    /// The user of this name and the hash of its password.
    package func user(named userName: String) async throws -> (user: AppUser, hash: PasswordHash)? {
        try await database.read { database in
            try Row.filter(Column("userName") == userName).fetchOne(database)
                .map { ($0.user, PasswordHash(text: $0.passwordHash)) }
        }
    }

    /// All of them, by name.
    package func all() async throws -> [AppUser] {
        try await database.read { database in try Row.order(Column("userName")).fetchAll(database).map(\.user) }
    }

    /// Gives a user a role; false when there is no such user. Tokens that are out there go on without it.
    package func grant(_ role: String, to userName: String) async throws -> Bool {
        try await database.write { database in
            guard var row = try Row.filter(Column("userName") == userName).fetchOne(database) else { return false }
            if !row.roles.contains(role) { row.roles.append(role) }
            try row.update(database)
            return true
        }
    }

    /// A row of the table.
    private struct Row: Codable, FetchableRecord, PersistableRecord {
        static let databaseTableName = "appUser"

        let id: String
        let userName: String
        let email: String
        var roles: [String]
        let passwordHash: String

        init(user: AppUser, passwordHash: String) {
            id = user.id
            userName = user.userName
            email = user.email
            roles = user.roles
            self.passwordHash = passwordHash
        }

        var user: AppUser { AppUser(id: id, userName: userName, email: email, roles: roles) }
    }
}

/// Somebody has registered with this before.
package struct UserExists: Error, Equatable {
    /// `userName` or `email`.
    package let field: String
}
