import Synchronization
import Testing

@testable import Server

@Suite("Accepted connections that wait for their loop") struct ArrivalsTests {
    @Test("No more are accepted than a number, and others when half of them have been looked at, once")
    func bound() {
        let arrivals = Arrivals()
        let calls = Mutex(0)
        func add() -> Bool { arrivals.add { calls.withLock { $0 += 1 } } }
        for _ in 1..<ServerLimits.arrivals { #expect(add()) }
        // The second comes with the same read as the first.
        #expect(!add())
        #expect(!add())
        for _ in 0..<ServerLimits.arrivals / 2 {
            #expect(calls.withLock { $0 } == 0)
            arrivals.remove()
        }
        arrivals.remove()
        #expect(calls.withLock { $0 } == 1)
        for _ in 0..<ServerLimits.arrivals / 2 { arrivals.remove() }
        #expect(calls.withLock { $0 } == 1)
        #expect(add())
    }
}
