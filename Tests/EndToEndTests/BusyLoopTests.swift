import Foundation
import POSIX
import Testing

@Suite("Deadlines of a loop that is busy")
struct BusyLoopTests {
    @Test("A line whose end arrived in time is answered, also when the loop was too busy to read it")
    func lineDuringFlood() throws {
        let daemon = try TestDaemon(
            prepared: TestDaemon.settings(server: "request_timeout = \"1s\"") + """

                [keyring.rsa]
                algorithm = "RS512"
                [profile.rsa]
                issuer = "https://auth.example.com"
                audiences = ["https://api.example.com"]
                [[profile.rsa.allow]]
                operations = ["sign"]
                users = ["\(NSUserName())"]
                """)
        // A key whose signatures take milliseconds.
        try daemon.makeRSAKey(ofBits: 4096, in: "rsa")
        try daemon.start()
        // A round in which this test itself took longer than the daemon waits shows nothing of the daemon.
        try awaitResult("a round in time") { try isAnswered(by: daemon) }
    }

    /// A round: true when all were answered that had sent their lines in time, nil when it took the test too long to.
    private func isAnswered(by daemon: TestDaemon) throws -> Bool? {
        // Every loop has honest clients that are inside a line, and one that keeps it busy for more than a second.
        let loops = ProcessLimits.processors
        let honest = try (0..<4 * loops).map { _ in try daemon.connect() }
        let floods = try (0..<loops).map { _ in try daemon.connect() }
        let began = ContinuousClock.now
        for client in honest {
            try client.send("{\"op\":\"ping\"}\n{\"op\":")
            let answer = Answer(try client.readLine() ?? "")
            #expect(answer.isOK)
        }
        let line = #"{"op":"sign","profile":"rsa"}"# + "\n"
        for client in floods { try client.send(String(repeating: line, count: Self.flood / line.utf8.count)) }
        // One that was cut says so when it reads.
        for client in honest { try? client.send("\"ping\"}\n") }
        guard ContinuousClock.now - began < .seconds(1) else { return nil }
        for client in honest {
            let answer = Answer(try client.readLine() ?? "")
            #expect(answer.isOK, "\(answer)")
        }
        return true
    }

    /// What the daemon reads of a connection in one turn, in bytes.
    private static let flood = 8_192
}
