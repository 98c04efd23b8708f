internal import Synchronization

/// How many connections there may be, in all and of one user. Shared by all loops.
package final class ConnectionLimits: Sendable {
    package let connections: Int
    package let connectionsPerUser: Int
    private let open = Mutex(Open())

    private struct Open {
        var total = 0
        var byUser: [UInt32: Int] = [:]
    }

    package init(connections: Int, connectionsPerUser: Int) {
        self.connections = connections
        self.connectionsPerUser = connectionsPerUser
    }

    /// Takes a place for a user, or says which limit stands in the way. The last place is an admin's.
    func admit(_ uid: UInt32, isAdmin: Bool) -> Refused? {
        open.withLock { open in
            guard open.total < connections - (isAdmin ? 0 : 1) else { return .tooMany }
            let own = open.byUser[uid] ?? 0
            guard isAdmin || own < connectionsPerUser else { return .tooManyOfUser }
            open.byUser[uid] = own + 1
            open.total += 1
            return nil
        }
    }

    /// Gives a place back.
    func leave(_ uid: UInt32) {
        open.withLock { open in
            let left = (open.byUser[uid] ?? 1) - 1
            open.byUser[uid] = left > 0 ? left : nil
            open.total -= 1
        }
    }

    enum Refused: Sendable {
        case tooMany, tooManyOfUser
    }
}
