import Foundation
import Testing

@Suite("Deadlines of a daemon that comes late to its lines")
struct LateReadingTests {
    /// More to each loop of a small machine than it reads between two looks at the deadlines.
    private static let crowd = 300

    @Test("A line whose end arrived in time is answered, also when the daemon had no processor to read it")
    func lineInTime() throws {
        let daemon = try TestDaemon(TestDaemon.settings(server: "request_timeout = \"1s\""))
        // A round in which this test itself took longer than the daemon waits shows nothing of the daemon.
        try awaitResult("a round in time") { try isAnswered(by: daemon) }
    }

    /// A round: true when all were answered that had sent their lines in time, nil when it took the test too long to.
    private func isAnswered(by daemon: TestDaemon) throws -> Bool? {
        let clients = try (0..<Self.crowd).map { _ in try daemon.connect() }
        let began = ContinuousClock.now
        for client in clients {
            // It has the half of a line that came with the one that it answers.
            try client.send("{\"op\":\"ping\"}\n{\"op\":")
            try #require(Answer(client.readLine() ?? "").isOK)
        }
        try daemon.standStill()
        // One that was cut already says so when it reads.
        for client in clients { try? client.send("\"ping\"}\n") }
        let isInTime = ContinuousClock.now - began < .seconds(1)
        try awaitResult("the time of every line is over") {
            ContinuousClock.now - began > .seconds(2) ? true : nil
        }
        daemon.signal(SIGCONT)
        guard isInTime else { return nil }
        for client in clients {
            let answer = Answer(try client.readLine() ?? "")
            #expect(answer.isOK, "\(answer)")
        }
        return true
    }
}
