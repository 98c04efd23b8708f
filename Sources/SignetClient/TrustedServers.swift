internal import POSIX

/// Which user the daemon may run as, by the kernel's word on who listens at the socket (SO_PEERCRED).
///
/// Whoever can write to the socket's directory could put a socket of their own there. A client that does not look would
/// hand them its claims and take their tokens for the daemon's.
public struct TrustedServers: Sendable {
    private enum Rule {
        case standard
        case users(Set<UInt32>)
    }
    private let rule: Rule

    /// The user that the packaged daemon runs as.
    private static let packagedUser = "signet"

    /// Root (systemd listens before the daemon does), the user named `signet` where there is one, and the client's own
    /// user, which can read the client's memory anyway: so a daemon in a checkout works without configuration.
    public static let standard = TrustedServers(rule: .standard)

    /// These user ids and no others. With socket activation, root (0) must be among them.
    public static func users(_ ids: Set<UInt32>) -> TrustedServers { TrustedServers(rule: .users(ids)) }

    /// May ask the system's user database: not for a thread of Swift's pool.
    func include(_ userID: UInt32) -> Bool {
        switch rule {
        case .users(let ids): return ids.contains(userID)
        case .standard:
            if userID == 0 || userID == ThisProcess.userID { return true }
            let packaged = try? UserDatabase.userID(named: Self.packagedUser)
            return packaged == userID
        }
    }
}
