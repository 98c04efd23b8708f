internal import NIOCore

/// Jobs of many users for few hands: each user's in their order, the users in turn, so that nobody waits behind another's
/// flood; and only so many at once (`[server] max_in_flight`), a quarter of them of one user.
struct FairQueue<Job> {
    /// Jobs that may be here, or taken and not done, at once.
    let limit: Int
    let limitPerUser: Int
    private var users: [UInt32: Share] = [:]
    /// Users with jobs that wait; whose turn it is first.
    private var turns = CircularBuffer<UInt32>()
    private var total = 0

    private struct Share {
        var waiting = CircularBuffer<Job>()
        /// Waiting or taken.
        var count = 0
    }

    init(limit: Int) {
        self.limit = limit
        limitPerUser = max(limit / 4, 1)
    }

    var isEmpty: Bool { turns.isEmpty }

    /// Jobs of a user that wait or are taken.
    func count(of user: UInt32) -> Int { users[user]?.count ?? 0 }

    /// Adds a job; false when there are too many.
    mutating func add(_ job: Job, of user: UInt32) -> Bool {
        guard total < limit, count(of: user) < limitPerUser else { return false }
        total += 1
        users[user, default: Share()].count += 1
        users[user]?.waiting.append(job)
        if users[user]?.waiting.count == 1 { turns.append(user) }
        return true
    }

    /// Takes the next job; `finish` gives its place back.
    mutating func take() -> (job: Job, user: UInt32)? {
        guard let user = turns.popFirst(), let job = users[user]?.waiting.popFirst() else { return nil }
        if users[user]?.waiting.isEmpty == false { turns.append(user) }
        return (job, user)
    }

    mutating func finish(of user: UInt32) {
        total -= 1
        users[user]?.count -= 1
        if users[user]?.count == 0 { users[user] = nil }
    }
}
