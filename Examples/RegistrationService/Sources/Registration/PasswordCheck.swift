import NIOPosix

/// Hashes passwords, and compares them with hashes, on the threads that NIO keeps for blocking work, so that requests which
/// need no password do not wait for those that do.
package struct PasswordCheck: Sendable {
    private let cost: Int
    /// That of a password which nobody knows.
    package let decoy: PasswordHash

    /// - Parameter cost: The binary logarithm of scrypt's N for new hashes.
    package init(cost: Int) throws {
        var random = SystemRandomNumberGenerator()
        self.init(cost: cost, decoy: try PasswordHash(of: "\(random.next())\(random.next())", cost: cost))
    }

    /// - Parameter decoy: What stands in for the hash of users who are not there.
    package init(cost: Int, decoy: PasswordHash) {
        self.cost = cost
        self.decoy = decoy
    }

    package func hash(_ password: String) async throws -> PasswordHash {
        let cost = cost
        return try await NIOThreadPool.singleton.runIfActive { try PasswordHash(of: password, cost: cost) }
    }

    /// Whether `password` is the one of `hash`. Without a hash (there is no such user) the answer is no after the same
    /// work, so that its time does not tell who has registered.
    package func matches(_ password: String, _ hash: PasswordHash?) async throws -> Bool {
        let compared = hash ?? decoy
        let isEqual = try await NIOThreadPool.singleton.runIfActive { try compared.matches(password) }
        return isEqual && hash != nil
    }
}
