import Testing

@testable import Server

/// A queue that a test asks inside of its expectations.
private final class Jobs {
    private var queue: FairQueue<Int>

    init(limit: Int) { queue = FairQueue(limit: limit) }

    func add(_ job: Int, of user: UInt32) -> Bool { queue.add(job, of: user) }
    func take() -> Int? { queue.take()?.job }
    func finish(of user: UInt32) { queue.finish(of: user) }
    func count(of user: UInt32) -> Int { queue.count(of: user) }

    var rest: [Int] {
        var order: [Int] = []
        while let job = take() { order.append(job) }
        return order
    }
}

@Suite("Jobs of many users for few hands")
struct FairQueueTests {
    @Test("Users take turns, and each one's jobs stay in order")
    func turns() {
        let queue = Jobs(limit: 100)
        for job in 1...5 { #expect(queue.add(10 + job, of: 1)) }
        for job in 1...2 { #expect(queue.add(20 + job, of: 2)) }
        #expect(queue.add(31, of: 3))
        #expect(queue.rest == [11, 21, 31, 12, 22, 13, 14, 15])
    }

    @Test("Who comes while others wait has the next turn but theirs")
    func latecomer() {
        let queue = Jobs(limit: 100)
        for job in 1...4 { #expect(queue.add(10 + job, of: 1)) }
        #expect(queue.take() == 11)
        #expect(queue.add(21, of: 2))
        #expect(queue.rest == [12, 21, 13, 14])
    }

    @Test("A quarter of the places is one user's; a place is free again when its job is done, not when it is taken")
    func limits() {
        let queue = Jobs(limit: 8)
        #expect(queue.add(1, of: 1) && queue.add(2, of: 1))
        #expect(!queue.add(3, of: 1))
        #expect(queue.add(4, of: 2))
        #expect(queue.take() == 1)
        #expect(!queue.add(3, of: 1))
        queue.finish(of: 1)
        #expect(queue.add(3, of: 1))
        #expect(queue.count(of: 1) == 2)
    }

    @Test("All users together have no more places than there are")
    func total() {
        let queue = Jobs(limit: 8)
        for user in 1...4 as ClosedRange<UInt32> { #expect(queue.add(0, of: user) && queue.add(0, of: user)) }
        #expect(!queue.add(0, of: 5))
        #expect(queue.rest.count == 8)
        #expect(!queue.add(0, of: 5))
        queue.finish(of: 3)
        #expect(queue.add(0, of: 5))
    }
}
