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
        // Every loop has honest clients that are inside a line, and one that keeps it busy for more than a second.
        let loops = ProcessLimits.processors
        let honest = try (0..<4 * loops).map { _ in try daemon.connect() }
        let floods = try (0..<loops).map { _ in try daemon.connect() }
        for client in honest {
            try client.send("{\"op\":\"ping\"}\n{\"op\":")
            let answer = Answer(try client.readLine() ?? "")
            #expect(answer.isOK)
        }
        let line = #"{"op":"sign","profile":"rsa"}"# + "\n"
        for client in floods { try client.send(String(repeating: line, count: Self.flood / line.utf8.count)) }
        for client in honest { try client.send("\"ping\"}\n") }
        for client in honest {
            let answer = Answer(try client.readLine() ?? "")
            #expect(answer.isOK, "\(answer)")
        }
    }

    /// What the daemon reads of a connection in one turn, in bytes.
    private static let flood = 8_192
}
