import Foundation
import Testing

@Suite("Signals")
struct StopTests {
    @Test("SIGTERM answers what has arrived, then ends with status 0 and removes its socket")
    func stop() throws {
        let daemon = try TestDaemon()
        let client = try daemon.connect()
        let count = 2_000
        try client.send(String(repeating: "{\"op\":\"sign\"}\n", count: count))
        // The first answer shows that the lines are arriving; SIGTERM falls among them.
        #expect(Answer(try #require(try client.readLine())).isOK)
        daemon.signal(SIGTERM)
        let rest = try client.readToEnd()
        daemon.process.waitUntilExit()
        #expect(daemon.process.terminationStatus == 0)
        #expect(rest.count <= count - 1)
        // Every answer is a token, or the word that the daemon is stopping; none is lost in between.
        let firstRefused = rest.firstIndex { !$0.isOK } ?? rest.endIndex
        #expect(rest[firstRefused...].allSatisfy { $0.errorCode == "shutting_down" })
        #expect(!FileManager.default.fileExists(atPath: daemon.socket))
    }

    @Test("A line that comes after SIGTERM gets shutting_down")
    func lateLine() throws {
        let daemon = try TestDaemon()
        let client = try daemon.connect()
        #expect(try client.ask("{\"op\":\"ping\"}").isOK)
        daemon.signal(SIGTERM)
        #expect(daemon.log.wait(for: "stopping"))
        // The daemon may close before the line arrives: then the client reads the end, and nothing was carried out.
        try? client.send("{\"id\":9,\"op\":\"sign\"}\n")
        if let line = try client.readLine() {
            let answer = Answer(line)
            #expect(answer.errorCode == "shutting_down" || answer.isOK)
            #expect(answer["id"] as? Int == 9)
        }
        daemon.process.waitUntilExit()
        #expect(daemon.process.terminationStatus == 0)
    }
}
