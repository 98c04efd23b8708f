import Testing

@testable import Server

@Suite("What is kept of unfinished lines and unread answers")
struct BufferLimitsTests {
    @Test("A quarter is one user's; who keeps less is never refused")
    func perUser() {
        let limits = BufferLimits(bytes: 16 * BufferLimits.block)
        #expect(limits.change(from: 0, to: 3, of: 1))
        #expect(limits.change(from: 0, to: 1, of: 1))
        #expect(!limits.change(from: 1, to: 2, of: 1))
        #expect(limits.change(from: 0, to: 4, of: 2))
        // Still above its share, and less than before.
        #expect(limits.change(from: 3, to: 2, of: 1))
        #expect(limits.change(from: 2, to: 0, of: 1))
        #expect(limits.change(from: 0, to: 2, of: 1))
    }

    @Test("All together keep no more than there is")
    func total() {
        let limits = BufferLimits(bytes: 8 * BufferLimits.block)
        for user in 1...4 as ClosedRange<UInt32> { #expect(limits.change(from: 0, to: 2, of: user)) }
        #expect(!limits.change(from: 0, to: 1, of: 5))
        #expect(limits.change(from: 1, to: 0, of: 5))
        #expect(limits.change(from: 2, to: 0, of: 1))
        #expect(limits.change(from: 0, to: 1, of: 5))
    }
}
