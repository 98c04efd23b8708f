import NIOCore
import Testing

@testable import Server

@Suite("A connection's turn")
struct TurnTests {
    private let start = NIODeadline.uptimeNanoseconds(1_000_000)

    /// How many lines a turn takes that each take so many microseconds, of 1,000 that are there.
    private func lines(taking microseconds: Int64) -> Int {
        var turn = Turn(at: start)
        for line in 0..<1_000 {
            guard turn.takesLine(at: start + .microseconds(Int64(line) * microseconds)) else {
                #expect(turn.isOver)
                return line
            }
        }
        #expect(!turn.isOver)
        return 1_000
    }

    @Test(
        "is over when half a millisecond has passed, seen at each fourth line; the first four it takes in any case",
        arguments: [(0, 1_000), (1, 500), (10, 52), (100, 8), (125, 4), (5_000, 4)])
    func bounded(microseconds: Int64, count: Int) { #expect(lines(taking: microseconds) == count) }

    @Test("that is over stays so")
    func over() {
        var turn = Turn(at: start)
        let before = (0..<4).map { _ in turn.takesLine(at: start) }
        let after = (0..<10).map { _ in turn.takesLine(at: start + .milliseconds(1)) }
        #expect(before.allSatisfy { $0 } && !after.contains(true))
    }
}
