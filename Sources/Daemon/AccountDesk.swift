internal import Authorization
internal import Logging
internal import POSIX
internal import SigningService
internal import StrictJSON
internal import Synchronization

/// Looks callers up in the system's database, away from the event loops, one after another.
///
/// The database may ask a network and take its time. A thread works while there is somebody to look up, and ends then.
final class AccountDesk: Sendable {
    /// A look-up, and who waits for it.
    private struct Order: Sendable {
        let lookup: AccountLookup
        let whenDone: @Sendable () -> Void
    }

    private struct Orders {
        var waiting: [Order] = []
        var isAtWork = false
        var isClosed = false
    }

    private let orders = Mutex(Orders())
    private let logger: Logger
    private let clock: @Sendable () -> UInt64

    /// - Parameter clock: Nanoseconds on the clock of `Moment`.
    init(logger: Logger, clock: @escaping @Sendable () -> UInt64) {
        self.logger = logger
        self.clock = clock
    }

    /// Hands in a look-up, from any thread. After `close` nobody carries it out.
    ///
    /// - Parameter whenDone: Called on any thread, once; must not wait for anything.
    func handIn(_ lookup: AccountLookup, whenDone: @escaping @Sendable () -> Void) {
        let mustBegin = orders.withLock { orders in
            if orders.isClosed { return false }
            orders.waiting.append(Order(lookup: lookup, whenDone: whenDone))
            defer { orders.isAtWork = true }
            return !orders.isAtWork
        }
        guard mustBegin else { return }
        do throws(Errno) { _ = try Thread { self.work { self.find($0) } } } catch {
            logger.error("no thread to look up users: \(error)")
            work { _ in nil }
        }
    }

    /// Whoever waits is not told any more: to be called when nobody can be answered.
    func close() {
        orders.withLock { orders in
            orders.isClosed = true
            orders.waiting = []
        }
    }

    private func work(_ find: (Account.Key) -> Account?) {
        while let order = next() {
            order.lookup.carryOut(at: clock, find)
            // Under the lock, so that nobody is told after `close`.
            orders.withLock { if !$0.isClosed { order.whenDone() } }
        }
    }

    private func next() -> Order? {
        orders.withLock { orders in
            if orders.waiting.isEmpty {
                orders.isAtWork = false
                return nil
            }
            return orders.waiting.removeFirst()
        }
    }

    private func find(_ key: Account.Key) -> Account? {
        do throws(Errno) {
            switch key {
            case .ids(let uid, let gid):
                return Account(
                    userName: try UserDatabase.userName(of: uid).map { ByteString($0) }, uid: uid,
                    groupName: try UserDatabase.groupName(of: gid).map { ByteString($0) }, gid: gid)
            case .userName(let name):
                let ids = try UserDatabase.ids(ofUser: name.text)
                return Account(
                    userName: name, uid: ids?.uid,
                    groupName: try ids.flatMap { (ids) throws(Errno) in try UserDatabase.groupName(of: ids.gid) }
                        .map { ByteString($0) },
                    gid: ids?.gid)
            }
        } catch {
            logger.error("a caller cannot be looked up in the system's database of users and groups: \(error)")
            return nil
        }
    }
}
