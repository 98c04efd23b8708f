internal import Synchronization

/// How many bytes of unfinished lines and of unread answers the daemon keeps, in all and of one user
/// (`[server] max_buffered`). Shared by all loops.
///
/// Connections count in blocks: what is less than one is no connection's undoing, and a turn that ends within the same
/// block as the one before need not look here.
package final class BufferLimits: Sendable {
    /// Blocks of all connections.
    private let limit: Int
    private let limitPerUser: Int
    private let kept = Mutex(Kept())

    private struct Kept {
        var total = 0
        var byUser: [UInt32: Int] = [:]
    }

    /// Bytes that count as one.
    static let block = 4_096

    /// - Parameter bytes: Of all connections; a quarter of it of one user's.
    package init(bytes: Int) {
        limit = max(bytes / Self.block, 1)
        limitPerUser = max(limit / 4, 1)
    }

    /// Counts a connection of a user with other blocks than before.
    ///
    /// - Returns: Whether that is within the limits; fewer blocks always are.
    func change(from old: Int, to new: Int, of user: UInt32) -> Bool {
        kept.withLock { kept in
            let own = (kept.byUser[user] ?? 0) + new - old
            kept.byUser[user] = own > 0 ? own : nil
            kept.total += new - old
            return new <= old || (kept.total <= limit && own <= limitPerUser)
        }
    }
}
